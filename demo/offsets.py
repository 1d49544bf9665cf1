"""Moments as the content files write them, relative to the epoch: "-3d4h", "+20s", "0s"."""

from __future__ import annotations

import re
from datetime import timedelta

from core.durations import parse_duration

_SHAPE = re.compile(r"([+-]?)((?:\d+[wdhms])+)")  # "-3d4h", "+1m15s"
_PART = re.compile(r"\d+[wdhms]")


def parse_offset(text: str) -> timedelta:
    """Read "-3d4h" or "+20s"; raise `ValueError` on anything else."""
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise ValueError(f"{text!r} is no offset such as '-3d4h'")
    total = sum((parse_duration(part) for part in _PART.findall(shape[2])), timedelta())
    return -total if shape[1] == "-" else total
