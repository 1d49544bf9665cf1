"""What a person says holds over the machine, and nothing of the machine's account is hidden."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from analysis.corrections import (
    Before,
    Correction,
    Objection,
    RefusedCorrection,
    apply,
    check,
    standing,
)
from core.model import CorrectionKind, Grade, Reason, Verdict
from core.settings import RiskSettings

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
TEXT = "mark-of-the-text"
CATEGORIES = ("安全事故", "售后维修", "服务态度", "其他")


def verdict(**changes: Any) -> Verdict:
    values: dict[str, Any] = {
        "negative": 0.83,
        "subjects": ("曜行汽车",),
        "categories": ("售后维修",),
        "event": "e1",
        "risk": 55,
        "grade": "B",
        "reasons": (Reason(code="negative", text="负面概率 83%", points=55),),
        "model": "m1",
    }
    return Verdict(id="p1", **{**values, **changes})


def harmless(**changes: Any) -> Verdict:
    return verdict(**{"negative": 0.1, "risk": 0, "grade": None, "reasons": (), "categories": (), **changes})


def said(kind: CorrectionKind, number: int = 1, **changes: Any) -> Correction:
    before = Before(negative=0.83, grade="B", categories=(), subjects=(), model="m1")
    values: dict[str, Any] = {
        "post": "p1",
        "before": before,
        "fingerprint": TEXT,
        "actor": "张三",
        "note": "是在夸",
        "at": NOW + timedelta(minutes=number),
    }
    return Correction(number=number, kind=kind, **{**values, **changes})


def corrected(one: Verdict, *corrections: Correction, fingerprint: str = TEXT) -> Verdict:
    return apply(one, corrections, fingerprint=fingerprint, settings=RiskSettings(), zone=ZONE)


def test_a_false_alarm_has_no_grade_and_keeps_the_machines_account() -> None:
    """The grade and the risk are gone, the sum says why; the probability and the machine's reasons stay."""
    found = corrected(verdict(), said("false_alarm"))
    assert (found.grade, found.risk, found.negative) == (None, 0, 0.83)
    assert found.reasons[0].text == "人工更正：误报（张三，3月15日：是在夸）；机器判为 B，风险 55"
    assert sum(reason.points for reason in found.reasons) == 0
    assert found.reasons[1:] == verdict().reasons
    assert (found.event, found.categories) == ("e1", ("售后维修",))


@pytest.mark.parametrize(
    ("machine", "kind", "grade", "expected"),
    [
        (harmless(), "missed", None, ("C", 30)),
        (harmless(), "missed", "A", ("A", 75)),
        (harmless(risk=12), "missed", "B", ("B", 50)),
        # The machine has come to a graver view since: a missed post is at least what the person said.
        (verdict(risk=90, grade="A"), "missed", "C", ("A", 90)),
        (verdict(), "missed", "C", ("B", 55)),
        (verdict(), "grade", "A", ("A", 75)),
        (verdict(), "grade", "C", ("C", 49)),
        (verdict(risk=100, grade="A"), "grade", "B", ("B", 74)),
        (harmless(), "grade", "B", ("B", 50)),
    ],
)
def test_a_grade_given_by_a_person_holds_and_its_risk_agrees(
    machine: Verdict, kind: CorrectionKind, grade: Grade | None, expected: tuple[str, int]
) -> None:
    found = corrected(machine, said(kind, grade=grade))
    assert (found.grade, found.risk) == expected
    assert sum(reason.points for reason in found.reasons) == found.risk
    assert found.categories


def test_a_person_who_says_what_the_machine_says_takes_nothing_from_a_full_risk() -> None:
    """The machine's points may come to more than 100: agreeing with it must not read as 风险减 15 分."""
    full = verdict(risk=100, grade="A", reasons=(Reason(code="negative", text="负面概率 83%", points=115),))
    [reason, _] = corrected(full, said("missed", grade="C")).reasons
    assert (reason.code, reason.points) == ("correction.missed", 0)


def test_categories_given_by_a_person_replace_the_machines() -> None:
    found = corrected(verdict(), said("category", categories=("服务态度",)))
    assert (found.categories, found.grade, found.risk) == (("服务态度",), "B", 55)
    assert found.reasons[0].text.endswith("机器判为：售后维修")


def test_a_missed_post_without_a_subject_gets_the_one_that_the_person_named() -> None:
    found = corrected(harmless(subjects=()), said("missed", subjects=("曜行汽车",)))
    assert found.subjects == ("曜行汽车",)
    assert corrected(verdict(subjects=("别家",)), said("missed", subjects=("曜行汽车",))).subjects == ("别家",)


def test_of_two_people_who_disagree_the_later_counts_and_both_are_shown() -> None:
    """Also where they say different kinds of things about the same question."""
    found = corrected(harmless(), said("false_alarm", 2, actor="李四"), said("missed", 1, grade="B"))
    assert found.grade is None
    assert [reason.code for reason in found.reasons] == ["correction.false_alarm", "correction.overruled"]
    later = corrected(verdict(), said("grade", 1, grade="A"), said("grade", 3, grade="C", actor="李四"))
    assert later.grade == "C"
    assert "张三" in later.reasons[1].text


def test_each_question_has_its_own_answer() -> None:
    found = corrected(verdict(), said("grade", 1, grade="A"), said("category", 2, categories=("安全事故",)))
    assert (found.grade, found.categories) == ("A", ("安全事故",))
    both = standing([said("grade", 1, grade="A"), said("category", 2)], fingerprint=TEXT)
    assert set(both) == {"gravity", "matter"}


def test_a_correction_of_another_text_is_only_a_remark() -> None:
    found = corrected(verdict(), said("false_alarm"), fingerprint="another")
    assert (found.grade, found.risk) == ("B", 55)
    assert "帖文此后改过" in found.reasons[0].text
    assert found.reasons[0].points == 0


def test_what_was_taken_back_is_no_longer_there() -> None:
    """The word before it counts again."""
    assert corrected(verdict(), said("false_alarm", withdrawn=NOW)) == verdict()
    found = corrected(verdict(), said("grade", 1, grade="A"), said("false_alarm", 2, withdrawn=NOW))
    assert found.grade == "A"


def test_laying_corrections_over_a_verdict_is_the_same_each_time() -> None:
    """It starts from the machine's verdict, so a re-judgement cannot add up corrections."""
    once = corrected(verdict(), said("grade", grade="A"))
    assert corrected(verdict(), said("grade", grade="A")) == once


def test_bars_that_leave_no_room_for_a_grade_do_not_break_it() -> None:
    """An operator may set the bars so close that a grade has no risk of its own."""
    tight = RiskSettings(grade_a=40, grade_b=40, grade_c=40)
    found = apply(verdict(), [said("grade", grade="C")], fingerprint=TEXT, settings=tight, zone=ZONE)
    assert (found.grade, found.risk) == ("C", 40)


REFUSED = [
    (Objection(kind="false_alarm", actor="  "), verdict(), "谁更正"),
    (Objection(kind="false_alarm", actor="张" * 121), verdict(), "至多 120"),
    (Objection(kind="false_alarm", actor="张三", note="长" * 2001), verdict(), "2000"),
    (Objection(kind="false_alarm", actor="张三"), harmless(), "谈不上误报"),
    (Objection(kind="missed", actor="张三"), verdict(), "已是 B 级"),
    (Objection(kind="missed", actor="张三", subjects=("没听过",)), harmless(), "没有这个监测对象：没听过"),
    (Objection(kind="grade", actor="张三"), verdict(), "新的等级"),
    (Objection(kind="grade", actor="张三", grade="B"), verdict(), "已经是 B 级"),
    (Objection(kind="grade", actor="张三", grade="B"), harmless(), "--missed --grade B"),
    (Objection(kind="category", actor="张三"), verdict(), "新的类别"),
    (Objection(kind="category", actor="张三", categories=("天气",)), verdict(), "没有这个类别：天气"),
    (Objection(kind="category", actor="张三", categories=("售后维修",)), verdict(), "已经是售后维修"),
]


@pytest.mark.parametrize(("objection", "about", "why"), REFUSED, ids=[row[2] for row in REFUSED])
def test_nonsense_is_refused_with_what_to_do_instead(objection: Objection, about: Verdict, why: str) -> None:
    with pytest.raises(RefusedCorrection, match=why):
        check(objection, about, negative_from=0.5, categories=CATEGORIES, subjects=("曜行汽车",))


@pytest.mark.parametrize(
    ("objection", "about"),
    [
        (Objection(kind="false_alarm", actor="张三"), verdict()),
        (Objection(kind="false_alarm", actor="张三"), harmless(negative=0.6)),
        (Objection(kind="false_alarm", actor="张三"), harmless(grade="C", risk=30)),
        (Objection(kind="missed", actor="张三", grade="A"), harmless()),
        (Objection(kind="missed", actor="张三", subjects=("曜行汽车",)), harmless(subjects=())),
        (Objection(kind="grade", actor="张三", grade="A"), verdict()),
        (Objection(kind="category", actor="张三", categories=("服务态度", "售后维修")), verdict()),
    ],
)
def test_sense_is_taken(objection: Objection, about: Verdict) -> None:
    check(objection, about, negative_from=0.5, categories=CATEGORIES, subjects=("曜行汽车",))
