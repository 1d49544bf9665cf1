"""Commands on the models of this installation: learn from feedback, see the versions, choose one, go back."""

from __future__ import annotations

import getpass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from analysis.comparing import Comparison
from analysis.retraining import FEWEST, Retrained, apart, retrain
from analysis.versions import BUNDLED
from app import lessons as gathering
from app.cli.options import DEFAULT_CONFIG, ConfigOption, open_product
from app.cli.tables import show_table
from app.wiring import Product
from core.errors import ConfigError, ModelError

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
        learnt = f"{about.get('corrections', 0)} 条更正，{about.get('labels', 0)} 条标注"
        rows.append(
            (one.name, "在用" if one.is_current else "", f"由 {about.get('base', '?')} 学得：{learnt}", _day(about))
        )
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
    product = _with_versions(config)
    change = product.versions.use(version, actor=actor or getpass.getuser(), note=note, now=product.clock())
    typer.echo(f"已换用 {change.version}。要按它重新研判旧帖：tingfeng reassess --since 7d")


def roll_back(actor: ActorOption = "", note: NoteOption = "", config: ConfigOption = DEFAULT_CONFIG) -> None:
    """退回到上一个在用的版本。"""
    product = _with_versions(config)
    change = product.versions.roll_back(actor=actor or getpass.getuser(), note=note, now=product.clock())
    typer.echo(f"已退回 {change.version}。要按它重新研判旧帖：tingfeng reassess --since 7d")


def learn(*, labels: Path | None, actor: str, dry_run: bool, config: Path) -> None:
    """The part of `tingfeng train` that learns from feedback; exit code 1 if nothing was put in use."""
    product = _with_versions(config)
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
        done = retrain(
            base=product.versions.load(BUNDLED),
            current=product.model,
            lessons=examples,
            anchors=gathering.anchors(product, now),
            trade=gathering.trade(),
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


def _with_versions(config: Path) -> Product:
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


def _day(about: Any) -> str:
    return str(about.get("trained_at", ""))[:10]
