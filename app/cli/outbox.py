"""Commands on messages that nobody got: see why, try them again."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.options import DEFAULT_CONFIG, ConfigOption, open_product
from app.cli.tables import show_table

outbox_app = typer.Typer(help="发件箱：没有送达的消息。", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    outbox_app.command("failed", epilog="例：tingfeng outbox failed")(failed)
    outbox_app.command("resend", epilog="例：tingfeng outbox resend 3f2a…    tingfeng outbox resend --all")(resend)
    app.add_typer(outbox_app, name="outbox")


def failed(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """没有送达的消息与最后一次的原因；一条也没有时以 0 结束，否则以 1 结束。"""
    product = open_product(config)
    lost = product.outbox.failed()
    if not lost:
        typer.echo("没有未送达的消息")
        return
    rows = []
    for message in lost:
        when = message.gave_up.astimezone(product.settings.zone).strftime("%m-%d %H:%M")
        rows.append((message.id, message.notifier, message.kind, when, message.reason))
    show_table("未送达", ("编号", "渠道", "种类", "放弃时间", "原因"), rows)
    raise typer.Exit(1)


def resend(
    message: Annotated[str | None, typer.Argument(help="消息编号。")] = None,
    every: Annotated[bool, typer.Option("--all", help="重发全部未送达的。")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """渠道修好之后，把放弃的消息重新放进发件箱。"""
    product = open_product(config)
    if every:
        wanted = [lost.id for lost in product.outbox.failed(limit=10_000)]
    elif message:
        wanted = [message]
    else:
        raise typer.BadParameter("写出消息编号，或用 --all")
    for name in wanted:
        product.outbox.resend(name, now=product.clock())
    typer.echo(f"已重新放入发件箱：{len(wanted)} 条")
