"""What `search` and `export` have in common: the options that say what to look for, and the query they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated

import typer

from app.cli.hits import channel_named, grade_named
from app.cli.options import moment
from app.wiring import Product
from core.settings import Settings
from index.base import Query, Sort
from index.filters import narrowed
from index.near_names import known_names
from index.query import parse

TextArgument = Annotated[
    str, typer.Argument(help='检索式：词、"短语"、AND OR NOT（与 或 非）、括号、字段:值、近7天、风险>=60。')
]
GradeOption = Annotated[list[str] | None, typer.Option("--grade", help="只看这一等级：A、B 或 C，可重复。")]
ChannelOption = Annotated[list[str] | None, typer.Option("--channel", help="只看这一渠道，可重复。")]
SubjectOption = Annotated[list[str] | None, typer.Option("--subject", help="只看这一监测对象，可重复。")]
StoreOption = Annotated[list[str] | None, typer.Option("--store", help="只看这一门店，可重复。")]
CategoryOption = Annotated[list[str] | None, typer.Option("--category", help="只看这一类别，可重复。")]
SourceOption = Annotated[list[str] | None, typer.Option("--source", help="只看这一信源找到的（编号），可重复。")]
RiskOption = Annotated[int | None, typer.Option("--min-risk", min=0, max=100, help="风险不低于。")]
SinceOption = Annotated[str | None, typer.Option("--since", help="从何时起：7d、2026-03-15、2026-03-15T20:00。")]
UntilOption = Annotated[
    str | None, typer.Option("--until", help="到何时止：写日期则含当天，写时刻或 7d 则到那一刻（不含）。")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The filters as they were typed."""

    grade: Sequence[str] | None = None
    channel: Sequence[str] | None = None
    subject: Sequence[str] | None = None
    store: Sequence[str] | None = None
    category: Sequence[str] | None = None
    source: Sequence[str] | None = None
    min_risk: int | None = None
    since: str | None = None
    until: str | None = None


def query_of(product: Product, text: str, asked: Asked, *, sort: Sort, limit: int, after: str | None = None) -> Query:
    """The query that was typed. Raise `QuerySyntaxError` or `ConfigError`."""
    settings = product.settings
    query = Query(
        where=parse(text, now=product.clock(), zone=settings.zone, known=known_names(settings).of),
        grades=tuple(grade_named(value) for value in asked.grade or ()),
        channels=tuple(channel_named(value) for value in asked.channel or ()),
        subjects=tuple(asked.subject or ()),
        categories=tuple(asked.category or ()),
        since=moment(asked.since, settings, option="--since") if asked.since else None,
        until=_end(asked.until, settings) if asked.until else None,
        min_risk=asked.min_risk,
        sort=sort,
        limit=limit,
        after=after,
    )
    return narrowed(query, stores=asked.store or (), sources=asked.source or ())


def _end(text: str, settings: Settings) -> datetime:
    """Where a span ends: a bare day counts in whole, as on the console's search page."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return moment(text, settings, option="--until")
    return datetime.combine(day + timedelta(days=1), time(), settings.zone)
