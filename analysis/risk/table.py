"""What each circumstance weighs: the table of points as one frozen, checked value.

The bundled table is `analysis/lexicons/risk.toml`. A customer's own file overrides it key by key; whatever is unknown
there, or of the wrong type, is refused with the file, the key, the value and the fix.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError

from analysis.risk.windows import Windows
from core.errors import ConfigError
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
    return RiskTable.model_validate(_bundled_tree())


def load_table(path: Path) -> RiskTable:
    """The bundled points, overridden by those of a customer's file. Raise `ConfigError` for the first thing wrong."""
    own = _read(path)
    try:
        return RiskTable.model_validate(_merged(_bundled_tree(), own))
    except ValidationError as bad:
        raise _first_error(bad, path) from None


def _bundled_tree() -> dict[str, Any]:
    return tomllib.loads(_BUNDLED.read_text(encoding="utf-8"))


def _read(path: Path) -> dict[str, Any]:
    def refuse(problem: str, fix: str) -> ConfigError:
        return ConfigError(file=str(path), key="files.risk", value=str(path), problem=problem, fix=fix)

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise refuse("文件不存在", '新建它，或在 monitor.toml 写 [files] risk = "" 使用随产品的加分表') from None
    except OSError as bad:
        raise refuse(f"无法读取（{bad.strerror}）", "检查权限") from None
    except UnicodeDecodeError:
        raise refuse("不是 UTF-8", "另存为 UTF-8") from None
    except tomllib.TOMLDecodeError as bad:
        raise refuse(f"TOML 语法错误（{bad}）", "按提示的行列改正") from None


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Sections are merged key by key; anything else, lists too, is replaced as a whole."""
    tree = dict(base)
    for key, value in own.items():
        before = tree.get(key)
        both = isinstance(before, dict) and isinstance(value, dict)
        tree[key] = _merged(before, value) if both else value  # type: ignore[arg-type]
    return tree


def _first_error(bad: ValidationError, path: Path) -> ConfigError:
    first = bad.errors(include_url=False)[0]
    shown = repr(first.get("input"))
    problem, fix = _explain(first["type"], first.get("ctx", {}), first["msg"])
    key = ".".join(str(part) for part in first["loc"])
    value = shown if len(shown) <= 80 else shown[:79] + "…"
    return ConfigError(file=str(path), key=key, value=value, problem=problem, fix=fix)


def _explain(kind: str, context: Mapping[str, Any], message: str) -> tuple[str, str]:
    match kind:
        case "extra_forbidden":
            return "不认识的键", "删去它，或对照 analysis/lexicons/risk.toml 检查拼写"
        case "missing":
            return "缺少这个键", "补上它，写法见 analysis/lexicons/risk.toml"
        case "greater_than_equal" | "less_than_equal" | "greater_than" | "less_than":
            name, bound = next(iter(context.items()))
            return "超出范围", f"应{ {'ge': '不小于', 'le': '不大于', 'gt': '大于', 'lt': '小于'}[name] } {bound}"
        case "int_type" | "int_parsing" | "int_from_float" | "float_type" | "float_parsing":
            return "应为数字", "写成不带引号的数，例如 12"
        case "tuple_type":
            return "应为列表", '写成 ["词", "词"] 或 [[10, 2], [100, 5]]'
        case "string_type":
            return "应为文字", '写成带引号的文字，例如 "曝光"'
        case "bool_type" | "bool_parsing":
            return "应为真假", "写成 true 或 false"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "应为一节", "写成 [节名] 加各键，见 analysis/lexicons/risk.toml"
        case "value_error":
            return str(context.get("error", message)), "按提示改正"
        case _:
            return message, "写法见 analysis/lexicons/risk.toml"
