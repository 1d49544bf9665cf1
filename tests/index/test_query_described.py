"""How a search was understood, told back to the person who typed it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from index.base import AnyOf, Between, FieldIs, Node, Not, Term, Within
from index.describe import describe
from index.query import parse

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "全部内容"),
        ("刹车", "含“刹车”"),
        ("-刹车", "不含“刹车”"),
        ("刹车 渠道:微博 近7天", "含“刹车”，且渠道为微博，且 2026-03-09 00:00 起"),
        ("刹车 AND (异响 OR 昨天)", "含“刹车”，且（含“异响”，或 2026-03-14 当天）"),
        ("(甲 乙) OR 丙", "（含“甲”，且含“乙”），或含“丙”"),
        ("-(甲 或 乙)", "不符合（含“甲”，或含“乙”）"),
        ("NOT NOT 甲", "不符合（不含“甲”）"),
        ("等级:A,B -渠道:微博,论坛", "等级为A（特急）或B（紧急），且渠道不是微博或论坛"),
        ("-等级:A", "等级不是A（特急）"),
        ("门店:城东店", "对象为“城东店”"),
        ("有:证据 -有:图片", "有证据，且没有图片"),
        ("-有:证据 有:图片", "没有证据，且有图片"),
        ("风险:60", "风险等于 60"),
        ("风险>=60 概率:60..80%", "风险不低于 60，且负面概率 60% 至 80%"),
        ("风险:>60..<80", "风险高于 60 且低于 80"),
        ("概率<12.5%", "负面概率低于 12.5%"),
        ("风险<=80", "风险不高于 80"),
        ("日期:2026-03-15", "2026-03-15 当天"),
        ("日期:<2026-03-15", "2026-03-15 00:00 之前"),
        ("上月", "2026-02-01 至 2026-02-28"),
        ("day:2026-03-15", "2026-03-15 当天"),
        ("-day:2026-03-15", "不在 2026-03-15 当天"),
        ("date:2026-03-01T12:00..2026-03-02T12:30:15", "2026-03-01 12:00 起、2026-03-02 12:30:16 之前"),
        ("作者:“李\n先生”", "作者为“李 先生”"),
    ],
)
def test_a_search_is_told_back(text: str, said: str) -> None:
    """Joined by 且 and 或, groups in brackets, fields and their values by the names that readers know."""
    assert describe(parse(text, now=NOW, zone=ZONE)) == said


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (Within(), "时间不限"),
        (Between("risk"), "风险不限"),
        (Within(since=datetime(2026, 3, 1, 1, 2, 3, 4000, ZONE)), "2026-03-01 01:02:03.004 起"),
        (FieldIs("has", "video"), "有“video”"),
        (Not(FieldIs("has", "video")), "没有“video”"),
        (Term("甲" * 200), f"含“{'甲' * 59}…”"),
        (Term("\x1b[31m\ud800"), "含“[31m”"),
        (AnyOf((FieldIs("has", "evidence"), FieldIs("has", "image"))), "有证据，或有图片"),
        (AnyOf((FieldIs("day", "2026-03-01"), FieldIs("day", "2026-03-02"))), "2026-03-01 当天，或 2026-03-02 当天"),
        (AnyOf((FieldIs("author", "甲"), FieldIs("site", "甲"))), "作者为“甲”，或站点为“甲”"),
    ],
)
def test_trees_made_by_hand_are_told_too(node: Node, said: str) -> None:
    """Whatever a tree holds can be shown, shortened and without what would upset a terminal."""
    assert describe(node) == said
