"""The search language: fields, several values of one, and ranges."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from index.base import All, AnyOf, Between, FieldIs, Node, Not, Term, Within
from index.query import parse, render

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


def tree(text: str) -> Node | None:
    return parse(text, now=NOW, zone=ZONE)


def midnight(day: int) -> datetime:
    """When a day of March 2026 begins in Shanghai."""
    return datetime(2026, 3, day, tzinfo=ZONE)


def some(name: str, *values: str) -> AnyOf:
    """Any of several values of one field."""
    return AnyOf(tuple(FieldIs(name, value) for value in values))


A = Term("甲")
MARCH_14 = Within(midnight(14), midnight(15))

MEANT: list[tuple[str, Node | None]] = [
    # fields
    ("channel:论坛", FieldIs("channel", "forum")),
    ("渠道：WEIBO", FieldIs("channel", "weibo")),
    ("渠道=微博", FieldIs("channel", "weibo")),
    ("渠道:投诉平台", FieldIs("channel", "complaint")),
    ("Channel:ｗｅｉｂｏ", FieldIs("channel", "weibo")),
    ("grade:特急", FieldIs("grade", "A")),
    ("等级:b", FieldIs("grade", "B")),
    ("級別:緊急", FieldIs("grade", "B")),
    ("SUBJECT:星辰汽车", FieldIs("subject", "星辰汽车")),
    ("监测对象:星辰汽车", FieldIs("subject", "星辰汽车")),
    ("对象:《星辰》-S7", FieldIs("subject", "《星辰》-S7")),
    ("对象:A/B", FieldIs("subject", "A/B")),
    ("store:城东店", FieldIs("subject", "城东店")),
    ("门店：“城东 店”", FieldIs("subject", "城东 店")),
    ('对象:"星辰汽车(城东店)"', FieldIs("subject", "星辰汽车(城东店)")),
    ("category:销售欺诈/价格", FieldIs("category", "销售欺诈/价格")),
    ("类别:质量 分类:服务", All((FieldIs("category", "质量"), FieldIs("category", "服务")))),
    ('作者:"老 王"', FieldIs("author", "老 王")),
    ("作者:老\u200b王", FieldIs("author", "老王")),
    ("author:a:b", FieldIs("author", "a:b")),
    ("-site:a.example 甲", All((Not(FieldIs("site", "a.example")), A))),
    ("网站:a.example:8080", FieldIs("site", "a.example:8080")),
    ("source:city-forum", FieldIs("source", "city-forum")),
    ("信源：weibo-brand", FieldIs("source", "weibo-brand")),
    ("event:e1 category:质量", All((FieldIs("event", "e1"), FieldIs("category", "质量")))),
    ("事件:-1", FieldIs("event", "-1")),
    ("has:evidence", FieldIs("has", "evidence")),
    ("有:证据", FieldIs("has", "evidence")),
    ("有:截图", FieldIs("has", "evidence")),
    ("等级:A级", FieldIs("grade", "A")),
    ("对象:“星辰*”", FieldIs("subject", "星辰*")),
    ("含有：图片", FieldIs("has", "image")),
    ("-有:image", Not(FieldIs("has", "image"))),
    ("day:2026-03-01", FieldIs("day", "2026-03-01")),
    ("day:昨天", FieldIs("day", "2026-03-14")),
    ("day:2026-03", Within(midnight(1), datetime(2026, 4, 1, tzinfo=ZONE))),
    # several values of a field
    ("等级:A,B", some("grade", "A", "B")),
    ("等级：特急，紧急", some("grade", "A", "B")),
    ("渠道:微博、论坛、news", some("channel", "weibo", "forum", "news")),
    ('对象:"星辰，汽车",城东店', some("subject", "星辰，汽车", "城东店")),
    ("-等级:A,B", Not(some("grade", "A", "B"))),
    ("甲 等级:A,B", All((A, some("grade", "A", "B")))),
    ("等级:A,B OR 甲", AnyOf((FieldIs("grade", "A"), FieldIs("grade", "B"), A))),
    ("有:证据,图片", some("has", "evidence", "image")),
    ("风险:0..10,90..100", AnyOf((Between("risk", 0, 10), Between("risk", 90, 100)))),
    # ranges
    ("risk:>=60", Between("risk", low=60)),
    ("风险>=60", Between("risk", low=60)),
    ("风险≥60", Between("risk", low=60)),
    ("风险：＞＝６０", Between("risk", low=60)),
    ("风险>60", Between("risk", low=60, low_in=False)),
    ("风险分<=60", Between("risk", high=60)),
    ("风险<60", Between("risk", high=60, high_in=False)),
    ("风险=60", Between("risk", 60, 60)),
    ("风险:60", Between("risk", 60, 60)),
    ("风险:60分", Between("risk", 60, 60)),
    ("risk:60..80", Between("risk", 60, 80)),
    ("risk:60-80", Between("risk", 60, 80)),
    ("风险:60~80", Between("risk", 60, 80)),
    ("风险:60到80分", Between("risk", 60, 80)),
    ("风险:从60至80", Between("risk", 60, 80)),
    ("风险:60—80", Between("risk", 60, 80)),
    ("风险:60...80", Between("risk", 60, 80)),
    ("风险:60..", Between("risk", low=60)),
    ("风险:..80", Between("risk", high=80)),
    ("风险:*..80", Between("risk", high=80)),
    ("风险:*..*", Between("risk")),
    ("风险:>60..<80", Between("risk", 60, 80, low_in=False, high_in=False)),
    ("风险:60以上", Between("risk", low=60)),
    ("风险:60以下", Between("risk", high=60)),
    ("风险:高于60", Between("risk", low=60, low_in=False)),
    ("风险:不低于60", Between("risk", low=60)),
    ("风险:不超过60", Between("risk", high=60)),
    ('风险:"60 到 80"', Between("risk", 60, 80)),
    ("-风险>=60", Not(Between("risk", low=60))),
    ("风险大于60", Between("risk", low=60, low_in=False)),
    ("风险60以上", Between("risk", low=60)),
    ("风险60到80", Between("risk", 60, 80)),
    ("风险值不超过60分", Between("risk", high=60)),
    ("概率80%以上", Between("negative", low=0.8)),
    ("负面概率高于0.8", Between("negative", low=0.8, low_in=False)),
    ("风险60", Term("风险60")),
    ("风险大于600", Term("风险大于600")),
    ("风险3到5年", Term("风险3到5年")),
    ("风险很大", Term("风险很大")),
    ("“风险大于60”", Term("风险大于60")),
    ("negative:>0.8", Between("negative", low=0.8, low_in=False)),
    ("概率>=80%", Between("negative", low=0.8)),
    ("负面概率:80%..", Between("negative", low=0.8)),
    ("概率:60..80%", Between("negative", 0.6, 0.8)),
    ("概率:60%-80%", Between("negative", 0.6, 0.8)),
    ("概率:60%..80", Between("negative", 0.6, 0.8)),
    ("概率:0.6..80%", Between("negative", 0.6, 0.8)),
    ("概率:.5..1", Between("negative", 0.5, 1.0)),
    ("概率<0.1%", Between("negative", high=0.001, high_in=False)),
    ("概率>=80％", Between("negative", low=0.8)),
    # dates among words (more of them in test_query_dates.py)
    ("日期:昨天", MARCH_14),
    ("昨天", MARCH_14),
    ("刹车 昨天", All((Term("刹车"), MARCH_14))),
    ("-昨天", Not(MARCH_14)),
    ("2026-03-14 或 甲", AnyOf((MARCH_14, A))),
    ("昨天的事", Term("昨天的事")),
]


@pytest.mark.parametrize(("text", "expected"), MEANT)
def test_what_is_meant(text: str, expected: Node | None) -> None:
    """Names in both languages, all signs of both keyboards; commas mean any of these."""
    assert tree(text) == expected


@pytest.mark.parametrize(("text", "expected"), MEANT)
def test_every_meaning_has_a_spelling_of_its_own(text: str, expected: Node | None) -> None:
    """What was understood, rendered and read again, is what was understood."""
    assert expected is None or tree(render(expected)) == expected
