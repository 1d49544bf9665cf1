"""The 50 searches people typically make, each with other words and days whenever it is asked again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks._index_corpus import FIRST, LAST
from benchmarks._index_words import CATEGORIES, COMPLAINTS, PRAISE, RARE, STORES, SUBJECTS
from core.model import CHANNEL_NAMES, Grade
from index.base import Query
from index.query import parse

ZONE = ZoneInfo("Asia/Shanghai")
NOW = LAST
#: Words in a tenth of all texts and more.
COMMON = ("汽车", "问题", "公司", "一个", "中国", "他们", "没有", "我们", "这个", "可以")
#: Words of a few texts in ten thousand.
SELDOM = (
    "轮胎",
    "高速",
    "律师",
    "记者",
    "法院",
    "质检",
    "厂家",
    "油耗",
    "检测",
    "合同",
    "赔偿",
    "保险",
    "维修",
    "电池",
)
BAD: tuple[Grade, ...] = ("A", "B")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One kind of search: its name in the table, and how to ask it anew."""

    name: str
    ask: Callable[[random.Random], Query]


def questions() -> list[Question]:
    """All 50."""
    return [
        # What a duty officer looks at.
        _q("everything, newest first", ""),
        _q("everything, highest risk first", "", sort="risk"),
        _q("grades A and B, newest first", "", grades=BAD),
        _q("grade A of a month, by risk", "grade:A", days=30, sort="risk"),
        _q("one day, by risk", "", days=1, sort="risk"),
        _q("one week of a channel", lambda c: f"channel:{_channel(c)}", days=7),
        _q("risk ≥ 60 of a week", "", days=7, min_risk=60),
        _q("negative ≥ 0.8, newest first", "", min_negative=0.8),
        # One word.
        _q("complaint phrase", lambda c: c.choice(COMPLAINTS)),
        _q("complaint phrase, relevance", lambda c: c.choice(COMPLAINTS), sort="relevance"),
        _q("complaint phrase, by risk", lambda c: c.choice(COMPLAINTS), sort="risk"),
        _q("complaint phrase of a month", lambda c: c.choice(COMPLAINTS), days=30),
        _q("complaint phrase, grades A and B", lambda c: c.choice(COMPLAINTS), grades=BAD),
        _q("common word", lambda c: c.choice(COMMON)),
        _q("common word, relevance", lambda c: c.choice(COMMON), sort="relevance"),
        _q("common word, by risk", lambda c: c.choice(COMMON), sort="risk"),
        _q("common word of a day", lambda c: c.choice(COMMON), days=1),
        _q("seldom word", lambda c: c.choice(SELDOM)),
        _q("seldom word, relevance", lambda c: c.choice(SELDOM), sort="relevance"),
        _q("rare phrase", lambda c: c.choice(RARE)),
        _q("rare phrase, relevance", lambda c: c.choice(RARE), sort="relevance"),
        _q("phrase nobody wrote", lambda c: "".join(c.sample("刹车星辰异响店退保险油", 5))),
        _q("single character", lambda c: c.choice("车店的油声票")),
        _q("brand by name", lambda c: c.choice(SUBJECTS)),
        _q("store by name", lambda c: c.choice(STORES)),
        _q("Latin and digits", lambda c: c.choice(("S7", "X3", "E5", "K9", "EV", "OTA", "4S", "ESP", "VIN"))),
        # Several words.
        _q("brand and complaint", lambda c: f"{c.choice(SUBJECTS)} {c.choice(COMPLAINTS)}"),
        _q("brand and complaint, relevance", lambda c: f"{c.choice(SUBJECTS)} {c.choice(COMPLAINTS)}",
           sort="relevance"),
        _q("store and complaint of 90 days", lambda c: f"{c.choice(STORES)} {c.choice(COMPLAINTS)}", days=90),
        _q("two common words", lambda c: " ".join(c.sample(COMMON, 2))),
        _q("two seldom words, relevance", lambda c: " ".join(c.sample(SELDOM, 2)), sort="relevance"),
        _q("three words", lambda c: f"{c.choice(SUBJECTS)} {c.choice(COMMON)} {c.choice(SELDOM)}"),
        _q("any of three complaints", lambda c: " OR ".join(c.sample(COMPLAINTS, 3))),
        _q("any of three, relevance", lambda c: " 或 ".join(c.sample(COMPLAINTS, 3)), sort="relevance"),
        _q("any of ten, by risk", lambda c: " OR ".join(c.sample(COMPLAINTS, 10)), sort="risk"),
        _q("complaint without a brand", lambda c: f"{c.choice(COMPLAINTS)} -{c.choice(SUBJECTS)}"),
        _q("brand without praise", lambda c: f"{c.choice(SUBJECTS)} -{c.choice(PRAISE)} -{c.choice(PRAISE)}"),
        _q("only a negation", lambda c: f"-{c.choice(SUBJECTS)}"),
        _q("groups", lambda c: f"({_two(c, SUBJECTS)}) AND ({_two(c, COMPLAINTS)}) NOT {c.choice(PRAISE)}"),
        # Fields and filters.
        _q("subject", lambda c: f"subject:{c.choice(SUBJECTS)}"),
        _q("subject, risk ≥ 50, by risk", lambda c: f"subject:{c.choice(SUBJECTS)}", min_risk=50, sort="risk"),
        _q("subject and category of 30 days",
           lambda c: f"subject:{c.choice(SUBJECTS)} category:{c.choice(CATEGORIES)}", days=30),
        _q("store of a quarter, grades A and B", lambda c: f"store:{c.choice(STORES)}", days=90, grades=BAD),
        _q("category, by risk", lambda c: f"category:{c.choice(CATEGORIES)}", sort="risk"),
        _q("channel and complaint", lambda c: f"channel:{_channel(c)} {c.choice(COMPLAINTS)}"),
        _q("one author", lambda c: f"author:momo{c.randrange(3, 6_000, 10)}"),
        _q("one event", lambda c: f"event:0e{c.randrange(150)}"),
        _q("one site of a week", lambda c: f"site:s{c.randrange(60)}.example", days=7),
        _q("has evidence, a complaint", lambda c: f"has:evidence {c.choice(COMPLAINTS)}"),
        _q("subject, channel, grade, words, a year",
           lambda c: f"subject:{c.choice(SUBJECTS)} channel:{_channel(c)} {c.choice(COMMON)}", days=365, grades=BAD),
    ]  # fmt: skip


def filtered(chance: random.Random) -> Query:
    """What facets are counted within besides the whole archive: a brand's bad month."""
    return _q("", lambda c: f"{c.choice(SUBJECTS)} -{c.choice(PRAISE)}", days=90).ask(chance)


def _q(name: str, text: str | Callable[[random.Random], str], *, days: int | None = None, **wishes: Any) -> Question:
    def ask(chance: random.Random) -> Query:
        span = _span(chance, days) if days else {}
        return Query(where=parse(text if isinstance(text, str) else text(chance), now=NOW, zone=ZONE), **span, **wishes)

    return Question(name=name, ask=ask)


def _span(chance: random.Random, days: int) -> dict[str, Any]:
    """So many whole days, more often of the last year than of the one before."""
    latest = (LAST - FIRST).days - days
    start = FIRST + timedelta(days=round(latest * chance.random() ** 0.5))
    return {"since": start, "until": start + timedelta(days=days)}


def _channel(chance: random.Random) -> str:
    return chance.choice(list(CHANNEL_NAMES.values()))


def _two(chance: random.Random, values: tuple[str, ...]) -> str:
    return " OR ".join(chance.sample(values, 2))
