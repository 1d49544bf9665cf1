"""Text and durations: folding keeps places, cleaning keeps meaning, spans read as people write them."""

from __future__ import annotations

import ast
import importlib.util
from datetime import UTC, datetime, timedelta
from pathlib import Path

import opencc
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
    ("raw", "folded"),
    [
        ("４Ｓ店", "4s店"),
        ("ＡＢＣ　１", "abc 1"),
        ("İstanbul", "İstanbul"),
        ("曜行S7", "曜行s7"),
        ("後面的車門關不緊", "后面的车门关不紧"),
        ("退一賠三", "退一赔三"),
        ("ВМW", "bmw"),
        ("Ⓢ➆ 𝐒𝟕 🅂７", "s7 s7 s7"),
        ("㊣品⻋", "正品车"),
        ("豐田", "丰田"),
        ("ｶﾗ", "カラ"),
        ("①②③", "123"),
        # What regions word differently stays different: that is for aliases.
        ("軟體", "软体"),
        ("…·°₂Ω", "…·°2ω"),
    ],
)
def test_fold(raw: str, folded: str) -> None:
    assert fold(raw) == folded


@given(st.text(st.characters(codec=None)))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_traditional_becomes_what_opencc_makes_of_each_character() -> None:
    """For every ideograph: ours is OpenCC's, or where OpenCC's is a look-alike itself, what that is read as."""
    convert = opencc.OpenCC("t2s").convert
    ideographs = [chr(code) for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000), *range(0x20000, 0x2FA20))]
    assert [one for one in ideographs if fold(one) != fold(convert(one))] == []
    changed = [one for one in ideographs if convert(one) != one]
    assert len(changed) > 4_000
    assert [one for one in changed if fold(one) == one] == []


@pytest.mark.parametrize("name", ["simplified.txt", "compatible.txt"])
def test_the_generated_tables_are_what_the_script_writes(name: str) -> None:
    """The installed OpenCC may know more by now, never something else; Unicode only ever adds."""
    path = Path(__file__).resolve().parents[2]
    spec = importlib.util.spec_from_file_location("folding_tables", path / "scripts" / "folding_tables.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    written = (path / "core" / "folding" / name).read_text(encoding="utf-8")
    assert len(pairs(written)) > 1_000
    assert pairs(written) <= pairs(script.pages()[name])


def pairs(page: str) -> set[tuple[str, str]]:
    rows = [line.split("\t") for line in page.split("\n") if "\t" in line]
    return {pair for ones, others in rows for pair in zip(ones, others, strict=True)}


def test_no_pattern_of_the_analysis_waits_for_what_folding_removes() -> None:
    """Rules run over folded text: an ideograph in a rule that folding changes could never be found."""
    root = Path(__file__).resolve().parents[2]
    waiting = []
    for path in sorted((root / "analysis").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                lost = [one for one in node.value if "\u3400" <= one <= "\u9fff" and fold(one) not in node.value]
                waiting += [f"{path.name}:{node.lineno}: {one}" for one in lost]
    assert waiting == []


@pytest.mark.parametrize(
    ("raw", "cleaned"), [(" 漏\u200b油 ", "漏油"), ("一\n\n 二", "一\n二"), ("a\x00b", "ab"), ("a\u3000\u00a0b", "a b")]
)
def test_clean(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


@pytest.mark.parametrize(("one", "other"), [("刹车 失灵", "刹车失灵"), ("４S店", "4s 店"), ("漏\u200b油", "漏油")])
def test_same_words_same_fingerprint(one: str, other: str) -> None:
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("提车三天漏油", "4947d53a56fe50d3"),
        ("４Ｓ店 不管！", "558b0f103be4013a"),
        ("後面的車ВМW", "2af1f8e0921baa71"),
    ],
)
def test_fingerprints_never_change(text: str, kept: str) -> None:
    """They are stored with every post: another value would call each of them edited."""
    assert fingerprint(text)[:16] == kept


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
