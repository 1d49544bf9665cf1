"""How something is said, and that the form alone never silences a complaint."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from analysis.comparisons import MARK
from analysis.speech_acts import MOST, Speech, counted, listen, shifted
from analysis.speech_cues import act_kinds
from core.text import fold

US = MARK * 2


def codes(text: str) -> set[str]:
    return {act.kind.code for act in listen(fold(text.replace("我们", US))).acts}


def shift(text: str) -> float:
    return sum(act.shift for act in listen(fold(text.replace("我们", US))).acts)


HEARD = [
    # Asking, and what only looks like it.
    ("question", "请问我们的首保要带什么证件？", "我们的首保为什么没人接电话？"),
    ("question", "想买我们，会不会顿挫？", "我们顿挫成这样，你们还打算拖到什么时候？"),
    ("question", "我们周末几点下班？", "我们的车坏在高速上，孩子吓哭了，几点能来人？"),
    ("accusation", "这就是我们的售后水平？", "我们的售后水平怎么样？"),
    ("accusation", "出库费凭什么收，我们说说看？", "出库费一般收多少？"),
    # Jokes.
    ("joke", "我们的座椅太舒服，我都不想回家了哈哈", "我们的座椅坐得腰疼，三天两头去理疗，哈哈"),
    ("joke", "儿子说我们像变形金刚[doge]", "我们又进店了，一点也不好笑[doge]"),
    # Advertising, recruiting, selling.
    ("advert", "我们冬季养护套餐99元起，扫码预约", "做了我们的养护套餐，扫码都找不到人，没人管"),
    ("advert", "转让我们原厂轮毂四只，自提，可小刀", "我们的轮毂裂了，找了店里，拒绝更换，踢皮球"),
    # Answers and notices.
    ("service", "尊敬的车主您好，您反映的问题我们已安排专人与您联系", "我们只会说“给您带来不便深表歉意”，五天没人理"),
    ("notice", "消费提示：签合同前先看清违约责任", "我们的消费提示写着免费，收我六百"),
    # Irony.
    ("irony", "感谢我们，让我又交了一回学费，店里互相推诿", "感谢我们，师傅耐心讲了半小时"),
    ("irony", "不愧是我们，才开八百公里就亮故障灯", "不愧是我们，开了八万公里没修过"),
    # Promises.
    ("broken_promise", "我们说好三天交车，结果拖到现在没下文", "我们说好三天交车，第二天就到了"),
    # Denied and affirmed.
    ("denial", "我们没有出现过异响", "我们有异响"),
    ("denial", "我们没有乱加项目，也没有催着办卡", "我们乱加项目，催着办卡"),
    ("denial", "我们的隔音没有网上说的那么差", "我们的隔音没有网上说的那么好"),
    ("affirmed", "我们没有一个月不去修", "我们一个月没去修"),
    ("affirmed", "我们的服务谈不上好", "我们的服务谈不上差"),
    ("affirmed", "我们没有一次按时交车", "我们按时交车"),
    # Settled, and not.
    ("resolved", "之前空调不制冷，今天我们免费换了压缩机，一切正常", "空调不制冷，我们说修好了，又不制冷"),
    ("resolved", "我们已全额退了定金", "要求我们全额退款"),
    ("relapse", "我们上周说是修好了，今天又漏", "我们上周修好了，今天没事"),
    # Imagined.
    ("imagined", "如果我们乱收费，可以打这个电话", "我们乱收费，我打了这个电话"),
    ("imagined", "万一我们出问题，质保能管", "要是我们再不退钱，我就去起诉"),
    # Others' words.
    ("rebuttal", "网上说“我们坑人”，我去了三回都明明白白", "网上说“我们坑人”，我去了一回果然被坑"),
    ("rebuttal", "视频是谣言，别再传了", "视频不是谣言"),
    # Facts told soberly.
    ("hardship", "我们让我等了三个小时，没人接待", "我们接待了三位客人"),
    ("hardship", "打了六个电话都没人接", "打了六个电话问路"),
    # Comparisons.
    ("worse", "人家的客服比我们强多了", "我们的客服比人家强多了"),
    ("better", "我们的客服比人家强多了", "人家的客服比我们强多了"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "is_it", "is_not"), HEARD)
def test_a_way_of_speaking_and_its_opposite(code: str, is_it: str, is_not: str) -> None:
    """Each is heard where it is, and not where nearly the same words mean something else."""
    assert code in codes(is_it), codes(is_it)
    assert code not in codes(is_not), codes(is_not)


@pytest.mark.parametrize(
    "text",
    [
        "我们这就是你们的售后？坐了三个小时，没人理",
        "有没有人管管我们？退了半年的定金，至今没到账",
        "哈哈哈我们又趴窝了，第三次了，客服装死",
        "请问我们，骗我签的合同算数吗？",
        "冬季养护套餐99元？到我们店里张口就是两千，骗人",
        "如果不是我们拖了半年，我也不会来这里投诉，没人管",
    ],
)
def test_the_form_never_silences_what_happened(text: str) -> None:
    """Questions, laughter and conditions around a wrong that was done do not make it harmless."""
    assert shift(text) > 0


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("我们没出现过异响,很满意", ",很满意"),
        ("如果我们乱收费,我第一个不答应;目前挺好", "目前挺好"),
        ("书里写“车坏在半路,没人管”,想起我们半夜来救援", "书里写"),
    ],
)
def test_what_is_not_claimed_is_not_read(text: str, left: str) -> None:
    """Denied, imagined and quoted fiction is blanked; the places stay."""
    folded = fold(text.replace("我们", US))
    said = listen(folded).said(folded)
    assert len(said) == len(folded)
    assert left in said
    assert not any(word in said for word in ("异响", "乱收费", "没人管"))


def topic(**more: Any) -> Any:
    return SimpleNamespace(**{"is_accident": False, "score": 5, **more})


def test_no_form_makes_an_accident_harmless() -> None:
    """A safety accident told as a fact keeps its probability, whatever the form; what raises it counts."""
    acts = listen("请问有人知道吗?").acts
    assert acts
    assert shifted(0.8, acts, []) < 0.8
    assert shifted(0.8, acts, [topic()]) < 0.8
    assert shifted(0.8, acts, [topic(is_accident=True)]) == 0.8
    assert shifted(0.8, acts, [topic(is_accident=True, score=1)]) < 0.8
    worse = listen("没人接电话,没人管").acts
    assert counted(worse, [topic(is_accident=True)]) == list(worse)


def test_the_effect_is_bounded_and_told() -> None:
    """All together move the log odds by at most `MOST`; each says how much."""
    acts = [act for act in listen("没人接,没人管").acts for _ in range(9)]
    assert 0.5 < shifted(0.5, acts, []) <= 1 / (1 + 2.718281828 ** -(MOST + 1e-6))
    assert shifted(1.0, acts, []) <= 1.0
    assert shifted(0.0, acts, []) == 0.0
    assert shifted(0.3, [], []) == 0.3
    assert {act.told for act in acts} == {"平铺直叙地讲了吃亏的事：负面的对数几率增加 1.00"}


def test_every_way_has_a_sentence_and_a_direction() -> None:
    for kind in act_kinds().values():
        assert kind.text
        assert 0 < abs(kind.shift) <= MOST


@pytest.mark.parametrize("text", ["", "   ", "?", "如果", "“”", "没", MARK * 9, "a" * 30, "😂"])
def test_hardly_a_text(text: str) -> None:
    """Nothing there, nothing wrong."""
    speech = listen(text)
    assert isinstance(speech, Speech)
    assert len(speech.said(text)) == len(text)


def test_a_cue_says_less_about_a_long_text() -> None:
    short, long = listen("没人接电话"), listen("没人接电话" + "。今天天气不错" * 100)
    assert 0 < long.acts[0].shift < short.acts[0].shift


@pytest.mark.parametrize(
    "unit", ["如果", "没有过", "“", "比" + MARK, "没人管", "才1天", "早知道不", "等了三天", "吗?", "连个都"]
)
def test_repetition_costs_no_time(unit: str) -> None:
    """Hostile texts are heard in no time."""
    text = unit * 10_000
    started = time.process_time()
    listen(text)
    assert time.process_time() - started < 1.0
