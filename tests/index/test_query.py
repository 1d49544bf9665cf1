"""The search language: words, phrases, operators and parentheses become the tree that people mean."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from index.base import All, AnyOf, Node, Not, Term
from index.query import parse, render

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


def tree(text: str) -> Node | None:
    return parse(text, now=NOW, zone=ZONE)


A, B, C = Term("甲"), Term("乙"), Term("丙")

MEANT: list[tuple[str, Node | None]] = [
    # blanks and nothing
    ("", None),
    (" 　\n", None),
    ("\u200b\ufeff\x00", None),
    # words and how they join
    ("甲", A),
    ("甲 乙", All((A, B))),
    ("甲\t乙\n丙", All((A, B, C))),
    ("甲　AND　乙 与 丙", All((A, B, C))),
    ("甲 且 乙 并且 丙", All((A, B, C))),
    ("甲 ＡＮＤ 乙", All((A, B))),
    ("甲 與 乙", All((A, B))),
    ("甲 乙 OR 丙", AnyOf((All((A, B)), C))),
    ("甲 或者 乙", AnyOf((A, B))),
    ("甲 或 乙 丙", AnyOf((A, All((B, C))))),
    ("甲 (乙 或 丙)", All((A, AnyOf((B, C))))),
    ("甲（乙 OR 丙）", All((A, AnyOf((B, C))))),
    ("(甲 或 乙) (甲 或 丙)", All((AnyOf((A, B)), AnyOf((A, C))))),
    ("(甲 乙) 丙", All((A, B, C))),
    ("甲 OR (乙 OR 丙)", AnyOf((A, B, C))),
    ("((甲))", A),
    ("甲 甲", All((A, A))),
    # negation
    ("-甲", Not(A)),
    ("－甲", Not(A)),
    ("\u2212甲", Not(A)),
    ("甲 -乙", All((A, Not(B)))),
    ("甲 不含 乙", All((A, Not(B)))),
    ("甲 AND NOT 乙", All((A, Not(B)))),
    ("甲 与 非 乙", All((A, Not(B)))),
    ("-(甲 乙)", Not(All((A, B)))),
    ("NOT NOT 甲", Not(Not(A))),
    ("--甲", Not(Not(A))),
    ("非 甲 或 乙", AnyOf((Not(A), B))),
    ('-"甲 乙"', Not(Term("甲 乙"))),
    # words that only look like something else
    ("4S-店", Term("4S-店")),
    ("and", Term("and")),
    ("甲 or 乙", All((A, Term("or"), B))),
    ("not 甲", All((Term("not"), A))),
    ("And", Term("And")),
    ("与众不同", Term("与众不同")),
    ("非常", Term("非常")),
    ("是非", Term("是非")),
    ("AND甲", Term("AND甲")),
    ("12:30", Term("12:30")),
    ("关于:甲", Term("关于:甲")),
    ("事故:甲", Term("事故:甲")),
    ("E=mc2", Term("E=mc2")),
    ("a>b", Term("a>b")),
    ("3.15", Term("3.15")),
    ("2026", Term("2026")),
    ("S7", Term("S7")),
    ("don’t", Term("don’t")),
    ("don't", Term("don't")),
    ("+甲", Term("+甲")),
    ("刹车*", Term("刹车*")),
    ("甲~2", Term("甲~2")),
    ("甲^3", Term("甲^3")),
    ("[甲 TO 乙]", All((Term("[甲"), Term("TO"), Term("乙]")))),
    ("/甲/", Term("/甲/")),
    ("《甲》", Term("《甲》")),
    ("#甲#", Term("#甲#")),
    ("@老王", Term("@老王")),
    ("甲,乙", Term("甲,乙")),
    ("甲。乙", Term("甲。乙")),
    ("🍋", Term("🍋")),
    ("甲\ud800乙", Term("甲\ud800乙")),
    # quotes
    ('"甲 OR 乙"', Term("甲 OR 乙")),
    ("“甲 乙”", Term("甲 乙")),
    ('“甲 乙"', Term("甲 乙")),
    ('"甲 乙”', Term("甲 乙")),
    ("“甲 乙“", Term("甲 乙")),
    ("＂甲 乙＂", Term("甲 乙")),
    ("„甲 乙“", Term("甲 乙")),
    ("‘甲 乙’", Term("甲 乙")),
    ("「甲 乙」", Term("甲 乙")),
    ("『甲 乙』", Term("甲 乙")),
    ("«甲 乙»", Term("甲 乙")),
    ("〝甲 乙〞", Term("甲 乙")),
    ("〝甲 乙〟", Term("甲 乙")),
    ("﹁甲 乙﹂", Term("甲 乙")),
    ("﹃甲 乙﹄", Term("甲 乙")),
    ("「甲“乙”丙」", Term("甲“乙”丙")),
    ('"与"', Term("与")),
    ('"AND"', Term("AND")),
    ('"昨天"', Term("昨天")),
    ('"channel:weibo"', Term("channel:weibo")),
    ('"-甲"', Term("-甲")),
    (r'"甲\"乙\\"', Term('甲"乙\\')),
    (r"“甲\”乙”", Term("甲”乙")),
    (r'"甲\n"', Term(r"甲\n")),
    ("甲＼乙", Term("甲＼乙")),
    ('甲"乙"丙', All((A, B, C))),
    ('"甲"(乙)', All((A, B))),
]


@pytest.mark.parametrize(("text", "expected"), MEANT)
def test_what_is_meant(text: str, expected: Node | None) -> None:
    """Blanks mean and, NOT binds tightest, OR loosest; Chinese and English spellings mean the same."""
    assert tree(text) == expected


@pytest.mark.parametrize(("text", "expected"), MEANT)
def test_every_meaning_has_a_spelling_of_its_own(text: str, expected: Node | None) -> None:
    """What was understood, rendered and read again, is what was understood."""
    assert expected is None or tree(render(expected)) == expected
