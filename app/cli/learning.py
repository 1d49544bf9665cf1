"""What `tingfeng train` does without a folder of data: learn from feedback, compare, put in use or refuse."""

from __future__ import annotations

import getpass
from datetime import datetime
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from analysis.comparing import Comparison
from analysis.retraining import FEWEST, Retrained, apart, retrain
from analysis.versions import BUNDLED
from app import lessons as gathering
from app.cli.models import with_versions
from app.cli.tables import show_table
from app.wiring import Product
from core.errors import ModelError


def learn(*, labels: Path | None, actor: str, dry_run: bool, config: Path) -> None:
    """Learn from corrections and a label file; exit code 1 if nothing was put in use."""
    product = with_versions(config)
    now = product.clock()
    with Console(stderr=True).status("训练中…") as status:
        status.update("读取更正与标注…")
        lessons = gathering.gather(product, labels)
        examples = apart(lessons.examples)
        enough = sum(not one.held_out for one in examples)
        if enough < FEWEST:
            raise ModelError(
                f"可学习的标注只有 {enough} 条（更正 {lessons.corrections} 条，标注文件 {lessons.labels} 条，"
                f"去重并留出检验部分之后），至少要 {FEWEST} 条。用 tingfeng feedback 更正，或用 --labels 给出标注文件"
            )
        known, trade = gathering.trade()
        done = retrain(
            base=product.versions.load(BUNDLED),
            current=product.model,
            lessons=examples,
            known=known,
            anchors=gathering.anchors(product, now),
            trade=trade,
            name=product.versions.next_name(),
            threshold=product.settings.risk.negative_from,
            progress=lambda step: status.update(f"训练中… {step}"),
        )
    _show(done, lessons)
    if not done.is_accepted:
        typer.echo("新模型没有采用，继续用原来的。")
        raise typer.Exit(1)
    if dry_run:
        typer.echo("新模型可以采用（--dry-run：没有保存）。")
        return
    version = product.versions.add(done.learned.model, _about(done, lessons, product, now))
    who = actor or getpass.getuser()
    product.versions.use(version.name, actor=who, note=f"由 {done.trained} 条标注学得", now=now)
    typer.echo(f"已换用 {version.name}；退回：tingfeng models rollback；重新研判旧帖：tingfeng reassess --since 7d")


def _show(done: Retrained, lessons: gathering.Lessons) -> None:
    learned = done.learned
    typer.echo(
        f"更正 {lessons.corrections} 条、标注 {lessons.labels} 条（另有 {lessons.passed_over} 条更正与措辞无关）；"
        f"学习 {done.trained} 条，留出 {done.held_out} 条作检验"
    )
    typer.echo(f"轮流留出时的对数损失 {learned.before:.3f} → {learned.after:.3f}，改动权重 {learned.moved} 个")
    show_table(
        "与在用的模型同场比较",
        ("检验集", "条数", "判对（原 → 新）", "改对 / 改错", "对数损失（原 → 新）", "变差的可能是偶然（p）"),
        [_row(one) for one in done.comparisons],
    )
    for sentence in done.why:
        typer.echo(sentence)


def _row(one: Comparison) -> tuple[str, ...]:
    return (
        one.name,
        str(one.n),
        f"{one.right_before} → {one.right_after}",
        f"{one.won} / {one.lost}",
        f"{one.loss_before:.3f} → {one.loss_after:.3f}",
        f"判定 {one.p_decisions:.3f}，概率 {one.p_probabilities:.3f}",
    )


def _about(done: Retrained, lessons: gathering.Lessons, product: Product, now: datetime) -> dict[str, Any]:
    return {
        "base": product.versions.load(BUNDLED).name,
        "trained_at": now.isoformat(),
        "corrections": lessons.corrections,
        "labels": lessons.labels,
        "learnt_from": done.trained,
        "held_out": done.held_out,
        "penalty": done.learned.penalty,
        "compared": [
            {
                "name": one.name,
                "n": one.n,
                "right": [one.right_before, one.right_after],
                "loss": [round(one.loss_before, 4), round(one.loss_after, 4)],
            }
            for one in done.comparisons
        ],
    }
