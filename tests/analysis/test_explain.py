"""An explanation adds up: to the logit, to the probability, to the risk; and it is told in sentences."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from analysis.analyser import Analyser
from analysis.explain import Explanation, explain, voices_of
from analysis.explain_words import sentences_of, telling_words
from analysis.sentiment import SentimentModel
from core.model import CHANNELS, Post, Reason, Verdict
from core.settings import RiskSettings, SubjectSettings

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
TROUBLE = "曜行的店修了三次，发动机还是漏油，一直推诿，要曝光"

OF_TWO = "曜行的车开着真不错，动力好又省油，很满意。城东店就太黑了，乱收费还推诿扯皮，态度恶劣"


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser(
        subjects=[
            SubjectSettings(name="曜行汽车", aliases=("曜行",)),
            SubjectSettings(name="曜行城东店", kind="store", aliases=("城东店",)),
        ],
        risk=RiskSettings(),
        model=SentimentModel.load(None),
    )


def make_post(text: str, number: int = 1, **changes: Any) -> Post:
    values: dict[str, Any] = {"site": "bbs.example", "url": "https://bbs.example/1", "channel": "forum", **changes}
    return Post(kind="forum", native_id=str(number), text=text, published=NOW, collected=NOW, **values)


def told(analyser: Analyser, text: str, **changes: Any) -> Explanation:
    return explain(analyser, make_post(text, **changes), now=NOW)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    "text",
    [
        TROUBLE,
        "曜行的服务真周到，满意",
        "隔壁店推诿扯皮，还是曜行的店好",
        "曜行呵呵",
        "完全没有提到任何人，太差劲了",
        OF_TWO,
    ],
)
def test_the_account_adds_up(analyser: Analyser, text: str, channel: str) -> None:
    """Base, named pushes and the rest are the logit; with the way of speaking they are the probability."""
    found = told(analyser, text, channel=channel)
    total = found.sum
    assert total is not None
    pushes = sum(push.logit for push in (*total.up, *total.down))
    assert total.base + pushes + total.rest_up.logit + total.rest_down.logit == pytest.approx(total.logit)
    assert 1 / (1 + math.exp(-total.logit - total.manner - total.shares)) == pytest.approx(total.negative)
    assert total.negative == found.verdict.negative
    assert all(push.logit > 0 for push in total.up)
    assert all(push.logit <= 0 for push in total.down)


def test_what_one_of_two_subjects_is_blamed_for_is_a_step_of_its_own(analyser: Analyser) -> None:
    total = told(analyser, OF_TWO).sum
    assert total is not None
    assert total.shares >= 0
    assert told(analyser, TROUBLE).sum.shares == 0.0  # type: ignore[union-attr]


def test_it_explains_the_verdict_that_would_be_given(analyser: Analyser) -> None:
    """An explanation that judges differently would be of no use."""
    post = make_post(TROUBLE)
    [verdict] = analyser.assess([post], now=NOW)
    found = explain(analyser, post, now=NOW)
    assert found.verdict == found.today == verdict
    assert found.points.total == found.points.risk == verdict.risk > 0
    assert found.is_current


def test_the_risk_is_the_sum_of_its_points_even_where_it_is_capped() -> None:
    reasons = tuple(Reason(code="x", text="理由", points=60) for _ in range(2))
    verdict = Verdict(id="p", negative=0.9, subjects=("我们",), risk=100, grade="A", reasons=reasons)
    assert sentences_of(verdict, ()) == ("理由，风险加 60 分。",)


def test_rules_and_names_tell_their_words(analyser: Analyser) -> None:
    found = told(analyser, TROUBLE)
    assert "漏油" in {word for rule in found.rules for word in rule.words}
    [named] = found.named
    assert (named.subject, named.words) == ("曜行汽车", ("曜行",))
    assert found.narrowed is None


def test_marks_point_into_the_full_text(analyser: Analyser) -> None:
    """They never overlap, and hold where title, hidden characters and width lie between."""
    text = "曜\u200b行的店修了三次，发动机还是漏\u200b油，一直推诿，要曝光１２３１５"
    found = told(analyser, text, title="维权")
    full = found.post.full_text
    assert found.marked
    at = 0
    for one in found.marked:
        assert at <= one.start < one.end <= len(full)
        at = one.end
    assert any("漏" in full[one.start : one.end] for one in found.marked)


def test_a_comparison_tells_what_was_judged(analyser: Analyser) -> None:
    found = told(analyser, "隔壁家店推诿扯皮，还是曜行的店好，服务周到")
    assert found.narrowed is not None
    assert "曜行" in found.narrowed
    assert "隔壁" not in found.narrowed


def test_a_reply_tells_that_its_subject_is_presumed(analyser: Analyser) -> None:
    head = make_post("曜行的车高速上刹车失灵，差点没命，厂家到现在不露面", 1)
    reply = make_post("刹车失灵不是小事！太吓人了，厂家给个说法", 2, parent=head.id)
    found = explain(analyser, reply, now=NOW, context=lambda _: {head.id: head})
    assert found.is_inherited
    assert [one.words for one in found.named] == [()]


@pytest.mark.parametrize("text", ["", " \n", "😀😀😀", "https://x.example/a", "\u200b\u200b", "\ud83d", "曜行"])
def test_a_text_without_words_is_told_as_such(analyser: Analyser, text: str) -> None:
    """No account is made up, and nothing raises."""
    found = told(analyser, text)
    assert found.sum is None
    assert found.points.total == 0
    assert any("不判为负面" in sentence for sentence in found.sentences)


def test_a_huge_text_is_explained(analyser: Analyser) -> None:
    found = told(analyser, TROUBLE * 20_000)
    assert found.sum is not None
    assert all(one.end <= len(found.post.full_text) for one in found.marked)


def test_an_archived_verdict_is_what_people_argue_with(analyser: Analyser) -> None:
    """Its reasons are told, and that today's judgement is another one."""
    post = make_post(TROUBLE)
    old = Verdict(
        id=post.id,
        negative=0.2,
        subjects=("曜行汽车",),
        risk=10,
        reasons=(Reason(code="old", text="旧的理由", points=10, span=(0, 4000)),),
        model="m0",
    )
    found = explain(analyser, post, now=NOW, verdict=old)
    assert not found.is_current
    assert found.sentences[0] == "旧的理由，风险加 10 分。"
    assert all(one.why != "旧的理由" for one in found.marked)


def test_every_sentence_is_one_chinese_sentence(analyser: Analyser) -> None:
    found = told(analyser, TROUBLE)
    assert len(found.sentences) >= len({reason.text for reason in found.verdict.reasons})
    assert all(sentence.endswith(("。", "！", "？")) and "\n" not in sentence for sentence in found.sentences)


def test_what_drove_a_harmless_text_is_told_too(analyser: Analyser) -> None:
    found = told(analyser, "曜行的服务真周到，满意")
    assert any("减少" in sentence for sentence in found.sentences)


def test_voices_are_named_in_words(analyser: Analyser) -> None:
    """By kinds of writing, the strongest first; what hardly counts is left out."""
    names = ("domain", "shop10", "nlpcc2014t2", "waimai", "own")
    assert voices_of(names, (0.3, 0.25, 0.2, 0.01, 0.24)) == (("商品评价", 0.45), ("汽车行业", 0.3), ("own", 0.24))
    assert voices_of(("a", "b"), (0.98, 0.02)) == (("a", 0.98),)
    total = told(analyser, TROUBLE).sum
    assert total is not None
    assert total.voices[0][0] == "汽车行业"
    assert 0.05 <= sum(share for _, share in total.voices) <= 1.0 + 1e-9


@pytest.mark.parametrize(
    ("text", "called", "names", "expected"),
    [
        ("发动机漏油，4s店推诿", ["漏油"], [], "漏油"),
        ("曜行汽车漏油", ["漏油"], ["曜行汽车"], "漏油"),
        ("曜行汽车", [], ["曜行汽车"], None),
        ("12345", [], [], None),
        ("", [], [], None),
    ],
)
def test_telling_words_find_others(text: str, called: list[str], names: list[str], expected: str | None) -> None:
    """Names, figures and long phrases are none."""
    found = telling_words(text, called, names)
    assert (found[0] if found else None) == expected
    assert not set(found) & set(names)
