"""Mistakes in a search text: each has a place, a name and a way out."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.errors import QuerySyntaxError
from index.base import FieldIs, Node, Term
from index.query import parse

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
MALFORMED: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("malformed_queries.jsonl").read_text("utf-8").splitlines()
]


def tree(text: str) -> Node | None:
    return parse(text, now=NOW, zone=ZONE)


@pytest.mark.parametrize("row", MALFORMED, ids=lambda row: ascii(row["text"]))
def test_each_mistake_is_named_at_its_place(row: dict[str, Any]) -> None:
    """The position is that of the character to look at; the message says what is wrong and what to write instead."""
    with pytest.raises(QuerySyntaxError) as caught:
        tree(row["text"])
    assert caught.value.position == row["position"]
    assert row["problem"] in caught.value.problem
    assert caught.value.fix.endswith("。")
    str(caught.value).encode("utf-8")


def test_the_malformed_texts_are_as_many_as_promised_and_differ() -> None:
    """Two hundred and more, none twice, of many kinds."""
    assert len({row["text"] for row in MALFORMED}) == len(MALFORMED) >= 200
    assert len(Counter(row["problem"] for row in MALFORMED)) > 60


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("(" * 50 + "甲" + ")" * 50, 13, "嵌套太深"),
        ("NOT " * 30 + "甲", 52, "嵌套太深"),
        ("-" * 30 + "甲", 13, "嵌套太深"),
        ("-(" * 7 + "甲" + ")" * 7, 13, "嵌套太深"),
        ("(" * 12 + "等级:A,B" + ")" * 12, 12, "嵌套太深"),
        ("甲 " * 250, 400, "检索词太多"),
        ("甲 OR " * 200 + "乙", 1000, "检索词太多"),
        ("作者:" + "、".join(["甲"] * 201), 403, "检索词太多"),
        ("甲" * 3000, 2000, "检索式太长"),
        ("(" * 2001, 2000, "检索式太长"),
    ],
)
def test_what_is_too_much(text: str, position: int, problem: str) -> None:
    """Beyond what an index is asked for, the first character too many is shown."""
    with pytest.raises(QuerySyntaxError) as caught:
        tree(text)
    assert problem in caught.value.problem
    assert caught.value.position == position


@pytest.mark.parametrize(
    "text",
    [
        "(" * 12 + "甲" + ")" * 12,
        "-(" * 6 + "甲" + ")" * 6,
        "NOT " * 12 + "甲",
        "(" * 11 + "等级:A,B" + ")" * 11,
        "甲 " * 200,
        "甲 OR " * 199 + "乙",
        "甲" * 2000,
    ],
)
def test_what_is_just_not_too_much(text: str) -> None:
    """One less of anything is read."""
    assert tree(text) is not None


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("subjct:x", "是否想用 subject: ？"),
        ("shop:x", "是否想用 store: ？"),
        ("score:60", "是否想用 risk: ？"),
        ("Sites:x", "是否想用 site: ？"),
        ("平台:微博", "是否想用 渠道: ？"),
        ("品牌:甲", "是否想用 对象: ？"),
        ("渠到:微博", "是否想用 渠道: ？"),
        ("zzz:x", "可用字段：subject 对象、store 门店"),
        ("zzz:x", "请加引号"),
        ("channel:微搏", "是否想用 微博？"),
        ("渠道:投诉", "是否想用 投诉平台？"),
        ("channel:wiebo", "是否想用 weibo？"),
        ("等级:特级", "是否想用 特急？"),
        ("等级:无", "-等级:A,B,C"),
        ("有:证椐", "是否想用 证据？"),
        ("日期:昨日天", "是否想用 昨日？"),
        ("日期:某天", "2026-03-01..2026-03-15"),
        ("2026-02-30", "要查找这几个字本身，请加引号"),
        ("site:https://bbs.example:8080/a?b", "站点:bbs.example:8080"),
        ("等级>=B", "等级:A"),
        ("风险:101", "0 到 100"),
        ("概率>80", "80%"),
        ("甲 OR", "请加引号"),
        ("甲 || 乙", "请写 OR 或 或"),
        ("甲 & 乙", "AND 或 与"),
        ("! 甲", "NOT 或 非"),
        ("刹车 *", "没有通配符"),
        ("风险 >= 60", "风险>=60"),
        ("对象:示例(城东)", "加引号"),
        ("渠道:(微博)", "逗号"),
    ],
)
def test_there_is_a_way_out(text: str, advice: str) -> None:
    """People guess names and values; we guess back, or say how it is written."""
    with pytest.raises(QuerySyntaxError) as caught:
        tree(text)
    assert advice in caught.value.fix


def test_known_names_show_a_misspelt_field() -> None:
    """对像:星辰汽车 can only be meant as a field where 星辰汽车 is a subject; otherwise it is a phrase with a colon."""
    assert tree("对像:星辰汽车") == Term("对像:星辰汽车")
    known = {"subject": ("星辰汽车",)}
    with pytest.raises(QuerySyntaxError, match="是否想用 对象: ？") as caught:
        parse("甲 对像：星辰汽车", now=NOW, zone=ZONE, known=known)
    assert caught.value.position == 2
    assert parse("对像:别的", now=NOW, zone=ZONE, known=known) == Term("对像:别的")


def test_an_unknown_name_is_no_mistake() -> None:
    """The archive remembers subjects, stores, categories and sources that the settings have dropped."""
    known = {"subject": ("星辰汽车",), "category": ("车辆质量",), "source": ("bbs",), "store": ()}
    for name in ("subject", "category", "source"):
        assert parse(f"{name}:旧名", now=NOW, zone=ZONE, known=known) == FieldIs(name, "旧名")
    assert parse("门店:旧店", now=NOW, zone=ZONE, known=known) == FieldIs("subject", "旧店")
