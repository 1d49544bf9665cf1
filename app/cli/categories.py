"""Commands of the categories: show them, train their model, measure it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.cli.judging import product_or_bare
from app.cli.options import DEFAULT_CONFIG, ConfigOption
from app.cli.tables import show_table


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.command("categories", epilog="例：tingfeng categories")(show)
    app.command(
        "train-categories",
        epilog="例：tingfeng train-categories ../shared/data/labelled --out analysis/models/categories",
    )(train)
    app.command("evaluate-categories", epilog="例：tingfeng evaluate-categories ../shared/data/labelled --mistakes")(
        evaluate
    )


def show(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """列出类别：风险分、词数、有没有训练过的模型。"""
    product = product_or_bare(config)
    finder = product.topics
    rows = [
        (
            one.name,
            str(one.severity),
            f"{len(one.terms)} 词，{len(one.pairs)} 组搭配",
            "词表＋模型" if one.name in finder.learned else "只有词表",
        )
        for one in product.categories.categories
    ]
    show_table("类别", ("名称", "风险分", "词表", "判断"), rows)


def train(
    data: Annotated[
        Path | None, typer.Argument(help="公开数据集的文件夹（*.csv），作不属于任何类别的文本；可不写。")
    ] = None,
    out: Annotated[Path, typer.Option(help="把模型写到哪里；在类别文件里用 model = 指明它。")] = Path("var/categories"),
    rows: Annotated[
        list[Path] | None,
        typer.Option("--rows", help="另加的标注：JSONL，text、y、categories 三个键，可有 group、part。可写多次。"),
    ] = None,
    seed: Annotated[int, typer.Option(help="随机种子；同样的文件与种子得到同样的字节。")] = 315,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """训练类别模型：自编的领域句，加上 --rows 的标注；自己的类别标满 12 句就能学。"""
    from analysis.labelled import DOMAIN
    from analysis.topic_train import train_topics

    product = product_or_bare(config)
    with Console(stderr=True).status("训练中…") as status:
        report = train_topics(
            data,
            out,
            rows=[DOMAIN, *(rows or ())],
            catalogue=product.categories,
            seed=seed,
            progress=lambda step: status.update(f"训练中… {step}"),
        )
    for name, count in report.sentences.items():
        typer.echo(f"{name}：{count} 句")
    if report.left_out:
        typer.echo(f"标注太少，仍只用词表：{'、'.join(report.left_out)}")
    typer.echo(f"{report.name}：{report.features} 个特征，{report.unrelated} 条无关文本，写入 {report.folder}")


def evaluate(
    data: Annotated[Path | None, typer.Argument(help="公开数据集的文件夹，用来数误归类；可不写。")] = None,
    mistakes: Annotated[bool, typer.Option("--mistakes", help="逐句列出判错的。")] = False,
    seed: Annotated[int, typer.Option(help="随机种子。")] = 315,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """在没有用来训练的领域句上量类别的成绩：只用词表、只用模型、两者合用，并数误归类。"""
    from analysis import topic_evaluate as measuring
    from analysis.topic_examples import read_topic_examples, read_unrelated

    product = product_or_bare(config)
    finder, sentiment = product.topics, product.model
    held_out = [one for one in read_topic_examples() if one.held_out]
    with Console(stderr=True).status("评估中…"):
        rows = measuring.evaluate_topics(held_out, finder, sentiment, seed=seed)
        plain = [one for one in held_out if not one.categories]
        alarms = [measuring.false_alarms(plain, finder, sentiment, where="领域句（无类别）")]
        if data is not None:
            unrelated = [one for one in read_unrelated(data, each=1_000, seed=seed) if one.held_out]
            for name in dict.fromkeys(one.set for one in unrelated):
                texts = [one for one in unrelated if one.set == name]
                alarms.append(measuring.false_alarms(texts, finder, sentiment, where=name))
    typer.echo(measuring.topic_table(rows))
    typer.echo("")
    typer.echo(measuring.alarm_table(alarms))
    if mistakes:
        typer.echo("")
        for one in measuring.mistakes(held_out, finder, sentiment):
            missed = f" 漏：{'、'.join(one.missed)}" if one.missed else ""
            false = f" 误：{'、'.join(f'{name}（{word}）' for name, word in one.false)}" if one.false else ""
            typer.echo(f"- {one.text}{missed}{false}")
