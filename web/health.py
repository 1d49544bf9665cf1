"""One answer for a machine that watches us: whether the stores answer, and what waits."""

from __future__ import annotations

import sqlite3
from typing import Any

from core.errors import IndexTrouble
from core.work import QueueName, WorkQueue
from web.console import Console

#: What somebody works on, and what stays behind where nobody does.
QUEUES: tuple[QueueName, ...] = (
    "assess",
    "publish",
    "index",
    "index_fallback",
    "capture",
    "deliver",
    "pictures",
)


def health(console: Console) -> tuple[bool, dict[str, Any]]:
    """Whether all is well, and the facts. An index that is down is no health, although alerts go on."""
    try:
        backlog = {name: WorkQueue(console.database, name).backlog() for name in QUEUES}
        queues = {name: {"waiting": waiting, "buried": buried} for name, (waiting, buried) in backlog.items()}
    except Exception as bad:  # noqa: BLE001  # whatever is broken, a health check answers
        return False, {"ok": False, "problem": type(bad).__name__}
    try:
        mentions = console.index.count()
    except (IndexTrouble, sqlite3.Error, OSError) as bad:
        return False, {"ok": False, "problem": type(bad).__name__, "index": str(bad), "queues": queues}
    except Exception as bad:  # noqa: BLE001  # the same boundary
        return False, {"ok": False, "problem": type(bad).__name__, "queues": queues}
    return True, {"ok": True, "mentions": mentions, "queues": queues}
