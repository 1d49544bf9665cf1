"""The log of one capture: what was done and seen, line by line, as it goes into the exhibit."""

from __future__ import annotations

import time
from typing import Any

from core.clock import Clock
from evidence.durable import canonical_json

_MOST = 500


class Journal:
    """Lines with wall time and milliseconds since the start. A page cannot flood it: at most 500 are kept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = time.monotonic()
        self._lines: list[dict[str, Any]] = []
        self._dropped = 0

    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def note(self, event: str, **fields: object) -> None:
        """Write a line. Long texts are cut."""
        if len(self._lines) >= _MOST:
            self._dropped += 1
            return
        cut = {name: value[:500] if isinstance(value, str) else value for name, value in fields.items()}
        milliseconds = round(self.elapsed() * 1000)
        self._lines.append({"at": self._clock().isoformat(), "ms": milliseconds, "event": event, **cut})

    def content(self) -> bytes:
        """All lines as JSON Lines."""
        lines = list(self._lines)
        if self._dropped:
            lines.append({"event": "lines_dropped", "count": self._dropped})
        return b"".join(canonical_json(line) + b"\n" for line in lines)
