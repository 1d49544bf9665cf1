"""Ids as the real platforms make them, so that parsers meet real shapes; the same world always has the same ids."""

from __future__ import annotations

import zlib
from datetime import datetime

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: Weibo counts the seconds of a mid from here.
_WEIBO_EPOCH = 515_483_463


def mid(published: datetime, number: int) -> str:
    """A Weibo id: the second in the high bits, a counter in the 22 low ones."""
    return str(((int(published.timestamp()) - _WEIBO_EPOCH) << 22) + number)


def bid(native: str) -> str:
    """The short form of a mid that stands in links: base 62 over groups of seven digits, from the right."""
    head = len(native) % 7
    groups = [native[:head]] if head else []
    groups += [native[start : start + 7] for start in range(head, len(native), 7)]
    return "".join(_base62(int(group)).rjust(4 if index else 1, "0") for index, group in enumerate(groups))


def steady(text: str, below: int) -> int:
    """A number from 0 to `below` - 1 that depends on the text alone: for everything that only has to look natural."""
    return zlib.crc32(text.encode()) % below


def _base62(number: int) -> str:
    digits = ""
    while True:
        number, rest = divmod(number, 62)
        digits = _DIGITS[rest] + digits
        if not number:
            return digits
