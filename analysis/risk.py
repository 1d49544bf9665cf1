"""How much a mention matters: a sum of points, each with its reason, and the grade that the sum reaches.

No point is added that a reader could not check against the post.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from analysis.background import Background
from analysis.reading import Reading
from analysis.topics import OTHER, SAFETY, Topic
from core.model import CHANNEL_NAMES, Event, Grade, Post, Reason
from core.settings import RiskSettings

#: Channels whose neutral wording is a matter of style: an accident they report is an accident.
_REPORTING = frozenset({"news", "broadcast"})
#: Elsewhere people tell accidents soberly too ("my car burnt down"); below this share of the threshold they do not.
_SOBER = 0.5
#: A safety topic must be this sure before neutral wording is overruled: one plain word such as 起火.
_SURE = 3
#: Stable codes of the categories within reasons.
CATEGORY_CODES: Mapping[str, str] = {
    SAFETY: "safety",
    "销售欺诈/价格": "fraud",
    "车辆质量": "quality",
    "售后维修": "repair",
    "精品/信贷/保险": "finance",
    "服务态度": "service",
    "配件/交付": "delivery",
    OTHER: "other",
}
_OTHER_SEVERITY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the risk of one mention is computed from."""

    post: Post
    reading: Reading
    #: Whom it is about.
    subjects: tuple[str, ...] = ()
    #: Calibrated probability.
    negative: float
    topics: Sequence[Topic]
    event: Event | None = None
    #: How many posts of the batch hold the same text.
    same_text: int = 1
    #: Whether the post is about its subject only because its thread is.
    is_inherited: bool = False
    #: Whether the subject itself answers here.
    is_service: bool = False
    #: What the archive knows around it, if it was asked.
    background: Background | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """The sum, capped to 0–100, its grade, and why."""

    score: int
    grade: Grade | None
    reasons: tuple[Reason, ...]


def weigh(facts: Facts, settings: RiskSettings) -> Risk:
    """The risk of a mention that has a subject.

    Without a negative probability there is no risk, except for a safety accident told in neutral words: by news media
    always, by others from half the probability on. Then the accident itself stands in for the negativity.

    An answer in the subject's own voice has no risk. A reply that names no subject of its own reaches grade B at most:
    whatever it reports, we only presume of whom.
    """
    if facts.is_service:
        return Risk(score=0, grade=None, reasons=(Reason(code="service", text="官方或客服的答复，不计风险"),))
    is_negative = facts.negative >= settings.negative_from
    is_accident = not is_negative and tells_an_accident(facts, settings)
    if not is_negative and not is_accident:
        return Risk(score=0, grade=None, reasons=tuple(_malice(facts)))
    table = bundled_table()
    reasons = [
        *(_negativity(facts, settings, table) if is_negative else ()),
        *_severity(facts, table),
        *(_told_soberly(facts, table) if is_accident else ()),
        *_rights(facts, table),
        *_reach(facts, table),
        *_spread(facts, table),
        *_images(facts, table),
        *_malice(facts),
    ]
    reasons += _presumed(facts, sum(reason.points for reason in reasons), settings)
    score = max(0, min(100, sum(reason.points for reason in reasons)))
    return Risk(score=score, grade=grade_of(score, settings), reasons=tuple(reasons))


def grade_of(score: int, settings: RiskSettings) -> Grade | None:
    """The highest grade whose least risk the score reaches."""
    bars: tuple[tuple[Grade, int], ...] = (("A", settings.grade_a), ("B", settings.grade_b), ("C", settings.grade_c))
    return next((grade for grade, bar in bars if score >= bar), None)


def _negativity(facts: Facts, settings: RiskSettings, table: Mapping[str, Any]) -> list[Reason]:
    row = table["negativity"]
    above = (facts.negative - settings.negative_from) / (1.0 - settings.negative_from)
    points = row["base"] + round(row["most"] * above)
    return [Reason(code="negative", text=f"负面概率 {facts.negative:.0%}", points=points)]


def _severity(facts: Facts, table: Mapping[str, Any]) -> list[Reason]:
    if not facts.topics:
        return [Reason(code="category.other", text="负面，但不属于任何已知类别", points=_OTHER_SEVERITY)]
    row, reasons, extra = table["more_categories"], [], 0
    for number, topic in enumerate(facts.topics):
        points = topic.severity if number == 0 else min(row["each"], row["most"] - extra)
        extra += 0 if number == 0 else points
        hit = topic.hits[0]
        text = f"涉及{topic.name}：“{hit.word}”"
        span = facts.reading.span(*hit.span)
        reasons.append(Reason(code=f"category.{CATEGORY_CODES[topic.name]}", text=text, points=points, span=span))
    return reasons


def tells_an_accident(facts: Facts, settings: RiskSettings) -> bool:
    """Whether the post surely tells of a safety accident, in words that may be calm."""
    is_sure = any(topic.name == SAFETY and topic.score >= _SURE for topic in facts.topics)
    is_plausible = facts.post.channel in _REPORTING or facts.negative >= _SOBER * settings.negative_from
    return is_sure and is_plausible


def _told_soberly(facts: Facts, table: Mapping[str, Any]) -> list[Reason]:
    points = table["sober_accident"]["points"]
    text = f"{CHANNEL_NAMES[facts.post.channel]}讲述了安全事故，措辞平静也按事故处理"
    return [Reason(code="sober.safety", text=text, points=points)]


def claims_rights(reading: Reading) -> bool:
    """Whether the author speaks of authorities, lawyers, the media or the like."""
    return bool(_rights_pattern().search(reading.own))


def _rights(facts: Facts, table: Mapping[str, Any]) -> list[Reason]:
    row = table["rights"]
    found = _first_places(_rights_pattern(), facts.reading.own)
    if not found:
        return []
    points = min(row["most"], row["first"] + row["each"] * (len(found) - 1))
    words = "、".join(list(found)[:4])
    span = facts.reading.span(*next(iter(found.values())))
    return [Reason(code="rights", text=f"有维权或曝光的表示：{words}", points=points, span=span)]


def _reach(facts: Facts, table: Mapping[str, Any]) -> list[Reason]:
    counts, row = facts.post.counts, table["reach"]
    measured = (
        ("followers", "作者粉丝", facts.post.author.followers),
        ("views", "浏览", counts.views),
        ("reposts", "转发", counts.reposts),
        ("replies", "评论", counts.replies),
    )
    reasons, left = [], row["most"]
    for name, word, count in measured:
        points = min(left, _step(row[name], count))
        if points:
            left -= points
            reasons.append(Reason(code=f"reach.{name}", text=f"{word} {count}", points=points))
    return reasons


def _spread(facts: Facts, table: Mapping[str, Any]) -> list[Reason]:
    if facts.event is None:
        return []
    row, event = table["spread"], facts.event
    points = min(row["most"], _step(row["size"], event.size) + _step(row["channels"], len(event.channels)))
    if not points:
        return []
    names = "、".join(CHANNEL_NAMES[channel] for channel in event.channels)
    return [Reason(code="spread", text=f"同一事件已有 {event.size} 篇，见于{names}", points=points)]


def _images(facts: Facts, table: Mapping[str, Any]) -> list[Reason]:
    if not facts.post.images:
        return []
    return [Reason(code="evidence", text=f"附图 {len(facts.post.images)} 张", points=table["evidence"]["images"])]


def _presumed(facts: Facts, score: int, settings: RiskSettings) -> list[Reason]:
    """What is taken off so that a reply without a subject of its own stays below grade A."""
    over = score - (settings.grade_a - 1)
    if not facts.is_inherited or over <= 0:
        return []
    text = "自己没有点名，对象由所在主帖推定，至多按紧急"
    return [Reason(code="subject.context.cap", text=text, points=-over)]


def _malice(facts: Facts) -> list[Reason]:
    """Marks of a malicious complaint: remarks for the reader, never points."""
    row, text = bundled_table()["malice"], facts.reading.own
    reasons = []
    if demand := next((word for word in row["demands"] if word in text), None):
        at = text.index(demand)
        span = facts.reading.span(at, at + len(demand))
        reasons.append(Reason(code="malice.demand", text=f"提示：有索要钱款的措辞“{demand}”", span=span))
    bodies = [word for word in row["bodies"] if word in text]
    if len(bodies) >= row["many_bodies"]:
        reasons.append(Reason(code="malice.bodies", text=f"提示：同时提到向 {len(bodies)} 个机构反映"))
    if any(word in text for word in row["anonymous"]):
        reasons.append(Reason(code="malice.anonymous", text="提示：自称匿名举报"))
    if facts.same_text >= row["same_text"]:
        reasons.append(Reason(code="malice.same_text", text=f"提示：同一文字在本批出现 {facts.same_text} 次"))
    return reasons


def _step(steps: Sequence[Sequence[int]], count: int | None) -> int:
    """The points of the highest step that the count reaches; an unknown count reaches none."""
    return max((points for least, points in steps if count is not None and count >= least), default=0)


def _first_places(pattern: re.Pattern[str], text: str) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for match in pattern.finditer(text):
        found.setdefault(match.group(), match.span())
    return found


@cache
def bundled_table() -> Mapping[str, Any]:
    """The points that ship with the product."""
    path = Path(__file__).parent / "lexicons" / "risk.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def _rights_pattern() -> re.Pattern[str]:
    """Longest first; a number stands alone (315 is not in 13155)."""
    words = sorted(bundled_table()["rights"]["words"], key=len, reverse=True)
    return re.compile(r"(?<![0-9])(?:" + "|".join(map(re.escape, words)) + r")(?![0-9])")
