"""Commands on events: which stories are told, how they grow and spread, and people's word on what is one story."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer
from sqlalchemy import select

from app.cli.options import DEFAULT_CONFIG, ConfigOption, open_product
from app.cli.tables import show_table
from app.wiring import Product
from core.durations import in_chinese
from core.model import CHANNEL_NAMES, Event
from core.schema import events
from core.text import clean, shorten

events_app = typer.Typer(help="事件：同一件事的帖文、首发、增长与扩散；合并与拆分都留痕。", no_args_is_help=True)

EventArgument = Annotated[str, typer.Argument(help="事件编号，写开头几位即可。")]
NoteOption = Annotated[str, typer.Option("--note", help="理由，必填。")]
ActorOption = Annotated[str, typer.Option("--by", "--actor", help="谁做的；默认当前用户。")]


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    events_app.command("list", epilog="例：tingfeng events list --limit 20")(show_all)
    events_app.command("show", epilog="例：tingfeng events show 3f2a")(show)
    events_app.command("merge", epilog='例：tingfeng events merge 3f2a 91bc --note "同一起火事故"')(merge)
    events_app.command("split", epilog='例：tingfeng events split 3f2a 77d0 --note "另一位车主的另一件事"')(split)
    events_app.command("history", epilog="例：tingfeng events history 3f2a")(history)
    app.add_typer(events_app, name="events")


def show_all(
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="最多几个。")] = 30,
    alone: Annotated[bool, typer.Option("--all", help="也列出只有一篇的。")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """列出事件，最近有新帖文的在前。"""
    from index.event_facts import read_event_facts

    product = open_product(config)
    now, zone = product.clock(), product.settings.zone
    least = 1 if alone else 2
    newest = (
        select(events)
        .where(events.c.merged_into.is_(None), events.c.size >= least)
        .order_by(events.c.last_published.desc(), events.c.id)
        .limit(limit)
    )
    with product.database.read() as connection:
        found = connection.execute(newest).all()
        facts = read_event_facts(connection, [row.id for row in found], now=now)
    rows = []
    for row in found:
        fact = facts.get(row.id)
        channels = "、".join(CHANNEL_NAMES[channel] for channel in row.channels)
        lately = f"{fact.last_hour}/{fact.last_six_hours}/{fact.last_day}" if fact else "–"
        when = f"{row.last_published.astimezone(zone):%m-%d %H:%M}"
        rows.append((row.id, shorten(clean(row.title), 40), str(row.size), lately, channels, when))
    show_table("事件", ("编号", "事由", "帖文", "近1/6/24小时", "渠道", "最新"), rows)


def show(event: EventArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """一个事件：首发、增长、扩散与它的帖文。"""
    from index.event_changes import read_event
    from index.event_facts import read_event_facts

    product = open_product(config)
    id_ = product.events.find_event(event)
    now, zone = product.clock(), product.settings.zone
    with product.database.read() as connection:
        found = read_event(connection, id_)
        fact = read_event_facts(connection, [id_], now=now).get(id_)
    typer.echo(f"{found.id}  {clean(found.title)}")
    if found.merged_into:
        typer.echo(f"已并入 {found.merged_into}")
        return
    if fact is None:
        typer.echo("还没有帖文")
        return
    first = f"{fact.first_published.astimezone(zone):%Y-%m-%d %H:%M}"
    typer.echo(f"首发：{first}  {fact.first_site}  {fact.first_author or '作者不明'}")
    hour, six, day = fact.per_hour
    doubled = f"；最近 {in_chinese(fact.doubled_in)}内翻倍" if fact.doubled_in else ""
    typer.echo(
        f"增长：共 {fact.size} 篇；每小时 {hour:.0f}（近1小时）、{six:.1f}（近6小时）、{day:.1f}（近24小时）{doubled}"
    )
    channels = "、".join(CHANNEL_NAMES[channel] for channel in fact.channels)
    reach = _reach(fact.views, fact.reposts, fact.followers)
    typer.echo(f"扩散：{channels}；{fact.sites} 个站点，{fact.authors} 位作者；{reach}")
    for mention in product.verdicts.of_event(id_):
        post = mention.post
        line = shorten(clean(post.title or post.text), 50)
        typer.echo(
            f"{mention.id}  {mention.verdict.grade or '–'}  {post.when.astimezone(zone):%m-%d %H:%M}"
            f"  {CHANNEL_NAMES[post.channel]}  {line}"
        )


def merge(
    survivor: EventArgument,
    absorbed: Annotated[str, typer.Argument(help="并入前者的事件。")],
    note: NoteOption,
    actor: ActorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """把第二个事件并入第一个：帖文、处置单一并转过去，不会因此再次响铃。"""
    product = open_product(config)
    book = product.events
    changed = book.merge(
        book.find_event(survivor),
        book.find_event(absorbed),
        actor=actor or getpass.getuser(),
        note=note,
        now=product.clock(),
    )
    typer.echo(
        f"{changed.other.id} 已并入 {changed.event.id}：移动 {len(changed.posts)} 篇，现有 {changed.event.size} 篇"
    )
    _say_case(product, changed.event)


def split(
    event: EventArgument,
    posts: Annotated[list[str], typer.Argument(help="要拆出的帖文编号，写开头几位即可。")],
    note: NoteOption,
    actor: ActorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """把一些帖文拆成另一个事件：此后系统不会再把两者自动合并。"""
    product = open_product(config)
    book = product.events
    id_ = book.find_event(event)
    changed = book.split(
        id_,
        [book.find_post(id_, post) for post in posts],
        actor=actor or getpass.getuser(),
        note=note,
        now=product.clock(),
    )
    typer.echo(
        f"拆出 {len(changed.posts)} 篇为新事件 {changed.other.id}；{changed.event.id} 余 {changed.event.size} 篇"
    )


def history(event: EventArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """一个事件的合并与拆分：谁、何时、为什么。"""
    product = open_product(config)
    zone = product.settings.zone
    found = product.events.history(product.events.find_event(event))
    if not found:
        typer.echo("没有合并或拆分过")
    for one in found:
        what = f"{one.other} 并入 {one.event}" if one.action == "merge" else f"从 {one.event} 拆出 {one.other}"
        typer.echo(
            f"{one.at.astimezone(zone):%Y-%m-%d %H:%M:%S}  {one.actor}  {what}（{len(one.posts)} 篇）  {one.note}"
        )


def _reach(views: int | None, reposts: int | None, followers: int | None) -> str:
    parts = (("阅读", views), ("转发", reposts), ("作者粉丝合计", followers))
    return "，".join(f"{name} {value:,}" for name, value in parts if value is not None) or "来源未给出阅读量"


def _say_case(product: Product, event: Event) -> None:
    case = product.cases.of_event(event.id)
    if case is not None:
        typer.echo(f"处置单 {case.id}：{case.grade}，时限 {case.due.astimezone(product.settings.zone):%m-%d %H:%M}")
