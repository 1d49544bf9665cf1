"""Writes mentions into the embedded index, a batch at a time.

What only changes beside its text keeps its row: the text index, which is what costs, is left alone.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from core.model import Mention
from index.embedded.bodies import packed, unpacked
from index.embedded.columns import CELL, LABEL, LABELLED
from index.embedded.matches import hour_number
from index.embedded.packs import put_pack
from index.embedded.terms import Terms
from index.embedded.texts import text_columns
from index.fields import has_of, values_of
from index.rownumber import leading_bits, milliseconds
from index.rows import chunks

_LONGEST = 2**16 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """What is in of a mention."""

    row: int
    read: int
    body: int
    tokens: int


@dataclass(slots=True, kw_only=True)
class _Wish:
    """A mention that shall be in."""

    mention: Mention
    packed: bytes
    body: int
    chars: str = ""
    words: str = ""
    tokens: int = 0
    row: int = -1


def file_all(
    connection: sqlite3.Connection, mentions: Sequence[Mention], zone: ZoneInfo, *, read: int
) -> dict[str, str]:
    """Add or replace mentions within the caller's transaction; of one that comes twice the last counts.

    `read` is when they were read, in milliseconds. Returns, by the verdict's id, why a mention cannot be filed.
    """
    wishes, refused = _wishes(mentions)
    stored, gone_as_of = _stored(connection, list(wishes)), _gone(connection, list(wishes))
    wishes = {
        key: wish
        for key, wish in wishes.items()
        if (key not in stored or stored[key].read <= read) and gone_as_of.get(key, read) <= read
    }
    back = [(bytes.fromhex(key),) for key in wishes if key in gone_as_of]
    connection.executemany("DELETE FROM gone WHERE id = ?", back)
    changed = {key: wish for key, wish in wishes.items() if key not in stored or stored[key].body != wish.body}
    confirmed = [(read, stored[key].row) for key in wishes if key not in changed and stored[key].read < read]
    connection.executemany("UPDATE mentions SET read = ? WHERE row = ?", confirmed)
    gone = []
    texts = text_columns([wish.mention.post for wish in changed.values()])
    for (key, wish), (chars, words) in zip(changed.items(), texts, strict=True):
        wish.chars, wish.words = chars, words
        wish.tokens = _checksum(wish.chars, wish.words)
        if key in stored and stored[key].tokens == wish.tokens:
            wish.row = stored[key].row
        elif key in stored:
            gone.append(stored[key].row)
    remove(connection, gone)
    _write(connection, changed, zone, read)
    return refused


def remove_all(connection: sqlite3.Connection, keys: Sequence[str], *, read: int) -> int:
    """Remove those mentions that were not read later than this; how many were there."""
    stored = _stored(connection, keys)
    doomed = {key: one.row for key, one in stored.items() if one.read <= read}
    remove(connection, doomed.values())
    connection.executemany(
        "INSERT INTO gone VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET read = max(read, excluded.read)",
        [(bytes.fromhex(key), read) for key in keys if key not in stored or key in doomed],
    )
    return len(doomed)


def remove(connection: sqlite3.Connection, rows: Iterable[int]) -> None:
    """Forget rows, tokens included, within the caller's transaction."""
    doomed = sorted(set(rows))
    if not doomed:
        return
    stale = 0
    kept = [
        connection.execute(
            "SELECT bodies.body, tokens FROM bodies JOIN mentions USING (row) WHERE row = ?", (row,)
        ).fetchone()
        for row in doomed
    ]
    texts = text_columns([unpacked(body).post for body, _ in kept])
    for row, (_, tokens), (chars, words) in zip(doomed, kept, texts, strict=True):
        if _checksum(chars, words) == tokens:
            connection.execute("INSERT INTO chars (chars, rowid, text) VALUES ('delete', ?, ?)", (row, chars))
            connection.execute("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", (row, words))
        else:
            # Another dictionary cut it: telling FTS5 anything but what it was told would spoil it. No search finds
            # the row again; its tokens stay until the next rebuild, and the state says so.
            stale += 1
    marks = [(row,) for row in doomed]
    connection.executemany("DELETE FROM bodies WHERE row = ?", marks)
    connection.executemany("DELETE FROM mentions WHERE row = ?", marks)
    cells = np.zeros(len(doomed), CELL)
    cells["row"] = doomed
    put_pack(connection, cells, np.zeros(0, LABEL))
    _raise(connection, count=-len(doomed), stale=stale)


def _wishes(mentions: Sequence[Mention]) -> tuple[dict[str, _Wish], dict[str, str]]:
    refused: dict[str, str] = {}
    wishes: dict[str, _Wish] = {}
    for mention in mentions:
        try:
            key = mention.post.id
            f"{mention.post.site}{mention.post.native_id}".encode()
        except UnicodeEncodeError:
            refused[mention.verdict.id] = "帖文编号含有无法编码的字符"
            continue
        if key != mention.verdict.id:
            refused[mention.verdict.id] = "研判与帖文的编号不一致"
            continue
        body, digest = packed(mention)
        wishes.pop(key, None)
        wishes[key] = _Wish(mention=mention, packed=body, body=digest)
    return wishes, refused


def _stored(connection: sqlite3.Connection, keys: Sequence[str]) -> dict[str, _Stored]:
    found: dict[str, _Stored] = {}
    for chunk in chunks([bytes.fromhex(key) for key in keys]):
        marks = ",".join("?" * len(chunk))
        for key, row, read, body, tokens in connection.execute(
            f"SELECT id, row, read, body, tokens FROM mentions WHERE id IN ({marks})", chunk
        ):
            found[key.hex()] = _Stored(row=row, read=read, body=body, tokens=tokens)
    return found


def _gone(connection: sqlite3.Connection, keys: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in chunks([bytes.fromhex(key) for key in keys]):
        marks = ",".join("?" * len(chunk))
        rows = connection.execute(f"SELECT id, read FROM gone WHERE id IN ({marks})", chunk)
        found.update((key.hex(), read) for key, read in rows)
    return found


def _write(connection: sqlite3.Connection, wishes: Mapping[str, _Wish], zone: ZoneInfo, read: int) -> None:
    if not wishes:
        return
    # Rows in the order of time: a span of time is then a stretch of rows.
    fresh = sorted((wish for wish in wishes.values() if wish.row < 0), key=lambda wish: wish.mention.post.when)
    first = int(connection.execute("SELECT value FROM facts WHERE name = 'next_row'").fetchone()[0])
    for row, wish in enumerate(fresh, start=first):
        wish.row = row
    _raise(connection, next_row=len(fresh), count=len(fresh))
    known = [
        (wish.row, bytes.fromhex(key), read, milliseconds(wish.mention.post.collected), wish.body, wish.tokens)
        for key, wish in wishes.items()
    ]
    connection.executemany(
        "INSERT INTO mentions VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (row) DO UPDATE SET "
        "read = excluded.read, collected = excluded.collected, body = excluded.body",
        sorted(known),
    )
    rows = sorted(wishes.values(), key=lambda wish: wish.row)
    connection.executemany("REPLACE INTO bodies VALUES (?, ?)", [(wish.row, wish.packed) for wish in rows])
    connection.executemany("INSERT INTO chars (rowid, text) VALUES (?, ?)", [(one.row, one.chars) for one in fresh])
    connection.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", [(one.row, one.words) for one in fresh])
    _write_columns(connection, rows, zone)


def _write_columns(connection: sqlite3.Connection, wishes: Sequence[_Wish], zone: ZoneInfo) -> None:
    values = [values_of(wish.mention, zone) for wish in wishes]
    terms = Terms(connection, values)
    cells, labels = [], []
    for wish, fields in zip(wishes, values, strict=True):
        post, verdict, has = wish.mention.post, wish.mention.verdict, has_of(wish.mention)
        codes = {name: terms.code(name, next(iter(fields[name]), None)) for name in Terms.SINGLE}
        cells.append(
            (
                wish.row, True, has["evidence"], has["image"], verdict.risk,
                min(_LONGEST, wish.chars.count(" ") + 1 if wish.chars else 0), leading_bits(post.id),
                hour_number(post.when.astimezone(zone)), milliseconds(post.when), verdict.negative,
                codes["channel"], codes["grade"], codes["site"], codes["source"], codes["event"], codes["author"],
            )
        )  # fmt: skip
        for kind, name in enumerate(LABELLED):
            # A value that comes twice is one value.
            labels += [(wish.row, kind, code) for code in {terms.code(name, value): 0 for value in fields[name]}]
    put_pack(connection, np.array(cells, CELL), np.array(labels, LABEL))


def _checksum(chars: str, words: str) -> int:
    return zlib.crc32(words.encode(), zlib.crc32(chars.encode()))


def _raise(connection: sqlite3.Connection, **by: int) -> None:
    connection.executemany(
        "UPDATE facts SET value = value + ? WHERE name = ?", [(value, name) for name, value in by.items() if value]
    )
