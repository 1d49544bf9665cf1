"""Who complained before: hashed marks (see `analysis.risk.marks`), and what became of the earlier complaints."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select

from analysis.background import Asked, Earlier, Outcome, Sign
from analysis.risk.complainant import SIGN_NAMES
from analysis.risk.marks import SIGN_OF, Mark, Marker
from analysis.risk.table import RiskTable
from core.schema import cases, complainants, corrections, events, posts, verdicts
from index.rows import chunks, insert_into, storable

#: Rows of one lookup; a text that was pasted everywhere must not be read everywhere.
_MOST = 5_000
_UNFOUNDED = frozenset({"dismissed", "malicious"})
_SETTLED = frozenset({"resolved", "followed_up", "closed"})
_SIGNS: Sequence[Sign] = tuple(SIGN_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fate:
    """What is known of an earlier complaint today."""

    parent: str | None
    #: Whether it is judged, and as no complaint (any more).
    is_nothing: bool
    case: str | None
    closed: datetime | None
    #: When somebody said 误报.
    refuted: datetime | None = None

    def outcome(self, when: datetime) -> Outcome | None:
        """How it had ended at that moment."""
        if self.refuted is not None and self.refuted <= when:
            return "unfounded"
        if self.case is None or (self.closed is not None and self.closed > when):
            return None
        return "unfounded" if self.case in _UNFOUNDED else "settled" if self.case in _SETTLED else None


class ComplainantStore:
    """Records marks and finds them again; everything within the caller's transaction."""

    def __init__(self, table: RiskTable, *, negative_from: float) -> None:
        self._marker = Marker(table)
        self._negative_from = negative_from
        self._back = timedelta(days=max(table.complainant.days, table.malice.year_days))

    def record_and_find(self, connection: Connection, asked: Sequence[Asked]) -> list[tuple[Earlier, ...]]:
        """Keep the marks of these complaints, and give each its earlier ones, oldest first."""
        marks = [self._marker.marks(one) for one in asked]
        rows = [row for one, own in zip(asked, marks, strict=True) for row in _rows(one, own)]
        if not rows:
            return [() for _ in asked]
        insert = insert_into(connection.dialect)(complainants).on_conflict_do_nothing()
        connection.execute(insert, rows)
        known = self._known(connection, rows)
        before = [list(_before(one, own, known)) for one, own in zip(asked, marks, strict=True)]
        fates = self._fates(connection, {row.post for found in before for _, row in found})
        return [_earlier(one, found, fates) for one, found in zip(asked, before, strict=True)]

    def _known(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Sequence[Row[Any]]]:
        """By mark: all complaints of the year that carry it."""
        since = min(row["published"] for row in rows) - self._back
        until = max(row["published"] for row in rows)
        known: dict[str, list[Row[Any]]] = defaultdict(list)
        for chunk in chunks(sorted({row["mark"] for row in rows})):
            wanted = (
                select(complainants)
                .where(complainants.c.mark.in_(chunk), complainants.c.published.between(since, until))
                .order_by(complainants.c.published.desc(), complainants.c.post)
                .limit(_MOST)
            )
            for row in connection.execute(wanted):
                known[row.mark].append(row)
        return known

    def _fates(self, connection: Connection, keys: Iterable[str]) -> Mapping[str, _Fate]:
        fates: dict[str, _Fate] = {}
        for chunk in chunks(sorted(keys)):
            refuted = {
                row.post: row.at
                for row in connection.execute(
                    select(corrections.c.post, func.min(corrections.c.at, type_=corrections.c.at.type).label("at"))
                    .where(
                        corrections.c.post.in_(chunk),
                        corrections.c.kind == "false_alarm",
                        corrections.c.withdrawn.is_(None),
                    )
                    .group_by(corrections.c.post)
                )
            }
            for row in connection.execute(_FATES.where(posts.c.id.in_(chunk))):
                fates[row.id] = _Fate(
                    parent=row.parent,
                    is_nothing=row.negative is not None and row.negative < self._negative_from and row.grade is None,
                    case=row.state,
                    closed=row.closed,
                    refuted=refuted.get(row.id),
                )
        return fates


#: A merged event's case is that of the event which took it over.
_FATES = (
    select(posts.c.id, posts.c.parent, verdicts.c.negative, verdicts.c.grade, cases.c.state, cases.c.closed)
    .outerjoin(verdicts, verdicts.c.id == posts.c.id)
    .outerjoin(events, events.c.id == verdicts.c.event)
    .outerjoin(cases, and_(cases.c.event == func.coalesce(events.c.merged_into, verdicts.c.event)))
)


def _rows(asked: Asked, marks: Sequence[Mark]) -> Iterable[dict[str, Any]]:
    post = asked.post
    when = min(post.when, post.collected)
    for mark in marks:
        for subject in asked.subjects:
            yield {
                "mark": mark.key,
                "post": post.id,
                "subject": subject,
                "channel": post.channel,
                "site": storable(post.site),
                "published": when,
            }


def _before(
    asked: Asked, marks: Sequence[Mark], known: Mapping[str, Sequence[Row[Any]]]
) -> Iterable[tuple[Sign, Row[Any]]]:
    """What carries one of the marks, is about the same subject and was published before."""
    own = min(asked.post.when, asked.post.collected), asked.post.id
    for mark in marks:
        for row in known.get(mark.key, ()):
            if row.subject in asked.subjects and (row.published, row.post) < own:
                yield SIGN_OF[mark.key[0]], row


def _earlier(asked: Asked, found: Iterable[tuple[Sign, Row[Any]]], fates: Mapping[str, _Fate]) -> tuple[Earlier, ...]:
    """One a thread, by its surest sign; the thread of the post itself is no other complaint."""
    when = min(asked.post.when, asked.post.collected)
    thread = asked.post.parent or asked.post.id
    best: dict[str, tuple[int, Row[Any]]] = {}
    for sign, row in found:
        fate = fates.get(row.post)
        if fate is None or (fate.is_nothing and fate.outcome(when) is None):
            continue
        place = fate.parent or row.post
        rank = _SIGNS.index(sign)
        if place != thread and (
            place not in best or (rank, row.published) < (best[place][0], best[place][1].published)
        ):
            best[place] = rank, row
    return tuple(
        Earlier(
            post=row.post,
            sign=_SIGNS[rank],
            channel=row.channel,
            site=row.site,
            when=row.published,
            outcome=fates[row.post].outcome(when),
        )
        for rank, row in sorted(best.values(), key=lambda one: (one[1].published, one[1].post))
    )
