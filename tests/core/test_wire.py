"""JSON Lines: what goes out comes in again; what cannot be read names file, line and field."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.errors import BadInput
from core.model import Author, Counts, Post, Reason, Verdict
from core.wire import dumps, post_from_json, post_to_json, read_lines, verdict_from_json, verdict_to_json

ZONE = ZoneInfo("Asia/Shanghai")


def read(row: dict[str, Any], now: datetime) -> Post:
    return post_from_json(row, now=now, zone=ZONE, file="posts.jsonl", line=7)


def test_a_post_survives_the_round_trip(now: datetime) -> None:
    post = Post(
        kind="weibo",
        site="m.weibo.cn",
        native_id="4645748019299849",
        url="https://m.weibo.cn/detail/4645748019299849",
        channel="weibo",
        title=None,
        text="提车三天就漏油",
        author=Author(id="1", name="李", followers=12, region="上海"),
        published=now,
        collected=now,
        floor=1,
        counts=Counts(views=None, replies=0, likes=3, reposts=4),
        images=("https://example.invalid/1.jpg",),
    )
    row = post_to_json(post)
    assert row["counts"] == {"views": None, "replies": 0, "likes": 3, "reposts": 4}
    assert read(row, now) == post


def test_only_text_is_required(now: datetime) -> None:
    post = read({"text": "刹车异响"}, now)
    assert (post.kind, post.channel, post.collected) == ("manual", "other", now)
    assert post.id == read({"text": "刹车异响"}, now).id
    assert post.id != read({"text": "刹车失灵"}, now).id


def test_a_time_without_offset_is_local(now: datetime) -> None:
    post = read({"text": "x", "published": "2026-03-15T20:00:00"}, now)
    assert post.published == now


def test_a_verdict_survives_the_round_trip() -> None:
    verdict = Verdict(
        id="p",
        negative=0.9123,
        subjects=("曜行汽车",),
        categories=("车辆质量",),
        event="e",
        risk=80,
        grade="A",
        reasons=(Reason(code="category.safety", text="涉及安全", points=40, span=(0, 2)),),
        model="m",
    )
    assert verdict_from_json(verdict_to_json(verdict)) == verdict


BAD = [
    ({}, "text"),
    ({"text": ""}, "text"),
    ({"text": 5}, "text"),
    ({"text": "x", "kind": "carrier pigeon"}, "kind"),
    ({"text": "x", "channel": "tv"}, "channel"),
    ({"text": "x", "published": "yesterday"}, "published"),
    ({"text": "x", "published": 5}, "published"),
    ({"text": "x", "author": "李"}, "author"),
    ({"text": "x", "author": {"followers": "many"}}, "author.followers"),
    ({"text": "x", "counts": {"likes": -1}}, "counts.likes"),
    ({"text": "x", "images": "a.jpg"}, "images"),
    ({"text": "x", "floor": 1.5}, "floor"),
]


@pytest.mark.parametrize(("row", "field"), BAD)
def test_a_bad_field_is_named(row: dict[str, Any], field: str, now: datetime) -> None:
    with pytest.raises(BadInput) as caught:
        read(row, now)
    assert f"字段={field} " in str(caught.value)
    assert "posts.jsonl" in str(caught.value)
    assert "第7行" in str(caught.value)


@pytest.mark.parametrize("line", ["{", "[1]", '"text"', "nonsense"])
def test_a_line_that_is_no_object_is_named(line: str) -> None:
    with pytest.raises(BadInput, match="第2行"):
        list(read_lines(['{"text": "x"}', line], file="posts.jsonl"))


def test_blank_lines_are_skipped_and_numbers_kept() -> None:
    assert list(read_lines(["", '{"text": "x"}', " "], file="f")) == [(2, {"text": "x"})]


def test_lone_surrogates_do_not_break_a_line() -> None:
    assert dumps({"text": "坏\ud83d字"}) == '{"text":"坏?字"}'
