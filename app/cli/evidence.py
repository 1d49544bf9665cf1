"""Commands on exhibits: list them, verify that nothing was changed since."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import DEFAULT_CONFIG, ConfigOption, open_product
from app.cli.tables import show_table
from app.wiring import Product
from core.errors import NotFound
from core.model import EXHIBIT_STATE_NAMES

evidence_app = typer.Typer(help="证据：列出与核验。", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    evidence_app.command("list", epilog="例：tingfeng evidence list")(show_all)
    evidence_app.command("verify", epilog="例：tingfeng evidence verify 3f2a…    tingfeng evidence verify --all")(
        verify
    )
    app.add_typer(evidence_app, name="evidence")


def show_all(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="最多几件。")] = 50,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """最近的证据。"""
    product = open_product(config)
    rows = []
    for exhibit in product.exhibits.recent(limit):
        captured = exhibit.captured
        when = captured.astimezone(product.settings.zone).strftime("%m-%d %H:%M:%S") if captured else ""
        state = EXHIBIT_STATE_NAMES[exhibit.state] + (f"：{exhibit.reason}" if exhibit.reason else "")
        rows.append((exhibit.id, state, when, exhibit.url, exhibit.folder or ""))
    show_table("证据", ("编号", "状态", "取证时间", "网址", "文件夹"), rows)


def verify(
    exhibit: Annotated[str | None, typer.Argument(help="证据编号。")] = None,
    every: Annotated[bool, typer.Option("--all", help="核验全部证据。")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """逐个文件核对校验值，并核对账本的哈希链；有一处不符即以 1 结束。"""
    product = open_product(config)
    if every:
        ids = [found.id for found in product.exhibits.recent(1_000_000) if found.folder]
    elif exhibit:
        ids = [exhibit]
    else:
        raise typer.BadParameter("写出证据编号，或用 --all")
    failed = [name for name in ids if not _verify_one(product, name)]
    if failed:
        typer.echo(f"✘ {len(ids)} 件中有 {len(failed)} 件核验不通过")
        raise typer.Exit(1)
    typer.echo(f"✔ {len(ids)} 件核验通过。校验值证明封存之后未被改动，不证明内容属实。")


def _verify_one(product: Product, name: str) -> bool:
    from evidence.verify import verify_exhibit

    found = product.exhibits.get(name)
    if found.folder is None:
        raise NotFound(f"证据 {name} 尚未封存（{EXHIBIT_STATE_NAMES[found.state]}）")
    folder: Path = product.settings.data_dir / "exhibits" / found.folder
    findings = verify_exhibit(folder, product.ledger, manifest=found.manifest)
    for finding in findings:
        typer.echo(f"{'✔' if finding.ok else '✘'} {name[:12]} {finding.check} {finding.detail}".rstrip())
    return all(finding.ok for finding in findings)
