"""Spans of time as people write them in a settings file or on the command line: "90s", "10m", "3h", "7d"."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from core.errors import TingfengError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SHAPE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")  # "1.5h", "7 d"


class BadDuration(TingfengError):
    """The text is not a number and a unit of s, m, h, d, w."""


def parse_duration(text: str) -> timedelta:
    """Read "90s", "10m", "1.5h", "7d", "2w"; raise `BadDuration` on anything else."""
    shape = _SHAPE.fullmatch(text.strip().lower())
    if shape is None:
        raise BadDuration(f"{text!r}：时长应写成数字加单位 s/m/h/d/w，例如 10m")
    return timedelta(**{_UNITS[shape[2]]: float(shape[1])})


def format_duration(span: timedelta) -> str:
    """Write a span the way `parse_duration` reads it, in the largest unit that is exact to the second."""
    seconds = round(span.total_seconds())
    for unit, size in (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def in_chinese(span: timedelta) -> str:
    """Write a span for a reader: "45秒", "3分20秒", "2小时5分", "3天"."""
    seconds = max(0, round(span.total_seconds()))
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    parts = [(days, "天"), (hours, "小时"), (minutes, "分"), (seconds, "秒")]
    shown = [f"{number}{unit}" for number, unit in parts if number][:2]
    return "".join(shown) or "0秒"


def ago(span: str, now: datetime) -> datetime:
    """The moment that lies `span` before `now`: ago("7d", now)."""
    return now - parse_duration(span)
