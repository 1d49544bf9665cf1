"""5,000 mentions made to be confused with one another: few characters, so that phrases collide, in every disguise."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from core.model import CHANNELS, GRADES, Author, ExhibitState, Mention, Post, Verdict

ZONE = ZoneInfo("Asia/Shanghai")
#: 23:30 of the 14th in Shanghai: half an hour later is another day, a fortnight later another month.
START = datetime(2026, 3, 14, 15, 30, tzinfo=UTC)
SIZE = 5_000
STORES = ("城东店", "城西店", "ＡＢ店", "s9店")

#: What texts and search texts are made of: the same few, so that they meet.
IDEOGRAPHS = "车刹灵失星辰店城东西异响"
TRADITIONAL = "車剎靈東體後異響"
ODD = (
    "𠮷",
    "の",
    "カ",
    "🍋",
    "🚗",
    "👨‍👩‍👧",
    "①",
    "Ⅲ",
    "ﬁ",
    "ß",
    "İ",
    "é",
    "e\u0301",
    "В",
    "ǅ",
    "½",
    "㎞",
    "한",
    "ไ",
    "ع",
    "〇",
)
LATIN = ("s7", "S70", "4S", "４Ｓ", "iPhone15", "CarPlay", "ＡＢＣ", "abc", "a_b", "315", "3", "15", "or", "NOT", "and")
LONG = tuple(char * size for char in "aＺ7" for size in (99, 100, 101, 200, 255, 256, 300, 1000))
WORDS = ("刹车", "失灵", "星辰", "异响", "城东店", "刹车失灵", "4S店", "剎車失靈", "辰星")
BETWEEN = ("", "", "", "", "，", "。", " ", "\n", "\u3000", "·", ".", "-", "_", "！？", "\u200b", "\t", "&", "<b>", '"',
           "\\", "*", "'", "\ue000", "\ue001", "\ue002", "\x00", "\u2028", "：", "(", "）", "%", "\u00a0")  # fmt: skip

SUBJECTS = ("星辰汽车", "星辰", "辰星汽车", "ABC", "ａｂｃ", "s7 plus", "S7  PLUS", "東體", *STORES)
CATEGORIES = ("质量", "服务", "价格", "安全事故", "Ｑ类", "q类")
AUTHORS = ("李先生", "老王", "li xian", "LI  XIAN", "ＬＩ xian", '王"二"', "back\\slash", "与", "🍋", "東", "东", "a:b")
SITES = ("bbs.example", "news.example", "BBS.example", "weibo.example:8080")
SOURCES = ("tieba-xingchen", "weibo", "forum_1", "新闻")
STATES: tuple[ExhibitState | None, ...] = (
    None, None, "complete", "partial", "pending", "failed", "blocked", "deleted_before_capture")  # fmt: skip
NEGATIVES = (0.0, 1.0, 0.5, 0.1, 0.3, 0.30000000000000004, 0.7, 0.123456789, 0.8, 0.9999999)
RISKS = (0, 1, 10, 29, 30, 31, 60, 79, 80, 99, 100)
EVENTS = tuple(f"e{number}" for number in range(60))


def corpus(seed: int = 315, size: int = SIZE) -> list[Mention]:
    """The mentions, the same for the same seed."""
    chance = random.Random(seed)
    return [_mention(number, chance) for number in range(size)]


def passage(chance: random.Random, longest: int) -> str:
    """Something that a post may say or a person may search for."""
    parts: list[str] = []
    for _ in range(chance.randint(0, longest)):
        parts += (_piece(chance), chance.choice(BETWEEN))
    return "".join(parts)


def moment(chance: random.Random) -> datetime:
    """One of few moments, or one a millisecond or a microsecond beside it."""
    coarse = START + timedelta(hours=chance.choice((0, 0, 1, 7, 24, 24 * 20, 24 * 50, 24 * 90)) + chance.randint(0, 20))
    return coarse + timedelta(microseconds=chance.choice((0, 0, 0, 0, 1, 999, 1000, 1001, -1, -1000)))


def _piece(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.55:
        return chance.choice(IDEOGRAPHS)
    if kind < 0.70:
        return chance.choice(WORDS)
    if kind < 0.80:
        return chance.choice(TRADITIONAL)
    if kind < 0.92:
        return chance.choice(LATIN)
    return chance.choice(ODD) if kind < 0.99 else chance.choice(LONG)


def _mention(number: int, chance: random.Random) -> Mention:
    published = moment(chance) if chance.random() < 0.9 else None
    if chance.random() < 0.01:
        published = chance.choice((datetime(1955, 5, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC),
                                   datetime(2099, 12, 31, 23, tzinfo=UTC)))  # fmt: skip
    text = passage(chance, chance.choice((0, 3, 8, 8, 8, 25)))
    title = chance.choice((None, None, "", passage(chance, 5), text[:3], text))
    site = chance.choice(SITES)
    post = Post(
        kind="forum", site=site, native_id=str(number), url=f"https://{site}/{number}",
        channel=chance.choice(CHANNELS), text=text, title=title, published=published,
        collected=moment(chance) + timedelta(days=1), author=Author(name=chance.choice((None, "", *AUTHORS))),
        images=("https://i.example/1.jpg",) * chance.choice((0, 0, 0, 1, 2)),
    )  # fmt: skip
    verdict = Verdict(
        id=post.id, negative=chance.choice(NEGATIVES), subjects=_some(chance, SUBJECTS),
        categories=_some(chance, CATEGORIES), event=chance.choice((None, *EVENTS)), risk=chance.choice(RISKS),
        grade=chance.choice((None, None, *GRADES)), model="m",
    )  # fmt: skip
    return Mention(post=post, verdict=verdict, source=chance.choice((None, *SOURCES)), evidence=chance.choice(STATES))


def _some(chance: random.Random, values: Sequence[str]) -> tuple[str, ...]:
    """None, one or several, sometimes one twice."""
    return tuple(chance.choices(values, k=chance.choice((0, 1, 1, 2, 3))))
