"""Commands that measure a model, and that fit it to a user's own posts without labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.cli.judging import product_or_bare
from app.cli.models import with_versions
from app.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from app.wiring import Product
from core.errors import ConfigError
from core.model import Post
from core.wire import post_from_json, read_lines


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.command(epilog="例：tingfeng evaluate ../shared/data/labelled --peers；加 --loso 看没见过的数据集")(evaluate)
    app.command(epilog="例：tingfeng adapt posts.jsonl；然后 tingfeng models use local-1")(adapt)


def evaluate(
    data: Annotated[Path, typer.Argument(help="标注数据的文件夹：与训练集同名的 *.csv，列为 text,raw,y,part。")],
    config: ConfigOption = DEFAULT_CONFIG,
    peers: Annotated[bool, typer.Option("--peers", help="也量 SnowNLP（每集至多 300 条，较慢）。")] = False,
    loso: Annotated[bool, typer.Option("--loso", help="每个数据集轮流整个留出、重新训练：很慢，每集几分钟。")] = False,
    limit: Annotated[int | None, typer.Option(help="每集至多用多少行训练（抽样）；留出部分是它的四分之一。")] = None,
    sets: Annotated[list[str] | None, typer.Option("--set", help="--loso 只做这些数据集。")] = None,
    as_json: JsonOption = False,
) -> None:
    """在没有用来训练的部分上量模型的成绩，并与只用词的基线同场比较。"""
    from analysis.evaluate import evaluate as measure
    from analysis.evaluate import json_lines, leave_one_out, table

    with Console(stderr=True).status("评估中…") as status:

        def progress(step: str) -> None:
            status.update(f"评估中… {step}")

        if loso:
            rows = leave_one_out(data, limit=limit, sets=sets, progress=progress)
        else:
            rows = measure(data, product_or_bare(config).model, limit=limit, peers=peers, progress=progress)
    typer.echo(json_lines(rows) if as_json else table(rows))


def adapt(
    file: Annotated[Path, typer.Argument(help="自己的帖文，JSONL，只有 text 必填；不需要标注。")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """让模型适应自己的帖文（不需要标注），存为一个新版本；用不用由你决定。"""
    from analysis.adapt import adapt as fit_to

    product = with_versions(config)
    with Console(stderr=True).status("适应中…"):
        done = fit_to(product.model, _posts(product, file), name=product.versions.next_name())
    about = {
        "base": product.model.name,
        "trained_at": product.clock().isoformat(),
        "adapted_to": done.posts,
        "mean_before": round(done.before, 4),
        "mean_after": round(done.after, 4),
    }
    version = product.versions.add(done.model, about)
    typer.echo(f"{version.name}：按 {done.posts} 条帖文调整，平均负面概率 {done.before:.3f} → {done.after:.3f}")
    typer.echo(f"还没有换用；换用：tingfeng models use {version.name}")


def _posts(product: Product, file: Path) -> Iterator[Post]:
    try:
        lines = file.open(encoding="utf-8-sig")
    except OSError as bad:
        raise ConfigError(
            file="命令行", key="FILE", value=str(file), problem=f"无法读取（{bad.strerror}）", fix="检查路径"
        ) from None
    with lines:
        for number, row in read_lines(lines, file=str(file)):
            zone = product.settings.zone
            yield post_from_json(row, now=product.clock(), zone=zone, file=str(file), line=number)
