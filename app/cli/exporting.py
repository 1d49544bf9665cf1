"""Taking the archive elsewhere: a search as a file for Excel or for a program."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli.options import DEFAULT_CONFIG, ConfigOption, QuietOption, open_product
from app.cli.pipes import reader_may_leave
from app.cli.search_options import (
    Asked,
    CategoryOption,
    ChannelOption,
    GradeOption,
    RiskOption,
    SinceOption,
    SourceOption,
    StoreOption,
    SubjectOption,
    TextArgument,
    UntilOption,
    query_of,
)
from core.errors import ConfigError
from index.base import Sort

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.wiring import Product
    from index.base import Query
    from index.export import Format
    from index.export_pages import Batch

_PIPE = "-"
_ENDINGS: dict[str, Format] = {".csv": "csv", ".xlsx": "xlsx", ".jsonl": "jsonl"}
_INTERRUPTED = 130


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.command(epilog="例：tingfeng export '刹车 近30天' --grade A --output 刹车.xlsx")(export)


def export(
    text: TextArgument = "",
    output: Annotated[str, typer.Option("--output", "-o", help="写到这个文件；- 为标准输出（csv、jsonl）。")] = _PIPE,
    format: Annotated[str, typer.Option("--format", "-f", help="csv、xlsx 或 jsonl；默认看文件名的结尾。")] = "",
    grade: GradeOption = None,
    channel: ChannelOption = None,
    subject: SubjectOption = None,
    store: StoreOption = None,
    category: CategoryOption = None,
    source: SourceOption = None,
    min_risk: RiskOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    sort: Annotated[Sort, typer.Option(help="排序：time 或 risk。")] = "time",
    limit: Annotated[int | None, typer.Option(min=1, help="最多几条；默认全部。")] = None,
    quiet: QuietOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """把检索的全部结果写成文件：可用 Excel 打开的 CSV、XLSX，或每行一个 JSON 对象的 JSONL。"""
    form = _format(format, output)
    if sort == "relevance":
        raise ConfigError(
            file="命令行",
            key="--sort",
            value=sort,
            problem="导出不能按相关度排序，导出期间新帖会打乱次序",
            fix="time 或 risk",
        )
    product = open_product(config)
    asked = Asked(
        grade=grade, channel=channel, subject=subject, store=store, category=category, source=source,
        min_risk=min_risk, since=since, until=until,
    )  # fmt: skip
    query = query_of(product, text, asked, sort=sort, limit=1)
    if output == _PIPE:
        _to_pipe(product, query, form, limit=limit)
    else:
        _to_file(product, query, form, Path(output), limit=limit, text=text, quiet=quiet)


def _to_pipe(product: Product, query: Query, form: Format, *, limit: int | None) -> None:
    from index.export import export_lines
    from index.export_names import export_names
    from index.export_pages import batches

    assert form != "xlsx"
    names = export_names(product.settings, product.database)
    pages = _with_notices(batches(product.index, query, limit=limit))
    with reader_may_leave():
        for piece in export_lines(pages, form=form, names=names, zone=product.settings.zone):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


def _to_file(
    product: Product, query: Query, form: Format, target: Path, *, limit: int | None, text: str, quiet: bool
) -> None:
    from index.export import export_file
    from index.export_names import export_names
    from index.export_pages import batches

    settings = product.settings
    console = Console(stderr=True)
    columns = (TextColumn("导出"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    now = f"{product.clock().astimezone(settings.zone):%Y-%m-%d %H:%M}（{settings.zone}）"
    try:
        with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as progress:
            task = progress.add_task("导出", total=None)
            done = export_file(
                target,
                batches(product.index, query, limit=limit),
                form=form,
                names=export_names(settings, product.database),
                zone=settings.zone,
                about=f"听风导出于 {now}，检索式：{text or '（全部）'}",
                progress=lambda at, of: progress.update(task, completed=at, total=of),
            )
    except KeyboardInterrupt:
        typer.echo(f"已中断，没有写出 {target}", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    for sentence in (done.notice, done.left_out):
        if sentence:
            typer.echo(sentence, err=True)
    if not quiet:
        typer.echo(f"已导出 {done.rows:,} 条：{target}")


def _with_notices(pages: Iterator[Batch]) -> Iterator[Batch]:
    """The pages; what the reader must know of them goes to standard error, once."""
    told: set[str] = set()
    last: Batch | None = None
    for last in pages:
        if last.notice and last.notice not in told:
            told.add(last.notice)
            typer.echo(last.notice, err=True)
        yield last
    if last is not None and last.left_out:
        typer.echo(last.left_out, err=True)


def _format(wanted: str, output: str) -> Format:
    form = _ENDINGS.get(f".{wanted.lower()}" if wanted else Path(output).suffix.lower())
    if form is None and not wanted and output == _PIPE:
        form = "csv"
    if form is None:
        key, value = ("--format", wanted) if wanted else ("--output", output)
        raise ConfigError(
            file="命令行", key=key, value=value, problem="不知道写成什么格式", fix="--format csv、xlsx 或 jsonl"
        )
    if form == "xlsx" and (output == _PIPE or (Path(output).exists() and not Path(output).is_file())):
        raise ConfigError(
            file="命令行", key="--output", value=output, problem="xlsx 只能写到文件", fix="写明文件名，或改用 csv"
        )
    return form
