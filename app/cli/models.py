"""Commands on the models of this installation: see the versions, choose one, go back."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.options import DEFAULT_CONFIG, ConfigOption, open_product
from app.cli.tables import show_table
from app.wiring import Product
from core.errors import ConfigError

#: `analysis.versions.BUNDLED`, written out: importing that page would make every command wait for numpy.
BUNDLED = "bundled"
models_app = typer.Typer(help="模型版本：有哪些、在用哪个、换用、退回。", no_args_is_help=True)
ActorOption = Annotated[str, typer.Option("--by", help="谁做的；默认当前用户。")]
NoteOption = Annotated[str, typer.Option("--note", help="为什么。")]


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    models_app.command("list", epilog="例：tingfeng models list")(show_all)
    models_app.command("use", epilog='例：tingfeng models use local-2 --note "试用一周"')(use)
    models_app.command("rollback", epilog='例：tingfeng models rollback --note "误报变多"')(roll_back)
    app.add_typer(models_app, name="models")


def show_all(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """列出模型版本与换用的经过。"""
    product = open_product(config)
    versions, zone = product.versions, product.settings.zone
    current = versions.current()
    rows = [(BUNDLED, "在用" if current == BUNDLED else "", "随产品发布", "")]
    for one in versions.all():
        about = one.about
        rows.append((one.name, "在用" if one.is_current else "", _origin(about), _day(about)))
    show_table("模型版本", ("名称", "状态", "来历", "训练于"), rows)
    for change in versions.history():
        note = f"：{change.note}" if change.note else ""
        typer.echo(f"{change.at.astimezone(zone):%Y-%m-%d %H:%M}  {change.actor} 换用 {change.version}{note}")


def use(
    version: Annotated[str, typer.Argument(help=f"版本名；{BUNDLED} 是随产品发布的模型。")],
    actor: ActorOption = "",
    note: NoteOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """换用一个版本；正在运行的听风从下一批帖文起用它。"""
    product = with_versions(config)
    change = product.versions.use(version, actor=actor or getpass.getuser(), note=note, now=product.clock())
    typer.echo(f"已换用 {change.version}。要按它重新研判旧帖：tingfeng reassess --since 7d")


def roll_back(actor: ActorOption = "", note: NoteOption = "", config: ConfigOption = DEFAULT_CONFIG) -> None:
    """退回到上一个在用的版本。"""
    product = with_versions(config)
    change = product.versions.roll_back(actor=actor or getpass.getuser(), note=note, now=product.clock())
    typer.echo(f"已退回 {change.version}。要按它重新研判旧帖：tingfeng reassess --since 7d")


def with_versions(config: Path) -> Product:
    """The product, if its model is one of the versions. Raise `ConfigError` where the settings name another model."""
    product = open_product(config)
    if chosen := product.settings.analysis.model:
        raise ConfigError(
            file=str(product.settings.path or config),
            key="[analysis] model",
            value=chosen,
            problem="设置里指定了模型，版本管理不起作用",
            fix='写成 model = ""，再用 tingfeng models use 选择版本',
        )
    return product


def _origin(about: Mapping[str, Any]) -> str:
    """What a version was made of: people's words, or posts alone."""
    base = about.get("base", "?")
    if "adapted_to" in about:
        return f"由 {base} 按 {about['adapted_to']} 条帖文调整（没有标注）"
    return f"由 {base} 学得：{about.get('corrections', 0)} 条更正，{about.get('labels', 0)} 条标注"


def _day(about: Any) -> str:
    return str(about.get("trained_at", ""))[:10]
