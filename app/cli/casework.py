"""Commands on cases: the ledger (台账), one case with its history, the next step."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from app.cli.options import DEFAULT_CONFIG, ConfigOption, open_product
from app.cli.tables import show_table
from core.durations import in_chinese
from core.model import CASE_STATE_NAMES, GRADE_NAMES

cases_app = typer.Typer(help="处置单：谁在办、办到哪一步、还剩多少时间。", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    cases_app.command("list", epilog="例：tingfeng cases list --open")(show_all)
    cases_app.command("show", epilog="例：tingfeng cases show 3f2a")(show)
    cases_app.command("act", epilog='例：tingfeng cases act 3f2a acknowledge --note "已联系车主"')(act)
    app.add_typer(cases_app, name="cases")


def show_all(
    only_open: Annotated[bool, typer.Option("--open", help="只看未结的。")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """列出处置单，最急的在前。"""
    product = open_product(config)
    now, zone = product.clock(), product.settings.zone
    rows = []
    for case in product.cases.list(open_only=only_open):
        left = f"剩 {in_chinese(case.due - now)}" if now <= case.due else f"逾期 {in_chinese(now - case.due)}"
        due = f"{case.due.astimezone(zone):%m-%d %H:%M}" + (f"（{left}）" if case.is_open() else "")
        state = CASE_STATE_NAMES[case.state]
        grade = f"{case.grade} {GRADE_NAMES[case.grade]}"
        rows.append((case.id, grade, state, case.title, case.owner or "未指定", due))
    show_table("处置单", ("编号", "等级", "状态", "事由", "责任人", "时限"), rows)


def show(case: Annotated[str, typer.Argument(help="编号。")], config: ConfigOption = DEFAULT_CONFIG) -> None:
    """一张处置单与它的全部经过。"""
    product = open_product(config)
    found = product.cases.get(case)
    zone = product.settings.zone
    typer.echo(f"{found.id}  {found.grade} {GRADE_NAMES[found.grade]}  {CASE_STATE_NAMES[found.state]}")
    typer.echo(
        f"事由：{found.title}\n责任人：{found.owner or '未指定'}\n时限：{found.due.astimezone(zone):%Y-%m-%d %H:%M}"
    )
    for action in product.cases.actions(found.id):
        typer.echo(f"{action.at.astimezone(zone):%m-%d %H:%M:%S}  {action.actor}  {action.action}  {action.note}")


def act(
    case: Annotated[str, typer.Argument(help="编号。")],
    action: Annotated[str, typer.Argument(help="下一步，例如 acknowledge；写错时会列出可用的。")],
    note: Annotated[str, typer.Option("--note", help="说明；判为误报或恶意时必填。")] = "",
    actor: Annotated[str, typer.Option("--by", "--actor", help="谁做的；默认当前用户。")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """推进一张处置单；每一步都留痕。"""
    product = open_product(config)
    who = actor or getpass.getuser()
    changed = product.cases.act(case, action=action, actor=who, note=note, now=product.clock())
    typer.echo(f"{changed.id}：{CASE_STATE_NAMES[changed.state]}")
