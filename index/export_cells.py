"""A mention as a row of a table: which columns an export has, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from core.model import CHANNEL_NAMES, EXHIBIT_STATE_NAMES, GRADE_NAMES, Mention
from index.safe_cells import printable

Cell = str | int | float | datetime | None


def _untitled(_: Collection[str]) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """How ids are called: sources by id, and events, which are asked for a batch at a time."""

    sources: Mapping[str, str] = field(default_factory=dict)
    titles: Callable[[Collection[str]], Mapping[str, str]] = _untitled


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `width` is in characters; `style` is how a spreadsheet shows its numbers."""

    title: str
    width: int
    style: str | None = None


COLUMNS = (
    Column(title="时间", width=19, style="yyyy-mm-dd hh:mm:ss"),
    Column(title="采集时间", width=19, style="yyyy-mm-dd hh:mm:ss"),
    Column(title="渠道", width=9),
    Column(title="站点", width=18),
    Column(title="信源", width=16),
    Column(title="等级", width=8),
    Column(title="风险", width=6, style="0"),
    Column(title="负面概率", width=9, style="0.0%"),
    Column(title="监测对象", width=18),
    Column(title="类别", width=14),
    Column(title="事件", width=24),
    Column(title="作者", width=14),
    Column(title="标题", width=36),
    Column(title="正文", width=60),
    Column(title="网址", width=36),
    Column(title="证据", width=12),
    Column(title="编号", width=26),
)


def rows_of(mentions: Sequence[Mention], *, names: Names, zone: ZoneInfo) -> list[tuple[Cell, ...]]:
    """The cells of each mention in the order of `COLUMNS`; unknown is `None`; times stand in `zone`, without offset."""
    events = {mention.verdict.event for mention in mentions if mention.verdict.event}
    titles = names.titles(events) if events else {}
    return [tuple(map(_plain, _cells(mention, names.sources, titles, zone))) for mention in mentions]


def _cells(mention: Mention, sources: Mapping[str, str], titles: Mapping[str, str], zone: ZoneInfo) -> tuple[Cell, ...]:
    post, verdict = mention.post, mention.verdict
    event, title = verdict.event, titles.get(verdict.event or "")
    return (
        _local(post.when, zone),
        _local(post.collected, zone),
        CHANNEL_NAMES[post.channel],
        post.site,
        sources.get(mention.source, mention.source) if mention.source else None,
        f"{verdict.grade} {GRADE_NAMES[verdict.grade]}" if verdict.grade else None,
        verdict.risk,
        round(verdict.negative, 4),
        "、".join(verdict.subjects) or None,
        "、".join(verdict.categories) or None,
        f"{title}（{event}）" if event and title else event,
        post.author.name,
        post.title,
        post.text,
        post.url,
        EXHIBIT_STATE_NAMES[mention.evidence] if mention.evidence else None,
        mention.id,
    )


def _plain(cell: Cell) -> Cell:
    return printable(cell) if isinstance(cell, str) else cell


def _local(moment: datetime, zone: ZoneInfo) -> Cell:
    try:
        return moment.astimezone(zone).replace(tzinfo=None, microsecond=0)
    except OverflowError:  # an import may say the year 9999
        return moment.isoformat()
