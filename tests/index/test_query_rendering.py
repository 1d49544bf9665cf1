"""Trees as search texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from index.base import All, AnyOf, Between, FieldIs, Node, Not, Term, Within
from index.query import render

MORNING = datetime(2026, 3, 15, 9, 30, tzinfo=timezone(timedelta(hours=8)))


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (Term("刹车"), '"刹车"'),
        (Term('a"b\\c“d”e＂'), r'"a\"b\\c\“d\”e\＂"'),
        (FieldIs("author", "老 王"), 'author:"老 王"'),
        (Between("risk", low=60), "risk:>=60"),
        (Between("risk", low=60, low_in=False), "risk:>60"),
        (Between("risk", high=80), "risk:<=80"),
        (Between("risk", high=80, high_in=False), "risk:<80"),
        (Between("risk", 60, 80), "risk:60..80"),
        (Between("risk", 60, 80, low_in=False, high_in=False), "risk:>60..<80"),
        (Between("risk"), "risk:*..*"),
        (Between("negative", 1e-07, 0.8), "negative:0.0000001..0.8"),
        (Within(since=MORNING), "date:>=2026-03-15T09:30:00+08:00"),
        (Within(until=datetime(2026, 3, 15, microsecond=1, tzinfo=UTC)), "date:<2026-03-15T00:00:00.000001+00:00"),
        (
            Within(MORNING, MORNING + timedelta(days=1)),
            "date:2026-03-15T09:30:00+08:00..<2026-03-16T09:30:00+08:00",
        ),
        (Within(), "date:*..*"),
        (
            All((AnyOf((Term("甲"), Between("risk", 0, 0))), Not(All((Term("乙"), Term("丙")))))),
            '("甲" OR risk:0..0) AND NOT ("乙" AND "丙")',
        ),
    ],
)
def test_every_node_has_a_text(node: Node, text: str) -> None:
    """Phrases are quoted, ranges are written as people write them, groups keep their parentheses."""
    assert render(node) == text
