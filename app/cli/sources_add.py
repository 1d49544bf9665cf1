"""`tingfeng sources add`: a checked row in `sources.toml`, tried first where asked for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from app.cli.options import DEFAULT_CONFIG, ConfigOption, VerboseOption, open_product
from app.cli.sources_trial import read_address, run_trial
from app.cli.trial_words import show_trial
from app.known_parsers import require_parsers, sources_file
from app.sources_file import Row, add_row, check_row, write_row
from core.errors import ConfigError, TingfengError
from core.model import Channel, WatchedKind

_NOT_IN_ID = re.compile(r"[^a-z0-9]+")


def add_to(sources: typer.Typer) -> None:
    """Add this family's commands."""
    sources.command(
        "add",
        epilog='例：tingfeng sources add https://bbs.example.invalid/forum-2-1.html --id city-forum --name "本地论坛" --test',  # noqa: E501
    )(add)


def add(
    address: Annotated[str, typer.Argument(metavar="[URL]", help="列表页、订阅，或平台的网址。")] = "",
    url: Annotated[str, typer.Option(help="同上，写成选项也可。")] = "",
    name: Annotated[str, typer.Option(help="给人看的名字；不写则用站点。")] = "",
    id: Annotated[str, typer.Option("--id", help="小写字母、数字、- 和 _；不写则由站点得出。")] = "",
    kind: Annotated[WatchedKind | None, typer.Option(help="哪一类；不写则由网址或网页判断（取一次）。")] = None,
    channel: Annotated[Channel | None, typer.Option(help="渠道；不写则与种类相同。")] = None,
    keyword: Annotated[str, typer.Option(help="微博、问答：搜什么；贴吧：吧名。")] = "",
    user: Annotated[str, typer.Option(help="微博：用户编号。")] = "",
    surface: Annotated[str, typer.Option(help="微博 mobile、web、search；贴吧 html、app。")] = "",
    also: Annotated[list[str] | None, typer.Option(help="新闻：同一站点的另一个入口，可重复。")] = None,
    comments: Annotated[bool, typer.Option("--comments", help="也读评论（微博、新闻）。")] = False,
    parser: Annotated[str, typer.Option(help="专用的页面解析器（tingfeng new-source）。")] = "",
    every: Annotated[str, typer.Option(help="多久抓一次，例如 10m。")] = "",
    owner: Annotated[str, typer.Option(help="谁负责这个信源。")] = "",
    delay: Annotated[str, typer.Option(help="两次请求至少相隔多久，例如 5s。")] = "",
    cookie: Annotated[str, typer.Option(help='"env:变量名" 或 "file:文件"；不要写出 Cookie 本身。')] = "",
    browser: Annotated[bool, typer.Option("--browser", help="网页要靠脚本才显示内容。")] = False,
    canary: Annotated[str, typer.Option(help="本站一定有内容的页面。")] = "",
    ignore_robots_because: Annotated[str, typer.Option(help="不遵守 robots.txt 的理由；会留档。")] = "",
    never_empty: Annotated[
        bool, typer.Option("--never-empty/--may-be-empty", help="一条都没有时是否视为异常。")
    ] = True,
    test: Annotated[bool, typer.Option("--test", help="先试抓一次，正常才写入。")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只显示要写的一行，不写。")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    verbose: VerboseOption = False,
) -> None:
    """在 sources.toml 末尾加一个信源；先按载入时的规则检查，原有内容与注释不动。"""
    if bool(address) == bool(url):
        raise typer.BadParameter("写出信源的网址，一个")
    url = address or url
    product = open_product(config, verbose=verbose)
    require_parsers(product.settings)
    read_address(url)
    found = _guessed(url, config) if kind is None else {}
    kind = kind or _kind(found["kind"])
    site = urlsplit(url).hostname or ""
    row: Row = {
        "id": id or _slug(f"{site}-{keyword or found.get('keyword', '')}"),
        "name": name or shortened(f"{site} {keyword or found.get('keyword', '')}".strip()),
        "kind": kind,
        "url": found.get("url") or url,
        "keyword": keyword or found.get("keyword", ""),
        "user": user or found.get("user", ""),
        "surface": surface,
        "also": tuple(also or ()),
        "comments": comments or "",
        "parser": parser,
        "channel": channel or kind,
        "every": every,
        "owner": owner,
        "delay": delay,
        "cookie": _reference(cookie),
        "browser": browser or "",
        "canary": canary,
        "ignore_robots_because": " ".join(ignore_robots_because.split()),
        "never_empty": "" if never_empty else False,
    }
    source = check_row(product.settings, row, os.environ)
    if dry_run:
        typer.echo(write_row(row), nl=False)
    if test:
        trial = run_trial(source, product.settings)
        show_trial(trial, product.settings, posts=1, as_json=False)
        if not trial.ok:
            raise TingfengError("试抓不正常，没有写入。确认无误后去掉 --test 再加")
    if dry_run:
        return
    add_row(product.settings, row, os.environ)
    typer.echo(f"已写入 {sources_file(product.settings)}：{source.id}（{source.name}，{source.kind}）")
    if not test:
        typer.echo(f"试一次：tingfeng sources test {source.id}")


def _guessed(url: str, config: Path) -> dict[str, str]:
    """What `sources guess` says, in a process of its own: only one crawl can run in each, and a test may follow."""
    command = [sys.executable, "-m", "app", "sources", "guess", "--json", "--config", str(config), "--", url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise TingfengError(said[-1].removeprefix("错误：") if said else "看不出是哪一类信源，用 --kind 写明")
    found: dict[str, str] = json.loads(done.stdout)
    typer.echo(f"种类：{found['kind']}（{found['because']}）")
    return found


def _kind(value: str) -> WatchedKind:
    kinds: dict[str, WatchedKind] = {
        "forum": "forum", "weibo": "weibo", "news": "news", "tieba": "tieba", "qa": "qa", "complaint": "complaint",
    }  # fmt: skip
    return kinds[value]


def _slug(text: str) -> str:
    return _NOT_IN_ID.sub("-", text.lower()).strip("-")[:60] or "source"


def shortened(name: str) -> str:
    """A name that fits the settings' limit."""
    return name[:60]


def _reference(cookie: str) -> str:
    """Refuse a cookie's own text before it touches the disk; the shell's history is bad enough."""
    if cookie and not re.match(r"(?:env|file):.", cookie):
        raise ConfigError(
            file="命令行",
            key="--cookie",
            value="***",
            problem="密钥不能直接写在文件里",
            fix='写成 "env:变量名" 或 "file:路径"',
        )
    return cookie
