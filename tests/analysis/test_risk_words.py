"""Words that make a mention graver, and the same words where they mean nothing of the kind."""

from __future__ import annotations

import pytest

from analysis.reading import read
from analysis.risk import claims_rights
from core.model import Channel
from core.text import fold
from tests.analysis.risk_world import facts_of, make_post, points, weigh


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("曜行S7追尾后自燃，两人当场死亡", "severity.death"),
        ("曜行气囊没弹，我爱人脸上缝了七针", "severity.injury"),
        ("曜行刹车失灵撞上护栏，司机送医", "severity.injury"),
        ("孩子还在后座，曜行的车头就冒烟起火了", "severity.vulnerable"),
        ("高速上曜行突然熄火，后面大货车狂按喇叭", "severity.driving"),
        ("晚高峰堵在桥上，曜行的中控直接黑屏", "severity.driving"),
        ("曜行的转向机有缺陷，为什么还不召回", "severity.recall"),
        ("曜行滨江店因强制搭售被市监部门约谈", "severity.regulator"),
        ("曜行滨江店不明码标价，被处以三万元罚款", "severity.regulator"),
        ("曜行把试驾车当新车卖给我", "severity.fraud"),
        ("曜行滨江店调表卖二手车", "severity.fraud"),
        ("群里好几个人都遇到，曜行的变速箱都顿挫", "severity.together"),
        ("曜行的变速箱异响，这不是个例", "severity.together"),
        ("曜行提车才三天就漏油", "severity.new_car"),
        ("曜行提车不到两个星期天窗漏水", "severity.new_car"),
        ("曜行异响，我要求退车", "severity.return"),
        ("曜行售后互相踢皮球", "severity.stonewalled"),
        ("曜行异响修了四次还没好", "severity.stonewalled"),
    ],
)
def test_grave_circumstances(text: str, code: str) -> None:
    """Each kind of circumstance has its reason, with a span that shows the words."""
    found = {reason.code: reason for reason in weigh(facts_of(make_post(text))).reasons}
    assert code in found, sorted(found)
    assert found[code].points > 0
    span = found[code].span
    assert span is not None
    assert fold(text[slice(*span)]) in found[code].text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("曜行起火，所幸没有人员伤亡", "severity.injury"),
        ("曜行起火，无人受伤", "severity.injury"),
        ("曜行冒烟，未造成人员伤亡", "severity.injury"),
        ("曜行这个价格让我心里受伤", "severity.injury"),
        ("曜行车机老是死机", "severity.death"),
        ("曜行服务差，孩子都等哭了", "severity.vulnerable"),
        ("曜行不是召回，是推诿", "severity.recall"),
        ("曜行的召回制度写得很漂亮，售后却差", "severity.recall"),
        ("曜行没有被约谈过，但是服务差", "severity.regulator"),
        ("闯红灯被罚款，曜行的导航真垃圾", "severity.regulator_"),
        ("曜行开了三年，异响", "severity.new_car"),
        ("曜行异响，但我不想退车", "severity.return"),
        ("曜行异响，这要是坏在隧道里怎么办", "severity.driving"),
        ("曜行刹车软，担心哪天出人命，万一死亡呢", "severity.death"),
    ],
)
def test_what_is_no_grave_circumstance(text: str, code: str) -> None:
    """Denied, meant otherwise, or without the accident that it would aggravate."""
    assert code not in points(facts_of(make_post(text)))


def test_circumstances_are_capped_together() -> None:
    """A disaster is one disaster, however many words tell of it."""
    text = "曜行高速上刹车失灵，孩子和老人受伤送医，一人死亡，维修厂早就说该召回，市监局已立案调查"
    given = sum(value for code, value in points(facts_of(make_post(text))).items() if code.startswith("severity."))
    assert given == 25


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("曜行异响，已打12315", "12315"),
        ("曜行异响，再不处理我就曝光", "曝光"),
        ("曜行异响，不曝光不行", "曝光"),
        ("曜行异响，我不得不起诉", "起诉"),
        ("曜行异响，求扩散", "求扩散"),
        ("曜行异响，3·15见", "3·15"),
        ("曜行异响，３１５晚会见", "315"),
        ("曜行异响，车主们拉横幅堵门", "拉横幅"),
        ("曜行异响，特别想曝光这家店", "曝光"),
        ("曜行异响，希望妥善解决，否则找律师", "律师"),
        ("曜行异响，我说：“再不修就打12345”", "12345"),
        ("谢谢大家帮忙曝光曜行，异响到现在没修好", "曝光"),
        ("【曝光】曜行异响没人管", "曝光"),
    ],
)
def test_threats_with_rights(text: str, words: str) -> None:
    """What the author says to do counts, also in a title, also after "if not"."""
    reason = next(one for one in weigh(facts_of(make_post(text))).reasons if one.code == "rights")
    assert words in reason.text
    assert reason.span is not None


@pytest.mark.parametrize(
    "text",
    [
        "曜行异响，我不会曝光，就想修好",
        "曜行异响，不想起诉，太累",
        "曜行异响，不打算维权",
        "曜行的多媒体卡顿，异响",
        "曜行新车曝光，异响没改",
        "曜行参加媒体试驾，隔音差有异响",
        "曜行异响，消协调解成功，退了全款",
        "曜行异响的事多亏了12315，修好了",
        "感谢市里的消协，曜行异响的事总算了结",
        "曜行异响，客服说：“你去曝光啊，我们不怕”",
        "曜行异响，换件13155元",
        "曜行异响，电话尾号3150",
        "曜行只是异响，没必要上法院",
        "曜行异响，我没打12315，就想修好",
    ],
)
def test_what_is_no_threat(text: str) -> None:
    """Denied, settled, another word, a number within a number, or the other side's words."""
    assert "rights" not in points(facts_of(make_post(text)))
    assert not claims_rights(read(text))


@pytest.mark.parametrize(
    ("channel", "text", "counts"),
    [
        ("news", "记者从曜行滨江店了解到，异响问题仍未解决", False),
        ("broadcast", "据媒体报道，曜行异响", False),
        ("news", "曜行异响，车主已向消协投诉", True),
        ("news", "曜行被车主起诉，索赔退一赔三，异响", True),
        ("forum", "曜行异响，我要找记者", True),
    ],
)
def test_a_reporters_own_words_are_no_threat(channel: Channel, text: str, counts: bool) -> None:
    """ "记者获悉" is how news speak; that somebody sues is news."""
    assert ("rights" in points(facts_of(make_post(text, channel=channel)))) is counts


def test_one_kind_counts_once() -> None:
    """Two names of the same authority are one threat; a second kind adds less than the first."""
    one = points(facts_of(make_post("曜行异响，消协也就是消费者协会见")))["rights"]
    two = points(facts_of(make_post("曜行异响，消协见，法院见")))["rights"]
    many = points(facts_of(make_post("曜行异响，消协、法院、12315、12345、曝光、记者、退一赔三、拉横幅")))["rights"]
    assert (one, two, many) == (12, 17, 25)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("曜行异响，有录音", "evidence.recording"),
        ("曜行异响，聊天记录都在", "evidence.recording"),
        ("曜行异响，行车记录仪拍下了全过程", "evidence.recording"),
        ("曜行异响，检测报告显示轴承损坏", "evidence.papers"),
        ("曜行异响，合同写明包修", "evidence.papers"),
        ("曜行异响，发票在手", "evidence.papers"),
        ("曜行异响，有图有真相", "evidence.pictures"),
    ],
)
def test_proof_that_the_author_holds(text: str, code: str) -> None:
    """Papers, recordings and pictures that the text shows or says to hold."""
    assert points(facts_of(make_post(text)))[code] > 0


@pytest.mark.parametrize(
    "text",
    [
        "曜行异响，还不给发票",
        "曜行异响，要求提供检测的工单也不给",
        "曜行异响，没有录音",
        "曜行异响，合同价十八万",
        "曜行异响，视频会员也不送",
        "曜行异响，伪造的合同有我的签名",
    ],
)
def test_proof_that_is_missing(text: str) -> None:
    """A paper that is refused, wanted or called forged is nobody's proof."""
    assert not any(code.startswith("evidence.") for code in points(facts_of(make_post(text))))


@pytest.mark.parametrize(
    ("images", "given"),
    [
        ((), 0),
        (("https://img.example/a.jpg",), 3),
        (("https://img.example/a.jpg", "https://img.example/b.jpg"), 3),
        (("https://img.example/emoticon/12.gif",), 0),
        (("https://face.t.sinajs.cn/t4/xiao.gif", "https://img.example/Smilies/3.gif"), 0),
    ],
)
def test_a_smiley_is_no_picture(images: tuple[str, ...], given: int) -> None:
    """Only what may show the matter counts."""
    assert points(facts_of(make_post("曜行异响", images=images))).get("evidence", 0) == given


def test_proof_is_capped() -> None:
    """Pictures, papers and recordings together stay a detail beside the matter itself."""
    one = make_post("曜行异响，有录音，发票在手，检测报告为证", images=("https://img.example/a.jpg",))
    given = [value for code, value in points(facts_of(one)).items() if code.startswith("evidence")]
    assert sum(given) == 8


@pytest.mark.parametrize("piece", ["不曝光", "曝光", "没有人受伤", "发票", "12315", "曜行说：“", "孩子", "3·15感谢"])
def test_hostile_repetition_is_quick(piece: str) -> None:
    """Twenty thousand characters without a break, full of words that must each be looked at."""
    found = weigh(facts_of(make_post(piece * (20_000 // len(piece)))))
    assert 0 <= found.score <= 100
