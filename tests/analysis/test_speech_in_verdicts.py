"""What a way of speaking does to a verdict, and that the reader sees it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from analysis.analyser import Analyser
from analysis.sentiment import SentimentModel
from core.model import Author, Post, Verdict
from core.settings import RiskSettings, SubjectSettings

NOON = datetime(2026, 3, 16, 4, 0, tzinfo=UTC)
SUBJECTS = [
    SubjectSettings(name="曜行汽车", aliases=("曜行",)),
    SubjectSettings(name="曜行东湖店", kind="store", aliases=("东湖店",)),
]


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser(subjects=SUBJECTS, risk=RiskSettings(), model=SentimentModel.load(None))


def judge(analyser: Analyser, text: str, **more: Any) -> Verdict:
    fixed = {"kind": "forum", "site": "bbs.example", "url": "", "channel": "forum", "collected": NOON}
    return analyser.assess([Post(text=text, native_id=text, **{**fixed, **more})], now=NOON)[0]


def speech(verdict: Verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons if reason.code.startswith("speech.")]


def test_the_effect_is_a_reason_with_its_place(analyser: Analyser) -> None:
    """A sentence, the amount, no points, and where it stands in the post."""
    text = "感谢曜行，一个异响跑了五趟，客服还装死"
    verdict = judge(analyser, text)
    told = {reason.code: reason for reason in verdict.reasons}
    irony = told["speech.irony"]
    assert re.search(r"负面的对数几率增加 \d\.\d\d$", irony.text)
    assert irony.points == 0
    assert irony.span is not None
    assert text[slice(*irony.span)] == "感谢"
    assert sum(reason.points for reason in verdict.reasons) == verdict.risk


def test_only_posts_about_a_subject_are_listened_to(analyser: Analyser) -> None:
    """The others keep the model's probability."""
    assert speech(judge(analyser, "请问曜行的首保要带什么？")) == ["speech.question"]
    assert speech(judge(analyser, "请问首保要带什么？")) == []


def test_a_question_about_an_accident_that_happened_is_no_question(analyser: Analyser) -> None:
    """Nothing harmless is said of it; the safety grade stands."""
    verdict = judge(analyser, "请问曜行的车在高速上自燃了，车烧成空壳，怎么办？")
    assert verdict.grade == "A"
    assert "speech.question" not in speech(verdict)


@pytest.mark.parametrize(("name", "grade"), [("曜行汽车", False), ("曜行东湖店官方", False), ("曜行车主老王", True)])
def test_the_subjects_own_account_is_official_everywhere(analyser: Analyser, name: str, grade: bool) -> None:
    """Not only below a thread."""
    text = "曜行东湖店刹车失灵一事，客服推诿、拒绝退款，我要投诉到12315"
    verdict = judge(analyser, text, author=Author(name=name))
    assert (verdict.grade is not None) is grade


def test_of_several_subjects_the_worst_is_told(analyser: Analyser) -> None:
    verdict = judge(analyser, "曜行的车没得挑，开着舒服省油。东湖店乱收费还骗人，态度恶劣，气死我了")
    (shares,) = [reason.text for reason in verdict.reasons if reason.code == "shares"]
    assert shares.index("东湖店") < shares.index("曜行汽车")
    assert verdict.negative >= 0.5


def test_somebody_elses_fault_leaves_nothing_to_judge(analyser: Analyser) -> None:
    """We are mentioned, and not blamed; the reader is told why."""
    verdict = judge(analyser, "长风的底盘跟曜行比差远了，过个坎像挨了一锤，垃圾")
    assert verdict.subjects == ("曜行汽车",)
    assert verdict.negative < 0.5
    assert verdict.grade is None
    assert {"attribution", "text.silent"} <= {reason.code for reason in verdict.reasons}
