"""Work that a dead process of this machine still holds: freed at the start, instead of waiting for its lease to end."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence

from core.database import Database
from core.work import QUEUES, QueueName, WorkQueue


def release_dead_leases(database: Database, *, only: Sequence[QueueName] = QUEUES) -> int:
    """Free what processes of this machine held when they died. Returns how many items there were."""
    freed = 0
    for name in only:
        queue = WorkQueue(database, name)
        dead = [owner for owner in queue.owners() if _is_dead(owner)]
        if dead:
            with database.write() as connection:
                freed += queue.release(connection, dead)
    return freed


def _is_dead(owner: str) -> bool:
    """Whether a lease's owner ("host:pid") was a process of this machine that no longer exists."""
    host, _, pid = owner.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
