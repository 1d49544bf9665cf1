"""What saved searches found, one row a search and post for ever: a post that is published again is found once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from core.schema import saved_search_hits as hits
from core.schema import saved_searches as searches
from index.rows import chunks, insert_into

#: Stands in the column `message` of what a search found in the archive when it began to watch; nobody is told of it.
KNOWN = "known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """One post that one search found."""

    search: str
    post: str


def note(connection: Connection, rows: Sequence[Mapping[str, object]]) -> list[Find]:
    """Write finds within the caller's transaction, but only of searches there are; returns those that are new.

    The searches are locked where the database has row locks, so that none is removed meanwhile.
    """
    there: set[str] = set()
    for chunk in chunks(sorted({str(row["search"]) for row in rows})):
        wanted = select(searches.c.id).where(searches.c.id.in_(chunk)).order_by(searches.c.id)
        there.update(connection.scalars(wanted.with_for_update(key_share=True, read=True)))
    kept = [dict(row) for row in rows if row["search"] in there]
    if not kept:
        return []
    statement = insert_into(connection.dialect)(hits).on_conflict_do_nothing().returning(hits.c.search, hits.c.post)
    return [Find(search=row.search, post=row.post) for row in connection.execute(statement, kept)]
