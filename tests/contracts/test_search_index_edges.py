"""What every search index promises at the edges: long words, deep trees, hostile texts, far times."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.errors import QuerySyntaxError
from index.base import All, AnyOf, Node, Not, Query, SearchIndex, Sort, Term
from index.query import parse
from tests.contracts.search_world import MENTIONS, START, ZONE, Opened, find, find_node, mention, put


@pytest.mark.parametrize(
    "text",
    [
        '" OR 1=1 --',
        "chars:x",
        "x* AND NEAR(a b)",
        "{chars words}: a",
        "^刹车",
        "刹车*",
        "a\x00b",
        "tags:every",
        "'",
        "a + b",
        "%",
        "_",
    ],
)
def test_a_search_text_is_never_syntax_of_the_engine(archive: SearchIndex, text: str) -> None:
    """Whatever is typed either is a search text of ours or a QuerySyntaxError."""
    try:
        where = parse(text, now=START, zone=ZONE)
    except QuerySyntaxError:
        return
    assert archive.search(Query(where=where)).total <= len(MENTIONS)


def test_terms_without_anything_to_search_match_nothing(archive: SearchIndex) -> None:
    """A tree made by hand may hold an empty term: it is in no mention."""

    assert archive.search(Query(where=Term("！？"))).total == 0
    assert archive.search(Query(where=Not(Term("")))).total == len(MENTIONS)


def test_old_and_far_times(index: SearchIndex) -> None:
    """Posts from before 1970 and far in the future keep their order."""
    times = [
        datetime(1955, 5, 1, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        START,
        datetime(2099, 12, 31, tzinfo=UTC),
    ]
    put(index, [mention(number, "年代", when=when) for number, when in enumerate(times)])
    assert find(index, "年代") == [3, 2, 1, 0]
    assert find(index, "年代", until=times[1]) == [0]


@pytest.mark.parametrize(
    "text",
    [
        " ".join(["异响"] * 100),
        " OR ".join(["异响"] * 100),
        " ".join(["-异响"] * 99),
        "NOT " * 12 + "异响",
        "(异响 OR (车 " * 6 + "异响" + "))" * 6,
        "(刹车 车 OR 异响 " * 12 + "车" + ")" * 12,
        "(刹车 OR -异响 -" * 5 + "(车 -异响)" + ")" * 5,
        "-(异响 或 -(车 " * 3 + "异响" + "))" * 3,
        "channel:weibo OR " * 60 + "车",
    ],
)
@pytest.mark.parametrize("sort", ["time", "relevance", "risk"])
def test_the_largest_search_texts_are_answered(archive: SearchIndex, text: str, sort: Sort) -> None:
    """Whatever the language accepts, the engine can do: no text is too deep or too long for it."""
    where = parse(text, now=START, zone=ZONE)
    filters: dict[str, object] = {"grades": ("A", "B"), "channels": ("forum", "weibo"), "subjects": ("星辰汽车",)}
    assert archive.search(Query(where=where, sort=sort)).total >= 0
    assert archive.search(Query(where=where, sort=sort, **filters)).total >= 0  # type: ignore[arg-type]


LONG = "x" * 100


@pytest.mark.parametrize(
    ("text", "wanted", "is_found"),
    [
        (LONG, LONG, True),
        (LONG + "y", LONG + "y", True),
        (LONG * 3, LONG * 3, True),
        (LONG * 3 + "yy", LONG * 3 + "yy", True),
        (LONG * 3, LONG, True),
        (LONG * 3, LONG + "x", False),
        (LONG[1:], LONG, False),
        (LONG * 3 + "yy", "yy", True),
        (LONG * 2 + "店", "x店", False),
        (LONG * 2 + "店", LONG + "店", True),
        (f"{LONG} {LONG}", LONG * 2, True),
        ("ｘ" * 260, "X" * 260, True),
        ("𠮷" * 300, "𠮷" * 255, True),
        ("9" * 5000, "9" * 1900, True),
    ],
)
def test_runs_of_any_length_can_be_searched(opened: Opened, text: str, wanted: str, is_found: bool) -> None:
    """A run of letters longer than any engine's token is cut into pieces of 100, in texts and in search texts alike."""
    index = opened()
    put(index, [mention(1, text), mention(2, "别的")])
    node = Term(wanted)
    assert find_node(index, node) == ([1] if is_found else [])
    marked = index.search(Query(where=node)).hits
    assert all("\ue000" in hit.highlight for hit in marked)


def test_trees_made_by_hand_may_be_deep(archive: SearchIndex) -> None:
    """Groups and negations inside one another, deeper than people type."""
    node: Node = Term("异响")
    for step in range(20):
        node = All((AnyOf((node, Term("子虚"))), Not(Term("乌有")))) if step % 2 else Not(Not(node))
    assert find_node(archive, node) == [4, 1, 0]
    for _ in range(9):
        node = Not(All((node, Term("店"))))
    assert archive.search(Query(where=node)).total in range(7)
