"""Commands of the reviewers: say that a verdict is wrong, see what was said, take it back."""

from __future__ import annotations

import getpass
import re
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from app.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, moment, open_product
from app.cli.tables import show_table
from core.errors import ConfigError
from core.model import CASE_STATE_NAMES, GRADES, Grade, Verdict
from core.text import clean, shorten
from core.wire import dumps, verdict_to_json

if TYPE_CHECKING:
    from analysis.corrections import Correction, Objection
    from app.feedback import Effect
    from core.model import CorrectionKind

# The commands import what judges only when they run: `tingfeng --help` must not wait for it.

_SAY = "say"
_SEPARATORS = re.compile(r"[,，、;；]")
#: What became of a mention, in words; see `alerts.stages.OutcomeName`.
_OUTCOMES = {
    "alerted": "已发出预警",
    "joined": "所属事件已预警过，不重复提醒",
    "digest": "已是旧帖，列入日报，不响铃",
    "muted": "在静默中",
    "unmatched": "没有规则要为它通知任何人",
    "ungraded": "没有等级，不通知",
}


class _PostFirst(TyperGroup):
    """`tingfeng feedback POST …` is `tingfeng feedback say POST …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the verb where only a post or an option stands."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [_SAY, *args]
        return super().parse_args(ctx, args)


feedback_app = typer.Typer(
    cls=_PostFirst,
    help="人工更正：误报、漏报、改级、改类。say 可以省略：tingfeng feedback 帖文 --false-alarm",
    no_args_is_help=True,
)
ActorOption = Annotated[str, typer.Option("--by", help="谁说的；默认当前用户。")]


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    example = '例：tingfeng feedback say 3f2a9c --false-alarm --by 张三 --note "车主在夸我们"（say 可以省略）'
    feedback_app.command(_SAY, epilog=example)(say)
    feedback_app.command("list", epilog="例：tingfeng feedback list --since 30d")(show_all)
    feedback_app.command("withdraw", epilog="例：tingfeng feedback withdraw 12 --by 张三")(withdraw)
    app.add_typer(feedback_app, name="feedback")


def say(
    post: Annotated[str, typer.Argument(help="帖文编号（可只写开头几位）或网址。")],
    false_alarm: Annotated[bool, typer.Option("--false-alarm", help="误报：不该有等级。")] = False,
    missed: Annotated[bool, typer.Option("--missed", help="漏报：该有等级；配合 --grade，默认 C。")] = False,
    grade: Annotated[str, typer.Option("--grade", help="改级：应为 A、B 或 C。")] = "",
    categories: Annotated[str, typer.Option("--categories", help="改类：应为哪些类别，用逗号隔开。")] = "",
    subject: Annotated[list[str] | None, typer.Option("--subject", help="漏报：说的是哪个监测对象，可重复。")] = None,
    actor: ActorOption = "",
    note: Annotated[str, typer.Option("--note", help="为什么。")] = "",
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """说一条研判错在哪里：立即生效，此后的研判都照办，下次训练会学。"""
    from app.feedback import object_to
    from index.addresses import find_post

    said = _objections(
        false_alarm=false_alarm,
        missed=missed,
        grade=_grade(grade),
        categories=_names(categories),
        subjects=tuple(subject or ()),
        actor=actor or getpass.getuser(),
        note=note,
    )
    product = open_product(config)
    effect = object_to(product, find_post(product.database, post), said)
    _report(effect, as_json=as_json)


def withdraw(
    number: Annotated[int, typer.Argument(min=1, max=2**31 - 1, help="更正的号，见 tingfeng feedback list。")],
    actor: ActorOption = "",
    note: Annotated[str, typer.Option("--note", help="为什么。")] = "",
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """撤回一条更正：记录保留，研判恢复为机器（或更早的更正）所说。"""
    from app.feedback import take_back

    product = open_product(config)
    effect = take_back(product, number, actor=actor or getpass.getuser(), note=note)
    _report(effect, as_json=as_json)


def show_all(
    since: Annotated[str | None, typer.Option(help="从何时起：7d、2026-03-15。")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """列出全部更正，撤回的也在内。"""
    product = open_product(config)
    zone = product.settings.zone
    found = product.corrections.every(moment(since, product.settings, option="--since") if since else None)
    if as_json:
        for one in found:
            typer.echo(dumps(_row(one)))
        return
    posts = product.posts.get([one.post for one in found])
    rows = [
        (
            str(one.number),
            f"{one.at.astimezone(zone):%Y-%m-%d %H:%M}",
            one.actor,
            one.says,
            f"{one.before.grade or '无等级'} · {'、'.join(one.before.categories) or '无类别'}",
            one.post[:12],
            shorten(clean(posts[one.post].full_text), 40),
            shorten(clean(one.note), 60) + ("（已撤回）" if one.withdrawn else ""),
        )
        for one in found
    ]
    headings = ("号", "时间", "谁", "更正", "当时判为", "帖文", "内容", "说明")
    show_table(f"更正 {len(found)} 条", headings, rows)


def _objections(
    *,
    false_alarm: bool,
    missed: bool,
    grade: Grade | None,
    categories: tuple[str, ...],
    subjects: tuple[str, ...],
    actor: str,
    note: str,
) -> list[Objection]:
    from analysis.corrections import Objection

    if false_alarm and (missed or grade):
        raise _wrong("--false-alarm", "误报就没有等级，不能与 --missed、--grade 同用", "只留一个")
    if subjects and not missed:
        raise _wrong("--subject", "只与 --missed 同用", "加上 --missed，或去掉它")
    kind: CorrectionKind | None = "false_alarm" if false_alarm else "missed" if missed else "grade" if grade else None
    said = [Objection(kind=kind, grade=grade, subjects=subjects, actor=actor, note=note)] if kind else []
    if categories:
        said.append(Objection(kind="category", categories=categories, actor=actor, note=note))
    if not said:
        raise _wrong("更正", "没有说错在哪里", "写 --false-alarm、--missed、--grade 或 --categories")
    return said


def _report(effect: Effect, *, as_json: bool) -> None:
    if as_json:
        typer.echo(dumps(_effect(effect)))
        return
    for one in effect.corrections:
        done = "已撤回第" if one.withdrawn else "已记为第"
        typer.echo(f"{done} {one.number} 号更正：{one.says}（{one.actor}）")
    typer.echo(f"原来：{_summary(effect.before)}")
    typer.echo(f"现在：{_summary(effect.after)}")
    for line in _advice(effect):
        typer.echo(line)


def _advice(effect: Effect) -> list[str]:
    """What the correction leaves to a person."""
    after, case, lines = effect.after, effect.case, []
    if after.grade is None and case is not None and case.is_open():
        if effect.others_graded:
            lines.append(f"同一事件还有 {effect.others_graded} 帖有等级，处置单 {case.id[:8]} 不变")
        else:
            lines.append(
                f"事件里已没有定级的帖文。处置单（{CASE_STATE_NAMES[case.state]}）没有动；若整件事是误报，请运行："
            )
            lines.append(f'  tingfeng cases act {case.id} dismiss --note "误报：…"')
    elif after.grade and case is not None and case.is_open() and GRADES.index(after.grade) > GRADES.index(case.grade):
        lines.append(f"处置单 {case.id[:8]} 的时限仍按 {case.grade} 级，不因一帖改级而放宽")
    if after.grade and after.grade != effect.before.grade:
        if not after.subjects:
            lines.append("这一帖没有监测对象，日报与按对象的规则不含它；可用 --subject 指明")
        lines.append(f"通知：{_OUTCOMES.get(effect.dispatched or '', '此前已经处理过，不重复')}")
    return lines


def _summary(verdict: Verdict) -> str:
    kinds = "、".join(verdict.categories) or "无类别"
    about = "、".join(verdict.subjects) or "无监测对象"
    return f"{verdict.grade or '无等级'}，风险 {verdict.risk}，负面概率 {verdict.negative:.0%}，{kinds}，{about}"


def _effect(effect: Effect) -> dict[str, Any]:
    case = effect.case
    return {
        "corrections": [_row(one) for one in effect.corrections],
        "before": verdict_to_json(effect.before),
        "after": verdict_to_json(effect.after),
        "dispatch": effect.dispatched,
        "case": {"id": case.id, "grade": case.grade, "state": case.state} if case else None,
        "others_graded": effect.others_graded,
    }


def _row(one: Correction) -> dict[str, Any]:
    return {
        "number": one.number,
        "post": one.post,
        "kind": one.kind,
        "grade": one.grade,
        "categories": list(one.categories),
        "subjects": list(one.subjects),
        "before": {
            "negative": round(one.before.negative, 4),
            "grade": one.before.grade,
            "categories": list(one.before.categories),
            "subjects": list(one.before.subjects),
            "model": one.before.model,
        },
        "actor": one.actor,
        "note": one.note,
        "at": one.at.isoformat(),
        "withdrawn": one.withdrawn.isoformat() if one.withdrawn else None,
    }


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in _SEPARATORS.split(text) if name.strip()))


def _grade(value: str) -> Grade | None:
    if not value:
        return None
    for known in GRADES:
        if value.upper() == known:
            return known
    raise _wrong("--grade", f"没有“{value}”这一等级", "A、B 或 C")


def _wrong(key: str, problem: str, fix: str) -> ConfigError:
    return ConfigError(file="命令行", key=key, value="", problem=problem, fix=fix)
