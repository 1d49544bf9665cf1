"""Counts one day from the durable store: what was said, compared with the days before, and which stories it told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, String, and_, case, cast, func, or_, select

from alerts.daily import EventLine, Tally, Window
from alerts.dedup import highest
from core.model import CHANNEL_NAMES, GRADES, Channel, Grade
from core.schema import corrections, events, posts, verdicts
from core.text import clean, shorten

#: Days before that a day is compared with.
COMPARED = 7
TOP_EVENTS = 10

#: Means of earlier days by channel: (mentions, negative).
Means = dict[Channel, tuple[float, float]]


def happened(window: Window) -> ColumnElement[bool]:
    """Posts of the window by `Post.when`, spelled so that both columns' indexes serve it."""
    return _between(window.since, window.until)


def day_rows(connection: Connection, window: Window) -> list[Any]:
    """The judgements of the day that concern a subject."""
    columns = ("id", "negative", "subjects", "categories", "event", "grade", "risk")
    wanted = (
        select(posts.c.channel, *(verdicts.c[name] for name in columns))
        .join(verdicts, verdicts.c.id == posts.c.id)
        .where(happened(window), _concerns_us())
    )
    return list(connection.execute(wanted))


def false_alarms(connection: Connection, rows: Sequence[Any]) -> int:
    """How many of these judgements people call false alarms, by the latest word on each."""
    shown = {row.id for row in rows}
    said = (
        select(corrections.c.post, corrections.c.kind)
        .where(corrections.c.kind != "category", corrections.c.withdrawn.is_(None))
        .order_by(corrections.c.at, corrections.c.number)
    )
    latest = {row.post: row.kind for row in connection.execute(said) if row.post in shown}
    return sum(kind == "false_alarm" for kind in latest.values())


def count_posts(connection: Connection, window: Window) -> int:
    """All posts of the day."""
    return connection.scalar(select(func.count()).select_from(posts).where(happened(window))) or 0


def usual(connection: Connection, window: Window, zone: ZoneInfo, negative_from: float) -> tuple[int, Means]:
    """Over how many of the days before there is anything to compare, and the means of the same hours, by channel."""
    first = connection.scalar(select(func.min(func.coalesce(posts.c.published, posts.c.collected, type_=_TIME))))
    if first is None:
        return 0, {}
    known = (window.since.astimezone(zone).date() - first.astimezone(zone).date()).days
    days = max(0, min(COMPARED, known))
    sums: dict[Channel, list[int]] = defaultdict(lambda: [0, 0])
    for back in range(1, days + 1):
        since, until = (_earlier(moment, back, zone) for moment in (window.since, window.until))
        badly = func.sum(case((verdicts.c.negative >= negative_from, 1), else_=0))
        wanted = (
            select(posts.c.channel, func.count(), badly)
            .join(verdicts, verdicts.c.id == posts.c.id)
            .where(_between(since, until), _concerns_us())
            .group_by(posts.c.channel)
        )
        for channel, count, negative in connection.execute(wanted):
            sums[channel][0] += count
            sums[channel][1] += negative
    return days, {channel: (count / days, bad / days) for channel, (count, bad) in sums.items()}


def total(rows: Sequence[Any], days: int, means: Means, negative_from: float) -> Tally:
    """The whole day in one line."""
    bad = sum(row.negative >= negative_from for row in rows)
    if days == 0:
        return Tally(name="合计", mentions=len(rows), negative=bad)
    usual_mentions, usual_negative = (sum(pair[place] for pair in means.values()) for place in (0, 1))
    return Tally(
        name="合计", mentions=len(rows), negative=bad, usual_mentions=usual_mentions, usual_negative=usual_negative
    )


def by_channel(rows: Sequence[Any], days: int, means: Means, negative_from: float) -> tuple[Tally, ...]:
    """A line for each channel that spoke today or usually does."""
    names: set[Channel] = {row.channel for row in rows} | set(means)
    lines = []
    for channel in names:
        mine = [row for row in rows if row.channel == channel]
        mean = means.get(channel, (0.0, 0.0)) if days else (None, None)
        lines.append(
            Tally(
                name=CHANNEL_NAMES[channel],
                mentions=len(mine),
                negative=sum(row.negative >= negative_from for row in mine),
                usual_mentions=mean[0],
                usual_negative=mean[1],
            )
        )
    return _sorted(lines)


def by_words(rows: Sequence[Any], column: str, negative_from: float) -> tuple[Tally, ...]:
    """A line for each word in a column of lists ("subjects", "categories")."""
    counts: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    for row in rows:
        for word in dict.fromkeys(getattr(row, column)):
            counts[word] += 1
            bad[word] += row.negative >= negative_from
    return _sorted(Tally(name=word, mentions=count, negative=bad[word]) for word, count in counts.items())


def top_events(connection: Connection, rows: Sequence[Any]) -> tuple[EventLine, ...]:
    """The gravest and largest stories of the day. A graded post without an event is a story of its own."""
    stories: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        stories[row.event or row.id].append(row)
    told = [(_gravest(found), len(found), key) for key, found in stories.items()]
    told = [entry for entry in told if entry[0] or entry[1] > 1]
    told.sort(key=lambda entry: (GRADES.index(entry[0]) if entry[0] else len(GRADES), -entry[1], entry[2]))
    return tuple(_event_line(connection, key, stories[key], grade) for grade, _, key in told[:TOP_EVENTS])


def title_of(title: str | None, text: str) -> str:
    """One line that names a post."""
    return shorten(clean(title or text), 60) or "（无文字内容）"


def _event_line(connection: Connection, key: str, rows: Sequence[Any], grade: Grade | None) -> EventLine:
    event = connection.execute(select(events).where(events.c.id == key)).first()
    if event is not None:
        name, size, channels = title_of(event.title, ""), event.size, tuple(event.channels)
    else:
        post = connection.execute(select(posts.c.title, posts.c.text).where(posts.c.id == rows[0].id)).one()
        name, size = title_of(post.title, post.text), len(rows)
        channels = tuple(dict.fromkeys(row.channel for row in rows))
    return EventLine(
        event=key,
        title=name,
        count=len(rows),
        size=size,
        grade=grade,
        channels=tuple(CHANNEL_NAMES.get(channel, channel) for channel in channels),
    )


def _gravest(rows: Iterable[Any]) -> Grade | None:
    found: Grade | None = None
    for row in rows:
        if row.grade:
            found = highest(row.grade, found) if found else row.grade
    return found


def _sorted(lines: Iterable[Tally]) -> tuple[Tally, ...]:
    return tuple(sorted(lines, key=lambda line: (-line.negative, -line.mentions, line.name)))


def _concerns_us() -> ColumnElement[bool]:
    return cast(verdicts.c.subjects, String) != "[]"


def _between(since: datetime, until: datetime) -> ColumnElement[bool]:
    return or_(
        and_(posts.c.published >= since, posts.c.published < until),
        and_(posts.c.published.is_(None), posts.c.collected >= since, posts.c.collected < until),
    )


def _earlier(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same time of day on an earlier local day."""
    return moment.astimezone(zone) - timedelta(days=days)


_TIME = posts.c.collected.type
