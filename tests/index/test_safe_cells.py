"""No text of a stranger becomes a formula, and none breaks the file it stands in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.safe_cells import cut, harmless, is_formula, printable


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "=cmd|' /C calc'!A0",
        "+86 13800000000",
        "-5",
        "@SUM(A1)",
        "＝1+1",
        "＋1",
        "－1",
        "＠某某",
        "﹦1",
        "﹢1",
        "﹣1",
        "﹫x",
        "−1",
        " =1",
        "　＝1",
        "\u00a0=1",
        "\u200b=1",
        "\ufeff=1",
        "\u202e=1",
        "\u2060\u200d =1",
        "\t=1",
        "\tx",
        "\rx",
        "\nx",
        "\x00=1",
        "\u0301=1",
    ],
)
def test_what_a_spreadsheet_might_run_gets_an_apostrophe(text: str) -> None:
    assert is_formula(text)
    assert harmless(text) == "'" + text


@pytest.mark.parametrize("text", ["", " ", "刹车失灵", "1=1", "a@b", "“=1”", "'=1", "#1", "3-15", "①", "\u200b", "*"])
def test_other_text_stays_what_it_is(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\x00b\x08c\x0bd\x1fe", "abcde"),
        ("\ud83d半个", "半个"),
        ("\ufffe\uffff尾", "尾"),
        ("行\r\n行\t列", "行\n行\t列"),
        ("😀", "😀"),
    ],
)
def test_characters_that_no_file_may_hold_are_left_out(text: str, kept: str) -> None:
    assert printable(text) == kept


@pytest.mark.parametrize("text", ["字" * 100, "😀" * 50, "a" * 99, ""])
def test_a_text_that_fits_is_not_cut(text: str) -> None:
    assert cut(text, 100) == text


@pytest.mark.parametrize(("text", "length"), [("字" * 101, 101), ("😀" * 51, 51), ("a😀" * 5000, 10_000)])
def test_a_cut_text_says_so_and_how_long_it_was(text: str, length: int) -> None:
    short = cut(text, 100)
    assert short.endswith(f"…（已截断，全文 {length} 字）")
    assert len(short.encode("utf-16-le")) // 2 <= 100
    assert text.startswith(short.partition("…")[0])


@given(st.text())
def test_nothing_that_comes_out_is_a_formula(text: str) -> None:
    """Whatever is typed: what a spreadsheet would read begins with the apostrophe, or with no sign of a formula."""
    told = harmless(printable(text))
    assert told.startswith("'") or not is_formula(told)
    told.encode()
