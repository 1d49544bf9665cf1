"""How a post is read."""

from __future__ import annotations

import pytest

from analysis.reading import LONGEST, read, with_pictures


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("好惨//@车友老李:我的车自燃了", "好惨"),
        ("转发微博", ""),
        (" 转发微博 //@a:坏了", ""),
        ("[quote]漏油了[/quote]我的没事", "我的没事"),
        ("[quote]漏油了[quote]我也是[/quote]是吗[/quote]我的没事", "我的没事"),
        ("[quote=李四]漏油了[/quote]我的没事[quote]坏了[/quote]", "我的没事"),
        ("[quote]没有写完", "[quote]没有写完"),
        ("写完了[/quote]", "写完了[/quote]"),
        ("[quote][quote]漏油了[/quote]", "[quote]"),
        ("引用：李四的话\n我不同意", "我不同意"),
        ("张三 发表于 2026-3-1 12:00\n我不同意", "我不同意"),
        ("看 https://a.cn/b", "看 https://a.cn/b"),
        ("转发给大家看看这家店", "转发给大家看看这家店"),
    ],
)
def test_the_authors_own_words(text: str, own: str) -> None:
    """Reposted and quoted words are blanked, links are not mistaken for reposts."""
    reading = read(text)
    assert reading.own.strip() == own
    assert len(reading.own) == len(reading.text)


def test_spans_hold_in_the_original() -> None:
    """Hidden characters and width do not move a span."""
    original = "Ａ\u200b发\u200b动\u200b机\ud800坏"
    reading = read(original)
    at = reading.text.index("发动机")
    span = reading.span(at, at + 3)
    assert span is not None
    assert original[slice(*span)] == "发\u200b动\u200b机"


@pytest.mark.parametrize(
    "hidden", ["\u200b", "\u0336", "\ufe0f", "\u2066", "\u3164", "\U000e0041", "\x00", "\ud800", "\u061c", "\u034f"]
)
def test_what_readers_do_not_see_is_left_out(hidden: str) -> None:
    """Zero-width characters, marks, fillers, directions, tags, controls, half surrogates: wherever, however many."""
    original = hidden * 30_000 + "曜" + hidden + "行" + hidden * 3 + "坏" + hidden
    reading = read(original)
    assert (reading.text, reading.cut_from) == ("曜行坏", None)
    assert reading.span(0, 2) == (30_000, 30_003)


def test_long_texts_keep_head_and_tail() -> None:
    """Beyond the limit the middle is left out, and spans of the tail still hold."""
    original = "头" + "中" * (LONGEST + 5_000) + "尾"
    reading = read(original)
    assert reading.cut_from == len(original)
    assert len(reading.text) <= LONGEST + 1
    assert reading.text[0] == "头"
    span = reading.span(len(reading.text) - 1, len(reading.text))
    assert span is not None
    assert original[slice(*span)] == "尾"


@pytest.mark.parametrize("text", ["看图", "看\u200b图", "中" * (LONGEST + 9)])
def test_words_of_pictures_follow_the_post_and_have_no_span_in_it(text: str) -> None:
    """They are judged with it, and can be marked nowhere in it."""
    alone = read(text)
    reading = with_pictures(alone, "漏油\u200b三次\x00\ud800不修")
    assert reading.own.endswith("\n漏油三次不修")
    assert len(reading.own) == len(reading.text)
    at = reading.text.index("漏油")
    assert reading.span(at, at + 2) is None
    last = len(alone.text)
    assert reading.span(0, last) == reading.span(0, at + 2) == alone.span(0, last)


def test_clauses() -> None:
    """Parts carry their punctuation and cover the author's words only."""
    reading = read("坏了，真的。退钱！//@别人:没坏")
    assert [reading.own[slice(*span)].strip() for span in reading.clauses()] == ["坏了,", "真的。", "退钱!"]
