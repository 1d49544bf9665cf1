"""What we did on one day: alerts and how fast they arrived, cases, history left to the digest, the sources' health."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any, cast

from sqlalchemy import Connection, func, select

from alerts.counting import title_of
from alerts.daily import Outage, Quiet, SourceLine, Speed, Window
from core.model import CORRECTION_NAMES, CorrectionKind, Grade
from core.schema import alerts, cases, corrections, deliveries, dispatches, messages, posts, sources, verdicts
from core.settings import SourceSettings
from crawlers.history import OVERDUE, Episode, read_episodes
from crawlers.sources import patience

GRAVEST_OLD = 10
_SHOWS_THE_POST = ("complete", "partial")


def speed(connection: Connection, window: Window) -> Speed:
    """The day's alerts: how many, to whom they came, how fast, with what proof."""
    opened = (
        select(alerts.c.id, alerts.c.grade, posts.c.published)
        .outerjoin(posts, posts.c.id == alerts.c.post)
        .where(alerts.c.opened >= window.since, alerts.c.opened < window.until)
    )
    raised = connection.execute(opened).all()
    first = _first_deliveries(connection, window)
    reached = [row for row in raised if row.id in first]
    delays = [first[row.id][0] - row.published for row in reached if row.published]
    delays = [delay for delay in delays if delay >= timedelta()]
    failed = select(func.count()).where(
        messages.c.state == "failed", messages.c.settled >= window.since, messages.c.settled < window.until
    )
    grades = Counter(row.grade for row in raised)
    return Speed(
        alerts=len(raised),
        by_grade={cast("Grade", grade): grades[grade] for grade in sorted(grades)},
        reached=len(reached),
        with_evidence=sum(first[row.id][1] in _SHOWS_THE_POST for row in reached),
        median=median(delays) if delays else None,
        slowest=max(delays, default=None),
        failed=connection.scalar(failed) or 0,
    )


def corrected(connection: Connection, window: Window) -> dict[CorrectionKind, int]:
    """What people corrected on the day and did not take back, by kind."""
    when = (corrections.c.at >= window.since, corrections.c.at < window.until, corrections.c.withdrawn.is_(None))
    wanted = select(corrections.c.kind, func.count()).where(*when).group_by(corrections.c.kind)
    found = {row[0]: row[1] for row in connection.execute(wanted)}
    return {kind: found[kind] for kind in CORRECTION_NAMES if kind in found}


def case_counts(connection: Connection, window: Window) -> tuple[int, int, int]:
    """Cases opened on the day, ended on the day, and open now."""

    def count(*conditions: Any) -> int:
        return connection.scalar(select(func.count()).select_from(cases).where(*conditions)) or 0

    return (
        count(cases.c.opened >= window.since, cases.c.opened < window.until),
        count(cases.c.closed >= window.since, cases.c.closed < window.until),
        count(cases.c.state.not_in(("closed", "dismissed", "malicious"))),
    )


def left_to_digest(connection: Connection, window: Window) -> tuple[int, tuple[Quiet, ...]]:
    """Graded mentions that were history when first seen: how many, and the gravest."""
    that_day = (dispatches.c.outcome == "digest", dispatches.c.at >= window.since, dispatches.c.at < window.until)
    count = connection.scalar(select(func.count()).select_from(dispatches).where(*that_day)) or 0
    gravest = (
        select(posts, verdicts.c.risk, verdicts.c.grade)
        .join(dispatches, dispatches.c.post == posts.c.id)
        .join(verdicts, verdicts.c.id == posts.c.id)
        .where(*that_day)
        .order_by(verdicts.c.risk.desc(), posts.c.id)
        .limit(GRAVEST_OLD)
    )
    return count, tuple(
        Quiet(
            title=title_of(row.title, row.text),
            url=row.url,
            when=row.published or row.collected,
            risk=row.risk,
            grade=row.grade,
        )
        for row in connection.execute(gravest)
    )


def unmatched(connection: Connection, window: Window) -> int:
    """Graded mentions of the day that no rule wanted."""
    wanted = select(func.count()).where(
        dispatches.c.outcome == "unmatched", dispatches.c.at >= window.since, dispatches.c.at < window.until
    )
    return connection.scalar(wanted) or 0


def source_lines(connection: Connection, watched: Sequence[SourceSettings], window: Window) -> tuple[SourceLine, ...]:
    """How each watched source stands now, and whether it was seen since the day began."""
    known = {row.id: row for row in connection.execute(select(sources))}
    episodes = read_episodes(connection, window.since, window.until, [source.id for source in watched])
    return tuple(
        _source_line(source, known.get(source.id), [one for one in episodes if one.source == source.id], window)
        for source in watched
    )


def _source_line(source: SourceSettings, row: Any | None, episodes: Sequence[Episode], window: Window) -> SourceLine:
    if row is None:
        return SourceLine(name=source.name, state=None, reason="从未采集", since=None, last_ok=None, seen=False)
    return SourceLine(
        name=source.name,
        state=row.state,
        reason=(row.reason or "") if row.state else "从未采集" if row.last_run is None else "恢复后还没有采集",
        since=row.since,
        last_ok=row.last_ok,
        seen=row.last_ok is not None and row.last_ok >= window.since,
        failed=row.failures > 0,
        outages=(
            *(_outage(one, window) for one in episodes if one.failed or one.state == "paused"),
            *_unwatched(source, row, window),
        ),
        lost=tuple(part for one in episodes for part in one.reason.split("；") if part.endswith("没有补采")),
    )


def _unwatched(source: SourceSettings, row: Any, window: Window) -> tuple[Outage, ...]:
    """The end of the day in which nobody crawled a source that was well: no later crawl has noted it yet."""
    if row.failures or row.state in (None, "paused"):
        return ()
    due = row.next_run or (row.last_run + source.every if row.last_run else window.until)
    if window.until - due <= patience(source.every):
        return ()
    since = max(due, window.since)
    return (Outage(state="down", reason=OVERDUE, since=since, until=window.until, lasts=True),)


def _outage(episode: Episode, window: Window) -> Outage:
    return Outage(
        state=episode.state,
        reason=episode.reason,
        since=max(episode.since, window.since),
        until=min(episode.until or window.until, window.until),
        lasts=episode.until is None or episode.until > window.until,
    )


def _first_deliveries(connection: Connection, window: Window) -> dict[str, tuple[datetime, str | None]]:
    """For each alert of the window the first acceptance of a card: when, and the evidence that went with it."""
    accepted = (
        select(messages.c.alert, deliveries.c.at, deliveries.c.evidence)
        .join(messages, messages.c.id == deliveries.c.message)
        .join(alerts, alerts.c.id == messages.c.alert)
        .where(deliveries.c.ok.is_(True), messages.c.kind == "alert")
        .where(alerts.c.opened >= window.since, alerts.c.opened < window.until)
        .order_by(deliveries.c.at.desc(), deliveries.c.number.desc())
    )
    return {row.alert: (row.at, row.evidence) for row in connection.execute(accepted)}
