"""The command that judges the archive again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from app.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, moment, open_product
from app.cli.tables import show_table
from core.errors import ConfigError
from core.text import clean, shorten
from core.wire import dumps

if TYPE_CHECKING:
    from app.reassessing import Summary


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.command(epilog="例：tingfeng reassess --since 2026-11-01 --dry-run")(reassess)


def reassess(
    since: Annotated[str, typer.Option(help="从何时发布的起：7d、2026-11-01。")],
    until: Annotated[str | None, typer.Option(help="到何时止（不含）。")] = None,
    source: Annotated[list[str] | None, typer.Option(help="只看这一信源，可重复。")] = None,
    subject: Annotated[list[str] | None, typer.Option(help="只看上次判为提到这一对象的，可重复。")] = None,
    only_graded: Annotated[bool, typer.Option("--only-graded", help="只看现有等级的。")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只说会有什么变化，什么也不写。")] = False,
    alert: Annotated[bool, typer.Option("--alert", help="旧帖也按规则响铃；不写则只列入当天日报。")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """用今天的模型、规则、监测对象和更正把存档重新研判；中途停下可再运行一遍。"""
    from app.reassessing import reassess as judge_again
    from index.reassessing import Part, count

    product = open_product(config)
    part = Part(
        since=moment(since, product.settings, option="--since"),
        until=moment(until, product.settings, option="--until") if until else None,
        sources=tuple(source or ()),
        subjects=tuple(subject or ()),
        only_graded=only_graded,
    )
    if part.since is not None and part.until is not None and part.until <= part.since:
        raise ConfigError(
            file="命令行",
            key="--until",
            value=until or "",
            problem="不晚于 --since，其间没有帖文",
            fix="写一个更晚的时间",
        )
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("重新研判", total=count(product.database, part))
        summary = judge_again(
            product,
            part,
            dry_run=dry_run,
            alert=alert,
            progress=lambda sofar: progress.update(task, completed=sofar.judged),
        )
    if as_json:
        typer.echo(dumps({**summary.to_json(), "dry_run": dry_run}))
    else:
        _print(summary, dry_run=dry_run)


def _print(summary: Summary, *, dry_run: bool) -> None:
    from app.reassessing import CHANGE_NAMES

    would = "会" if dry_run else ""
    if not summary.judged:
        typer.echo("没有符合条件、已经研判过的帖文：请核对 --since、--until、--source、--subject 的写法")
    typer.echo(f"{'试算' if dry_run else '已重新研判'} {summary.judged} 条，{would}改变 {summary.changed} 条")
    for key, name in CHANGE_NAMES.items():
        if summary.counts[key]:
            typer.echo(f"  {name} {summary.counts[key]}")
    if summary.to_digest:
        typer.echo(f"其中 {summary.to_digest} 条旧帖达到预警等级，{would}列入今天的日报，不响铃（要响铃加 --alert）")
    rows = [
        (
            f"{one.before.grade or '无'} → {one.mention.verdict.grade}",
            str(one.mention.verdict.risk),
            f"{one.mention.post.when:%Y-%m-%d}",
            shorten(clean(one.mention.post.full_text), 50),
            one.mention.id[:12],
            one.mention.post.url,
        )
        for one in summary.gravest
    ]
    if rows:
        show_table("等级上升的，风险最高的在前", ("等级", "风险", "发布", "内容", "帖文", "网址"), rows)
