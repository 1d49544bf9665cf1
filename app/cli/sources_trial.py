"""`tingfeng sources test` and `guess`: fetch once, keep nothing, show what would be collected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from app.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, VerboseOption, open_product
from app.cli.trial_words import show_trial
from app.known_parsers import require_parsers
from app.saved_trial import save_pages
from core.clock import system_clock
from core.errors import ConfigError, TingfengError
from core.model import SOURCE_STATE_NAMES, WatchedKind
from core.settings import Settings, SourceSettings
from core.wire import dumps

if TYPE_CHECKING:
    from crawlers.guessing import Guess
    from crawlers.trial import Trial


def add_to(sources: typer.Typer) -> None:
    """Add this family's commands."""
    sources.command(
        "test",
        epilog="例：tingfeng sources test city-forum    tingfeng sources test --url https://bbs.example.invalid/forum-2-1.html --kind forum",  # noqa: E501
    )(attempt)
    sources.command("guess", epilog="例：tingfeng sources guess https://bbs.example.invalid/forum-2-1.html")(guess)


def attempt(
    source: Annotated[str | None, typer.Argument(metavar="[ID]", help="信源 id；或者用 --url。")] = None,
    url: Annotated[str, typer.Option(help="不在目录里的网址，连同 --kind。")] = "",
    kind: Annotated[WatchedKind | None, typer.Option(help="它是哪一类。")] = None,
    keyword: Annotated[str, typer.Option(help="微博、问答：搜什么；贴吧：吧名。")] = "",
    user: Annotated[str, typer.Option(help="微博：用户编号。")] = "",
    surface: Annotated[str, typer.Option(help="站点有几种页面时读哪一种。")] = "",
    parser: Annotated[str, typer.Option(help="专用的页面解析器。")] = "",
    pages: Annotated[int, typer.Option(min=1, max=30, help="读几页：入口算一页。")] = 4,
    posts: Annotated[int, typer.Option(min=0, max=1000, help="显示几条帖文。")] = 3,
    save: Annotated[Path | None, typer.Option(help="把读到的页面另存到这个文件夹，供写解析器用。")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    verbose: VerboseOption = False,
) -> None:
    """试抓一次：入口和下面几页；逐项显示会采到什么、结论与依据。不写数据库。不正常时以 1 结束。"""
    if (source is None) == (not url):
        raise typer.BadParameter("写出信源 id，或用 --url 与 --kind 给出网址（二者选一）")
    settings = _settings(config, verbose=verbose, bare=bool(url))
    if source is not None:
        chosen = _named(settings, source)
    elif kind is None:
        raise typer.BadParameter("--url 需要 --kind；不知道是哪一类时先 tingfeng sources guess 网址")
    else:
        row = {"url": url, "keyword": keyword, "user": user, "surface": surface, "parser": parser}
        chosen = ad_hoc(kind, row, settings)
    trial = run_trial(chosen, settings, below=pages - 1)
    if save is not None:
        names = save_pages(trial, save)
        typer.echo(f"已另存 {len(names)} 个页面到 {save}：{'、'.join(names)}", err=True)
    show_trial(trial, settings, posts=posts, as_json=as_json)
    if not trial.ok:
        raise typer.Exit(1)


def run_trial(source: SourceSettings, settings: Settings, *, below: int = 3) -> Trial:
    """The trial, with a sign of life on a terminal."""
    from crawlers.trial import try_source

    with Console(stderr=True).status(f"试抓 {source.url} …"):
        return try_source(source, settings=settings, clock=system_clock, below=below)


def ad_hoc(kind: WatchedKind, row: dict[str, str], settings: Settings) -> SourceSettings:
    """A source that is in no catalogue. Raise `ConfigError` for what loading would refuse."""
    from core.config import read_source

    whole = {"id": "ad-hoc", "name": "试抓", "kind": kind, "channel": kind, **row}
    source = read_source({key: value for key, value in whole.items() if value}, file="命令行")
    require_parsers(settings.model_copy(update={"sources": (source,)}), file=Path("命令行"))
    return source


def _named(settings: Settings, name: str) -> SourceSettings:
    known = {source.id: source for source in settings.sources}
    if name not in known:
        fix = f"可用：{'、'.join(known)}" if known else "先用 tingfeng sources add 添加"
        raise ConfigError(file="命令行", key="ID", value=name, problem="没有这个信源", fix=fix)
    require_parsers(settings.model_copy(update={"sources": (known[name],)}))
    return known[name]


def _settings(config: Path, *, verbose: bool, bare: bool) -> Settings:
    """The operator's settings; the defaults for an address that is tried before anything was set up."""
    if bare and config == DEFAULT_CONFIG and not config.exists():
        typer.echo("没有 monitor.toml：按默认设置试抓", err=True)
        return Settings()
    return open_product(config, verbose=verbose).settings


def guess(
    url: Annotated[str, typer.Argument(help="列表页、订阅或平台的网址。")],
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    verbose: VerboseOption = False,
) -> None:
    """这个网址是哪一类信源：看网址，看不出就取一次网页。看不出时以 1 结束。"""
    settings = _settings(config, verbose=verbose, bare=True)
    read_address(url)
    found = guess_by_looking(url, settings)
    if as_json:
        row = {"kind": found.kind, "because": found.because, "keyword": found.keyword, "user": found.user}
        typer.echo(dumps({**row, "url": found.url or url}))
        return
    more = "".join(f" {name} {value}" for name, value in (("keyword", found.keyword), ("user", found.user)) if value)
    typer.echo(f"{found.kind}（{found.because}）{more}")


def read_address(url: str) -> None:
    """Refuse what is no web address with the words of the settings' check."""
    from core.config import read_source

    row = {"id": "ad-hoc", "name": "试抓", "kind": "forum", "channel": "forum", "url": url}
    read_source(row, file="命令行")


def guess_by_looking(url: str, settings: Settings) -> Guess:
    """The kind of the source at `url`; raise `TingfengError` where nothing tells it. Call it once in a process."""
    from crawlers.fetching import header
    from crawlers.guessing import guess_by_address, guess_by_page
    from crawlers.pages.base import PageContext
    from crawlers.trial import glance

    known = guess_by_address(url)
    if known is not None:
        return known
    with Console(stderr=True).status(f"看一眼 {url} …"):
        trial = glance(url, settings=settings, clock=system_clock)
    if not trial.pages or trial.report.state in ("blocked", "down"):
        state = SOURCE_STATE_NAMES[trial.report.state]
        raise TingfengError(f"看不出是哪一类信源：{state}，{trial.reason}。用 --kind 写明")
    [page, *_] = trial.pages
    context = PageContext(
        url=page.raw.url,
        now=page.raw.fetched,
        zone=settings.zone,
        content_type=header(page.raw, "Content-Type"),
        status=page.raw.status,
    )
    found = guess_by_page(page.raw.body, context, parser=page.parser)
    if found is None:
        raise TingfengError(
            f"看不出是哪一类信源：这一页没有主题或文章的列表（{page.reason}）。请给出列表页，或用 --kind 写明"
        )
    return found
