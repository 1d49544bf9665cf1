"""Commands on saved searches: keep one, see what it finds now, have its owner told of what is new."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.status import Status

from app.cli.hits import channel_named, grade_named, show_page
from app.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, QuietOption, open_product
from app.cli.pipes import reader_may_leave
from app.cli.search_options import CategoryOption, ChannelOption, GradeOption, RiskOption, SubjectOption
from app.cli.searches_words import as_json_row, show_list, show_one
from core.durations import BadDuration, parse_duration
from core.errors import ConfigError
from core.wire import dumps
from index.base import Sort

if TYPE_CHECKING:
    from alerts.saved_search import Filters, SavedSearch
    from alerts.search_sheets import SearchSheet
    from app.wiring import Product

searches_app = typer.Typer(help="检索订阅：保存常用的检索，有新结果时通知。", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="名称，同一订阅人不重名。")]
OwnerOption = Annotated[str, typer.Option("--owner", help="订阅人；默认当前用户。")]
NegativeOption = Annotated[float | None, typer.Option("--min-negative", help="负面概率不低于，0 至 1。")]
SortOption = Annotated[Sort | None, typer.Option("--sort", help="查看时的排序。")]
NotifyOption = Annotated[
    list[str] | None, typer.Option("--notify", help="有新结果时通知这一渠道，写设置里的渠道名，可重复。")
]
PauseOption = Annotated[str | None, typer.Option("--pause", help="两次通知至少间隔多久，例如 10m、1h；默认 10m。")]


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    command = searches_app.command
    command("add", epilog="例：tingfeng searches add 刹车 '刹车 OR 制动' --grade A --notify console --pause 30m")(add)
    command("list", epilog="例：tingfeng searches list --owner 李经理    tingfeng searches list --json")(show_all)
    command("show", epilog="例：tingfeng searches show 刹车 --owner 李经理")(show)
    command("run", epilog="例：tingfeng searches run 刹车 --owner 李经理 --limit 50")(run)
    command("change", epilog="例：tingfeng searches change 刹车 --text '刹车 近7天' --notify mail --pause 1h")(change)
    command("mute", epilog="例：tingfeng searches mute 刹车")(mute)
    command("unmute", epilog="例：tingfeng searches unmute 刹车")(unmute)
    command("remove", epilog="例：tingfeng searches remove 刹车")(remove)
    command("tell", epilog="例：tingfeng searches tell")(tell)
    app.add_typer(searches_app, name="searches")


def add(
    name: NameArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="检索式，同 tingfeng search；近7天 随时间变化。")] = "",
    owner: OwnerOption = "",
    grade: GradeOption = None,
    channel: ChannelOption = None,
    subject: SubjectOption = None,
    category: CategoryOption = None,
    min_risk: RiskOption = None,
    min_negative: NegativeOption = None,
    sort: SortOption = None,
    notify: NotifyOption = None,
    pause: PauseOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """保存一个检索；写明 --notify 的，此后有新结果时通知。已在库中的帖文不会通知。"""
    from alerts.saved_search import PAUSE, Filters

    product = open_product(config)
    filters = _filters(
        Filters(), grade, channel, subject, category, min_risk=min_risk, min_negative=min_negative, sort=sort
    )
    with _looking():
        search = product.searches.add(
            owner=_owner(owner),
            name=name,
            text=text,
            filters=filters,
            notify=notify or (),
            pause=_pause(pause) or PAUSE,
            now=product.clock(),
        )
    typer.echo("已保存")
    _show(product, search)


def show_all(
    owner: Annotated[str, typer.Option("--owner", help="只列出这个人的；默认全部。")] = "",
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """列出检索订阅：检索什么、通知谁、等待通知的结果、有没有失效。"""
    product = open_product(config)
    sheets = _sheets(product, product.searches.list(" ".join(owner.split()) or None))
    with reader_may_leave():
        if not as_json:
            show_list(sheets, zone=product.settings.zone, now=product.clock())
            return
        for sheet in sheets:
            typer.echo(dumps(as_json_row(sheet)))


def show(
    name: NameArgument, owner: OwnerOption = "", as_json: JsonOption = False, config: ConfigOption = DEFAULT_CONFIG
) -> None:
    """一个检索订阅的全部：条件、间隔、上次通知及其送达情况。"""
    product = open_product(config)
    search = product.searches.get(_owner(owner), name)
    if as_json:
        typer.echo(dumps(as_json_row(_sheets(product, [search])[0])))
        return
    _show(product, search)


def run(
    name: NameArgument,
    owner: OwnerOption = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="最多几条。")] = 20,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """现在检索一次，在全部存档里；与通知无关。"""
    from alerts.saved_search import query

    product = open_product(config)
    search = product.searches.get(_owner(owner), name)
    asked = replace(query(search, now=product.clock(), zone=product.settings.zone), limit=limit)
    with reader_may_leave():
        show_page(product.index.search(asked), asked, product.settings.zone, as_json=as_json)


def change(
    name: NameArgument,
    owner: OwnerOption = "",
    new_name: Annotated[str | None, typer.Option("--name", help="改名为。")] = None,
    text: Annotated[str | None, typer.Option("--text", help="新的检索式。")] = None,
    grade: GradeOption = None,
    channel: ChannelOption = None,
    subject: SubjectOption = None,
    category: CategoryOption = None,
    min_risk: RiskOption = None,
    min_negative: NegativeOption = None,
    sort: SortOption = None,
    no_filters: Annotated[bool, typer.Option("--no-filters", help="先去掉原有的全部条件（等级、渠道等）。")] = False,
    notify: NotifyOption = None,
    no_notify: Annotated[bool, typer.Option("--no-notify", help="不再通知任何渠道。")] = False,
    pause: PauseOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """修改一个检索订阅；没有写出的保持不变。检索式或条件变了，已在库中的帖文仍不会通知。"""
    from alerts.saved_search import Filters

    product = open_product(config)
    if notify and no_notify:
        raise ConfigError(
            file="命令行", key="--no-notify", value="、".join(notify), problem="与 --notify 矛盾", fix="只留一个"
        )
    search = product.searches.get(_owner(owner), name)
    filters = _filters(
        Filters() if no_filters else search.filters,
        grade, channel, subject, category, min_risk=min_risk, min_negative=min_negative, sort=sort,
    )  # fmt: skip
    with _looking():
        changed = product.searches.change(
            search.id,
            text=text,
            filters=filters if filters != search.filters else None,
            notify=() if no_notify else notify or None,
            pause=_pause(pause),
            now=product.clock(),
        )
    if new_name is not None:
        changed = product.searches.rename(search.id, new_name, now=product.clock())
    typer.echo("已修改")
    _show(product, changed)


def mute(name: NameArgument, owner: OwnerOption = "", config: ConfigOption = DEFAULT_CONFIG) -> None:
    """暂停通知；检索仍保留，可随时运行。"""
    product = open_product(config)
    search = product.searches.get(_owner(owner), name)
    product.searches.mute(search.id, now=product.clock())
    typer.echo(f"{search.name}：已暂停通知；恢复：tingfeng searches unmute {search.name} --owner {search.owner}")


def unmute(name: NameArgument, owner: OwnerOption = "", config: ConfigOption = DEFAULT_CONFIG) -> None:
    """恢复通知：从现在起的新结果，以及暂停前尚未通知的。"""
    product = open_product(config)
    search = product.searches.get(_owner(owner), name)
    with _looking():
        loud = product.searches.unmute(search.id, now=product.clock())
    typer.echo("已恢复通知")
    _show(product, loud)


def remove(name: NameArgument, owner: OwnerOption = "", config: ConfigOption = DEFAULT_CONFIG) -> None:
    """删除一个检索订阅及其结果记录；帖文本身不受影响。"""
    product = open_product(config)
    search = product.searches.get(_owner(owner), name)
    untold = product.searches.remove(search.id)
    typer.echo(f"{search.name}：已删除" + (f"；{untold} 条结果未及通知" if untold else ""))


def tell(quiet: QuietOption = False, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """把等待通知、间隔已过的新结果放进发件箱；tingfeng run 每分钟自动执行。"""
    from alerts.search_news import tell as tell_all

    product = open_product(config)
    told = tell_all(product.database, product.settings, now=product.clock())
    if not quiet:
        typer.echo(f"已放入发件箱：{told.messages} 条（{told.searches} 个检索订阅，{told.results} 条新结果）")


def _looking() -> Status:
    """A search that begins to watch looks at what the archive holds: seconds, where a week brings many posts."""
    return Console(stderr=True).status("正在记下库中已有的结果…")


def _owner(owner: str) -> str:
    return " ".join(owner.split()) or getpass.getuser()


def _pause(text: str | None) -> timedelta | None:
    if text is None:
        return None
    try:
        return parse_duration(text)
    except BadDuration:
        raise ConfigError(
            file="命令行", key="--pause", value=text, problem="不是时长", fix="数字加单位 s/m/h/d，例如 10m"
        ) from None


def _filters(
    before: Filters,
    grade: list[str] | None,
    channel: list[str] | None,
    subject: list[str] | None,
    category: list[str] | None,
    *,
    min_risk: int | None,
    min_negative: float | None,
    sort: Sort | None,
) -> Filters:
    """What was there, with what was given in its place."""
    return replace(
        before,
        grades=tuple(map(grade_named, grade)) if grade else before.grades,
        channels=tuple(map(channel_named, channel)) if channel else before.channels,
        subjects=tuple(subject) if subject else before.subjects,
        categories=tuple(category) if category else before.categories,
        min_risk=before.min_risk if min_risk is None else min_risk,
        min_negative=before.min_negative if min_negative is None else min_negative,
        sort=sort or before.sort,
    )


def _sheets(product: Product, found: Sequence[SavedSearch]) -> list[SearchSheet]:
    from alerts.search_sheets import read_sheets

    return read_sheets(product.searches, found, now=product.clock())


def _show(product: Product, search: SavedSearch) -> None:
    [sheet] = _sheets(product, [search])
    settings = product.settings
    show_one(sheet, zone=settings.zone, now=product.clock(), address=settings.web.address)
