"""Commands of the judge: judge posts from anywhere, train the model."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from app.cli.models import ActorOption
from app.cli.options import DEFAULT_CONFIG, ConfigOption, open_product
from app.wiring import Product
from core.errors import BadInput, ConfigError
from core.model import Post
from core.wire import dumps, post_from_json, read_lines, verdict_to_json


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.command(epilog='例：tingfeng assess --text "提车三天发动机就漏油，4S店不管"')(assess)
    app.command(epilog="例：tingfeng train；tingfeng train ../shared/data/labelled --out analysis/models/general")(
        train
    )


def assess(
    file: Annotated[Path, typer.Argument(help="JSONL 文件，只有 text 必填；- 为标准输入。")] = Path("-"),
    text: Annotated[str | None, typer.Option("--text", help="只研判这一段话。")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """研判帖文：每行进一条帖文，出一条研判，顺序不变。不写数据库。"""
    if text is not None and str(file) != "-":
        raise ConfigError(
            file="命令行", key="--text", value=str(file), problem="与 FILE 只能给一个", fix="去掉其中一个"
        )
    product = product_or_bare(config)
    if text is not None:
        row = post_from_json({"text": text}, now=product.clock(), zone=product.settings.zone, file="--text", line=1)
        _print_verdicts(product, [row])
        return
    with ExitStack() as stack:
        if str(file) == "-":
            lines: Iterable[bytes] = sys.stdin.buffer
        else:
            try:
                lines = stack.enter_context(file.open("rb"))
            except OSError as bad:
                raise ConfigError(
                    file="命令行", key="FILE", value=str(file), problem=f"无法读取（{bad.strerror}）", fix="检查路径"
                ) from None
        progress = Progress(
            SpinnerColumn(), TextColumn("研判 {task.completed} 条"), TimeElapsedColumn(), console=Console(stderr=True)
        )
        bar = stack.enter_context(progress) if sys.stderr.isatty() else None
        task = bar.add_task("研判", total=None) if bar else None
        for batch in _batches(product, lines, name=str(file)):
            _print_verdicts(product, batch)
            if bar is not None and task is not None:
                bar.advance(task, len(batch))


def product_or_bare(config: Path) -> Product:
    """The configured product, or one with no subjects where no settings file is: the probability needs none."""
    if config == DEFAULT_CONFIG and not config.exists():
        from core.settings import Settings

        typer.echo("没有 monitor.toml：只判断负面概率，不识别监测对象", err=True)
        return Product(Settings())
    return open_product(config)


def _batches(product: Product, lines: Iterable[bytes], *, name: str) -> Iterator[list[Post]]:
    batch: list[Post] = []
    try:
        for number, row in read_lines(lines, file=name):
            batch.append(post_from_json(row, now=product.clock(), zone=product.settings.zone, file=name, line=number))
            if len(batch) >= product.settings.analysis.batch:
                yield batch
                batch = []
    except BadInput:
        # The lines before the bad one get their verdicts; only then is it reported.
        yield batch
        raise
    if batch:
        yield batch


def _print_verdicts(product: Product, posts: list[Post]) -> None:
    verdicts = product.analyser.assess(posts, now=product.clock())
    if verdicts:
        typer.echo("\n".join(dumps(verdict_to_json(verdict)) for verdict in verdicts))


def train(
    data: Annotated[
        Path | None, typer.Argument(help="标注数据的文件夹（*.csv，列为 text,raw,y,part）；不写则从更正中学习。")
    ] = None,
    out: Annotated[Path, typer.Option(help="给出 DATA 时：把模型写到哪里。")] = Path("var/model"),
    seed: Annotated[int, typer.Option(help="随机种子；同样的数据与种子得到同样的模型。")] = 315,
    labels: Annotated[Path | None, typer.Option(help="另学一个标注文件：JSONL，text、negative 两个键。")] = None,
    actor: ActorOption = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只比较，不换用。")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """从更正（误报、漏报、改级）中学习，不比在用的模型差才换用；给出 DATA 则从公开数据集训练发布用的模型。"""
    if data is None:
        from app.cli.learning import learn

        learn(labels=labels, actor=actor, dry_run=dry_run, config=config)
        return
    from analysis.train import train as train_model

    with Console(stderr=True).status("训练中…（约几分钟）") as status:
        report = train_model(data, out, seed=seed, progress=lambda step: status.update(f"训练中… {step}"))
    rows = sum(report.rows.values())
    typer.echo(f"{report.name}：{rows} 行，{report.features} 个特征，写入 {report.folder}")
