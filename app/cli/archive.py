"""Commands that read the archive: search it, print the day's digest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from app.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, QuietOption, day, moment, open_product
from app.cli.tables import show_table
from core.errors import ConfigError
from core.model import CHANNEL_NAMES, CHANNELS, GRADES, Channel, Grade
from core.wire import dumps, mention_to_json
from index.base import Hit, Query, Sort
from index.query import parse


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.command(epilog="例：tingfeng search '异响 AND 4S店' --grade A --since 7d")(search)
    app.command(epilog="例：tingfeng digest --date yesterday")(digest)


def search(
    text: Annotated[str, typer.Argument(help='检索式：词、"短语"、AND OR NOT（与 或 非）、括号、字段:值。')] = "",
    grade: Annotated[list[str] | None, typer.Option(help="只看这一等级：A、B 或 C，可重复。")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="只看这一渠道，可重复。")] = None,
    subject: Annotated[list[str] | None, typer.Option(help="只看这一监测对象，可重复。")] = None,
    since: Annotated[str | None, typer.Option(help="从何时起：7d、2026-03-15。")] = None,
    until: Annotated[str | None, typer.Option(help="到何时止（不含）。")] = None,
    sort: Annotated[Sort, typer.Option(help="排序。")] = "time",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="最多几条。")] = 20,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """在全部存档里检索。"""
    product = open_product(config)
    settings = product.settings
    query = Query(
        where=parse(text, now=product.clock(), zone=settings.zone),
        grades=tuple(_grade(value) for value in grade or ()),
        channels=tuple(_channel(value) for value in channel or ()),
        subjects=tuple(subject or ()),
        since=moment(since, settings, option="--since") if since else None,
        until=moment(until, settings, option="--until") if until else None,
        sort=sort,
        limit=limit,
    )
    page = product.index.search(query)
    if as_json:
        for hit in page.hits:
            typer.echo(dumps(mention_to_json(hit.mention)))
        return
    rows: list[tuple[str | Text, ...]] = []
    for hit in page.hits:
        post, verdict = hit.mention.post, hit.mention.verdict
        when = post.when.astimezone(settings.zone).strftime("%m-%d %H:%M")
        place, risk = CHANNEL_NAMES[post.channel], str(verdict.risk)
        rows.append((when, place, verdict.grade or "", risk, _highlighted(hit), post.url))
    show_table(f"共 {page.total} 条", ("时间", "渠道", "等级", "风险", "内容", "网址"), rows)


def _highlighted(hit: Hit) -> Text:
    text, on = Text(), False
    for part in hit.highlight.replace("\ue001", "\ue000").split("\ue000"):
        text.append(part, style="bold red" if on else "")
        on = not on
    return text


def _grade(value: str) -> Grade:
    for known in GRADES:
        if value.upper() == known:
            return known
    raise ConfigError(file="命令行", key="--grade", value=value, problem="没有这一等级", fix="A、B 或 C")


def _channel(value: str) -> Channel:
    for known in CHANNELS:
        if value in (known, CHANNEL_NAMES[known]):
            return known
    raise ConfigError(
        file="命令行", key="--channel", value=value, problem="没有这一渠道", fix=f"可用：{'、'.join(CHANNELS)}"
    )


def digest(
    date: Annotated[str, typer.Option("--date", help="today、yesterday 或 2026-03-15。")] = "yesterday",
    send: Annotated[bool, typer.Option("--send", help="同时发给 [digest] to 中的渠道。")] = False,
    quiet: QuietOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """打印一天的日报，并写成 HTML。"""
    from alerts import digest as daily

    product = open_product(config)
    wanted = day(date, product.settings)
    built = daily.build(wanted, database=product.database, settings=product.settings, now=product.clock())
    rendered = daily.render(built, settings=product.settings)
    path: Path = daily.write(rendered, folder=product.settings.data_dir / "digests")
    lines = [rendered.text, f"HTML：{path}"]
    if send:
        queued = daily.enqueue(rendered, database=product.database, settings=product.settings, now=product.clock())
        lines.append(f"已放入发件箱：{queued} 条")
    if not quiet:
        typer.echo("\n".join(lines))
