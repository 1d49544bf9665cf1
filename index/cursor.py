"""Where a page ended: an opaque text that the next page begins after."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from core.errors import QuerySyntaxError
from index.base import Sort


def write_cursor(sort: Sort, *values: float) -> str:
    """The cursor after a hit with these sort values."""
    return base64.urlsafe_b64encode(json.dumps([sort, *values]).encode()).decode().rstrip("=")


def read_cursor(cursor: str, sort: Sort, count: int) -> list[float]:
    """The sort values in a cursor. Raise `QuerySyntaxError` where it is not one of this sort."""
    try:
        found: Any = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=="))
    except (binascii.Error, ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or len(found) != count + 1 or found[0] != sort:
        raise _bad(cursor)
    numbers = [value for value in found[1:] if isinstance(value, int | float) and abs(value) < 2**63]
    if len(numbers) != count:
        raise _bad(cursor)
    return numbers


def _bad(cursor: str) -> QuerySyntaxError:
    return QuerySyntaxError(cursor, 0, "翻页标记无效", "请回到第一页。")
