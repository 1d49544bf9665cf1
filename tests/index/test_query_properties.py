"""The search language against whatever can be typed: no text breaks it, no tree is lost in a text."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.tokens import characters
from core.errors import QuerySyntaxError
from core.model import CHANNELS, GRADES
from index.base import All, AnyOf, Between, FieldIs, Node, Not, Term, Within
from index.describe import describe
from index.exact import phrase
from index.query import parse, render
from index.tree import simplified

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


def tree(text: str) -> Node | None:
    return parse(text, now=NOW, zone=ZONE)


def checked(text: str) -> Node | None:
    """The tree of any text: an error knows its place, a tree has a text of its own and can be told."""
    bad, found = None, None
    try:
        found = tree(text)
    except QuerySyntaxError as refused:
        bad = refused
    if bad:
        assert 0 <= bad.position <= len(text)
        assert bad.text == text
        assert bad.problem
        assert bad.fix
        str(bad).encode("utf-8")
    describe(found).encode("utf-8")
    if found is not None and len(render(found)) <= 2000:
        assert tree(render(found)) == found
    return found


#: What the language is made of: most combinations are nearly right.
PIECES = [
    "甲", "乙 ", "刹车", " ", "　", "\n", "(", ")", "（", "）", '"', "“", "”", "「", "」", "‘", "’", "『",
    "\\", "-", "－", ":", "：", "=", ">=", "<", "＞", "..", "~", "至", "起", "*", "%", ",", "，", "、", "AND",
    " AND ", "OR", " OR ", " NOT ", " 与 ", " 或 ", " 非 ", "and", "渠道:", "channel:", "微博", "weibo",
    "等级：", "A", "B", "对象:", "星辰汽车", "门店:", "作者:", "site:", "source:", "日期:", "date:", "day:",
    "昨天", "近7天", "2026-03", "2026-03-15", "3月15日", "20:30", "风险", "风险:", "risk:", "60", "80", "101",
    "概率:", "negative:", "0.8", "80%", "有:", "has:", "证据", "subjct:", "🍋", "\ud800", "\x00", "\u200b",
    "\u202e", "é", "ش", "1e9",
]  # fmt: skip
TYPED = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


@given(st.text(st.characters(), max_size=80))
@settings(max_examples=300, deadline=None)
@example("\ud800:\ud800")
@example("\x00-\x00(\x00)\x00")
@example('"' * 7)
@example("\u202e渠道:微博\u202c")
@example("\u0661\u0662:\u0663")
@example("日期:\u0661")
@example("风险:٣..٥")
@example("K:K")
@example("İ:ß")
def test_any_unicode_is_read_or_refused(text: str) -> None:
    """Surrogates, controls, marks of direction, digits of other scripts: a tree, or an error in its place."""
    checked(text)


@given(TYPED)
@settings(max_examples=1500, deadline=None)
def test_whatever_looks_like_the_language_is_read_or_refused(text: str) -> None:
    """Pieces of right searches in any order."""
    checked(text)


@pytest.mark.parametrize(
    "piece", ["甲", "(", ")", '"', "-", "渠道:微博 ", "等级:A,", "\ud800", "\x00", " ", "昨天 ", "甲 OR ", "ش"]
)
def test_a_huge_text_is_refused_at_once(piece: str) -> None:
    """A hundred thousand characters cost no more than two thousand."""
    with pytest.raises(QuerySyntaxError, match="检索式太长"):
        tree(piece * (100_000 // len(piece)))


RIGHT = [
    "刹车 异响 -二手", "(刹车 OR 制动) AND 失灵", "“刹车 失灵” 渠道:微博", "对象:星辰汽车 等级:A,B 近7天",
    "风险>=60 概率:60%..80%", "非 (甲 或 乙) 与 丙", "日期:2026-03-01..2026-03-15 有:证据",
    'author:"老 王" -site:a.example', "store:城东店 category:销售欺诈/价格", "2026-03 刹车 或 昨天 异响",
    "「4S 店」 source:city-forum event:e1", "risk:>60..<80 has:image,evidence",
    "日期:3月1日至今 -(渠道:新闻、论坛 day:2026-03-14)",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_mutated_right_texts_are_read_or_refused(seed: int) -> None:
    """Characters dropped, doubled, swapped, halves of two texts joined: what typing fingers make of right texts."""
    chance = random.Random(seed)
    read = 0
    for _ in range(400):
        text = chance.choice(RIGHT)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(text) + 1)
            other = chance.choice(RIGHT)
            text = chance.choice(
                [
                    text[:at] + text[at + 1 :],
                    text[:at] + text[at : at + 1] * 2 + text[at + 1 :],
                    text[:at] + chance.choice(PIECES) + text[at:],
                    text[: max(0, at - 1)] + text[at : at + 1] + text[max(0, at - 1) : at] + text[at + 1 :],
                    text[:at] + other[chance.randrange(len(other)) :],
                ]
            )
        read += checked(text) is not None
    assert read > 50, "mutations that all fail test little"


# -- every tree has a text -------------------------------------------------------------------------------------------

WORDS = st.text(alphabet='甲乙刹车4sS店\\"“”＂＼「」‘’ ，、\ud800🍋-:()>=.*%昨天AND或', min_size=1, max_size=8)
NAMES = WORDS.map(str.strip).filter(characters)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1901, 1, 1), datetime(2100, 1, 1), timezones=OFFSETS)  # noqa: DTZ001
PROBABILITIES = st.floats(0, 1)


@st.composite
def spans(draw: st.DrawFn) -> Within:
    since, until = draw(st.none() | MOMENTS), draw(st.none() | MOMENTS)
    if since is not None and until is not None:
        since, until = sorted((since, until))
        until += timedelta(microseconds=since == until)
    return Within(since, until)


@st.composite
def ranges(draw: st.DrawFn) -> Between:
    name = draw(st.sampled_from(["risk", "negative"]))
    numbers = st.integers(0, 100) if name == "risk" else PROBABILITIES
    low, high = draw(st.none() | numbers), draw(st.none() | numbers)
    if low is not None and high is not None:
        low, high = sorted((low, high))
    low_in = low is None or low == high or draw(st.booleans())
    high_in = high is None or low == high or draw(st.booleans())
    return Between(name, low, high, low_in, high_in)  # type: ignore[arg-type]


LEAVES: st.SearchStrategy[Node] = st.one_of(
    WORDS.filter(phrase).map(Term),
    st.sampled_from(CHANNELS).map(lambda value: FieldIs("channel", value)),
    st.sampled_from(GRADES).map(lambda value: FieldIs("grade", value)),
    st.sampled_from(["evidence", "image"]).map(lambda value: FieldIs("has", value)),
    st.dates().filter(lambda day: 1900 <= day.year <= 2100).map(lambda day: FieldIs("day", day.isoformat())),
    st.builds(
        lambda name, value: FieldIs(name, " ".join(value.replace("\ud800", "").split())),
        st.sampled_from(["subject", "category", "author", "site", "source", "event"]),
        NAMES,
    ),
    ranges(),
    spans(),
)
NODES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=1, max_size=4).map(lambda nodes: All(tuple(nodes))),
        st.lists(inner, min_size=1, max_size=4).map(lambda nodes: AnyOf(tuple(nodes))),
    ),
    max_leaves=12,
)


@given(NODES)
@settings(max_examples=600, deadline=None)
def test_a_rendered_tree_reads_back(node: Node) -> None:
    """`parse` undoes `render`: groups within groups and doubled negations aside, which mean the same."""
    text = render(node)
    read = tree(text)
    assert read is not None
    assert simplified(read) == simplified(node)
    assert tree(render(read)) == read


# -- what is syntax elsewhere is text here ---------------------------------------------------------------------------

INJECTIONS = [
    "刹车*", "^刹车", "刹车^2", "刹车~2", "刹车~", "+刹车", "[1 TO 2]", "{a TO b}", "/刹车.*/",
    "NEAR(甲 乙, 2)", "甲 NEAR/2 乙", "{chars words} a", "'x'; DROP TABLE mentions", "1' or '1'='1", "%刹车%",
    "刹_车", "\\u0022刹车\\u0022", "刹车\\", "`刹车`", "$where", "{{7*7}}", "${jndi}",
    "<script>alert(1)</script>", "甲;乙", "甲|乙", "甲&乙", "甲&&乙", "甲||乙", "!甲", "甲!", "?x", "x?y",
    "*x*", "\x1f刹车\x1f", "\ue002刹车", "\ue000刹车\ue001", "every", "nothing", "tags", "chars", "NULL",
    "null", "true", "_id", "_all", "TO", "NEAR",
]  # fmt: skip


@pytest.mark.parametrize("text", INJECTIONS)
def test_other_languages_syntax_is_text(text: str) -> None:
    """What is syntax for SQL, FTS5, Lucene or a template is looked for by its words, and nothing else happens."""
    found = checked(text)
    assert found is not None
    terms = found.nodes if isinstance(found, All) else (found,)
    assert all(isinstance(term, Term) for term in terms)
    assert [token for term in terms if isinstance(term, Term) for token in phrase(term.text)] == characters(text)
