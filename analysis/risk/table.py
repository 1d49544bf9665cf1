"""What each circumstance weighs: the table of points as one frozen, checked value.

The bundled table is `analysis/lexicons/risk.toml`; `analysis.risk.own_table` lays a customer's file over it.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from analysis.risk.windows import Windows
from core.settings import Section

_BUNDLED = Path(__file__).parents[1] / "lexicons" / "risk.toml"


def _rising(steps: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    if any(low[0] >= high[0] for low, high in pairwise(steps)):
        raise ValueError("各档的门槛应递增，例如 [[10, 2], [100, 5]]")
    return steps


def _regular(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as bad:
        raise ValueError(f"不是正确的正则表达式（{bad}）") from None
    return pattern


Points = Annotated[int, Field(ge=0, le=100, strict=True)]
Count = Annotated[int, Field(ge=1, strict=True)]
Word = Annotated[str, Field(min_length=1, max_length=60, strict=True)]
Words = tuple[Word, ...]
Flag = Annotated[bool, Field(strict=True)]
Pattern = Annotated[str, Field(min_length=1, max_length=300, strict=True), AfterValidator(_regular)]
#: (at least so many, points), rising.
Steps = Annotated[tuple[tuple[Count, Points], ...], AfterValidator(_rising)]


class Negativity(Section):
    """Points at the threshold, and how many more at certainty."""

    base: Points
    most: Points


class Categories(Section):
    """Points of further categories, and of a complaint that fits none."""

    each: Points
    most: Points
    unknown: Points


class Sober(Section):
    """What stands in for negativity where grave news are told calmly."""

    points: Points


class SeverityGroup(Section):
    """One kind of grave circumstance."""

    name: Word
    points: Points
    words: Words
    patterns: tuple[Pattern, ...]
    #: Counts only beside a safety accident, death or injury.
    needs_safety: Flag
    #: Is told to people even where media or authorities put it calmly.
    sober: Flag


class Severity(Section):
    """All kinds of grave circumstances, by code."""

    most: Points
    masks: Words
    groups: dict[str, SeverityGroup]


class RightsKind(Section):
    """One way to defend one's rights."""

    name: Word
    words: Words
    #: Whether the words mean the same in the mouth of a reporter.
    in_reports: Flag


class Rights(Section):
    """Threats with authorities, courts, the public."""

    first: Points
    each: Points
    most: Points
    masks: Words
    settled: Words
    thanks: Words
    kinds: dict[str, RightsKind]


class Reach(Section):
    """Steps per measured count."""

    most: Points
    followers: Steps
    views: Steps
    reposts: Steps
    replies: Steps
    likes: Steps


class Spread(Section):
    """Steps of an event's size, channels and growth."""

    most: Points
    size: Steps
    channels: Steps
    growth_hours: Annotated[int, Field(ge=1, le=24, strict=True)]
    growth: Steps


class Velocity(Section):
    """When a burst is unusual for its site."""

    hours: Annotated[int, Field(ge=1, le=24, strict=True)]
    history_days: Annotated[int, Field(ge=1, le=28, strict=True)]
    least: Count
    ratio: Annotated[float, Field(ge=1, le=1000, strict=True)]
    chance: Annotated[float, Field(gt=0, lt=1, strict=True)]
    points: Steps


class Tier(Section):
    """One rank of speakers."""

    name: Word
    points: Points
    hosts: Words
    authors: Words
    endings: Words


class Broadcast(Section):
    """A station that no tier knows."""

    name: Word
    points: Points


class Authority(Section):
    """Who speaks."""

    suffixes: Words
    tiers: dict[str, Tier]
    broadcast: Broadcast


class Calendar(Section):
    """Sensitive ranges of days."""

    windows: Windows


class Complainant(Section):
    """When somebody complains again."""

    days: Annotated[int, Field(ge=1, le=365, strict=True)]
    points: Steps
    name_only_most: Points
    shortest_name: Count
    shortest_text: Count
    generic: Words
    starts: Words


class EvidenceKind(Section):
    """One kind of proof that an author may hold."""

    name: Word
    points: Points
    words: Words
    shown: Words


class Evidence(Section):
    """Proof within the post."""

    images: Points
    most: Points
    not_images: Words
    masks: Words
    showing: Words
    kinds: dict[str, EvidenceKind]


class Malice(Section):
    """Marks for the reader; never points."""

    demands: Words
    bodies: Words
    many_bodies: Count
    anonymous: Words
    superiors: Words
    forged: Words
    same_text: Count
    same_text_places: Count
    unfounded: Count
    year_days: Annotated[int, Field(ge=1, le=365, strict=True)]


class RiskTable(Section):
    """Every point that the risk of a mention may be made of."""

    negativity: Negativity
    categories: Categories
    sober: Sober
    severity: Severity
    rights: Rights
    reach: Reach
    spread: Spread
    velocity: Velocity
    authority: Authority
    calendar: Calendar
    complainant: Complainant
    evidence: Evidence
    malice: Malice


@cache
def bundled_table() -> RiskTable:
    """The points that ship with the product."""
    return RiskTable.model_validate(bundled_tree())


def bundled_tree() -> dict[str, Any]:
    """The same as plain TOML values."""
    return tomllib.loads(_BUNDLED.read_text(encoding="utf-8"))
