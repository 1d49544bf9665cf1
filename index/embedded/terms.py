"""Values of fields as numbers: the same value has the same code in every row."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import ClassVar

from index.fields import same_value


class Terms:
    """The codes of all values of one batch; values that are new get one. Lives within one write transaction."""

    #: Fields of which a mention has one value or none.
    SINGLE: ClassVar = ("channel", "grade", "site", "source", "event", "author")
    _MANY: ClassVar = ("subject", "category")

    def __init__(self, connection: sqlite3.Connection, fields: Sequence[Mapping[str, Sequence[str]]]) -> None:
        self._codes: dict[tuple[str, str], int] = {}
        for name in (*self.SINGLE, *self._MANY):
            for value in {value for one in fields for value in one[name]}:
                self._codes[name, value] = _code(connection, name, _plain(name, value))

    def code(self, name: str, value: str | None) -> int:
        """Its code, 0 for no value."""
        return 0 if value is None else self._codes[name, value]


def _code(connection: sqlite3.Connection, name: str, value: str) -> int:
    found = connection.execute("SELECT code FROM terms WHERE kind = ? AND value = ?", (name, value)).fetchone()
    if found is None:
        found = connection.execute(
            "INSERT INTO terms (kind, value, folded) VALUES (?, ?, ?) RETURNING code", (name, value, same_value(value))
        ).fetchone()
    return int(found[0])


def _plain(name: str, value: str) -> str:
    # Authors are only compared, never shown from here: their folded form is enough.
    return same_value(value) if name == "author" else value.encode("utf-8", "replace").decode()
