"""Commands on the places we watch: what is in the catalogue, whose turn is when, and leaving one alone for a while."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import sources_add, sources_health, sources_trial
from app.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, open_product
from app.cli.tables import show_table
from app.known_parsers import require_parsers
from app.wiring import Product
from core.durations import format_duration, in_chinese
from core.errors import ConfigError
from core.model import CHANNEL_NAMES
from core.settings import SourceSettings
from core.wire import dumps

if TYPE_CHECKING:
    from crawlers.reports import SourceStatus

sources_app = typer.Typer(help="信源：看哪里、试一次、停一停、可信不可信。", no_args_is_help=True)

SourceId = Annotated[str, typer.Argument(metavar="ID", help="信源 id。")]


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    sources_app.command("list", epilog="例：tingfeng sources list    tingfeng sources list --json")(show_all)
    sources_add.add_to(sources_app)
    sources_trial.add_to(sources_app)
    sources_app.command("pause", epilog='例：tingfeng sources pause city-forum --because "站点维护到周五"')(pause)
    sources_app.command("resume", epilog="例：tingfeng sources resume city-forum")(resume)
    sources_health.add_to(sources_app)
    app.add_typer(sources_app, name="sources")


def show_all(as_json: JsonOption = False, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """列出全部信源：种类、渠道、间隔、负责人、状态、下次抓取。"""
    product = _open(config)
    statuses, now = product.catalogue.statuses(), product.clock()
    rows = []
    for source in product.settings.sources:
        status = statuses.get(source.id)
        if as_json:
            typer.echo(dumps(_as_json(source, status)))
            continue
        rows.append(
            (
                source.id,
                source.name,
                source.kind,
                CHANNEL_NAMES[source.channel],
                format_duration(source.every),
                source.owner or "未指定",
                _state_name(status),
                _turn(status, now),
            )
        )
    if not as_json:
        headings = ("id", "名称", "种类", "渠道", "间隔", "负责人", "状态", "下次抓取")
        show_table(f"信源 {len(rows)} 个", headings, rows)


def _state_name(status: SourceStatus | None) -> str:
    from alerts.source_words import shown_state

    if status is None or status.state is None:
        return "尚未抓取"
    return shown_state(status.state, status.reason or "", failed=status.failures > 0)


def _as_json(source: SourceSettings, status: SourceStatus | None) -> dict[str, object]:
    return {
        "id": source.id,
        "name": source.name,
        "kind": source.kind,
        "channel": source.channel,
        "url": source.url,
        "every": format_duration(source.every),
        "owner": source.owner or None,
        "state": status.state if status else None,
        "reason": status.reason if status else None,
        "next_run": status.next_run.isoformat() if status and status.next_run else None,
    }


def _turn(status: SourceStatus | None, now: datetime) -> str:
    if status is not None and status.state == "paused":
        return "—"
    if status is None or status.next_run is None or status.next_run <= now:
        return "即将"
    return f"{in_chinese(status.next_run - now)}后"


def pause(
    source: SourceId,
    because: Annotated[str, typer.Option("--because", help="为什么；会显示在信源健康里。必填。")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """不再抓取一个信源，直到 resume；读到哪里会记着。"""
    product = _open(config)
    found = named_source(product, source)
    reason = " ".join(because.split())
    if not reason:
        raise ConfigError(file="命令行", key="--because", value=because, problem="没有理由", fix="写明为什么暂停")
    product.catalogue.pause(found.id, reason=reason, now=product.clock())
    typer.echo(f"{found.id}：已暂停（{reason}）；恢复：tingfeng sources resume {found.id}")


def resume(source: SourceId, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """恢复一个暂停的信源，下一轮就抓；从停下的地方继续。"""
    product = _open(config)
    found = named_source(product, source)
    status = product.catalogue.status(found.id)
    if status is None or status.state != "paused":
        typer.echo(f"{found.id}：没有暂停，无需恢复")
        return
    product.catalogue.resume(found.id, now=product.clock())
    typer.echo(f"{found.id}：已恢复，下一轮抓取")


def named_source(product: Product, name: str) -> SourceSettings:
    """The source with this id. Raise `ConfigError` that lists those there are."""
    known = {source.id: source for source in product.settings.sources}
    if name not in known:
        fix = f"可用：{'、'.join(known)}" if known else "先用 tingfeng sources add 添加"
        raise ConfigError(file="命令行", key="ID", value=name, problem="没有这个信源", fix=fix)
    return known[name]


def _open(config: Path) -> Product:
    product = open_product(config)
    require_parsers(product.settings)
    return product
