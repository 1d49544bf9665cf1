"""What a source usually yields: runs in, a doubt or none out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model import Author, Post, SourceState
from crawlers.expectations import Filled, improbable_silence, lost_field
from crawlers.history import Run
from tests.crawlers.site import NOW

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ALL = {"author": 1.0, "published": 0.98, "text": 1.0, "title": 1.0}
NO_AUTHOR = {**ALL, "author": 0.0}


def a_run(
    at: datetime, *, new: int = 0, posts: int = 0, filled: Mapping[str, float] = ALL, state: SourceState = "ok"
) -> Run:
    return Run(
        started=at, ended=at, state=state, pages=1, posts=posts, new=new, changed=0, filled=filled, robots="obeyed"
    )


def readings(*crawls: tuple[int, Mapping[str, float]], state: SourceState = "ok") -> list[Run]:
    """Crawls that read so many posts with such fields, one an hour."""
    return [
        a_run(NOW - (len(crawls) - number) * HOUR, posts=posts, filled=filled, state=state)
        for number, (posts, filled) in enumerate(crawls)
    ]


USUAL = readings((40, ALL), (20, ALL))
#: Runs before, posts now, filled now, a word of the doubt ("" for none).
FIELDS: list[tuple[str, list[Run], int, Mapping[str, float], str]] = [
    ("as always", USUAL, 20, ALL, ""),
    ("no post at all", USUAL, 0, {}, ""),
    ("authors are gone", USUAL, 20, NO_AUTHOR, "作者此前 100% 可读，这次 0%"),
    ("times are gone", USUAL, 20, {**ALL, "published": 0.1}, "发表时间此前 98% 可读，这次 10%"),
    ("titles are gone", USUAL, 20, {**ALL, "title": 0.2}, "标题"),
    ("texts are gone", USUAL, 20, {**ALL, "text": 0.0}, "正文"),
    ("fewer authors, but not that few", USUAL, 20, {**ALL, "author": 0.5}, ""),
    ("anonymous posts among few", USUAL, 3, NO_AUTHOR, ""),
    ("no history", [], 50, NO_AUTHOR, ""),
    ("a short history", readings((20, ALL)), 50, NO_AUTHOR, ""),
    ("never had it", readings((40, NO_AUTHOR), (20, NO_AUTHOR)), 20, NO_AUTHOR, ""),
    ("had it half of the time", readings((40, ALL), (40, NO_AUTHOR)), 20, NO_AUTHOR, ""),
    ("a field that nothing here could have", USUAL, 20, {"author": 1.0}, ""),
    ("few posts a crawl, for four crawls", [*USUAL, *readings((3, NO_AUTHOR), (3, NO_AUTHOR), (3, NO_AUTHOR))], 3,
     NO_AUTHOR, "作者此前 100%"),
    ("few posts a crawl, for two", [*USUAL, *readings((3, NO_AUTHOR))], 3, NO_AUTHOR, ""),
    ("found broken, and broken still",
     [*USUAL, *readings((12, NO_AUTHOR), (12, NO_AUTHOR), state="broken")], 2, NO_AUTHOR, "作者"),
    ("found broken, repaired", [*USUAL, *readings((12, NO_AUTHOR), state="broken")], 2, ALL, ""),
    ("what was broken is not the usual",
     [*USUAL, *readings(*[(20, NO_AUTHOR)] * 30, state="broken")], 20, NO_AUTHOR, "作者"),
    ("crawls that read nothing change nothing", [*USUAL, *readings(*[(0, {})] * 9)], 20, NO_AUTHOR, "作者"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("runs", "posts", "filled", "word"), [case[1:] for case in FIELDS], ids=[case[0] for case in FIELDS]
)
def test_a_field_that_is_read_no_more(runs: list[Run], posts: int, filled: Mapping[str, float], word: str) -> None:
    """Far below the source's own usual, on enough posts, in this crawl too."""
    said = lost_field(runs, posts=posts, filled=filled)
    assert bool(said) is bool(word)
    assert word in (said or "")


def test_fields_are_counted_post_by_post() -> None:
    """A reply owes no title; a name or an id is an author; a field that nothing could have is not there."""

    def post(number: int, **more: object) -> Post:
        fields = {"kind": "forum", "site": "s", "native_id": str(number), "url": "http://s/", "channel": "forum"}
        return Post(**{"text": "", "collected": NOW, **fields, **more})  # type: ignore[arg-type]

    filled = Filled()
    assert filled.rates() == {}
    filled.add([post(1, parent="p", author=Author(id="7")), post(2, parent="p", text=" ")])
    assert filled.rates() == {"author": 0.5, "published": 0.0, "text": 0.0}
    filled.add([post(3, title="t", published=NOW), post(4, text="x")])
    assert filled.rates() == {"author": 0.25, "published": 0.25, "text": 0.25, "title": 0.5}


#: How many new posts a crawl brings, by the local time at which it runs.
Rhythm = Callable[[datetime], int]


def _by_day(local: datetime) -> int:
    return 2 if 8 <= local.hour < 23 else 0


def _office_days(local: datetime) -> int:
    return 2 if local.weekday() < 5 and 9 <= local.hour < 18 else 0


def _weekly(local: datetime) -> int:
    return 5 if local.weekday() == 2 and (local.hour, local.minute) == (10, 0) else 0


def _daily(local: datetime) -> int:
    return 8 if (local.hour, local.minute) == (9, 0) else 0


def _bursts(local: datetime) -> int:
    """Silent on most days, sixty posts at noon of some."""
    return 60 if local.hour == 12 and local.day % 4 == 0 and local.minute == 0 else 0


def _one_incident(local: datetime) -> int:
    """One quiet post in the evening hour; on one day hundreds."""
    return 300 if local.day == 9 and local.hour == 19 else int(local.hour == 19 and local.minute == 10)


def _always(local: datetime) -> int:
    return 1


#: Rhythm, days of history, hour and minute of the present (on this Sunday, or the Friday before), hours of silence.
SILENCES: list[tuple[str, Rhythm, int, tuple[int, int, int], float, bool]] = [
    ("busy, silent for three hours of the afternoon", _by_day, 30, (15, 17, 0), 3, True),
    ("busy, silent for half an hour", _by_day, 30, (15, 17, 0), 0.5, False),
    ("busy, silent for an hour: twelve posts are missing", _by_day, 30, (15, 17, 0), 1, True),
    ("the night is always silent", _by_day, 30, (15, 6, 0), 7, False),
    ("the night is over, and nobody comes", _by_day, 30, (15, 10, 0), 11, True),
    ("ten minutes into the morning", _by_day, 30, (15, 8, 10), 9.2, False),
    ("no history", _by_day, 0, (15, 17, 0), 3, False),
    ("a week of history", _by_day, 7, (15, 17, 0), 3, False),
    ("two weeks of history", _by_day, 15, (15, 17, 0), 3, True),
    ("offices: silent on Sunday", _office_days, 40, (15, 17, 0), 48, False),
    ("offices: silent on Friday", _office_days, 40, (13, 17, 0), 5, True),
    ("offices: Friday with two weeks of history", _office_days, 15, (13, 17, 0), 5, True),
    ("offices: the night before Friday", _office_days, 40, (13, 8, 0), 14, False),
    ("weekly: silent for three days", _weekly, 59, (15, 17, 0), 80, False),
    ("weekly: silent on its day", _weekly, 59, (11, 17, 0), 7 * 24 + 7, False),
    ("daily at nine: an hour late", _daily, 40, (15, 10, 0), 25, False),
    ("daily at nine: silent for two days", _daily, 40, (15, 17, 0), 56, True),
    ("bursts: silent for two days", _bursts, 40, (15, 17, 0), 48, False),
    ("one incident is no usual", _one_incident, 40, (15, 20, 0), 1, False),
    ("never silent: forty minutes", _always, 30, (15, 3, 0), 0.7, False),
    ("never silent: two hours of the night", _always, 30, (15, 3, 0), 2, True),
    ("silent for longer than it was watched", _always, 20, (15, 3, 0), 24 * 19, False),
]  # fmt: skip


def _history(rhythm: Rhythm, days: int, now: datetime, silence: timedelta, *, state: SourceState = "ok") -> list[Run]:
    """A crawl every ten minutes; nothing new in the silence, whose end is now."""
    runs, at = [], now - days * DAY
    while at < now:
        quiet = at > now - silence
        runs.append(a_run(at, new=0 if quiet else rhythm(at.astimezone(ZONE)), state=state if quiet else "ok"))
        at += 10 * MINUTE
    return runs


@pytest.mark.parametrize(
    ("rhythm", "days", "present", "hours", "improbable"),
    [case[1:] for case in SILENCES],
    ids=[case[0] for case in SILENCES],
)
def test_a_silence_that_this_source_never_keeps(
    rhythm: Rhythm, days: int, present: tuple[int, int, int], hours: float, improbable: bool
) -> None:
    """By its own hours and days; without enough history nothing is said."""
    day, hour, minute = present
    now = datetime(2026, 3, day, hour, minute, tzinfo=ZONE)
    runs = _history(rhythm, days, now, hours * HOUR)
    found = improbable_silence(runs, now=now, every=10 * MINUTE, zone=ZONE)
    assert (found is not None) is improbable
    if found:
        assert found.chance < 1e-4
        assert found.since <= now - hours * HOUR
        assert f"约 {round(found.expected)} 条" in found.sentence


def test_what_was_not_watched_is_no_silence() -> None:
    """Days on which the product was off, and crawls that failed, say nothing about the source."""
    now = datetime(2026, 3, 15, 17, 0, tzinfo=ZONE)
    runs = _history(_by_day, 30, now, 3 * HOUR)
    off = [run for run in runs if not now - 9 * DAY < run.started < now - 7 * DAY]
    assert improbable_silence(off, now=now, every=10 * MINUTE, zone=ZONE) is not None
    blocked = _history(_by_day, 30, now, 3 * HOUR, state="blocked")
    assert improbable_silence(blocked, now=now, every=10 * MINUTE, zone=ZONE) is None


def test_a_quiet_week_ends_the_alarm_by_itself() -> None:
    """A source that has really become quiet is quiet from then on."""
    now = datetime(2026, 3, 15, 17, 0, tzinfo=ZONE)
    runs = _history(_by_day, 59, now, 40 * DAY)
    assert improbable_silence(runs, now=now, every=10 * MINUTE, zone=ZONE) is None


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 50)), max_size=60), st.integers(1, 3000))
def test_no_history_breaks_the_statistic(crawls: list[tuple[int, int]], every: int) -> None:
    """Whatever the runs are: no exception, and a silence only with its numbers in order."""
    runs = [a_run(NOW - minutes * 10 * MINUTE, new=new) for minutes, new in sorted(crawls, reverse=True)]
    found = improbable_silence(runs, now=NOW, every=every * MINUTE, zone=ZONE)
    assert found is None or (0 <= found.chance < 1e-4 and found.expected > 0 and found.compared >= 8)
