"""What the doctor found, one item at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One item that was looked at."""

    level: Literal["ok", "warn", "bad"]
    item: str
    state: str
    fix: str = ""
