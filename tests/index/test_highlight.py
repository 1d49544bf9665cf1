"""The line a reader sees of a hit."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.model import Post
from index.base import Node, Not, Term
from index.exact import places
from index.highlight import MARK, UNMARK, highlight

NOW = datetime(2026, 3, 15, tzinfo=UTC)


def shown(text: str, node: Node | None, title: str | None = None) -> str:
    post = Post(kind="forum", site="s", native_id="1", url="", channel="forum", title=title, text=text, collected=NOW)
    return highlight(post, node).replace(MARK, "[").replace(UNMARK, "]")


@pytest.mark.parametrize(
    ("text", "term", "expected"),
    [
        ("刹车异响，刹 车异响", "刹车", "[刹车]异响，[刹 车]异响"),
        ("４Ｓ店\n异响", "4s店异响", "[４Ｓ店 异响]"),
        ("哈哈哈哈", "哈哈", "[哈哈哈哈]"),
        ("CarPlay和carplay2", "CARPLAY", "[CarPlay]和carplay2"),
        ("刹\u200b车", "刹车", "[刹车]"),
        ("没有", "刹车", "没有"),
        ("", "刹车", ""),
        ("甲\ue001刹\ue000车", "刹车", "甲[刹车]"),
    ],
)
def test_matches_are_marked_in_the_original(text: str, term: str, expected: str) -> None:
    """Marks stand around what the reader sees; marks that the text brought along are dropped."""
    assert shown(text, Term(term)) == expected


def test_title_and_text_are_one_line_but_no_phrase_joins_them() -> None:
    """A match cannot begin in the title and end in the text."""
    assert shown("车坏了", Term("刹车"), title="急刹") == "急刹　车坏了"
    assert shown("急刹车坏了", Term("刹车"), title="急刹车") == "急[刹车]坏了"
    assert shown("然后", Not(Term("然后")), title="标题") == "标题　然后"
    assert shown("然后", None) == "然后"


def test_a_long_text_shows_the_surroundings_of_the_first_match() -> None:
    """About 120 characters, with marks of what was cut; a match at the end is not lost."""
    middle = shown("前" * 300 + "刹车" + "后" * 300, Term("刹车"))
    assert middle == "…" + "前" * 30 + "[刹车]" + "后" * 88 + "…"
    end = shown("前" * 300 + "刹车", Term("刹车"))
    assert end == "…" + "前" * 118 + "[刹车]"
    assert shown("前" * 300, None) == "前" * 120 + "…"


def test_a_match_longer_than_the_window_is_cut_with_its_marks_whole() -> None:
    """Marks stay paired whatever is cut."""
    assert shown("哈" * 500, Term("哈哈")) == "[" + "哈" * 120 + "]…"


def test_a_huge_text_does_not_stall() -> None:
    """Beyond fifty thousand characters nobody looks for marks; the beginning is shown."""
    assert shown("前" * 2_000_000 + "刹车", Term("刹车")) == "前" * 120 + "…"


def test_places_of_several_phrases_join_where_they_overlap() -> None:
    """Two terms that overlap make one mark."""
    assert places("刹车失灵了", [["刹", "车"], ["车", "失"], ["了"], []]) == [(0, 3), (4, 5)]
