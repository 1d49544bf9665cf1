"""Commands by which posts come in: crawl the sources, read a saved page, import a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress, track

from app.cli.faults import explain
from app.cli.options import DEFAULT_CONFIG, ConfigOption, QuietOption, VerboseOption, moment, open_product
from app.importing import LARGEST_FILE, Format, check_urls, problem_of, read_file, saved_from
from app.known_parsers import require_parsers
from app.lifeline import spawn
from app.wiring import Product
from core.clock import system_clock
from core.errors import ConfigError, TingfengError
from core.model import SOURCE_STATE_NAMES, Post, WatchedKind
from core.settings import Settings, SourceSettings
from core.wire import dumps, post_to_json

if TYPE_CHECKING:
    from crawlers.spiders.manual import Taken

_IMPORT_BATCH = 500
#: A saved page that is larger is none: parsers read the first 5 MB.
_LARGEST_PAGE = 50_000_000


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.command(epilog="例：tingfeng crawl demo-forum    tingfeng crawl --kind weibo --due")(crawl)
    app.command(
        epilog="例：tingfeng parse thread.html --kind discuz --url https://bbs.example.invalid/thread-1-1-1.html"
    )(parse)
    app.command(
        "import", epilog="例：tingfeng import 舆情周报.csv    tingfeng import --url https://bbs.example.invalid/t/1"
    )(import_posts)


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
    from alerts.source_words import shown_state
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
        state = shown_state(report.state, report.reason, failed=report.failed)
        typer.echo(f"{report.source}\t{state}\t新 {report.new} 改 {report.changed}\t{report.reason}")


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
    url: Annotated[str, typer.Option(help="它原来的网址（跳转之后的）。")] = "",
    requested_url: Annotated[str, typer.Option(help="请求的网址，如果跳转到了别处。")] = "",
    kind: Annotated[str, typer.Option(help="解析器名，如 discuz、forum、qa、complaint；auto 自动辨认。")] = "auto",
    now: Annotated[str, typer.Option(help="当时的时间，用于「3分钟前」；默认现在。")] = "",
    status: Annotated[int, typer.Option(min=100, max=599, help="响应的状态码。")] = 200,
    content_type: Annotated[str | None, typer.Option(help="响应的 Content-Type。")] = None,
) -> None:
    """不联网、不用数据库：一页存下的网页会得到哪些帖文、链接和状态。每行一个 JSON 对象。"""
    from crawlers.pages import parse_page
    from crawlers.pages.base import PageContext

    settings = Settings()
    _check_kind(kind)
    for option, address in (("--url", url), ("--requested-url", requested_url)):
        if address and (problem := problem_of(address)):
            raise ConfigError(file="命令行", key=option, value=address[:80], problem="不是网址", fix=problem)
    page = PageContext(
        url=url or f"http://{file.stem or 'page'}.invalid/",
        now=moment(now, settings, option="--now") if now else system_clock(),
        zone=settings.zone,
        content_type=content_type,
        status=status,
        requested_url=requested_url or None,
    )
    parsed = parse_page(kind, _read_bytes(file, most=_LARGEST_PAGE), page)
    for post in parsed.posts:
        typer.echo(dumps({"record": "post", **post_to_json(post)}))
    for link in parsed.links:
        changed = link.changed.isoformat() if link.changed else None
        row = {"url": link.url, "leads_to": link.leads_to, "title": link.title, "changed": changed}
        typer.echo(dumps({"record": "link", **row, "standing": link.standing}))
    typer.echo(dumps({"record": "state", "state": parsed.state.state, "reason": parsed.state.reason}))


def import_posts(
    file: Annotated[
        Path | None,
        typer.Argument(help="JSONL、CSV、网址清单（每行一个）或存下的网页；- 为标准输入。", show_default=False),
    ] = None,
    url: Annotated[list[str] | None, typer.Option("--url", help="要抓取一次的网址，可写多个。")] = None,
    form: Annotated[Format | None, typer.Option("--format", help="文件格式；默认看扩展名和内容。")] = None,
    kind: Annotated[str, typer.Option(help="网页用哪个页面解析器；auto 自动辨认。")] = "auto",
    saved: Annotated[str, typer.Option(help="网页存下的时间；默认看文件。")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    verbose: VerboseOption = False,
) -> None:
    """把别处得来的帖文放进同一条流程：文件先整份检查，有一行不对就一条也不收；网址逐个抓取，收下能收的。

    抓取与信源一样礼貌：遵守 robots.txt、限速、识别拦截。自己写的内网网址可以抓取。CSV 第一行是列名，
    “内容”一列必须有；另认识标题、网址、作者、发布时间、渠道、点赞、评论、转发、阅读等列。存下的网页不再抓取，
    用 --url 写明它原来的网址（浏览器存下的网页里通常已有）；存下的接口响应加 --format page。
    """
    if file is None and not url:
        raise ConfigError(
            file="命令行", key="FILE", value="(空)", problem="没有可导入的内容", fix="给出一个文件，或用 --url 给出网址"
        )
    _check_kind(kind)
    urls = check_urls(url or [])
    content = _read_bytes(file, most=LARGEST_FILE) if file is not None else b""
    product = open_product(config, verbose=verbose)
    if file is not None:
        handed = read_file(content, name=str(file), form=form, now=product.clock(), zone=product.settings.zone)
        if handed.page is not None:
            _take_saved(handed.page, file, urls, saved, product, kind)
            return
        urls = tuple(dict.fromkeys((*urls, *handed.urls)))
        for note in handed.notes:
            typer.echo(note, err=True)
        if handed.posts or not handed.urls:
            _keep(handed.posts, product)
    if urls:
        _take(urls, product, kind)


def _keep(posts: Sequence[Post], product: Product) -> None:
    now = product.clock()
    batches = [posts[start : start + _IMPORT_BATCH] for start in range(0, len(posts), _IMPORT_BATCH)]
    new = changed = same = 0
    for batch in track(batches, "导入", console=Console(stderr=True), disable=len(batches) < 3):
        kept = product.posts.keep(batch, source="", raw=None, now=now)
        new, changed, same = new + kept.new, changed + kept.changed, same + kept.same
    typer.echo(f"新 {new} 条，有改动 {changed} 条，已有 {same} 条")


def _take(urls: Sequence[str], product: Product, kind: str) -> None:
    """Fetch, and tell of each address in its order; end with 1 where any yielded nothing."""
    from app.importing_pages import take_pages

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("抓取", total=len(urls))

        def tell(_: Taken) -> None:
            progress.advance(task)

        taken = {one.url: one for one in take_pages(urls, product=product, parser=kind, tell=tell)}
    for url in urls:
        typer.echo(_told(taken[url]) if url in taken else f"未抓取\t{url}\t被中断，请再次导入")
    failed = sum(1 for url in urls if url not in taken or not taken[url].posts)
    if failed:
        raise TingfengError(f"{len(urls)} 个网址中有 {failed} 个没有取到帖文，其余已收下")


def _take_saved(body: bytes, file: Path, urls: Sequence[str], saved: str, product: Product, kind: str) -> None:
    """Keep the posts of one saved page; end with 1 where it has none."""
    from app.importing_pages import take_saved

    url = next(iter(urls), None) or saved_from(body)
    if url is None or len(urls) > 1:
        raise ConfigError(
            file="命令行", key="--url", value="、".join(urls)[:80] or "(空)", problem="不知道这一页原来的网址",
            fix="存下的网页要用一个 --url 写明它原来的网址",
        )  # fmt: skip
    when = moment(saved, product.settings, option="--saved") if saved else _saved_at(file, product)
    taken = take_saved(body, url=url, saved=when, product=product, parser=kind)
    typer.echo(_told(taken))
    if not taken.posts:
        raise TingfengError("这一页没有取到帖文")


def _saved_at(file: Path, product: Product) -> datetime:
    """When the file was last written; relative times on the page count from there."""
    now = product.clock()
    if not file.is_file():
        return now
    return min(now, datetime.fromtimestamp(file.stat().st_mtime, tz=now.tzinfo))


def _told(taken: Taken) -> str:
    state = "没有帖文" if taken.state == "empty" else SOURCE_STATE_NAMES[taken.state]
    return f"{state}\t{taken.url}\t{taken.reason}"


def _check_kind(kind: str) -> None:
    from crawlers.pages import kinds

    if kind not in kinds():
        known = "、".join(kinds())
        raise ConfigError(file="命令行", key="--kind", value=kind, problem="没有这种页面的解析器", fix=f"可用：{known}")


def _read_bytes(file: Path, *, most: int) -> bytes:
    """The whole file, or standard input for "-". Raise `ConfigError` for what cannot be read or is too large."""
    try:
        if str(file) == "-":
            content = sys.stdin.buffer.read(most + 1)
        else:
            with file.open("rb") as opened:
                content = opened.read(most + 1)
    except (OSError, ValueError) as bad:  # ValueError: a name with a null character in it
        why = explain(OSError(bad.errno, bad.strerror)) if isinstance(bad, OSError) else "文件名无效"
        raise ConfigError(
            file="命令行", key="FILE", value=str(file)[:200], problem=f"无法读取（{why}）", fix="检查路径与权限"
        ) from None
    if len(content) > most:
        raise ConfigError(
            file="命令行",
            key="FILE",
            value=str(file),
            problem=f"超过 {most // 1_000_000} MB",
            fix="拆成几份，或只存需要的部分",
        )
    return content
