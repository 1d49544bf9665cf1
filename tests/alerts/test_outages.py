"""Who hears what about a failing source, and how often: episodes in, a decision out."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from alerts.outages import recovery, to_tell
from core.model import SourceState
from crawlers.history import Episode
from tests.alerts.world import HOUR, MINUTE, NOW

DOWN_AFTER = 30 * MINUTE
#: State, failed, minutes ago at which it began, told.
Beat = tuple[SourceState, bool, float, bool]


def _episodes(*beats: Beat) -> list[Episode]:
    """One after the other without a gap, the last one open."""
    begins = [NOW - timedelta(minutes=beat[2]) for beat in beats]
    ends: list[datetime | None] = [*begins[1:], None][: len(begins)]
    return [
        Episode(
            number=number,
            source="board",
            state=state,
            failed=failed,
            reason="r",
            proof=None,
            since=since,
            until=until,
            told=since if told else None,
        )
        for number, ((state, failed, _, told), since, until) in enumerate(zip(beats, begins, ends, strict=True))
    ]


OK: Beat = ("ok", False, 600, False)
TELL: list[tuple[str, list[Beat], bool]] = [
    ("nothing known", [], False),
    ("all is well", [OK], False),
    ("blocked at once", [OK, ("blocked", True, 0, False)], True),
    ("broken at once", [OK, ("broken", True, 1, False)], True),
    ("a silence that cannot be believed, at once", [OK, ("empty", True, 0, False)], True),
    ("an emptiness that can be believed", [OK, ("empty", False, 60, False)], False),
    ("down for a moment", [OK, ("down", True, 29, False)], False),
    ("down for long", [OK, ("down", True, 30, False)], True),
    ("paused by the operator", [OK, ("paused", False, 60, False)], False),
    ("told already", [OK, ("blocked", True, 60, True)], False),
    ("never worked at all", [("blocked", True, 0, False)], True),
    ("blocked, down, blocked: one outage", [OK, ("blocked", True, 60, True), ("down", True, 50, False),
                                            ("blocked", True, 1, False)], False),
    ("blocked, then the layout breaks: another thing to do", [OK, ("blocked", True, 60, True),
                                                              ("broken", True, 1, False)], True),
    ("down was short, then blocked", [OK, ("down", True, 20, False), ("blocked", True, 1, False)], True),
    ("comes and goes", [("blocked", True, 90, True), ("ok", False, 60, False), ("blocked", True, 10, False)], False),
    ("comes back and stays", [("blocked", True, 200, True), ("ok", False, 160, False), ("blocked", True, 60, False)],
     True),
    ("comes back another day", [("blocked", True, 2000, True), ("ok", False, 1900, False),
                                ("blocked", True, 0, False)], True),
    ("comes back as something else", [("blocked", True, 90, True), ("ok", False, 60, False),
                                      ("broken", True, 0, False)], True),
    ("an earlier one that nobody was told of", [("down", True, 90, False), ("ok", False, 80, False),
                                                ("down", True, 31, False)], True),
]  # fmt: skip


@pytest.mark.parametrize(("beats", "told"), [case[1:] for case in TELL], ids=[case[0] for case in TELL])
def test_an_outage_is_told_once(beats: list[Beat], told: bool) -> None:
    """At once or after a while, each state once an outage, and a source that flickers rarely."""
    episodes = _episodes(*beats)
    assert to_tell(episodes, now=NOW, down_after=DOWN_AFTER) == (episodes[-1] if told else None)


RECOVER: list[tuple[str, list[Beat], tuple[float, float] | None]] = [
    ("nothing known", [], None),
    ("never failed", [OK], None),
    ("failed, nobody was told", [("down", True, 30, False), ("ok", False, 10, False)], None),
    ("told, works again", [("blocked", True, 30, True), ("ok", False, 10, False)], (30, 10)),
    ("told, still failing", [("blocked", True, 30, True)], None),
    ("told, fails otherwise", [("blocked", True, 30, True), ("down", True, 10, False)], None),
    ("two states, one outage", [OK, ("down", True, 50, False), ("blocked", True, 30, True), ("down", True, 20, False),
                                ("ok", False, 10, False)], (50, 10)),
    ("empty, and that can be believed", [("blocked", True, 30, True), ("empty", False, 10, False)], (30, 10)),
    ("empty, and that cannot", [("blocked", True, 30, True), ("empty", True, 10, False)], None),
    ("paused in between", [("blocked", True, 30, True), ("paused", False, 20, False), ("ok", False, 10, False)],
     (30, 10)),
    ("paused is no recovery", [("blocked", True, 30, True), ("paused", False, 20, False)], None),
    ("works for a while, in two episodes", [("blocked", True, 90, True), ("ok", False, 60, False),
                                            ("empty", False, 10, False)], (90, 60)),
    ("an earlier outage was told, the last was not", [("blocked", True, 90, True), ("ok", False, 60, False),
                                                      ("down", True, 20, False), ("ok", False, 10, False)], None),
]  # fmt: skip


@pytest.mark.parametrize(("beats", "span"), [case[1:] for case in RECOVER], ids=[case[0] for case in RECOVER])
def test_a_recovery_is_told_to_those_who_heard_of_the_outage(
    beats: list[Beat], span: tuple[float, float] | None
) -> None:
    """From the outage's beginning to the first crawl that worked."""
    works = recovery(_episodes(*beats))
    found = works and ((NOW - works.since) / MINUTE, (NOW - works.until) / MINUTE)
    assert found == span


def test_an_hour_is_an_hour() -> None:
    """The stubborn flicker is told after exactly an hour of failing."""
    beats: list[Beat] = [("blocked", True, 120, True), ("ok", False, 90, False), ("blocked", True, 59.9, False)]
    assert to_tell(_episodes(*beats), now=NOW, down_after=DOWN_AFTER) is None
    assert to_tell(_episodes(*beats), now=NOW + HOUR, down_after=DOWN_AFTER) is not None
