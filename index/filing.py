"""Writes mentions into the embedded index, a batch at a time and in the order of their row numbers.

The order is what makes it fast: FTS5 gathers new rows in memory for as long as their numbers grow, and writes out a
piece of its own for every step back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from core.model import Mention
from core.wire import dumps
from index.bodies import body_of
from index.fields import values_of
from index.fts import text_columns
from index.rownumber import free_number
from index.rows import chunks

_TABLES = ("texts", "mentions", "bodies", "labels")


def file_all(
    connection: sqlite3.Connection, mentions: Sequence[Mention], zone: ZoneInfo, *, as_of: datetime | None
) -> dict[str, str]:
    """Add or replace mentions within the caller's transaction; of one that comes twice the last counts.

    Returns, by the verdict's id, why a mention cannot be filed.
    """
    refused: dict[str, str] = {}
    wished: dict[str, tuple[Mention, str]] = {}
    for mention in mentions:
        try:
            key = mention.post.id
        except UnicodeEncodeError:
            refused[mention.verdict.id] = "帖文编号含有无法编码的字符"
            continue
        if key != mention.verdict.id:
            refused[mention.verdict.id] = "研判与帖文的编号不一致"
            continue
        wished[key] = (mention, dumps(body_of(mention)))
    stored = _stored(connection, list(wished))
    read = int((as_of or datetime.now(UTC)).timestamp() * 1000)
    newer = {key: one for key, one in wished.items() if key not in stored or stored[key][2] <= read}
    changed = {key: one for key, one in newer.items() if key not in stored or stored[key][1] != one[1]}
    same = [(read, stored[key][0]) for key in newer if key not in changed]
    connection.executemany("UPDATE mentions SET read = ? WHERE number = ?", same)
    remove(connection, [stored[key][0] for key in changed if key in stored])
    _insert(connection, _numbered(connection, changed), zone, read)
    return refused


def remove(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Forget rows, tokens included, within the caller's transaction."""
    rows = [(number,) for number in sorted(numbers)]
    for table in _TABLES if rows else ():
        column = "rowid" if table == "texts" else "number"
        connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", rows)


def _stored(connection: sqlite3.Connection, keys: Sequence[str]) -> dict[str, tuple[int, str, int]]:
    """Number, body and time of reading of those of the mentions that are in."""
    found: dict[str, tuple[int, str, int]] = {}
    for chunk in chunks(keys):
        marks = ",".join("?" * len(chunk))
        rows = connection.execute(
            f"SELECT id, number, mention, read FROM mentions JOIN bodies USING (number) WHERE id IN ({marks})", chunk
        )
        found.update((key, (number, body, read)) for key, number, body, read in rows)
    return found


def _numbered(
    connection: sqlite3.Connection, changed: Mapping[str, tuple[Mention, str]]
) -> list[tuple[int, str, Mention, str]]:
    """Row number, id, mention and body of each, by number."""
    given: set[int] = set()

    def is_taken(number: int) -> bool:
        known = number in given or connection.execute("SELECT 1 FROM mentions WHERE number = ?", (number,)).fetchone()
        return bool(known)

    rows = []
    for key, (mention, body) in changed.items():
        number = free_number(mention, taken=is_taken)
        given.add(number)
        rows.append((number, key, mention, body))
    return sorted(rows, key=lambda row: row[0])


def _insert(
    connection: sqlite3.Connection, rows: Sequence[tuple[int, str, Mention, str]], zone: ZoneInfo, read: int
) -> None:
    facts, labels, texts = [], [], []
    for number, key, mention, _ in rows:
        values = values_of(mention, zone)
        site, event, day = (_plain(next(iter(values[name]), None)) for name in ("site", "event", "day"))
        verdict = mention.verdict
        facts.append(
            (
                number,
                key,
                mention.post.channel,
                verdict.grade,
                site,
                event,
                day,
                mention.post.when.astimezone(zone).strftime("%Y-%m-%dT%H"),
                mention.source,
                int(mention.post.collected.timestamp() * 1000),
                read,
                verdict.risk,
                verdict.negative,
            )
        )
        labels += [(number, name, _plain(value)) for name in ("subject", "category") for value in values[name]]
        texts.append((number, *text_columns(mention.post, values)))
    connection.executemany("INSERT INTO mentions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", facts)
    connection.executemany("INSERT INTO bodies VALUES (?, ?)", [(number, body) for number, _, _, body in rows])
    connection.executemany("INSERT OR IGNORE INTO labels VALUES (?, ?, ?)", labels)
    connection.executemany("INSERT INTO texts (rowid, chars, words, tags) VALUES (?, ?, ?, ?)", texts)


def _plain(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "replace").decode()
