"""The contrast cases: most are judged right, and the model card lists those that are not."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.analysis.contrast_cases import SUBJECTS, Judged, analyser, cases, judge

CARD = Path(__file__).resolve().parents[2] / "docs" / "model-card.md"
RIGHT = 0.85
#: Of the cases that no rule was tuned on; a floor against regressions, the figure is in the model card.
RIGHT_OF_RESERVE = 0.68


@pytest.fixture(scope="module")
def tuned() -> list[Judged]:
    return judge(cases(), analyser())


@pytest.fixture(scope="module")
def reserve() -> list[Judged]:
    return judge(cases("contrast_reserve"), analyser())


def section() -> str:
    """What the model card says of the contrast cases."""
    _, _, rest = CARD.read_text(encoding="utf-8").partition("## 对照例（contrast）\n")
    assert rest, "docs/model-card.md: python scripts/contrast.py"
    return rest.partition("\n## ")[0]


def failures(judged: list[Judged]) -> str:
    lines = [
        f"{one.case.id} {one.verdict.negative:.2f} {one.verdict.subjects} {one.case.text}"
        for one in judged
        if not one.is_right
    ]
    return "\n".join(["", *lines])


def test_most_are_right(tuned: list[Judged]) -> None:
    """The promise: at least 85 % of 200."""
    assert len(tuned) == 200
    assert sum(one.is_right for one in tuned) >= RIGHT * len(tuned), failures(tuned)


def test_those_that_no_rule_was_tuned_on(reserve: list[Judged]) -> None:
    """Rules that only know their own cases would fail here."""
    assert len(reserve) == 100
    assert sum(one.is_right for one in reserve) >= RIGHT_OF_RESERVE * len(reserve)


def test_the_card_lists_every_failure_and_no_other(tuned: list[Judged]) -> None:
    """`python scripts/contrast.py` brings the list up to date."""
    listed = set(re.findall(r"^- `([\w-]+)`", section(), flags=re.MULTILINE))
    assert listed == {one.case.id for one in tuned if not one.is_right}


def test_the_card_states_the_figures(tuned: list[Judged], reserve: list[Judged]) -> None:
    """Both totals, as measured."""
    right = [sum(one.is_right for one in judged) for judged in (tuned, reserve)]
    assert f"**合计** | **{right[0]}/200** | **{right[1]}/100**" in section()


@pytest.mark.parametrize(("name", "count"), [("contrast", 200), ("contrast_reserve", 100)])
def test_the_cases_are_pairs_of_all_kinds(name: str, count: int) -> None:
    """Half of them are bad words about us; each has a counterpart of the same kind; names and texts are unique."""
    found = cases(name)
    by_id = {case.id: case for case in found}
    assert len(by_id) == len({(case.text, case.parent_text) for case in found}) == count
    assert Counter(case.negative for case in found) == {True: count // 2, False: count // 2}
    for case in found:
        other = by_id[case.pair]
        assert (other.pair, other.kind, other.negative) == (case.id, case.kind, not case.negative)
        assert set(case.subjects) | set(case.about) <= {subject.name for subject in SUBJECTS}
        assert case.why


def test_every_kind_has_at_least_eighteen_cases() -> None:
    """Over both files."""
    counts = Counter(case.kind for case in (*cases(), *cases("contrast_reserve")))
    assert len(counts) == 15
    assert min(counts.values()) >= 18


def test_of_several_subjects_the_reasons_say_which(tuned: list[Judged]) -> None:
    """The one it speaks badly of is told with a higher probability than the others."""
    checked = right = 0
    for one in tuned:
        told = [reason.text for reason in one.verdict.reasons if reason.code == "shares"]
        if not (told and one.case.about):
            continue
        shares = {name: int(share) for name, share in re.findall(r"说(\w+) (\d+)%", told[0])}
        others = set(one.case.subjects) - set(one.case.about)
        if others & shares.keys() and set(one.case.about) & shares.keys():
            checked += 1
            right += max(shares.get(name, 0) for name in one.case.about) >= max(
                shares[n] for n in others & shares.keys()
            )
    assert checked >= 3
    assert right == checked
