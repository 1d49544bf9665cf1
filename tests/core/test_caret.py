"""The caret stands under the character that is meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.caret import pointed
from core.errors import QuerySyntaxError


@pytest.mark.parametrize(
    ("text", "position", "line", "columns"),
    [
        ("abc", 1, "abc", 1),
        ("abc", 3, "abc", 3),
        ("刹车 (异响", 3, "刹车 (异响", 5),
        ("ＡＢ(", 2, "ＡＢ(", 4),
        ("🍋x", 1, "🍋x", 2),
        ("e\u0301x", 2, "e\u0301x", 1),
        ("ｱx", 1, "ｱx", 1),
        ("a\tb\nc", 4, "a b c", 4),
        ("a\x00b\x1b[31m", 2, "a\ufffdb\ufffd[31m", 2),
        ("a\ud800b", 2, "a\ufffdb", 2),
        ("a\u202eb", 2, "a\ufffdb", 2),
        ("“甲", 1, "“甲", 1),
        ("", 0, "", 0),
        ("甲", 99, "甲", 2),
        ("甲", -1, "甲", 0),
        ("甲" * 100, 50, "…" + "甲" * 60 + "…", 61),
        ("a" * 100, 99, "…" + "a" * 31, 31),
        ("a" * 61, 31, "a" * 61, 31),
        ("a" * 100, 0, "a" * 30 + "…", 0),
    ],
)
def test_the_caret_stands_under_its_character(text: str, position: int, line: str, columns: int) -> None:
    """Wide characters take two columns, combining ones none; long texts are cut; nothing odd reaches a terminal."""
    assert pointed(text, position) == f"  {line}\n  {' ' * columns}^"


@given(st.text(st.characters(), max_size=200), st.integers(-5, 210))
def test_any_text_can_be_shown(text: str, position: int) -> None:
    """The two lines can be written to any terminal and are two lines."""
    shown = pointed(text, position)
    shown.encode("utf-8")
    assert shown.count("\n") == 1
    assert shown.endswith("^")


def test_an_error_shows_its_place() -> None:
    """What the command line prints: the sentence, the text, the caret."""
    error = QuerySyntaxError("刹车 (异响", 3, "括号没有闭合", "请补上右括号。")
    assert str(error) == "检索式有误：第4个字符处括号没有闭合。请补上右括号。\n  刹车 (异响\n       ^"
