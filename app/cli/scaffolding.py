"""Commands for whoever writes a parser: a skeleton that works, and saved pages with what is found on them."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from app.cli.options import DEFAULT_CONFIG, ConfigOption, moment
from app.cli.sources_trial import read_address
from app.scaffold.cases import Written, read_case, read_page, write_case
from app.scaffold.checkout import check_name, find_checkout
from app.scaffold.writing import NewKind, write_parser
from app.sources_file import write_row
from core.clock import system_clock
from core.errors import ConfigError, TingfengError
from core.settings import Settings


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.command(
        "new-source", epilog="例：tingfeng new-source acme --kind forum --url https://bbs.example.invalid/c/cars --add"
    )(new_source)
    app.command(
        "new-case",
        epilog="例：tingfeng new-case acme login_wall --page wall.html    tingfeng new-case acme example --again",
    )(new_case)


def new_source(
    name: Annotated[str, typer.Argument(help="解析器的名字：小写字母开头，只用小写字母、数字和 _。")],
    kind: Annotated[NewKind, typer.Option(help="哪一类信源。")] = "forum",
    url: Annotated[str, typer.Option(help="信源的网址：列表页。")] = "",
    page: Annotated[Path | None, typer.Option(help="一页存下的帖文或文章，用作第一个样例。")] = None,
    list_page: Annotated[Path | None, typer.Option(help="一页存下的列表，用作第二个样例。")] = None,
    now: Annotated[str, typer.Option(help="这些页存下的时间；sources test --save 存的页面自带。")] = "",
    add: Annotated[bool, typer.Option("--add", help="同时写入 sources.toml。")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """写一个新信源的解析器骨架、样例页面与目录行；已有的文件一个也不动。"""
    checkout = find_checkout()
    check_name(name, checkout)
    url = url or f"https://{name.replace('_', '-')}.example.invalid/"
    read_address(url)
    thing = read_page(page, url=url, now=_moment(now)) if page else None
    listing = read_page(list_page, url=url, now=_moment(now)) if list_page else None
    row = {
        "id": name.replace("_", "-"),
        "name": (urlsplit(url).hostname or name)[:60],
        "kind": kind,
        "url": url,
        "parser": name,
        "channel": kind,
    }
    if kind == "tieba":
        row["keyword"] = "吧名"
    if add:
        _refuse_taken(row["id"], config)
    written = write_parser(name, kind, url=url, page=thing, listing=listing, checkout=checkout)
    typer.echo(f"crawlers/pages/{name}.py  解析器：先改顶部的各个 XPath")
    for one in written:
        typer.echo(_said(one))
    if add:
        _add(row, config)
    else:
        typer.echo(f"\n写进 sources.toml：\n{write_row(row)}", nl=False)


def new_case(
    name: Annotated[str, typer.Argument(help="解析器的名字。")],
    case: Annotated[str, typer.Argument(help="样例的名字，例如 login_wall。")],
    page: Annotated[Path | None, typer.Option(help="存下的页面。")] = None,
    url: Annotated[str, typer.Option(help="它原来的网址；sources test --save 存的页面自带。")] = "",
    now: Annotated[str, typer.Option(help="存下的时间；默认现在。")] = "",
    again: Annotated[bool, typer.Option("--again", help="改过解析器后，重写这个样例的 expected.json。")] = False,
) -> None:
    """给一个解析器加一页样例，并写下现在读出什么（expected.json）：逐项核对后再提交。"""
    from crawlers.pages import PARSERS

    checkout = find_checkout()
    if name not in PARSERS:
        raise ConfigError(
            file="命令行", key="NAME", value=name, problem="没有这个解析器", fix=f"可用：{'、'.join(PARSERS)}"
        )
    if not case.replace("_", "").isalnum() or not case.isascii() or case != case.lower():
        raise ConfigError(file="命令行", key="CASE", value=case, problem="不能作为名字", fix="只用小写字母、数字和 _")
    if again:
        if page is not None:
            raise typer.BadParameter("--again 读已存的页面，不与 --page 同用")
        saved = read_case(name, case, checkout)
    elif page is None:
        raise typer.BadParameter("用 --page 给出存下的页面，或用 --again 重写已有的样例")
    else:
        saved = read_page(page, url=url, now=_moment(now))
        read_address(saved.url)
    written = write_case(name, case, saved, parser=PARSERS[name], checkout=checkout, again=again)
    typer.echo(_said(written))


def _said(one: Written) -> str:
    return f"{one.folder}/  {one.state}：{one.reason}（帖文 {one.posts}，链接 {one.links}）"


def _moment(text: str) -> datetime:
    return moment(text, Settings(), option="--now") if text else system_clock()


def _refuse_taken(source: str, config: Path) -> None:
    """Before anything is written: the settings load, and the id is free."""
    from app.cli.options import open_product

    if source in {row.id for row in open_product(config).settings.sources}:
        raise ConfigError(
            file="命令行",
            key="NAME",
            value=source,
            problem="sources.toml 里已有这个 id",
            fix="换一个名字，或不用 --add",
        )


def _add(row: dict[str, str], config: Path) -> None:
    """In a process of its own: this one was started before the parser existed."""
    options = [part for key in ("id", "name", "kind", "channel", "parser", "keyword") if row.get(key)
               for part in (f"--{key}", row[key])]  # fmt: skip
    command = [sys.executable, "-m", "app", "sources", "add", *options, "--config", str(config), "--", row["url"]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise TingfengError(f"解析器已写好，但没能写入 sources.toml：{said[-1] if said else done.returncode}")
    typer.echo(done.stdout, nl=False)
