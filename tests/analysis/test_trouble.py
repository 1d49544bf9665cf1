"""Plain words of trouble make a complaint likelier, unless the author asks, denies, thanks or sells."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from analysis.analyser import Analyser
from analysis.sentiment import SentimentModel
from analysis.topics import Hit, Topic
from analysis.trouble import plainest, push_of, troubled
from core.model import Post, Verdict
from core.settings import RiskSettings, SubjectSettings

NOW = datetime(2026, 4, 15, 4, tzinfo=UTC)


def topic(score: int, *, word: str = "漏油") -> Topic:
    return Topic(name="车辆质量", severity=20, score=score, hits=(Hit(word, (0, 2), score),))


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    subjects = [SubjectSettings(name="曜行汽车", aliases=("曜行",))]
    return Analyser(subjects=subjects, risk=RiskSettings(), model=SentimentModel.load())


def judged(analyser: Analyser, text: str) -> Verdict:
    post = Post(
        kind="forum", site="bbs.example", native_id="1", url="https://bbs.example/1", channel="forum", text=text,
        collected=NOW, published=NOW,
    )  # fmt: skip
    return analyser.assess([post], now=NOW)[0]


@pytest.mark.parametrize(
    "text",
    ["提车三天就漏油，店里不管", "提车三天发动机就漏油，4S店不管", "提车三天发动机就漏油，4S店还不管"],
)
def test_the_examples_of_the_manual_are_complaints(analyser: Analyser, text: str) -> None:
    """What every newcomer tries first."""
    assert judged(analyser, text).negative >= 0.5
    assert judged(analyser, f"曜行的车，{text}").grade is not None


def test_the_reason_names_the_word_and_its_effect(analyser: Analyser) -> None:
    """In the text, where it stands."""
    text = "曜行提车三天就漏油，店里不管"
    (reason,) = [one for one in judged(analyser, text).reasons if one.code == "trouble"]
    assert reason.span is not None
    assert text[slice(*reason.span)] in reason.text
    assert "0.45" in reason.text
    assert reason.points == 0


@pytest.mark.parametrize("text", ["曜行会漏油吗？", "曜行开了三年没有漏油", "曜行之前漏油，店里免费修好了，点赞"])
def test_who_asks_denies_or_thanks_is_not_pushed(analyser: Analyser, text: str) -> None:
    """The word alone is no complaint."""
    assert not [one for one in judged(analyser, text).reasons if one.code == "trouble"]


@pytest.mark.parametrize(
    ("scores", "moved"),
    [((), 0.5), ((1,), 0.5), ((2,), 0.5498), ((3,), 0.6106), ((2, 5), 0.6106)],
)
def test_the_plainest_category_counts_once(scores: tuple[int, ...], moved: float) -> None:
    """Two categories are not twice the trouble; one that only trained heads found is none of these."""
    topics = [topic(score) for score in scores]
    assert troubled(0.5, topics, ()) == pytest.approx(moved, abs=1e-4)
    found = plainest(topics, ())
    assert found is None or push_of(found) > 0


@pytest.mark.parametrize("probability", [0.0, 1e-12, 0.3, 1.0])
def test_a_probability_stays_one(probability: float) -> None:
    """At both ends."""
    assert probability - 1e-9 <= troubled(probability, [topic(3)], ()) <= 1.0
