"""Hits on the terminal, and the words by which people choose among them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from app.cli.tables import show_table
from core.errors import ConfigError
from core.model import CHANNEL_NAMES, CHANNELS, GRADE_NAMES, GRADES, Channel, Grade
from core.wire import dumps, mention_to_json
from index.base import Hit, Page, Query
from index.describe import describe
from index.filters import is_plain
from index.highlight import MARK, UNMARK


def show_page(page: Page, asked: Query, zone: ZoneInfo, *, as_json: bool) -> None:
    """How a search was understood and one page of its hits: a table, or one JSON object a line and nothing else.

    What the reader must know of the answer goes to standard error.
    """
    if page.notice:
        typer.echo(page.notice, err=True)
    if as_json:
        for hit in page.hits:
            typer.echo(dumps(mention_to_json(hit.mention)))
        return
    if asked.where is not None and not is_plain(asked.where):
        typer.echo(f"理解为：{describe(asked.where)}")
    rows: list[tuple[str | Text, ...]] = []
    for hit in page.hits:
        post, verdict = hit.mention.post, hit.mention.verdict
        when = post.when.astimezone(zone).strftime("%m-%d %H:%M")
        place, risk = CHANNEL_NAMES[post.channel], str(verdict.risk)
        rows.append((when, place, verdict.grade or "", risk, highlighted(hit), post.url))
    show_table(f"共 {page.total} 条", ("时间", "渠道", "等级", "风险", "内容", "网址"), rows)


def highlighted(hit: Hit) -> Text:
    """The hit's line, matches in red."""
    text, on = Text(), False
    for part in hit.highlight.replace(UNMARK, MARK).split(MARK):
        text.append(part, style="bold red" if on else "")
        on = not on
    return text


def grade_named(value: str) -> Grade:
    """The grade of this letter or Chinese name. Raise `ConfigError`."""
    for known in GRADES:
        if value.upper() == known or value == GRADE_NAMES[known]:
            return known
    raise ConfigError(file="命令行", key="--grade", value=value, problem="没有这一等级", fix="A、B 或 C")


def channel_named(value: str) -> Channel:
    """The channel of this code or Chinese name. Raise `ConfigError`."""
    for known in CHANNELS:
        if value in (known, CHANNEL_NAMES[known]):
            return known
    raise ConfigError(
        file="命令行", key="--channel", value=value, problem="没有这一渠道", fix=f"可用：{'、'.join(CHANNELS)}"
    )
