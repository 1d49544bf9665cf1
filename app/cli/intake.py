"""Commands by which posts come in: crawl the sources, read a saved page, import a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated

import typer
from rich.console import Console
from rich.progress import track

from app.cli.options import DEFAULT_CONFIG, ConfigOption, QuietOption, VerboseOption, moment, open_product
from app.known_parsers import require_parsers
from app.lifeline import spawn
from app.wiring import Product
from core.clock import system_clock
from core.errors import BadInput, ConfigError, TingfengError
from core.model import SOURCE_STATE_NAMES, Post, WatchedKind
from core.settings import Settings, SourceSettings
from core.wire import dumps, post_from_json, post_to_json, read_lines

_IMPORT_BATCH = 500


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.command(epilog="例：tingfeng crawl demo-forum    tingfeng crawl --kind weibo --due")(crawl)
    app.command(
        epilog="例：tingfeng parse thread.html --kind discuz --url https://bbs.example.invalid/thread-1-1-1.html"
    )(parse)
    app.command("import", epilog='例：echo \'{"text": "提车三天就漏油"}\' | tingfeng import -')(import_posts)


def crawl(
    sources: Annotated[list[str] | None, typer.Argument(help="信源 id；不写即全部。")] = None,
    kind: Annotated[WatchedKind | None, typer.Option(help="只抓这一类信源。")] = None,
    due: Annotated[bool, typer.Option("--due", help="只抓到时间的信源。")] = False,
    quiet: QuietOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    verbose: VerboseOption = False,
) -> None:
    """抓取信源：礼貌、增量；每个信源报告状态与原因。"""
    product = open_product(config, verbose=verbose)
    require_parsers(product.settings)
    chosen = _chosen(product, sources or [], kind, due=due)
    kinds = sorted({source.kind for source in chosen})
    flags = [*(["--verbose"] if verbose else []), *(["--quiet"] if quiet else [])]
    if len(kinds) > 1:
        # Twisted's reactor runs once per process, and a spider's crash must not touch another kind.
        _one_process_each(kinds, chosen, config, flags)
        return
    if not chosen:
        if not quiet:
            typer.echo("没有到时间的信源" if due else "没有配置这样的信源")
        return
    from alerts.source_alarms import raise_source_alarms
    from crawlers.run import crawl as run_crawl

    reports = run_crawl(
        chosen,
        settings=product.settings,
        catalogue=product.catalogue,
        sink=product.posts,
        vault=product.vault,
        clock=product.clock,
    )
    raise_source_alarms(product.database, product.settings, now=product.clock())
    for report in reports if not quiet else ():
        typer.echo(
            f"{report.source}\t{SOURCE_STATE_NAMES[report.state]}\t新 {report.new} 改 {report.changed}\t{report.reason}"
        )


def _chosen(product: Product, wanted: list[str], kind: WatchedKind | None, *, due: bool) -> list[SourceSettings]:
    known = {source.id: source for source in product.settings.sources}
    for name in wanted:
        if name not in known:
            raise ConfigError(
                file="命令行", key="SOURCES", value=name, problem="没有这个信源", fix=f"可用：{'、'.join(known)}"
            )
    chosen = [known[name] for name in wanted] if wanted else list(known.values())
    chosen = [source for source in chosen if kind is None or source.kind == kind]
    return list(product.catalogue.due(chosen, product.clock())) if due else chosen


def _one_process_each(kinds: list[WatchedKind], chosen: list[SourceSettings], config: Path, flags: list[str]) -> None:
    failed = []
    for kind in kinds:
        names = [source.id for source in chosen if source.kind == kind]
        command = ["crawl", *names, "--config", str(config), *flags]
        if spawn(command, environment=os.environ).process.wait() != 0:
            failed.append(kind)
    if failed:
        raise TingfengError(f"这些类别的抓取没有完成：{'、'.join(failed)}")


def parse(
    file: Annotated[Path, typer.Argument(help="存下的网页或接口响应；- 为标准输入。")],
    url: Annotated[str, typer.Option(help="它原来的网址。")] = "",
    kind: Annotated[str, typer.Option(help="discuz（或 forum）、weibo、article、feed 或 auto。")] = "auto",
    now: Annotated[str, typer.Option(help="当时的时间，用于「3分钟前」；默认现在。")] = "",
    content_type: Annotated[str | None, typer.Option(help="响应的 Content-Type。")] = None,
) -> None:
    """不联网、不用数据库：一页存下的网页会得到哪些帖文、链接和状态。每行一个 JSON 对象。"""
    from crawlers.pages import KINDS, parse_page
    from crawlers.pages.base import PageContext

    settings = Settings()
    if kind not in KINDS:
        known = "、".join(KINDS)
        raise ConfigError(file="命令行", key="--kind", value=kind, problem="没有这种页面的解析器", fix=f"可用：{known}")
    body = _read_bytes(file)
    page = PageContext(
        url=url or f"http://{file.name}.invalid/",
        now=moment(now, settings, option="--now") if now else system_clock(),
        zone=settings.zone,
        content_type=content_type,
    )
    parsed = parse_page(kind, body, page)
    for post in parsed.posts:
        typer.echo(dumps({"record": "post", **post_to_json(post)}))
    for link in parsed.links:
        changed = link.changed.isoformat() if link.changed else None
        row = {"record": "link", "url": link.url, "leads_to": link.leads_to, "title": link.title, "changed": changed}
        typer.echo(dumps(row))
    typer.echo(dumps({"record": "state", "state": parsed.state.state, "reason": parsed.state.reason}))


def import_posts(
    file: Annotated[Path, typer.Argument(help="JSONL 文件，每行一条帖文，只有 text 必填；- 为标准输入。")],
    config: ConfigOption = DEFAULT_CONFIG,
    verbose: VerboseOption = False,
) -> None:
    """把别处得来的帖文放进同一条流程。先检查全部各行，有一行不对就一条也不收。"""
    product = open_product(config, verbose=verbose)
    now = product.clock()
    with nullcontext(sys.stdin) if str(file) == "-" else _open_text(file) as lines:
        posts = list(_posts(lines, name=str(file), now=now, settings=product.settings))
    batches = [posts[start : start + _IMPORT_BATCH] for start in range(0, len(posts), _IMPORT_BATCH)]
    new = changed = same = 0
    for batch in track(batches, "导入", console=Console(stderr=True), disable=len(batches) < 3):
        kept = product.posts.keep(batch, source="", raw=None, now=now)
        new, changed, same = new + kept.new, changed + kept.changed, same + kept.same
    typer.echo(f"新 {new} 条，有改动 {changed} 条，已有 {same} 条")


def _posts(lines: Iterable[str], *, name: str, now: datetime, settings: Settings) -> Iterator[Post]:
    for number, row in read_lines(lines, file=name):
        yield post_from_json(row, now=now, zone=settings.zone, file=name, line=number)


def _read_bytes(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as bad:
        raise ConfigError(
            file="命令行", key="FILE", value=str(file), problem=f"无法读取（{bad.strerror}）", fix="检查路径与权限"
        ) from None


def _open_text(file: Path) -> IO[str]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as bad:
        line = file.read_bytes()[: bad.start].count(b"\n") + 1
        raise BadInput(file=str(file), line=line, key="(整行)", value="…", fix="文件应为 UTF-8") from None
    except OSError as bad:
        raise ConfigError(
            file="命令行", key="FILE", value=str(file), problem=f"无法读取（{bad.strerror}）", fix="检查路径与权限"
        ) from None
    import io

    return io.StringIO(text)
