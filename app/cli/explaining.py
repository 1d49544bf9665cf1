"""The command that explains a judgement; `explaining_words` lays it out, `explaining_json` writes it for machines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, open_product
from app.wiring import Product
from core.errors import ConfigError
from core.wire import dumps


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.command(epilog='例：tingfeng explain 3f2a9c    tingfeng explain --text "提车三天就漏油，店里不管"')(explain)


def explain(
    post: Annotated[str, typer.Argument(help="帖文编号（可只写开头几位）或网址。")] = "",
    text: Annotated[str | None, typer.Option("--text", help="解释这一段话，不看存档。")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """一条研判为什么是这样：逐词的账、触发的规则、风险加分、更正与经过、相似帖文。"""
    from app.cli.explaining_json import to_json
    from app.cli.explaining_words import lay_out
    from app.explaining import dossier_of, dossier_of_text

    if bool(post) == (text is not None):
        raise ConfigError(
            file="命令行", key="POST", value=post, problem="要么写帖文，要么写 --text", fix="tingfeng explain 帖文编号"
        )
    if text is not None:
        product = _product_or_bare(config)
        dossier = dossier_of_text(product, text)
    else:
        product = open_product(config)
        dossier = dossier_of(product, post)
    if as_json:
        typer.echo(dumps(to_json(dossier)))
        return
    console = Console(highlight=False)
    for line in lay_out(dossier, zone=product.settings.zone, is_terminal=console.is_terminal):
        console.print(line, soft_wrap=True)


def _product_or_bare(config: Path) -> Product:
    """The configured product, or one with no subjects where no settings file is: the probability needs none."""
    if config == DEFAULT_CONFIG and not config.exists():
        from core.settings import Settings

        return Product(Settings())
    return open_product(config)
