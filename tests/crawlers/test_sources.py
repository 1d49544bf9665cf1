from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.database import Database
from core.errors import NotFound
from core.settings import SourceSettings
from crawlers.reports import SourceReport
from crawlers.sources import SourceCatalogue, next_run

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def _source(name: str, every: str = "10m") -> SourceSettings:
    return SourceSettings(id=name, name=name, kind="forum", url="http://bbs.test/", channel="forum", every=every)  # type: ignore[arg-type]


def _report(source: str, now: datetime, **more: Any) -> SourceReport:
    report = SourceReport(source=source, state="ok", reason="没有新内容", failed=False, started=now, ended=now)
    return replace(report, **more)


@pytest.fixture
def catalogue(database: Database) -> SourceCatalogue:
    return SourceCatalogue(database, jitter=lambda: 0.0)


@pytest.mark.parametrize(
    ("every", "failures", "jitter", "not_before", "pause"),
    [
        (10 * MINUTE, 0, 0.5, None, 8 * MINUTE),  # the crawl took two minutes
        (1 * MINUTE, 0, 0.5, None, 0 * MINUTE),  # overdue: at once
        (10 * MINUTE, 1, 0.0, None, 20 * MINUTE),
        (10 * MINUTE, 2, 0.0, None, 40 * MINUTE),
        (10 * MINUTE, 2, 1.0, None, 32 * MINUTE),  # jitter only brings it forward: the cap holds
        (10 * MINUTE, 9, 0.0, None, 6 * HOUR),
        (10 * MINUTE, 5000, 0.0, None, 6 * HOUR),
        (24 * HOUR, 3, 0.0, None, 24 * HOUR),  # rarer than the cap anyway
        (10 * MINUTE, 1, 0.0, 1 * HOUR, 1 * HOUR),  # Retry-After
        (10 * MINUTE, 1, 0.0, 2000 * HOUR, 24 * HOUR),  # nobody is silenced for a season
        (10 * MINUTE, 4, 0.0, 1 * HOUR, 160 * MINUTE),
    ],
)
def test_failures_put_the_next_crawl_off(
    now: datetime, every: timedelta, failures: int, jitter: float, not_before: timedelta | None, pause: timedelta
) -> None:
    """Twice as long each time, six hours at most, never sooner than the site asked for."""
    due = next_run(
        every=every, failures=failures, started=now - 2 * MINUTE, now=now, jitter=jitter, not_before=not_before
    )
    assert due - now == pause


def test_due_are_the_new_and_those_whose_time_has_come(catalogue: SourceCatalogue, now: datetime) -> None:
    """New ones first, then the longest waiting; the others wait."""
    catalogue.record(_report("late", now - HOUR), _source("late"), now=now - HOUR)
    catalogue.record(_report("later", now - 30 * MINUTE), _source("later"), now=now - 30 * MINUTE)
    catalogue.record(_report("fine", now), _source("fine"), now=now)
    sources = [_source(name) for name in ("fine", "later", "late", "new")]
    assert [source.id for source in catalogue.due(sources, now)] == ["new", "late", "later"]


def test_a_success_resets_and_a_failure_keeps_what_was_known(catalogue: SourceCatalogue, now: datetime) -> None:
    """State, reason, proof, since, cursor and counts over ok → blocked → blocked → ok."""
    source = _source("board")
    catalogue.begin(["board"], now=now)
    started = catalogue.status("board")
    assert started
    assert (started.state, started.added, started.cursor, started.next_run) == (None, now, {}, None)
    good = catalogue.record(_report("board", now, new=5, cursor={"newest": "x"}), source, now=now)
    blocked = _report("board", now, state="blocked", reason="验证码", failed=True, proof="p" * 64)
    catalogue.record(blocked, source, now=now + HOUR)
    bad = catalogue.record(blocked, source, now=now + 2 * HOUR)
    assert (bad.state, bad.reason, bad.since, bad.failures) == ("blocked", "验证码", now + HOUR, 2)
    assert (bad.proof, bad.last_ok, bad.cursor, bad.posts_seen) == ("p" * 64, now, {"newest": "x"}, 5)
    assert bad.next_run == now + 2 * HOUR + 40 * MINUTE
    again = catalogue.record(_report("board", now + 3 * HOUR, new=1), source, now=now + 3 * HOUR)
    assert (again.state, again.failures, again.since, again.posts_seen) == ("ok", 0, now + 3 * HOUR, 6)
    assert again.added == good.added == now


def test_what_can_still_be_read_is_not_put_off_for_hours(catalogue: SourceCatalogue, now: datetime) -> None:
    """A doubted silence, a field that is lost: it counts as a failure, but news must not be late because of it."""
    doubted = _report("board", now, state="empty", failed=True, readable=True)
    for number in range(5):
        status = catalogue.record(doubted, _source("board"), now=now + number * HOUR)
    assert (status.failures, status.next_run) == (5, now + 4 * HOUR + 20 * MINUTE)


def test_the_clock_of_a_source_starts_once(catalogue: SourceCatalogue, now: datetime) -> None:
    """`added` separates history from news: a later crawl must not move it."""
    catalogue.begin(["a", "a", "b"], now=now)
    catalogue.begin(["a", "c"], now=now + HOUR)
    assert {key: status.added for key, status in catalogue.statuses().items()} == {"a": now, "b": now, "c": now + HOUR}


def test_rescheduling_and_pausing(catalogue: SourceCatalogue, now: datetime) -> None:
    """`reschedule_now` makes it due at once; a paused source is not due until it is resumed."""
    source = _source("board")
    catalogue.record(_report("board", now, cursor={"k": 1}), source, now=now)
    assert catalogue.due([source], now) == []
    assert catalogue.reschedule_now(["board", "unknown"]) == 1
    assert catalogue.due([source], now) == [source]
    catalogue.pause("board", reason="站点维护", now=now)
    assert catalogue.due([source], now + 9 * HOUR) == []
    paused = catalogue.status("board")
    assert paused
    assert (paused.state, paused.reason, paused.cursor) == ("paused", "站点维护", {"k": 1})
    catalogue.resume("board", now=now)
    assert catalogue.due([source], now) == [source]
    assert catalogue.status("nobody") is None
    with pytest.raises(NotFound):
        catalogue.resume("nobody", now=now)


def test_a_clock_that_was_set_back_does_not_silence_a_source(catalogue: SourceCatalogue, now: datetime) -> None:
    """Its next turn lies years ahead only because its last crawl does."""
    source, future = _source("board"), now + timedelta(days=900)
    catalogue.record(_report("board", future), source, now=future)
    assert catalogue.due([source], future) == []
    assert catalogue.due([source], now) == [source]
    catalogue.record(_report("board", now), source, now=now)
    assert catalogue.due([source], now) == []
