"""Sites show large counts as words; the sums of the product need numbers, and unknown must stay unknown."""

from __future__ import annotations

import re

from core.text import fold

_COUNT = re.compile(r"(\d{1,15}(?:\.\d{1,4})?)(万|亿|千|w|k)?\+?", re.ASCII)
_SCALE = {"千": 1000, "k": 1000, "万": 10_000, "w": 10_000, "亿": 100_000_000}
_LARGEST = 10**15


def parse_count(value: object) -> int | None:
    """The number meant: "100万+" is 1000000, "1.2万" 12000, "3,456" 3456; a word, a negative or nothing is `None`."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, int):
        return value if 0 <= value <= _LARGEST else None
    if len(value) > 40:
        return None
    found = _COUNT.fullmatch("".join(fold(value).replace(",", "").split()))
    if found is None:
        return None
    if found[2]:
        return round(float(found[1]) * _SCALE[found[2]])
    return int(found[1]) if "." not in found[1] else None
