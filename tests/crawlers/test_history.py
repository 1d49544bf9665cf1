"""The history of sources: what the catalogue writes beside its rows, and how it is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from core.database import Database
from core.schema import source_runs
from core.settings import SourceSettings
from crawlers import history
from crawlers.health import health
from crawlers.history import SourceHistory
from crawlers.reports import SourceReport
from crawlers.sources import SourceCatalogue

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def _source(name: str = "board", **more: Any) -> SourceSettings:
    more = {"every": HOUR, **more}
    return SourceSettings(id=name, name=name, kind="forum", url="http://bbs.test/", channel="forum", **more)


def _report(now: datetime, source: str = "board", **more: Any) -> SourceReport:
    report = SourceReport(source=source, state="ok", reason="没有新内容", failed=False, started=now, ended=now)
    return replace(report, **more)


@pytest.fixture
def catalogue(database: Database) -> SourceCatalogue:
    return SourceCatalogue(database, jitter=lambda: 0.0)


@pytest.fixture
def past(database: Database) -> SourceHistory:
    return SourceHistory(database)


def test_states_become_episodes(catalogue: SourceCatalogue, past: SourceHistory, now: datetime) -> None:
    """ok, ok, blocked, blocked, ok: three episodes without a gap, the last one open."""
    for number, state in enumerate(("ok", "ok", "blocked", "blocked", "ok")):
        at = now + number * HOUR
        failed = state != "ok"
        report = _report(at, state=state, failed=failed, reason=f"第 {number} 次", proof="p" if failed else None)
        catalogue.record(report, _source(), now=at)
    found = past.episodes(now, now + DAY)
    assert [(one.state, one.failed, one.reason, one.since, one.until) for one in found] == [
        ("ok", False, "第 0 次", now, now + 2 * HOUR),
        ("blocked", True, "第 2 次", now + 2 * HOUR, now + 4 * HOUR),
        ("ok", False, "第 4 次", now + 4 * HOUR, None),
    ]
    assert [one.proof for one in found] == [None, "p", None]
    assert past.open_episodes()["board"].number == found[-1].number
    assert [one.state for one in past.episodes(now + 3 * HOUR, now + 4 * HOUR)] == ["blocked"]
    assert [one.state for one in past.episodes(now, now + HOUR)] == ["ok"]
    assert past.episodes(now, now + DAY, ["other"]) == []


def test_an_emptiness_may_be_believed_or_not(catalogue: SourceCatalogue, past: SourceHistory, now: datetime) -> None:
    """The same state, but another episode: only one of them is an outage."""
    for number, failed in enumerate((False, True, True, False)):
        at = now + number * HOUR
        catalogue.record(_report(at, state="empty", failed=failed), _source(), now=at)
    assert [one.failed for one in past.episodes(now, now + DAY)] == [False, True, False]


def test_pausing_is_an_episode_and_resuming_ends_it(
    catalogue: SourceCatalogue, past: SourceHistory, now: datetime
) -> None:
    """After it nothing is known until the next crawl."""
    catalogue.pause("board", reason="站点维护", now=now)
    assert (past.open_episodes()["board"].state, past.open_episodes()["board"].reason) == ("paused", "站点维护")
    catalogue.resume("board", now=now + HOUR)
    assert past.open_episodes() == {}
    catalogue.record(_report(now + 2 * HOUR), _source(), now=now + 2 * HOUR)
    assert [(one.state, one.until) for one in past.episodes(now, now + DAY)] == [("paused", now + HOUR), ("ok", None)]


def test_what_was_lost_begins_an_episode_of_its_own(
    catalogue: SourceCatalogue, past: SourceHistory, now: datetime
) -> None:
    """Its reason must not be overwritten by the next crawl's."""
    catalogue.record(_report(now), _source(), now=now)
    lost = _report(now + HOUR, reason="没有补采", lost=(now - DAY, now - HOUR))
    catalogue.record(lost, _source(), now=now + HOUR)
    catalogue.record(_report(now + 2 * HOUR), _source(), now=now + 2 * HOUR)
    assert [one.reason for one in past.episodes(now, now + DAY)] == ["没有新内容", "没有补采"]


#: Hours from one crawl to the next, the state before, whether the time between was watched.
GAPS = [
    ("on time", 1, ("ok", False), None),
    ("a little late", 3, ("ok", False), None),
    ("after a night", 12, ("ok", False), (1, 12)),
    ("after a night, nothing to read before", 12, ("empty", False), (1, 12)),
    ("it failed before: that outage goes on", 12, ("blocked", True), None),
    ("the clock was set back", -12, ("ok", False), None),
]


@pytest.mark.parametrize(("hours", "before", "gap"), [one[1:] for one in GAPS], ids=[one[0] for one in GAPS])
def test_time_that_nobody_watched_is_no_good_time(
    catalogue: SourceCatalogue,
    past: SourceHistory,
    now: datetime,
    hours: int,
    before: tuple[Any, bool],
    gap: tuple[int, int] | None,
) -> None:
    """The product was off: from the missed turn to the next crawl the source was not seen, whatever it was before."""
    state, failed = before
    catalogue.record(_report(now, state=state, failed=failed), _source(), now=now)
    later = now + hours * HOUR
    catalogue.record(_report(later), _source(), now=later)
    found = [one for one in past.episodes(now - DAY, now + DAY) if one.reason.startswith(history.OVERDUE)]
    assert [(one.state, one.failed, one.since, one.until, one.told) for one in found] == (
        [("down", True, now + gap[0] * HOUR, now + gap[1] * HOUR, None)] if gap else []
    )
    assert (past.open_episodes()["board"].state, past.open_episodes()["board"].failed) == ("ok", False)


def test_a_clock_that_ran_ahead_leaves_no_future(
    catalogue: SourceCatalogue, past: SourceHistory, now: datetime
) -> None:
    """A month ahead and back: neither an outage of a month, nor a run that has not been."""
    catalogue.record(_report(now), _source(), now=now)
    ahead = now + 30 * DAY
    catalogue.record(_report(ahead, state="blocked", failed=True), _source(), now=ahead)
    back = now + HOUR
    catalogue.record(_report(back), _source(), now=back)
    found = past.episodes(now - DAY, now + 60 * DAY)
    assert [(one.state, one.since, one.until) for one in found][-1] == ("ok", back, None)
    assert all(one.since <= back and (one.until is None or one.until <= back) for one in found)
    assert [run.started for run in past.runs("board", now - DAY)] == [now, back]


def test_every_crawl_is_a_run_and_old_ones_are_forgotten(
    catalogue: SourceCatalogue, past: SourceHistory, now: datetime
) -> None:
    """With its numbers, its share of read fields and its robots.txt; sixty days long, each source by itself."""
    first = now - 61 * DAY
    catalogue.record(_report(first, new=9), _source(), now=first)
    catalogue.record(_report(first, "other"), _source("other"), now=first)
    report = _report(now, pages=4, posts=20, new=3, changed=1, filled={"author": 0.95})
    catalogue.record(report, _source(ignore_robots_because="站方书面同意"), now=now)
    (run,) = past.runs("board", first)
    assert (run.pages, run.posts, run.new, run.changed, run.filled) == (4, 20, 3, 1, {"author": 0.95})
    assert past.last_robots() == {"board": "站方书面同意", "other": "obeyed"}
    assert past.runs("board", now + MINUTE) == []
    assert (past.last_new("board"), past.last_new("other")) == (now, None)
    assert past.found(now - DAY) == {"board": 3}
    assert past.readings("board", 5) == [run]


def test_readings_are_the_latest_that_read_posts(
    catalogue: SourceCatalogue, past: SourceHistory, now: datetime
) -> None:
    """Oldest first, at most so many, silent crawls left out."""
    for number in range(6):
        at = now + number * MINUTE
        catalogue.record(_report(at, posts=number % 2 * number), _source(), now=at)
    assert [run.posts for run in past.readings("board", 2)] == [3, 5]


def test_row_and_history_are_one_transaction(
    catalogue: SourceCatalogue, past: SourceHistory, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between them leaves neither."""
    catalogue.record(_report(now), _source(), now=now)

    def broken(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(history, "add_run", broken)
    with pytest.raises(OSError, match="disk full"):
        catalogue.record(_report(now + HOUR, state="blocked", failed=True), _source(), now=now + HOUR)
    status = catalogue.status("board")
    assert status
    assert (status.state, past.open_episodes()["board"].state) == ("ok", "ok")
    with catalogue.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(source_runs)) == 1


def test_health_is_one_value_a_source(catalogue: SourceCatalogue, now: datetime) -> None:
    """Numbers of today and of usual days, overdue, episode, robots."""
    for day in range(8, 0, -1):
        at = now - day * DAY + HOUR
        catalogue.record(_report(at, new=500 if day == 8 else 7), _source(), now=at)
    catalogue.record(_report(now - MINUTE, state="blocked", failed=True, proof="p"), _source(), now=now - MINUTE)
    catalogue.pause("resting", reason="维护", now=now - 9 * DAY)
    sources = [_source(), _source("resting"), _source("new", ignore_robots_because="站方同意")]
    board, resting, new = health(sources, catalogue, now=now)
    assert (board.state, board.troubled, board.overdue, board.proof) == ("blocked", True, False, "p")
    assert board.new_today == 7
    assert board.usual_per_day == pytest.approx(7.0, rel=0.2)
    assert board.episode
    assert board.episode.failed
    assert (resting.state, resting.troubled, resting.overdue) == ("paused", False, False)
    assert (new.status, new.state, new.usual_per_day, new.troubled) == (None, None, None, False)
    assert (board.robots, new.robots) == ("遵守 robots.txt", "不遵守 robots.txt，理由：站方同意")
    late = health(sources, catalogue, now=now + DAY)[0]
    assert (late.overdue, late.troubled) == (True, True)
