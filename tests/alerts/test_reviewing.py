"""Old posts that a new judgement grades are settled for the digest; what nobody decided about yet is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerts.reviewing import is_history, leave_to_digest
from alerts.stages import Prior, reopens
from core.model import Grade, Mention, Reason
from core.schema import dispatches
from tests.alerts.world import HOUR, NOW, World, make_mention

FRESH = timedelta(hours=24)
LATER = NOW + 30 * FRESH


def review(world: World, *mentions: Mention, fresh: timedelta = FRESH) -> int:
    """Save new verdicts of old posts, as a reassessment does."""
    world.keep(*mentions)
    with world.database.write() as connection:
        return leave_to_digest(connection, mentions, fresh=fresh, now=LATER)


def settled(world: World) -> tuple[str, str, Grade | None]:
    [row] = world.rows(dispatches)
    return row.outcome, row.reason, row.grade


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (None, "A", ("digest", "reassessed", "A")),
        ("C", "B", ("digest", "reassessed", "B")),
        ("A", "B", ("alerted", "first_of_event", "A")),
        ("A", "A", ("alerted", "first_of_event", "A")),
        ("A", None, ("alerted", "first_of_event", "A")),
        (None, None, ("ungraded", "ungraded", None)),
    ],
)
def test_only_a_higher_grade_is_settled(
    world: World, before: Grade | None, after: Grade | None, outcome: tuple[str, str, Grade | None]
) -> None:
    world.consider(make_mention(grade=before))
    review(world, make_mention(grade=after))
    assert settled(world) == outcome


def test_what_is_settled_rings_no_more(world: World) -> None:
    world.consider(make_mention(grade=None))
    assert review(world, make_mention(grade="A")) == 1
    [after] = world.consider(make_mention(grade="A"), now=LATER)
    assert (after.outcome, after.alert) == ("unchanged", None)


def test_an_alert_that_was_raised_stays_known(world: World) -> None:
    [rang] = world.consider(make_mention(grade="C"))
    review(world, make_mention(grade="A"))
    [row] = world.rows(dispatches)
    assert row.alert == rang.alert


def test_what_no_dispatcher_has_seen_is_left_to_it(world: World) -> None:
    """It came in just now, however long the queue stood still."""
    assert review(world, make_mention(grade="A")) == 0
    assert world.rows(dispatches) == []


def test_a_fresh_post_is_left_to_the_dispatcher(world: World) -> None:
    world.consider(make_mention(grade=None))
    assert review(world, make_mention(grade="A", published=LATER - HOUR)) == 0


@pytest.mark.parametrize(
    ("published", "edited", "expected"),
    [(NOW, None, True), (NOW, LATER - HOUR, False), (LATER - FRESH, None, False), (LATER + HOUR, None, False)],
)
def test_an_edit_makes_a_post_fresh_again(published: datetime, edited: datetime | None, expected: bool) -> None:
    post = make_mention(published=published, edited=edited).post
    assert is_history(post, fresh=FRESH, now=LATER) is expected


@pytest.mark.parametrize(
    ("outcome", "grade", "now", "expected"),
    [
        ("alerted", "B", "A", True),
        ("alerted", "B", "B", False),
        ("unmatched", "B", "B", True),
        ("muted", "B", "C", True),
        ("unmatched", "B", None, False),
        ("ungraded", None, "C", True),
    ],
)
def test_what_may_be_considered_once_more(outcome: str, grade: Grade | None, now: Grade | None, expected: bool) -> None:
    assert reopens(Prior(at=NOW, outcome=outcome, reason="x", grade=grade), now) is expected


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("correction.missed", "alerted"),
        ("correction.grade", "alerted"),
        ("correction.stale", "digest"),
        ("correction.category", "digest"),
        ("negative", "digest"),
    ],
)
def test_only_a_persons_grade_makes_history_ring(world: World, code: str, outcome: str) -> None:
    """An overruled word, or one about another text, is none."""
    mention = make_mention(published=NOW - 90 * FRESH)
    said = replace(mention, verdict=replace(mention.verdict, reasons=(Reason(code=code, text="人工更正"),)))
    [found] = world.consider(said)
    assert found.outcome == outcome
