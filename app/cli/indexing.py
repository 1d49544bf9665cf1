"""Commands that look after the search index, which is not the truth: build it anew from the database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import Progress

from app.cli.options import DEFAULT_CONFIG, ConfigOption, VerboseOption, open_product
from app.leases import release_dead_leases
from app.signals import stop_on_signals

index_app = typer.Typer(help="检索索引的维护。", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    index_app.command("run", epilog="例：tingfeng index run")(run)
    index_app.command("rebuild", epilog="例：tingfeng index rebuild")(rebuild)
    app.add_typer(index_app, name="index")


def run(config: ConfigOption = DEFAULT_CONFIG, verbose: VerboseOption = False) -> None:
    """把研判过的帖文写入检索索引；索引不可用时等着，恢复后按先后补上。可同时运行多个。"""
    product = open_product(config, verbose=verbose)
    release_dead_leases(product.database, only=("index",))
    product.filing.file_forever(stop_on_signals())


def rebuild(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """从数据库重建索引：在旁边建好再换上，期间照常检索。"""
    from index.rebuild import rebuild as rebuild_index

    product = open_product(config)
    path = product.settings.data_dir / "index.sqlite"
    _set_aside_if_unreadable(path)
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("重建索引", total=product.verdicts.count())
        count = rebuild_index(
            path,
            product.verdicts,
            zone=product.settings.zone,
            progress=lambda done: progress.update(task, completed=done),
        )
    typer.echo(f"索引已重建，共 {count} 条")


def _set_aside_if_unreadable(path: Path) -> None:
    """Rename a file that SQLite does not read as a database: nothing can be copied into it."""
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.DatabaseError as bad:
        if bad.sqlite_errorcode not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise
        for end in ("", "-wal", "-shm"):
            part = path.with_name(path.name + end)
            if part.exists():
                part.rename(path.with_name(f"{path.name}.damaged{end}"))
        typer.echo(f"损坏的索引已改名为 {path.name}.damaged；正在运行的 tingfeng run 需要重启", err=True)
