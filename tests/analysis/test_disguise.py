"""Names taken apart are found; what only looks like one is not."""

from __future__ import annotations

import pytest

from analysis.disguise import TakenApart
from analysis.reading import read
from analysis.subjects import SubjectFinder
from core.settings import SubjectSettings

NAMES = TakenApart(["曜行", "曜行汽车", "东湖店", "bmw", "s7", "曜行s7", "e-tron"])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("曜.行坑人", ["曜行"]),
        ("曜❤行坑人", ["曜行"]),
        ("曜·行", ["曜行"]),
        ("曜_行", ["曜行"]),
        ("曜 行 汽 车", ["曜行汽车"]),
        ("曜,行,汽,车", ["曜行汽车"]),
        ("曜行 汽车", ["曜行汽车"]),
        ("曜行-s7和曜行 s7", ["曜行s7", "曜行s7"]),
        ("东 湖 店", ["东湖店"]),
        ("b-m-w", ["bmw"]),
        ("曜.行和东/湖/店", ["曜行", "东湖店"]),
        # Whole names are the automaton's.
        ("曜行汽车", []),
        # A blank or a comma between two characters is the end of a sentence.
        ("光曜 行不行", []),
        ("光曜,行不行", []),
        ("去东湖 店里", []),
        ("曜\n行\n汽\n车", []),
        ("曜....行", []),
        ("曜和行", []),
        ("", []),
    ],
)
def test_names_taken_apart(text: str, names: list[str]) -> None:
    found = NAMES.find(text)
    assert [name for _, _, name in found] == names
    assert all("".join(filter(str.isalnum, text[start:end])) == name for start, end, name in found)


def test_nothing_to_find() -> None:
    assert TakenApart([]).find("曜.行") == []
    assert TakenApart(["行"]).find("行.") == []


@pytest.mark.parametrize(
    "text",
    [
        "曜.行的车漏油",
        "曜\u200b行的车漏油",
        "曜\u0336行\u0336的车漏油",
        "曜 行 汽 车的车漏油",
        "曜行 Ｓ⑦漏油",
        "曜 行 Ѕ ➆漏油",
        "買了ВYХ的車，漏油",
    ],
)
def test_a_disguised_name_is_a_mention(text: str) -> None:
    """Through the finder, with the span where it stands in the original."""
    finder = SubjectFinder([SubjectSettings(name="曜行", aliases=("曜行汽车", "曜行S7", "BYX"))])
    reading = read(text)
    (match,) = finder.find(reading.text)
    span = reading.span(*match.span)
    assert span is not None
    start, end = span
    assert match.subject == "曜行"
    assert text[start] in "曜В"
    assert "漏" not in text[start:end]


def test_gaps_are_searched_in_one_pass() -> None:
    """Beginnings without ends cost no more than their number."""
    assert NAMES.find("曜." * 20_000) == []
    assert len(NAMES.find("曜.行" * 10_000)) == 10_000
