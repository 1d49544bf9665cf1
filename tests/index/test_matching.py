"""The pure definition of a hit: against a table, and against a reader who takes every step by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.tokens import characters
from core.model import CHANNELS, GRADES, Author, ExhibitState, Mention, Post, Verdict
from index.base import All, AnyOf, Between, FieldIs, Node, Not, Query, Term, Within
from index.matching import matches, prepare
from index.tree import simplified, whole_tree

ZONE = ZoneInfo("Asia/Shanghai")
WHEN = datetime(2026, 3, 14, 15, 30, 0, 123_456, tzinfo=UTC)  # 23:30 of the 14th in Shanghai
MS = timedelta(milliseconds=1)

POST = Post(
    kind="forum",
    site="BBS.example",
    native_id="1",
    url="https://bbs.example/1",
    channel="forum",
    title="星辰S7刹车问题",
    text="提车三天，４Ｓ店 异响！車主很生氣🍋 版本3.15",
    author=Author(name="老　王"),
    published=WHEN,
    collected=WHEN + timedelta(days=2),
    images=("https://bbs.example/1.jpg",),
)
VERDICT = Verdict(
    id=POST.id,
    negative=0.8,
    subjects=("星辰汽车", "城东店"),
    categories=("质量",),
    event="e1",
    risk=60,
    grade="B",
)
MENTION = Mention(post=POST, verdict=VERDICT, source="bbs-main", evidence="partial")
BARE = Mention(
    post=Post(
        kind="manual", site="s", native_id="2", url="", channel="other", text="",
        collected=datetime(1969, 1, 1, tzinfo=UTC),
    ),
    verdict=Verdict(id="x", negative=0.0),
)  # fmt: skip


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (None, True),
        (Term("刹车"), True),
        (Term("4s店异响"), True),
        (Term("4S店，异响"), True),
        (Term("s店"), False),
        (Term("车主很生气"), True),
        (Term("車主"), True),
        (Term("🍋"), True),
        (Term("3·15"), True),
        (Term("问题提车"), False),
        (Term("星辰s7"), True),
        (Term("星辰s"), False),
        (Term(""), False),
        (Term("！？"), False),
        (Term("\ue002"), False),
        (FieldIs("channel", "forum"), True),
        (FieldIs("channel", "weibo"), False),
        (FieldIs("author", "老 王"), True),
        (FieldIs("site", "bbs.EXAMPLE"), True),
        (FieldIs("subject", "城东店"), True),
        (FieldIs("subject", "城东"), False),
        (FieldIs("category", "质量"), True),
        (FieldIs("grade", "b"), True),
        (FieldIs("event", "e1"), True),
        (FieldIs("day", "2026-03-14"), True),
        (FieldIs("day", "2026-03-15"), False),
        (FieldIs("source", "bbs-main"), True),
        (FieldIs("has", "evidence"), True),
        (FieldIs("has", "image"), True),
        (FieldIs("has", "video"), False),
        (FieldIs("nonsense", "x"), False),
        (Between("risk", 60, 60), True),
        (Between("risk", 60, low_in=False), False),
        (Between("risk", high=60, high_in=False), False),
        (Between("risk"), True),
        (Between("risk", low=0), True),
        (Between("negative", 0.8, 0.8), True),
        (Between("negative", low=0.8, low_in=False), False),
        (Between("negative", low=0.80000001), False),
        (Within(since=WHEN), True),
        (Within(since=WHEN + timedelta(microseconds=400)), True),
        (Within(since=WHEN + MS), False),
        (Within(until=WHEN), False),
        (Within(until=WHEN + timedelta(microseconds=543)), False),
        (Within(until=WHEN + timedelta(microseconds=544)), True),
        (Within(), True),
        (Not(Term("刹车")), False),
        (All((Term("刹车"), FieldIs("grade", "B"))), True),
        (All((Term("刹车"), FieldIs("grade", "A"))), False),
        (AnyOf((Term("没有"), FieldIs("grade", "B"))), True),
        (AnyOf((Term("没有"), FieldIs("grade", "A"))), False),
        (All(()), True),
        (AnyOf(()), False),
    ],
)
def test_one_mention_against_one_node(node: Node | None, expected: bool) -> None:
    """Each kind of node decides as `index.base` says it does."""
    assert matches(node, prepare(MENTION, zone=ZONE)) is expected
    if node is not None:
        assert matches(Not(node), prepare(MENTION, zone=ZONE)) is not expected


def test_what_is_unknown_is_no_value() -> None:
    """A mention without grade, author, event or text is found by what it has, and by no empty value."""
    bare = prepare(BARE, zone=ZONE)
    for name in ("author", "event", "grade", "subject", "category", "source", "has"):
        assert not matches(FieldIs(name, ""), bare)
    assert matches(Not(Term("甲")), bare)
    assert matches(Within(until=datetime(1969, 1, 1, microsecond=1000, tzinfo=UTC)), bare)
    assert matches(Within(since=datetime(1969, 1, 1, microsecond=999, tzinfo=UTC)), bare)
    assert matches(Between("negative", high=0), bare)


def test_a_day_begins_in_the_operator_s_zone() -> None:
    """The same moment is another day elsewhere."""
    assert matches(FieldIs("day", "2026-03-15"), prepare(MENTION, zone=ZoneInfo("Pacific/Auckland")))


@pytest.mark.parametrize(
    ("state", "has"),
    [("complete", True), ("partial", True), ("blocked", False), ("failed", False), ("pending", False), (None, False)],
)
def test_only_a_capture_that_shows_the_page_is_evidence(state: ExhibitState | None, has: bool) -> None:
    """A page that refused us proves nothing."""
    assert matches(FieldIs("has", "evidence"), prepare(replace(MENTION, evidence=state), zone=ZONE)) is has


# -- against a reader who takes every step by hand -------------------------------------------------------------------

TEXTS = st.text(alphabet="甲乙丙刹车4sS店ａ ，🍋\n\ue002", max_size=12)
MOMENTS = st.integers(-5000, 5000).map(lambda tenths: WHEN + timedelta(microseconds=100 * tenths))


@st.composite
def mentions(draw: st.DrawFn) -> Mention:
    post = Post(
        kind="forum", site=draw(st.sampled_from(["a.example", "B.example"])), native_id="1", url="",
        channel=draw(st.sampled_from(CHANNELS)), title=draw(st.none() | TEXTS), text=draw(TEXTS),
        author=Author(name=draw(st.sampled_from([None, "老王", "老　王", "ＷＡＮＧ"]))),
        published=draw(st.none() | MOMENTS), collected=WHEN,
        images=draw(st.sampled_from([(), ("x",)])),
    )  # fmt: skip
    verdict = Verdict(
        id=post.id, negative=draw(st.sampled_from([0.0, 0.3, 0.8, 1.0])), risk=draw(st.sampled_from([0, 59, 60, 100])),
        subjects=tuple(draw(st.sets(st.sampled_from(["星辰汽车", "城东店"])))),
        grade=draw(st.sampled_from([None, *GRADES])),
    )  # fmt: skip
    return Mention(post=post, verdict=verdict, source=draw(st.sampled_from([None, "s1"])))


LEAVES: st.SearchStrategy[Node] = st.one_of(
    st.text(alphabet="甲乙刹车4s店 ，🍋", max_size=3).map(Term),
    st.sampled_from(
        [("channel", "weibo"), ("grade", "a"), ("subject", "城东店"), ("author", "老 王"), ("author", "wang"),
         ("site", "b.EXAMPLE"), ("source", "s1"), ("has", "image"), ("day", "2026-03-14")]
    ).map(lambda pair: FieldIs(*pair)),
    st.builds(
        Between, st.just("risk"), st.sampled_from([None, 0, 59, 60]), st.sampled_from([None, 59, 60, 100]),
        st.booleans(), st.booleans(),
    ),
    st.builds(
        Between, st.just("negative"), st.sampled_from([None, 0.0, 0.3, 0.8]), st.sampled_from([None, 0.3, 1.0]),
        st.booleans(), st.booleans(),
    ),
    st.builds(Within, st.none() | MOMENTS, st.none() | MOMENTS),
)  # fmt: skip
NODES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=1, max_size=4).map(lambda nodes: All(tuple(nodes))),
        st.lists(inner, min_size=1, max_size=4).map(lambda nodes: AnyOf(tuple(nodes))),
    ),
    max_leaves=8,
)


def by_hand(node: Node, mention: Mention) -> bool:
    """The definition again, as slowly and as plainly as possible."""
    post, verdict = mention.post, mention.verdict
    match node:
        case Not(inner):
            return not by_hand(inner, mention)
        case All(nodes):
            return [by_hand(inner, mention) for inner in nodes].count(False) == 0
        case AnyOf(nodes):
            return [by_hand(inner, mention) for inner in nodes].count(True) > 0
        case Term(text):
            wished = characters(text)
            repeated = bool(post.title) and post.text.startswith(post.title or "")
            for part in ("" if repeated else post.title or "", post.text):
                found = characters(part)
                for start in range(len(found)):
                    if wished and found[start : start + len(wished)] == wished:
                        return True
            return False
        case FieldIs(name, value):
            name_of_author = (post.author.name or "").replace("　", " ").replace("ＷＡＮＧ", "wang")
            known: dict[str, list[str | None]] = {
                "channel": [post.channel],
                "grade": [(verdict.grade or "").lower()],
                "subject": list(verdict.subjects),
                "author": [name_of_author],
                "site": [post.site.lower()],
                "source": [mention.source],
                "has": ["image"] if post.images else [],
                "day": [(post.when + timedelta(hours=8)).strftime("%Y-%m-%d")],
            }
            return value.lower() in known[name]
        case Between(name, low, high, low_in, high_in):
            number = float(verdict.risk) if name == "risk" else verdict.negative
            if low is not None and (number < low or (number == low and not low_in)):
                return False
            return not (high is not None and (number > high or (number == high and not high_in)))
        case Within(since, until):
            moment = cut(post.when)
            return not (since is not None and moment < cut(since)) and not (until is not None and moment >= cut(until))


def cut(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


@given(mentions(), st.lists(NODES, min_size=1, max_size=5))
@settings(max_examples=300, deadline=None)
def test_the_fast_way_is_the_slow_way(mention: Mention, nodes: list[Node]) -> None:
    """Preparing a mention once and asking it often says what reading it by hand says."""
    prepared = prepare(mention, zone=ZONE)
    for node in nodes:
        assert matches(node, prepared) is by_hand(node, mention)
        assert matches(simplified(node), prepared) is matches(node, prepared)


@given(mentions(), NODES, st.sampled_from([(), ("A",), ("A", "B")]), st.none() | st.integers(0, 100))
@settings(max_examples=100, deadline=None)
def test_filters_narrow(mention: Mention, node: Node, grades: tuple[str, ...], risk: int | None) -> None:
    """A query's filters joined to its text mean both."""
    query = Query(where=node, grades=grades, min_risk=risk)  # type: ignore[arg-type]
    wanted = by_hand(node, mention) and (not grades or mention.verdict.grade in grades)
    wanted = wanted and mention.verdict.risk >= (risk or 0)
    assert matches(whole_tree(query), prepare(mention, zone=ZONE)) is wanted
