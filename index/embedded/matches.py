"""Which rows a tree means: one yes or no a row."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce

import numpy as np

from index.base import All, AnyOf, Between, FieldIs, Node, Not, Term, Within
from index.embedded.columns import LABELLED, Mask
from index.embedded.snapshots import Snapshot
from index.embedded.texts import DEEP, expression
from index.fields import same_value
from index.rownumber import milliseconds

_HOURS = 24
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
#: Fields of which a row has at most one value.
_SINGLE = ("channel", "grade", "site", "source", "event", "author")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Decides about the rows of one snapshot."""

    snapshot: Snapshot
    #: Rows that matter: others may be left out of what a text matches.
    low: int = 0
    high: int | None = None

    def of_query(self, tree: Node | None) -> Mask:
        """The rows of the mentions that a whole tree finds; all mentions for `None`."""
        live = self.snapshot.columns.mask("live")
        return live.copy() if tree is None else self.of(tree) & live

    def of(self, node: Node) -> Mask:
        """The rows that a node matches, rows of forgotten mentions aside."""
        match node:
            case Term():
                return self._texts(expression(node) or "")
            case FieldIs(name, value):
                return self._field(name, same_value(value))
            case Between(name, low, high, low_in, high_in):
                return self._between(name, low, high, low_in=low_in, high_in=high_in)
            case Within(since, until):
                return self._within(since, until)
            case Not(inner):
                return ~self.of(inner)
            case AnyOf(nodes):
                return reduce(np.logical_or, [self.of(inner) for inner in nodes], self._none())
            case All(nodes):
                return self._all(nodes)

    def _all(self, nodes: tuple[Node, ...]) -> Mask:
        """Columns first: they are cheap and may leave few rows. All texts together: the rarest leads FTS5 the way."""
        wanted = [node for node in nodes if not isinstance(node, Not) and expression(node) is not None]
        unwanted = [node for node in nodes if isinstance(node, Not) and expression(node.node) is not None]
        textual = (*wanted, *unwanted) if wanted else ()
        rest = [node for node in nodes if node not in textual]
        found = reduce(np.logical_and, [self.of(node) for node in rest], ~self._none())
        if not textual:
            return found
        within = self._around(found) if rest else self
        return found & within._texts(expression(All(textual), DEEP + 1) or "")

    def _around(self, found: Mask) -> Matches:
        """The same for the stretch in which there are rows at all, where that is much less."""
        rows = np.flatnonzero(found)
        if not len(rows):
            return replace(self, low=0, high=0)
        low, high = max(self.low, int(rows[0])), int(rows[-1]) + 1
        return replace(self, low=low, high=high) if high - low < len(found) // 2 else self

    def _texts(self, text: str) -> Mask:
        found = self._none()
        if self.high != 0:
            found[self.snapshot.containing("chars", text, self.low, self.high)] = True
        return found

    def _field(self, name: str, value: str) -> Mask:
        columns = self.snapshot.columns
        if name == "has":
            return columns.mask(value) if value in ("evidence", "image") else self._none()
        if name == "day":
            return self._day(value)
        codes = self._codes(name, value)
        if name in LABELLED:
            labels, found = columns.labels[name], self._none()
            found[labels.rows[np.isin(labels.codes, codes)]] = True
            return found
        if name not in _SINGLE or not codes:
            return self._none()
        column = columns.cells[name]
        return column == codes[0] if len(codes) == 1 else np.isin(column, codes)

    def _codes(self, name: str, value: str) -> list[int]:
        rows = self.snapshot.connection.execute(
            "SELECT code FROM terms WHERE kind = ? AND folded = ?", (name, value)
        ).fetchall()
        return [code for (code,) in rows]

    def _day(self, value: str) -> Mask:
        try:
            first = (date.fromisoformat(value).toordinal() - _EPOCH_DAY) * _HOURS if _DAY.fullmatch(value) else None
        except ValueError:
            first = None
        hours = self.snapshot.columns.cells["hour"]
        return self._none() if first is None else (hours >= first) & (hours < first + _HOURS)

    def _between(self, name: str, low: float | None, high: float | None, *, low_in: bool, high_in: bool) -> Mask:
        column, found = self.snapshot.columns.cells[name], ~self._none()
        if low is not None:
            found &= column >= float(low) if low_in else column > float(low)
        if high is not None:
            found &= column <= float(high) if high_in else column < float(high)
        return found

    def _within(self, since: datetime | None, until: datetime | None) -> Mask:
        times, found = self.snapshot.columns.cells["time"], ~self._none()
        if since is not None:
            found &= times >= milliseconds(since)
        if until is not None:
            found &= times < milliseconds(until)
        return found

    def _none(self) -> Mask:
        return np.zeros(self.snapshot.columns.size, np.bool_)


def hour_number(moment: datetime) -> int:
    """Hours on the clock that `moment` is given in, from the beginning of 1970."""
    return (moment.toordinal() - _EPOCH_DAY) * _HOURS + moment.hour


def hour_text(number: int) -> str:
    """Its "2026-03-14T23"."""
    days, hour = divmod(number, _HOURS)
    return f"{date.fromordinal(days + _EPOCH_DAY).isoformat()}T{hour:02d}"


def day_text(number: int) -> str:
    """The day of an hour, "2026-03-14"."""
    return hour_text(number)[:10]
