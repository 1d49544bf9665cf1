"""Row numbers that are times: a mention's row in the embedded index is its moment and then the beginning of its id.

FTS5 gives hits in the order of row numbers; so "newest first", a span of time and the next page are steps along one
list.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from core.model import Mention

_START = datetime(1970, 1, 1, tzinfo=UTC)
#: 42 bits of milliseconds reach to 2109; the rest of the 63 is left for the id.
_ID_BITS = 21


def first_number(moment: datetime) -> int:
    """The least row number of a mention at `moment`, to the millisecond."""
    since = moment - _START
    return (since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000) << _ID_BITS


def free_number(mention: Mention, *, taken: Callable[[int], bool]) -> int:
    """The mention's row number; the next free one within its millisecond where two ids begin alike."""
    first = first_number(mention.post.when)
    start = int(mention.id[:6], 16) >> (24 - _ID_BITS)
    while taken(first + start):
        start = (start + 1) % (1 << _ID_BITS)
    return first + start
