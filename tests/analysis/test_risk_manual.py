"""docs/risk.md shows what the program does: its worked examples are made here, and its list of keys is complete."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analysis.background import Background, Earlier, Pace
from analysis.risk import bundled_table, load_table
from analysis.topics import SAFETY, Hit, Topic
from core.model import GRADE_NAMES, Author, Counts, Event
from tests.analysis.risk_world import NOON, SHANGHAI, facts_of, make_event, make_post, points, weigh

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "risk.md"
MARCH_15 = datetime(2026, 3, 15, 23, 30, tzinfo=SHANGHAI)


@dataclass(frozen=True, kw_only=True)
class Example:
    """One worked example."""

    title: str
    text: str
    #: (category, severity, word): given here, so that the manual does not depend on the catalogue's words.
    topics: tuple[tuple[str, int, str], ...]
    negative: float = 0.9
    post: dict[str, Any] = field(default_factory=dict)
    event: Event | None = None
    background: Background | None = None

    def as_markdown(self) -> str:
        """What the manual shows."""
        one = make_post(self.text, **self.post)
        topics = [_topic(self.text, *topic) for topic in self.topics]
        facts = facts_of(one, negative=self.negative, event=self.event, background=self.background, topics=topics)
        found = weigh(facts)
        rows = [f"| {reason.text} | {reason.points:+d} |" for reason in found.reasons]
        grade = f"{found.grade} {GRADE_NAMES[found.grade]}" if found.grade else "无"
        return "\n".join(
            [
                f"**{self.title}** “{self.text}”",
                "",
                "| 理由 | 分 |",
                "|---|---|",
                *rows,
                f"| **合计 {found.score}，等级：{grade}** | |",
            ]
        )


def _topic(text: str, name: str, severity: int, word: str) -> Topic:
    at = text.index(word)
    hits = (Hit(word, (at, at + len(word)), 3),)
    return Topic(name=name, severity=severity, score=3, hits=hits, is_accident=name == SAFETY)


EXAMPLES = [
    Example(
        title="普通投诉",
        topics=(("车辆质量", 12, "异响"), ("售后维修", 10, "跑了三次")),
        text="曜行S7过坑就异响，跑了三次店里都说正常",
    ),
    Example(
        title="同一位车主要闹大",
        topics=(("车辆质量", 12, "异响"), ("售后维修", 10, "没修好")),
        text="曜行S7过坑就异响，跑了三次都没修好，已打12315，求曝光，录音都在",
        post={"counts": Counts(reposts=130)},
    ),
    Example(
        title="3·15 当晚",
        topics=(("销售欺诈/价格", 18, "欺诈"),),
        text="曜行店欺诈，试驾车当新车卖，12315见",
        post={"published": MARCH_15, "collected": MARCH_15},
    ),
    Example(
        title="安全事故",
        topics=(("安全事故", 55, "刹车失灵"),),
        text="曜行S7在高速上刹车失灵，孩子在后座，万幸没人受伤",
    ),
    Example(
        title="媒体平静的报道",
        topics=(("车辆质量", 12, "召回"),),
        text="曜行汽车因转向隐患召回部分车辆",
        negative=0.1,
        post={"channel": "news", "site": "www.xinhuanet.com"},
    ),
    Example(
        title="换渠道反复投诉，网站上也突然多了起来",
        topics=(("车辆质量", 12, "异响"),),
        text="曜行S7变速箱异响",
        post={"author": Author(name="老王的车库"), "channel": "weibo", "site": "m.weibo.cn"},
        event=make_event(12, "forum", "weibo"),
        background=Background(
            paces=(Pace(subject="曜行汽车", site="m.weibo.cn", hours=6, count=9, earlier=(1, 0, 0, 0) * 7),),
            event_lately=6,
            earlier=tuple(
                Earlier(
                    post=f"p{days}",
                    sign="account",
                    channel="forum",
                    site="bbs.example",
                    when=NOON - timedelta(days=days),
                )
                for days in (30, 11)
            ),
        ),
    ),
    Example(
        title="要钱的帖子：提示不加分",
        topics=(("车辆质量", 12, "异响"),),
        text="曜行S7异响，不给钱就天天发，已寄12315、消协、信访、纪委",
    ),
    Example(
        title="办妥了的事", topics=(("车辆质量", 12, "异响"),), text="曜行S7异响的事，消协调解成功，感谢", negative=0.3
    ),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_the_manuals_examples_are_what_happens(example: Example) -> None:
    """Change a weight, and the manual must be written anew: the failure shows what to paste."""
    assert example.as_markdown() in MANUAL.read_text(encoding="utf-8"), f"\n\n{example.as_markdown()}\n"


def test_the_manual_names_every_section() -> None:
    """A reader finds each section of the table."""
    manual = MANUAL.read_text(encoding="utf-8")
    for section in type(bundled_table()).model_fields:
        assert f"`[{section}" in manual, section


def test_the_manuals_own_table_loads(tmp_path: Path) -> None:
    """The sample that readers copy is right, and does what the manual says."""
    manual = MANUAL.read_text(encoding="utf-8")
    sample = manual.split("```toml\n", 1)[1].split("```", 1)[0]
    path = tmp_path / "risk.toml"
    path.write_text(sample, encoding="utf-8")
    table = load_table(path)
    assert table.calendar.windows["auto_show_guangzhou"].points == 2
    assert "severity.stonewalled" not in points(facts_of(make_post("曜行S7异响，没人管")), table)
