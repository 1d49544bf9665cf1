"""docs/search.md says what is true: every example on it is read as the page says."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.errors import QuerySyntaxError
from core.model import CHANNEL_NAMES
from index.describe import describe
from index.field_names import CHINESE_NAMES, FIELDS, canonical
from index.query import parse

ZONE = ZoneInfo("Asia/Shanghai")
#: The page says so: the evening of 15 March 2026 in Shanghai, a Sunday.
NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "search.md").read_text("utf-8")
RIGHT = re.findall(r"^\| `(.+?)` \| (.+?) \|$", PAGE, re.MULTILINE)
WRONG = re.findall(r"^\| `(.+?)` \| (\d+) \| (.+?) \|$", PAGE, re.MULTILINE)
EXAMPLES = [row for row in RIGHT if row[0] not in {text for text, _, _ in WRONG}]
FIELD_ROWS = re.findall(r"^\| (\S+) \| (\w+) \| (.+?) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("text", "said"), EXAMPLES)
def test_an_example_means_what_the_page_says(text: str, said: str) -> None:
    """The right column is word for word what the product tells of the left one."""
    assert describe(parse(text, now=NOW, zone=ZONE)) == said


@pytest.mark.parametrize(("text", "place", "problem"), WRONG)
def test_a_mistake_is_met_as_the_page_says(text: str, place: str, problem: str) -> None:
    """Readers count characters from one."""
    with pytest.raises(QuerySyntaxError) as caught:
        parse(text, now=NOW, zone=ZONE)
    assert caught.value.position + 1 == int(place)
    assert caught.value.problem == problem


def test_the_page_is_read_whole() -> None:
    """No table is missed because it is written another way."""
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert len(EXAMPLES) + len(WRONG) == len(rows) > 80


def test_the_page_names_every_field() -> None:
    """A field without a row would be a field that nobody finds."""
    shown = {english: names for names, english, _ in FIELD_ROWS if english in FIELDS}
    assert set(shown) == set(FIELDS) - {"day"}
    for english, names in shown.items():
        for name in re.findall(r"[^（）、]+", names):
            assert canonical(name) == english
            assert name in CHINESE_NAMES
    channels = next(values for _, english, values in FIELD_ROWS if english == "channel")
    assert channels.split("、") == list(CHANNEL_NAMES.values())
