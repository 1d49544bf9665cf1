"""The order "time" as a number: a mention's moment to the millisecond, and then the beginning of its id.

So every adapter gives mentions of one moment in one order.
"""

from __future__ import annotations

from datetime import UTC, datetime

_START = datetime(1970, 1, 1, tzinfo=UTC)
#: 42 bits of milliseconds reach to 2109; the rest of the 63 is left for the id.
_ID_BITS = 21


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since the beginning of 1970, downwards."""
    since = moment - _START
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def first_number(moment: datetime) -> int:
    """The least number of a mention at `moment`, to the millisecond."""
    return milliseconds(moment) << _ID_BITS


def leading_bits(key: str) -> int:
    """The first bits of an id: what orders mentions of one millisecond."""
    return int(key[:6], 16) >> (24 - _ID_BITS)
