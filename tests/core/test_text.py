"""Text and durations: folding keeps places, cleaning keeps meaning, spans read as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.durations import BadDuration, format_duration, in_chinese, parse_duration
from core.model import Post, post_id
from core.text import clean, fingerprint, fold, shorten


@given(st.text())
def test_folding_keeps_every_place(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(st.text(st.characters(codec=None)))
def test_cleaned_text_can_be_stored(text: str) -> None:
    """Whatever comes in, what goes out is valid UTF-8 and clean already."""
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("raw", "folded"), [("４Ｓ店", "4s店"), ("ＡＢＣ　１", "abc 1"), ("İstanbul", "İstanbul"), ("曜行S7", "曜行s7")]
)
def test_fold(raw: str, folded: str) -> None:
    assert fold(raw) == folded


@pytest.mark.parametrize(
    ("raw", "cleaned"), [(" 漏\u200b油 ", "漏油"), ("一\n\n 二", "一\n二"), ("a\x00b", "ab"), ("a\u3000\u00a0b", "a b")]
)
def test_clean(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


@pytest.mark.parametrize(("one", "other"), [("刹车 失灵", "刹车失灵"), ("４S店", "4s 店"), ("漏\u200b油", "漏油")])
def test_same_words_same_fingerprint(one: str, other: str) -> None:
    assert fingerprint(one) == fingerprint(other)


def test_other_words_other_fingerprint() -> None:
    assert fingerprint("刹车失灵") != fingerprint("刹车灵")


def test_shorten() -> None:
    assert shorten("一二\n三四五", 5) == "一二 三…"
    assert shorten("一二", 5) == "一二"


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("10m", timedelta(minutes=10)),
        ("1.5h", timedelta(minutes=90)),
        ("7d", timedelta(7)),
    ],
)
def test_durations_are_read(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span
    assert parse_duration(format_duration(span)) == span


@pytest.mark.parametrize("text", ["", "10", "m", "-5m", "5 parsecs", "10m5s", "１０分"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(BadDuration):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0秒"), (45, "45秒"), (200, "3分20秒"), (7500, "2小时5分"), (259200, "3天"), (-3, "0秒")]
)
def test_spans_for_readers(seconds: int, words: str) -> None:
    assert in_chinese(timedelta(seconds=seconds)) == words


def test_identity_depends_on_each_part() -> None:
    assert len({post_id("a", "b", "c"), post_id("ab", "", "c"), post_id("a", "bc", ""), post_id("a", "b", "d")}) == 4


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="published has no time zone"):
        Post(
            kind="forum",
            site="s",
            native_id="1",
            url="",
            channel="forum",
            text="x",
            collected=datetime(2026, 3, 15, tzinfo=UTC),
            published=datetime(2026, 3, 15),  # noqa: DTZ001
        )
