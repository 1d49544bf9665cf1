"""Logs as events with fields, one line each, on standard error."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import IO

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Events(logging.Formatter):
    """`2026-03-15T12:00:00Z INFO tingfeng.alerts alert_sent rule=… channel=…`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line with the event's name and its fields; a traceback follows on lines of its own."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields = " ".join(
            f"{key}={json.dumps(value, ensure_ascii=False, default=str)}"
            for key, value in vars(record).items()
            if key not in _STANDARD
        )
        line = f"{when} {record.levelname} {record.name} {record.getMessage()} {fields}".rstrip()
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def configure(*, verbose: bool, stream: IO[str] | None = None) -> None:
    """Send our events (and other libraries' warnings) to `stream`, standard error by default."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Events())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    # httpx logs full URLs at INFO, and a webhook's URL can hold its token.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # The search server's client tells each retry with a traceback; what it comes to is raised, and said in a sentence.
    logging.getLogger("elastic_transport").setLevel(logging.ERROR)
    logging.getLogger("tingfeng").setLevel(logging.INFO if verbose else logging.WARNING)
