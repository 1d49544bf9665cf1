"""The texts of the demo: enough, varied, honestly labelled, and spread over time as the drill needs them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta

import pytest

from demo import library
from demo.offsets import parse_offset
from demo.posts import LABELS, Draft

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def drafts() -> tuple[Draft, ...]:
    return library.drafts()


@pytest.fixture(scope="module")
def history(drafts: tuple[Draft, ...]) -> list[Draft]:
    return [draft for draft in drafts if not draft.live]


def test_there_are_enough_posts_of_every_label(drafts: tuple[Draft, ...]) -> None:
    """At least 320 posts, and no label is missing."""
    counted: Counter[str] = Counter(draft.label for draft in drafts)
    assert len(drafts) >= 320
    assert set(counted) == set(LABELS)
    for label, least in {"praise": 40, "complaint": 50, "irrelevant": 25, "sarcasm": 5, "ad": 3, "official": 8}.items():
        assert counted[label] >= least, label


def test_no_text_is_written_twice_but_the_malicious_one(drafts: tuple[Draft, ...]) -> None:
    """Variety is real: only the malicious complaint goes to many places word for word."""
    repeated = [text for text, times in Counter(draft.text for draft in drafts).items() if times > 1]
    assert {draft.label for draft in drafts if draft.text in repeated} == {"malicious"}


def test_grave_history_is_older_than_a_day(history: list[Draft]) -> None:
    """The first alert people see is the live incident: nothing of grade A or B lies within the last day."""
    recent = [draft for draft in history if draft.at > -DAY]
    assert [draft.text for draft in recent if draft.grade in ("A", "B")] == []
    assert 1 <= sum(draft.grade == "C" for draft in recent) <= 3


def test_grades_suit_labels(drafts: tuple[Draft, ...]) -> None:
    """Praise, advertisements, official words and other meanings never deserve an alert."""
    for draft in drafts:
        if draft.label in ("praise", "neutral", "irrelevant", "ad", "official"):
            assert draft.grade == "none", draft.text
    assert {"A", "B", "C"} <= {draft.grade for draft in drafts}


def test_history_reaches_from_today_to_eight_days_back(history: list[Draft]) -> None:
    """Every one of the last eight days has posts, yesterday plenty, today several."""
    days = Counter(int(-draft.at / DAY) for draft in history if not draft.sticky)
    assert set(days) == set(range(8))
    assert days[0] >= 25
    assert days[1] >= 40
    assert all(draft.at <= timedelta() for draft in history)


def test_the_old_forum_can_show_every_text(drafts: tuple[Draft, ...]) -> None:
    """What the GBK forum publishes fits GBK; an emoji is the one thing that must become a numeric reference."""
    beyond = {
        char
        for draft in drafts
        if draft.site == "forum"
        for char in draft.title + draft.text + draft.by
        if not _fits_gbk(char)
    }
    assert beyond == {"😂"}


def test_nobody_can_be_called_or_visited_from_the_texts(drafts: tuple[Draft, ...]) -> None:
    """Invented people have no telephone numbers, identity numbers or web addresses."""
    for draft in drafts:
        assert not re.search(r"1[3-9]\d{9}|\d{17}[\dXx]|https?://|www\.", draft.text), draft.text


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("0s", timedelta()),
        ("+20s", timedelta(seconds=20)),
        ("-3d4h", -timedelta(days=3, hours=4)),
        ("-1h10m", -timedelta(hours=1, minutes=10)),
        ("75s", timedelta(seconds=75)),
    ],
)
def test_offsets_are_read(text: str, span: timedelta) -> None:
    """An offset is a sign and numbers with units."""
    assert parse_offset(text) == span


@pytest.mark.parametrize("text", ["", "3", "yesterday", "-3d 4h", "--3d", "3x", "d3"])
def test_a_malformed_offset_is_refused(text: str) -> None:
    """A slip in a content file is an error, not a post at a random time."""
    with pytest.raises(ValueError, match="offset"):
        parse_offset(text)


def _fits_gbk(char: str) -> bool:
    try:
        char.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True
