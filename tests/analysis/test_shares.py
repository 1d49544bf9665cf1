"""Of several subjects in one post, whom it speaks badly of."""

from __future__ import annotations

import pytest

from analysis.reading import read
from analysis.shares import Opinion, overall, shares_of, told
from analysis.speech_acts import Speech
from analysis.subjects import SubjectFinder
from core.settings import SubjectSettings

FINDER = SubjectFinder(
    [SubjectSettings(name="曜行汽车", aliases=("曜行",)), SubjectSettings(name="东湖店", kind="store")]
)


def opinions(*probabilities: float) -> list[Opinion]:
    return [Opinion(subject=f"对象{number}", negative=one) for number, one in enumerate(probabilities)]


@pytest.mark.parametrize(
    ("whole", "parts", "least", "most"),
    [
        (0.3, (), 0.3, 0.3),
        # Half way to the worst, never below the whole.
        (0.2, (0.9, 0.1), 0.55, 0.65),
        (0.8, (0.1, 0.2), 0.8, 0.8),
        (0.05, (0.6, 0.1), 0.15, 0.3),
        (1.0, (0.0, 1.0), 1.0, 1.0),
        (0.0, (0.0, 0.0), 0.0, 1e-6),
    ],
)
def test_a_post_is_not_better_than_its_worst_part(
    whole: float, parts: tuple[float, ...], least: float, most: float
) -> None:
    assert least <= overall(whole, opinions(*parts)) <= most


def test_the_reader_is_told_the_worst_first() -> None:
    (reason,) = told(opinions(0.1, 0.93))
    assert (reason.code, reason.points) == ("shares", 0)
    assert reason.text.endswith("说对象1 93%，说对象0 10%")
    assert told([]) == []


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("曜行的车没得挑，就是东湖店太恶心", ["曜行汽车", "东湖店"]),
        # Too little is said of one of them.
        ("曜行呢，东湖店太恶心", []),
        ("东湖店太恶心，车坏了没人管", []),
    ],
)
def test_only_what_says_enough_is_judged_alone(text: str, subjects: list[str]) -> None:
    reading = read(text)
    found = shares_of(reading, FINDER.find(reading.text), lambda part: (part.own.strip(), Speech()))
    assert [share.subject for share in found] == subjects
