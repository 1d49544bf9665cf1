"""Faults that a blind review of verdicts found: words across words, drills and films, somebody else's recall."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from analysis.attribution import about_subjects
from analysis.comparisons import mark
from analysis.reading import Reading, read
from analysis.risk import Facts, RiskScale, bundled_table
from analysis.speech_acts import listen
from analysis.stories import Candidate, Signature, signature
from analysis.subjects import SubjectFinder
from analysis.topics import SAFETY, _whole_words, bundled_topics
from analysis.wording import is_readable
from core.model import Author, Channel, Post
from core.settings import RiskSettings, SubjectSettings

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
FINDER = SubjectFinder([SubjectSettings(name="曜行汽车", kind="brand", aliases=("曜行",))])


def categories(text: str) -> set[str]:
    return {topic.name for topic in bundled_topics().find(read(text))}


def narrowed(text: str) -> Reading:
    reading = read(text)
    return about_subjects(reading, FINDER.find(reading.text))


@pytest.mark.parametrize(
    ("text", "is_safety"),
    [
        ("门店与消防联合开展演练，模拟电池起火，无人受伤", False),
        ("周末举行应急演习，烟雾四起，车辆着火被扑灭", False),
        ("追的那部电视剧里，女主在车祸里失忆，车都烧毁了", False),
        ("女主播开车路过，看见一辆车起火", True),
        ("演练场旁边的车真的起火了", True),
        ("网传车辆起火是谣言", False),
        ("厂家说起火是谣言，我的车就是烧没了", True),
        ("演练结束了。第二天店门口真的有车起火", True),
        ("倒车时撞倒了一位老人", True),
        ("试驾的车冲上人行道", True),
        ("门口撞人了，救护车刚走", True),
        ("把车开到店里做保养", False),
        ("司机说刹车没反应过来", False),
        ("踩了刹车没反应", True),
        ("没加够机油，发动机拉缸了", False),
    ],
)
def test_accidents_are_told_from_drills_films_and_engine_damage(text: str, is_safety: bool) -> None:
    """People hit are an accident; a drill, a film and an engine without oil are none."""
    assert (SAFETY in categories(text)) is is_safety


@pytest.mark.parametrize(
    ("text", "category"),
    [("市监局通报价格违法案例", "销售欺诈/价格"), ("行车记录仪拍到了全过程", "精品/信贷/保险")],
)
def test_words_across_words_and_evidence_make_no_category(text: str, category: str) -> None:
    """通|报价|格 is no quotation, and a dashcam that saw it is no accessory."""
    assert category not in categories(text)


def test_an_old_customer_is_no_other_car() -> None:
    """老车 within 老车主 does not set us against somebody else."""
    text = "曜行，背刺老车主你是专业的，新款加配还便宜，我才提了二十天"
    assert narrowed(text).own == read(text).own


@pytest.mark.parametrize(
    ("text", "keeps"),
    [
        ("甲牌召回两万辆，电池存在起火隐患。同级的曜行采用另一家电池，不受影响。", False),
        ("曜行一辆车起火。曜行称其他车型不受影响。", True),
        ("曜行的车起火，厂家说不受影响。", True),
    ],
)
def test_somebody_elses_recall_that_does_not_reach_us(text: str, keeps: bool) -> None:
    """Only the sentence that spares us is about us; a fire of our own stays ours."""
    assert ("起火" in narrowed(text).own) is keeps


@pytest.mark.parametrize(
    ("author", "threatens"), [("东湖市场监管", False), ("东湖小王", True)], ids=["the authority", "a customer"]
)
def test_an_authority_that_names_itself_threatens_nobody(author: str, threatens: bool) -> None:
    """Its rank counts once; from anybody else the same words announce a complaint."""
    channel: Channel = "weibo"
    post = Post(
        kind="manual",
        site="weibo.invalid",
        native_id="1",
        url="",
        channel=channel,
        text="曜行被市场监管部门通报",
        author=Author(name=author),
        published=NOW,
        collected=NOW,
    )
    facts = Facts(post=post, reading=read(post.text), subjects=("曜行汽车",), negative=0.9, topics=())
    reasons = RiskScale(bundled_table(), RiskSettings(), UTC).weigh(facts).reasons
    assert any(reason.code == "rights" for reason in reasons) is threatens
    assert any(reason.code.startswith("authority.") for reason in reasons) is not threatens


def told(text: str) -> Signature:
    return signature(
        Candidate(
            post=text,
            channel="forum",
            headline=text,
            text=read(text).text,
            subjects=("曜行汽车",),
            names=("曜行",),
            categories=(),
            when=NOW,
        )
    )


@pytest.mark.parametrize(
    ("one", "other", "clue"),
    [
        ("江东区曜行店门口出事", "江东曜行店门口出事", "p:江东"),
        ("他说“没钱就别来”", "直播里那句「没钱就别来」", "w:“没钱就别来”"),
        ("高速上刹车踩不动", "下坡踩不动刹车", "i:brake"),
        ("试驾车撞倒路人", "试驾车冲上人行道", "i:hit"),
        ("新车补过漆", "交的车运损", "i:hidden"),
        ("店长对顾客爆粗口", "店长骂车主", "i:insult"),
    ],
)
def test_what_people_cannot_reword(one: str, other: str, clue: str) -> None:
    """The same place with and without its kind, the same quoted words, the same thing that happened."""
    assert clue in told(one).clues
    assert clue in told(other).clues


def test_quotation_marks_around_a_term_are_no_quotation() -> None:
    """Three letters in quotation marks are a term of trade, shared by many stories."""
    assert not any("“" in clue for clue in told("要交“服务费”").clues)


@pytest.mark.parametrize(
    ("token", "is_shown"),
    [
        ("刹车", True),
        ("不 给", True),
        ("刹车 失灵", True),
        ("了 一", False),
        ("他 没", False),
        ("没 了", False),
        ("21", False),
    ],
)
def test_words_that_are_shown_are_words(token: str, is_shown: bool) -> None:
    """Two single characters side by side tell a reader nothing, unless they deny."""
    assert is_readable(token) is is_shown


def test_what_the_heads_found_is_shown_in_whole_words() -> None:
    """A run of characters is widened to the words that it cuts."""
    text = "他们把车辆送检测机构"
    start = text.index("辆送")
    assert text[slice(*_whole_words(text, start, start + 3))] in ("车辆送检测", "车辆送检", "车辆送检测机构")


def test_who_has_the_cheek_is_no_relief() -> None:
    """还好 within 还好意思 turns to nobody."""
    text = "换下来的螺丝少装三颗，曜行打电话来还好意思让我打满分"
    assert narrowed(text).own == read(text).own


@pytest.mark.parametrize(
    ("text", "is_safety"),
    [
        ("曜行自燃过吗", False),
        ("曜行的刹车失灵过没", False),
        ("刹车失灵的情况你们遇到过吗", True),
        ("车自燃了,有人管过吗", True),
    ],
)
def test_asking_whether_it_ever_happened_tells_no_accident(text: str, is_safety: bool) -> None:
    """\"自燃过吗\" asks; who asks whether others met with it had it himself."""
    assert (SAFETY in categories(text)) is is_safety


@pytest.mark.parametrize(
    ("text", "is_rebuttal"),
    [
        ("网传曜行跑路是假消息,今天正常营业", True),
        ("网传曜行跑路是假消息,结果今天真的跑路了", False),
    ],
)
def test_hearsay_that_is_called_false(text: str, is_rebuttal: bool) -> None:
    """The wrong within the hearsay is not the author's; one told behind it is."""
    acts = {act.kind.code for act in listen(mark(text, [match.span for match in FINDER.find(text)])).acts}
    assert ("rebuttal" in acts) is is_rebuttal


def test_reasons_quote_what_the_author_wrote() -> None:
    """A word found in the folded text is shown as it stands in the post."""
    post = Post(
        kind="manual",
        site="bbs.invalid",
        native_id="1",
        url="",
        channel="forum",
        text="曜行升级ＯＴＡ之后黑屏，4S店装死",
        published=NOW,
        collected=NOW,
    )
    reading = read(post.text)
    facts = Facts(
        post=post,
        reading=reading,
        subjects=("曜行汽车",),
        negative=0.9,
        topics=bundled_topics().find(reading),
    )
    told_of = [one for one in RiskScale(bundled_table(), RiskSettings(), UTC).weigh(facts).reasons if one.span]
    assert told_of
    assert all(post.text[slice(*one.span)] in one.text for one in told_of if one.span)
