"""A query as SQL over the embedded index: which rows, in which order, from where on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from index.base import Facet, Query, Sort
from index.cursor import read_cursor, write_cursor
from index.fts import expression, relevance
from index.rownumber import first_number
from index.tree import whole_tree

Statement = tuple[str, tuple[Any, ...]]

#: Characters decide what is found; words weigh more in the order, being rarer than their characters; tags nothing.
_SCORE = "bm25(texts, 1.0, 2.0, 0.0)"
_COLUMNS: dict[Facet, str] = {
    "channel": "mentions.channel",
    "grade": "mentions.grade",
    "site": "mentions.site",
    "event": "mentions.event",
    "day": "mentions.day",
    "hour": "mentions.hour",
    "source": "mentions.source",
    "store": "labels.value",
    "category": "labels.value",
    "subject": "labels.value",
}
#: Facets of which a mention may have several values.
_LABELS: frozenset[Facet] = frozenset({"category", "subject", "store"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The rows a query means. `text` is the FTS5 expression, `ranked` the one to order by relevance."""

    sort: Sort
    limit: int
    text: str | None
    ranked: str | None
    #: Conditions on the row number and on `mentions`, with their values.
    numbers: tuple[tuple[str, Any], ...]
    facts: tuple[tuple[str, Any], ...]
    after: tuple[float, ...] | None

    def counted(self) -> Statement:
        """How many rows."""
        source, values = self._rows(self.text, facts=bool(self.facts))
        return f"SELECT count(*) FROM {source}", values

    def counted_by(self, facet: Facet) -> Statement:
        """How many rows of each value, most first."""
        source, values = self._rows(self.text, facts=True)
        column = _COLUMNS[facet]
        tables, _, conditions = source.partition(" WHERE ")
        if facet in _LABELS:
            kind = "subject" if facet == "store" else facet
            tables += f" JOIN labels ON labels.number = mentions.number AND labels.kind = '{kind}'"
        wanted = f"{conditions} AND {column} IS NOT NULL" if conditions else f"{column} IS NOT NULL"
        return f"SELECT {column}, count(*) AS many FROM {tables} WHERE {wanted} GROUP BY 1 ORDER BY 2 DESC, 1", values

    def page(self) -> Statement:
        """Row number and sort value of one hit more than the page holds."""
        if self.sort == "relevance":
            return self._by_relevance()
        source, values = self._rows(self.text, facts=bool(self.facts) or self.sort == "risk")
        number = "texts.rowid" if self.text else "mentions.number"
        order, key = (f"mentions.risk DESC, {number} DESC", "mentions.risk") if self.sort == "risk" else (
            f"{number} DESC", "NULL")  # fmt: skip
        if self.after:
            left = f"(mentions.risk, {number}) < (?, ?)" if self.sort == "risk" else f"{number} < ?"
            source += (" AND " if " WHERE " in source else " WHERE ") + left
            values += self.after
        return f"SELECT {number}, {key} FROM {source} ORDER BY {order} LIMIT ?", (*values, self.limit + 1)

    def cursor(self, row: Sequence[Any]) -> str:
        """What the next page begins after."""
        return write_cursor(self.sort, row[0]) if self.sort == "time" else write_cursor(self.sort, row[1], row[0])

    def _by_relevance(self) -> Statement:
        source, values = self._rows(self.ranked, facts=bool(self.facts))
        scored = f"SELECT texts.rowid AS number, {_SCORE} AS score FROM {source}"
        left = ""
        if self.after:
            left = "WHERE (score, -number) > (?, ?)"
            values += (self.after[0], -self.after[1])
        return f"SELECT number, score FROM ({scored}) {left} ORDER BY score, number DESC LIMIT ?", (
            *values,
            self.limit + 1,
        )

    def _rows(self, text: str | None, *, facts: bool) -> Statement:
        number = "texts.rowid" if text else "mentions.number"
        conditions = [("texts MATCH ?", text)] if text else []
        conditions += [(f"{number} {condition}", value) for condition, value in self.numbers]
        conditions += [(f"mentions.{condition}", value) for condition, value in self.facts]
        tables = "texts" if text else "mentions"
        if text and facts:
            # CROSS JOIN: the text is always looked up first, because hits then come in the order of their numbers.
            tables += " CROSS JOIN mentions ON mentions.number = texts.rowid"
        where = " AND ".join(condition for condition, _ in conditions)
        return f"{tables} WHERE {where}" if where else tables, tuple(value for _, value in conditions)


def select(query: Query) -> Selection:
    """Translate a query. Raise `QuerySyntaxError` for a cursor that does not belong to it."""
    tree = whole_tree(replace(query, since=None, until=None, min_risk=None, min_negative=None))
    ranked = relevance(tree) if tree and query.sort == "relevance" else None
    sort: Sort = "time" if query.sort == "relevance" and ranked is None else query.sort
    numbers = [("< ?", query.until), (">= ?", query.since)]
    facts = [("risk >= ?", query.min_risk), ("negative >= ?", query.min_negative)]
    after = tuple(read_cursor(query.after, sort, 1 if sort == "time" else 2)) if query.after else None
    return Selection(
        sort=sort,
        limit=max(1, query.limit),
        text=expression(tree) if tree else None,
        ranked=ranked,
        numbers=tuple((condition, first_number(moment)) for condition, moment in numbers if moment is not None),
        facts=tuple((condition, value) for condition, value in facts if value is not None),
        after=after,
    )
