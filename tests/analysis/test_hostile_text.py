"""Hostile text gets a verdict, whatever it holds, and costs no more than its length.

Growth is judged by ratios of processor time within one process, never by a clock: a text four times as long may take
nine times as long where linear is four and quadratic sixteen.
"""

from __future__ import annotations

import gc
import random
import time
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.analyser import Analyser
from analysis.reading import LONGEST
from core.model import Author, Post, Verdict
from core.wire import dumps, verdict_to_json

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
MILLION = 1_000_000
SUBJECTS = Path(__file__).resolve().parents[2] / "demo" / "config" / "subjects.toml"
ALIASES = [
    name
    for row in tomllib.loads(SUBJECTS.read_text(encoding="utf-8"))["subject"]
    for name in (row["name"], *row.get("aliases", ()))
]
CHANCE = random.Random(315)


def filled(piece: str, length: int = MILLION) -> str:
    return (piece * (length // len(piece) + 1))[:length]


#: One megabyte of each.
HUGE = {
    "one character": "漏",
    "one word": "刹车失灵",
    "names": "曜行汽车",
    "no punctuation": "曜行汽车刹车失灵自燃退一赔三12315",
    "only punctuation": "，。！？",
    "only brackets": "[",
    "nested brackets": "[[]",
    "reposts": "//@",
    "reposts with words": "曜行坏了//@a",
    "open quotations": "[quote]",
    "addresses": "http://",
    "addresses with names": "http://曜行 ",
    "digits": "1",
    "digits apart": "1 ",
    "emoji": "😡",
    "emoji and names": "曜行😡",
    "only addresses": "https://a.cn/b ",
    "zero width": "\u200b",
    "zero width in names": "曜\u200b行\u200b坏了",
    "look-alikes": "ВМW Ѕ７ Ⓢ⑦ ",
    "traditional": "曜行後面的車門關不緊漏油自燃",
    "both scripts": "曜行后面的車門关不緊",
    "controls": "".join(map(chr, range(32))),
    "half surrogates": "\ud800曜行漏",
    "right to left": "\u202e曜行\u202c漏油",
    "combining marks": "曜行\u0336\u0336\u0336",
    "only combining marks": "\u0336",
    "nul": "曜行\0坏了",
    "line ends": "\n",
    "carriage returns": "曜行坏了\r\n",
    "blanks": " ",
    "other blanks": "\u00a0\u3000曜 行 汽 ",
    "names taken apart": "曜.行.",
    "forum marks": "发表于",
    "quotation marks": "引用:",
    "rivals": "曜行比丰田好,丰田差,",
    "denials": "没",
    "denied": "没有起火",
    "imagined": "如果起火",
    "mixed words": "4s店",
    "model codes": "a1",
    "faces": "T_T(╯°□°)╯",
    "people": "@曜行",
    "topics": "#曜行#",
    "markup": "<b>曜行</b>&lt;",
    "Thai": "ก",
    "kana": "カ",
    "Hangul": "한",
}
LONG = {
    "random ideographs": "".join(chr(CHANCE.randrange(0x4E00, 0x9FA6)) for _ in range(MILLION)),
    "random code points": "".join(chr(CHANCE.randrange(0x110000)) for _ in range(300_000)),
    "100,000 reposts": "//@" * 100_000,
    "50,000 quotations in one another": "曜行" + "[quote]" * 50_000 + "坏了" + "[/quote]" * 50_000 + "漏油",
    "quotations the wrong way round": "[/quote]" * 50_000 + "曜行坏了" + "[quote]" * 50_000,
    "100,000 addresses": "http://" * 100_000,
    "100,000 marks on one character": "曜" + "\u0336" * 100_000 + "行漏油",
    "every alias 10,000 times": "，".join(ALIASES) * 10_000,
    "every alias 10,000 times, no punctuation": "".join(ALIASES) * 10_000,
    "one line of a million letters": "a" * MILLION,
    "a name at either end": "曜行" + "很" * MILLION + "漏油",
}
SHORT = [
    *("", " ", "\n\n", "。", "?", "!!!", "\0", "\ud800", "\udfff\ud800", "\U0010ffff", "\ufeff", "\x1b[31m曜行", "NaN"),
    *(
        "😡😡😡",
        "👩\u200d👩\u200d👧",
        "🇨🇳",
        "https://a.cn",
        "@曜行",
        "#曜行#",
        "[怒]",
        "T_T",
        "T恤",
        "曜",
        "//@曜行:坏了",
        "转发微博",
    ),
    *(
        "[quote][/quote]",
        "１２３",
        "İ",
        "ß",
        "曜行\u202e了坏",
        "後",
        "ﷺ",
        "{}",
        "%s%n",
        "'; DROP TABLE posts;--",
        "<script>",
    ),
]


def post(text: str, **fields: Any) -> Post:
    return Post(kind="forum", site="s", native_id="1", url="", channel="forum", text=text, collected=NOW, **fields)


def judge(analyser: Analyser, one: Post) -> Verdict:
    """The verdict, after what must hold of every one."""
    (verdict,) = analyser.assess([one], now=NOW)
    assert verdict.id == one.id
    assert 0.0 <= verdict.negative <= 1.0
    assert 0 <= verdict.risk <= 100
    size = len(one.full_text)
    for reason in verdict.reasons:
        assert reason.span is None or 0 <= reason.span[0] <= reason.span[1] <= size, reason
    dumps(verdict_to_json(verdict)).encode()
    return verdict


@pytest.mark.parametrize("text", [pytest.param(filled(piece), id=name) for name, piece in HUGE.items()])
def test_a_megabyte_of_anything_gets_a_verdict(demo_analyser: Analyser, text: str) -> None:
    judge(demo_analyser, post(text))


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in LONG.items()])
def test_long_texts_get_a_verdict(demo_analyser: Analyser, text: str) -> None:
    judge(demo_analyser, post(text))


@pytest.mark.parametrize("text", SHORT)
def test_odd_texts_get_a_verdict(demo_analyser: Analyser, text: str) -> None:
    for one in (post(text), post(text, title=text), post("曜行漏油", title=text), post(text + "曜行自燃" + text)):
        judge(demo_analyser, one)


@settings(max_examples=150)
@given(
    text=st.text(
        st.characters(codec=None) | st.sampled_from(list("曜行漏油丰田比没有如果吗[]/@.:\u200b\u0336\ud800😡"))
    ),
    title=st.none() | st.text(st.characters(codec=None), max_size=20),
    name=st.none() | st.text(st.characters(codec=None), max_size=20),
)
def test_any_text_gets_a_verdict(demo_analyser: Analyser, text: str, title: str | None, name: str | None) -> None:
    judge(demo_analyser, post(text, title=title, author=Author(name=name)))


@pytest.mark.parametrize("hours", [-12, 0, 8, 14])
@pytest.mark.parametrize("moment", [datetime.min, datetime.max, datetime(1, 1, 1, 12), datetime(1970, 1, 1)])  # noqa: DTZ001, DTZ901
def test_any_time_gets_a_verdict(demo_analyser: Analyser, moment: datetime, hours: int) -> None:
    """A page may claim any; some zones have no such day."""
    zone = timezone(timedelta(hours=hours))
    one = post("曜行汽车刹车失灵自燃，已投诉12315", published=moment.replace(tzinfo=zone))
    assert judge(demo_analyser, one).grade


def test_a_batch_of_hostile_posts_is_judged_like_each_alone(demo_analyser: Analyser) -> None:
    """Nobody's text spills into another's verdict; the batch is large enough for Rust."""
    posts = [
        replace(post(text), native_id=str(at))
        for at, text in enumerate([*SHORT, *(filled(piece, 300) for piece in HUGE.values())])
    ]
    together = demo_analyser.assess(posts, now=NOW)
    for one, verdict in zip(posts, together, strict=True):
        alone = judge(demo_analyser, one)
        assert (alone.subjects, alone.categories, alone.grade) == (verdict.subjects, verdict.categories, verdict.grade)
        assert abs(alone.negative - verdict.negative) < 1e-9


def seconds(analyser: Analyser, text: str) -> float:
    """Of the processor, the least of three runs.

    Without the garbage collector: what it takes depends on all that other tests hold, not on the text.
    """
    one, taken = post(text), []
    gc.disable()
    try:
        for _ in range(3):
            start = time.process_time()
            analyser.assess([one], now=NOW)
            taken.append(time.process_time() - start)
    finally:
        gc.enable()
    return min(taken)


#: Pieces that meet the rules of each stage; what a rule waits for never comes.
PIECES = [
    *HUGE.values(),
    *(
        "刹车",
        "失灵",
        "不",
        "会",
        "的",
        "等了",
        "连",
        "一声",
        "还",
        "说",
        "要求",
        "退款",
        "曝光",
        "建议",
        "您好",
        "我司",
        "官方",
    ),
    *(
        "「",
        "“",
        "(",
        "#",
        "http",
        "@",
        "12315",
        "千",
        "三",
        "比",
        "别家",
        "还好",
        "换成",
        "店",
        "发票",
        "录音录像",
        "喝茶",
    ),
    *(
        "曜行，还好丰田",
        "如果不会起火吗",
        "没想到没有没",
        "曜行店刹车失灵，",
        "自燃发票合同录音",
        "，",
        "三天三天",
        "曜 行",
        "[quote",
    ),
]


@pytest.mark.parametrize("piece", PIECES)
def test_four_times_the_text_is_not_sixteen_times_the_work(demo_analyser: Analyser, piece: str) -> None:
    """Up to the length from which on only head and tail are read. What takes no time at all is let pass."""
    head = "曜行坏了，"
    short, long = (seconds(demo_analyser, head + filled(piece, size)) for size in (LONGEST // 4 - 10, LONGEST - 10))
    assert long <= max(0.05, 9 * short), f"{short * 1000:.1f} ms, four times as much {long * 1000:.1f} ms"
