"""Commands that look after the search index, which is not the truth: it can be built anew from the database."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from app.cli.indexing_show import Bars, state_of, state_to_json, state_to_lines
from app.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, QuietOption, VerboseOption, open_product
from app.filing import adopt_left_keys
from app.index_files import set_aside_if_unreadable
from app.index_wiring import Target, filer
from app.leases import release_dead_leases
from app.signals import stop_on_signals
from app.wiring import Product
from core.errors import ConfigError, IndexTrouble
from core.wire import dumps

index_app = typer.Typer(help="检索索引：它不是原本，随时可从数据库重建。", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    index_app.command("run", epilog="例：tingfeng index run")(run)
    index_app.command("status", epilog="例：tingfeng index status --json")(status)
    index_app.command("rebuild", epilog="例：tingfeng index rebuild    tingfeng index rebuild --anew")(rebuild)
    index_app.command("maintain", epilog="例：tingfeng index maintain")(maintain)
    app.add_typer(index_app, name="index")


def run(config: ConfigOption = DEFAULT_CONFIG, verbose: VerboseOption = False) -> None:
    """把研判过的帖文写入检索索引；索引不可用时等着，恢复后按先后补上。可同时运行多个。"""
    product = open_product(config, verbose=verbose)
    queues = [target.queue for target in product.index_targets]
    release_dead_leases(product.database, only=[*queues, "index_fallback"])
    adopt_left_keys(product.database, queues, now=product.clock())
    product.filing.file_forever(stop_on_signals())


def status(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """索引的情况：引擎、条数、各部分的大小、排队的条数、应当知道的事。有问题时以 1 结束。"""
    product = open_product(config)
    states = [state_of(product, target) for target in product.index_targets]
    for state in states:
        if as_json:
            typer.echo(dumps(state_to_json(state)))
        else:
            typer.echo("\n".join(state_to_lines(state, zone=product.settings.zone)))
    if any(state.problem for state in states):
        raise typer.Exit(1)


def rebuild(
    anew: Annotated[bool, typer.Option("--anew", help="不接着上次没有做完的重建，从头开始。")] = False,
    fallback: Annotated[bool, typer.Option("--fallback", help="重建后备的内嵌索引，而不是 Elasticsearch。")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """从数据库重建索引：在旁边建好再换上，期间照常检索。中断后再运行，从断点继续。"""
    from index.rebuild import Rebuild

    product = open_product(config)
    target = _chosen(product, fallback=fallback)
    if target.file is not None and (aside := set_aside_if_unreadable(target.file)) is not None:
        typer.echo(f"损坏的索引已改名为 {aside.name}", err=True)
    release_dead_leases(product.database, only=("rebuild", target.queue))
    with Bars(Console(stderr=True)) as bars:
        Rebuild(
            database=product.database,
            verdicts=product.verdicts,
            index=target.index,
            target=target.name,
            queue=target.queue,
            clock=product.clock,
            keep=product.settings.index.keep,
        ).run(anew=anew, progress=bars)
    files = filer(product, target)
    files.drain()
    target.index.refresh()
    left = files.waiting()
    typer.echo(f"索引已重建，共 {target.index.count()} 条" + (f"，还有 {left} 条在排队" if left else ""))


def maintain(quiet: QuietOption = False, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """每天一次的整理：移出采集已超过设置 index 一节 keep 的提及，合并、分析、检查。"""
    product = open_product(config)
    keep, trouble = product.settings.index.keep, []
    for target in product.index_targets:
        try:
            gone = target.index.prune(product.clock() - keep) if keep else 0
            target.index.maintain()
        except IndexTrouble as bad:
            trouble.append(bad)  # one that is down does not keep the other from its maintenance
            continue
        if not quiet:
            typer.echo(f"{target.shown}：已整理" + (f"，移出 {gone} 条过期的提及" if keep else ""))
    if trouble:
        raise trouble[0]


def _chosen(product: Product, *, fallback: bool) -> Target:
    first, *others = product.index_targets
    if not fallback:
        return first
    if not others:
        fix = '先在 [index] 写上 fallback = "sqlite"'
        raise ConfigError(file="命令行", key="--fallback", value="", problem="没有设后备索引", fix=fix)
    return others[0]
