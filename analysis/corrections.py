"""What people say of our judgement, and how it holds over the machine: 误报, 漏报, 改级, 改类.

The machine's account is never rewritten: a correction adds a reason of its own, with the points that lead from the
machine's risk to the one that a person's word means. Where two people disagree, the later word counts and the earlier
one stays visible.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from analysis.topics import OTHER
from core.errors import TingfengError
from core.model import CORRECTION_NAMES, GRADES, CorrectionKind, Grade, Reason, Verdict, require_aware
from core.settings import RiskSettings
from core.text import clean, shorten

#: What a correction answers: how grave a post is, or what it is about. The latest answer to each counts.
Question = Literal["gravity", "matter"]

#: What a missed post is at least, where the person says no grade.
LEAST: Grade = "C"
_LONGEST_ACTOR, _LONGEST_NOTE, _SHOWN_NOTE = 120, 2000, 120


class RefusedCorrection(TingfengError):
    """A correction makes no sense of the verdict that it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """What a person says of one verdict, not yet in the record."""

    kind: CorrectionKind
    #: 改级, 漏报: the grade it should have.
    grade: Grade | None = None
    #: 改类: the categories it should have.
    categories: tuple[str, ...] = ()
    #: 漏报: whom the post is about, where the verdict names nobody.
    subjects: tuple[str, ...] = ()
    actor: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What the verdict said when a person objected."""

    negative: float
    grade: Grade | None
    categories: tuple[str, ...]
    subjects: tuple[str, ...]
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One objection in the record."""

    number: int
    #: The post's id.
    post: str
    kind: CorrectionKind
    before: Before
    grade: Grade | None = None
    categories: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    #: Of the text that the person read; see `index.merge.text_fingerprint`.
    fingerprint: str
    actor: str
    note: str
    at: datetime
    #: When it was taken back.
    withdrawn: datetime | None = None

    def __post_init__(self) -> None:
        require_aware(self, at=self.at, withdrawn=self.withdrawn)

    @property
    def question(self) -> Question:
        """What it answers."""
        return "matter" if self.kind == "category" else "gravity"

    @property
    def says(self) -> str:
        """What it says, in a few words: "误报", "改级为 B"."""
        name = CORRECTION_NAMES[self.kind]
        if self.kind == "false_alarm":
            return name
        what = self.grade if self.kind != "category" else "、".join(self.categories)
        about = f"（说的是{'、'.join(self.subjects)}）" if self.subjects else ""
        return f"{name}，应为 {what}{about}"


def check(
    said: Objection, verdict: Verdict, *, negative_from: float, categories: Collection[str], subjects: Collection[str]
) -> None:
    """Raise `RefusedCorrection`, with what to do instead, for an objection that makes no sense of this verdict."""
    problem = _problem(said, verdict, negative_from, categories, subjects)
    if problem:
        raise RefusedCorrection(problem)


def standing(corrections: Sequence[Correction], *, fingerprint: str) -> dict[Question, Correction]:
    """For each question the correction that counts for this text: the latest that was not taken back."""
    found: dict[Question, Correction] = {}
    for one in sorted(corrections, key=_order):
        if one.withdrawn is None and one.fingerprint == fingerprint:
            found[one.question] = one
    return found


def apply(
    verdict: Verdict, corrections: Sequence[Correction], *, fingerprint: str, settings: RiskSettings, zone: ZoneInfo
) -> Verdict:
    """The machine's verdict as people corrected it. `fingerprint` is that of the text which was judged.

    误报 takes the grade and all risk; 漏报 gives at least its grade; 改级 gives exactly its grade; 改类 gives its
    categories. The probability stays the machine's. What was said of another text, or overruled since, is a remark.
    """
    live = sorted((one for one in corrections if one.withdrawn is None), key=_order)
    if not live:
        return verdict
    counts = standing(live, fingerprint=fingerprint)
    reasons = []
    if gravity := counts.get("gravity"):
        verdict, reason = _graded(verdict, gravity, settings, zone)
        reasons.append(reason)
    if matter := counts.get("matter"):
        was = "、".join(verdict.categories) or "无"
        verdict = replace(verdict, categories=matter.categories)
        reasons.append(Reason(code="correction.category", text=f"{_sentence(matter, zone)}；机器判为：{was}"))
    for one in live:
        if one.fingerprint != fingerprint:
            text = f"{_sentence(one, zone)}；帖文此后改过，这一更正不再适用"
            reasons.append(Reason(code="correction.stale", text=text))
        elif one not in counts.values():
            text = f"{_sentence(one, zone)}；已被后来的更正取代"
            reasons.append(Reason(code="correction.overruled", text=text))
    return replace(verdict, reasons=(*reasons, *verdict.reasons))


def _graded(verdict: Verdict, one: Correction, settings: RiskSettings, zone: ZoneInfo) -> tuple[Verdict, Reason]:
    grade = None if one.kind == "false_alarm" else one.grade or LEAST
    if one.kind == "missed" and verdict.grade and grade and GRADES.index(verdict.grade) < GRADES.index(grade):
        grade = verdict.grade
    risk = _risk_of(grade, verdict.risk, settings)
    # A person who says what the machine says by now moves nothing, also where the machine's sum went over 100.
    total = sum(reason.points for reason in verdict.reasons)
    points = 0 if risk == min(max(total, 0), 100) else risk - total
    machine = f"；机器判为 {verdict.grade or '无等级'}，风险 {verdict.risk}"
    reason = Reason(code=f"correction.{one.kind}", text=_sentence(one, zone) + machine, points=points)
    categories = verdict.categories or ((OTHER,) if grade else ())
    subjects = verdict.subjects or one.subjects
    return replace(verdict, grade=grade, risk=risk, categories=categories, subjects=subjects), reason


def _risk_of(grade: Grade | None, risk: int, settings: RiskSettings) -> int:
    """The nearest risk that has this grade: none is 0, so that nothing sorts a false alarm among the grave."""
    if grade is None:
        return 0
    bars = {"A": settings.grade_a, "B": settings.grade_b, "C": settings.grade_c}
    above = {"A": 101, "B": settings.grade_a, "C": settings.grade_b}
    return min(max(risk, bars[grade]), max(bars[grade], above[grade] - 1))


def _sentence(one: Correction, zone: ZoneInfo) -> str:
    day = one.at.astimezone(zone)
    note = shorten(clean(one.note), _SHOWN_NOTE)
    return f"人工更正：{one.says}（{one.actor}，{day.month}月{day.day}日{f'：{note}' if note else ''}）"


def _order(one: Correction) -> tuple[datetime, int]:
    return one.at, one.number


def _problem(
    said: Objection, verdict: Verdict, negative_from: float, categories: Collection[str], subjects: Collection[str]
) -> str | None:
    if not said.actor.strip():
        return "请写明是谁更正的（--by）"
    if len(said.actor) > _LONGEST_ACTOR or len(said.note) > _LONGEST_NOTE:
        return f"姓名至多 {_LONGEST_ACTOR} 字，说明至多 {_LONGEST_NOTE} 字"
    if said.kind == "category":
        return _problem_of_matter(said, verdict, categories)
    if unknown := [name for name in said.subjects if name not in subjects]:
        return f"没有这个监测对象：{'、'.join(unknown)}。可用：{'、'.join(subjects) or '（subjects.toml 中没有）'}"
    if said.kind == "false_alarm" and verdict.grade is None and verdict.negative < negative_from:
        return f"这一帖既没有等级，也没有判为负面（负面概率 {verdict.negative:.0%}），谈不上误报"
    if said.kind == "missed" and verdict.grade is not None:
        return f"这一帖已是 {verdict.grade} 级，没有漏报；要改等级请用 --grade"
    if said.kind == "grade":
        if said.grade is None:
            return "改级要写明新的等级：--grade A、B 或 C"
        if verdict.grade is None:
            return f"这一帖没有等级，无从改级；漏报请用 --missed --grade {said.grade}"
        if said.grade == verdict.grade:
            return f"这一帖已经是 {verdict.grade} 级"
    return None


def _problem_of_matter(said: Objection, verdict: Verdict, categories: Collection[str]) -> str | None:
    if not said.categories:
        return "改类要写明新的类别：--categories 售后维修,服务态度"
    if unknown := [name for name in said.categories if name not in categories]:
        return f"没有这个类别：{'、'.join(unknown)}。可用：{'、'.join(categories)}"
    if set(said.categories) == set(verdict.categories):
        return f"这一帖的类别已经是{'、'.join(verdict.categories)}"
    return None
