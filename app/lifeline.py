"""Children that do not outlive their parent, even when the parent is killed with -9.

The parent keeps the write end of a pipe; the child watches the read end. When the parent dies, however it dies, the
kernel closes the pipe and the child ends itself. It works on every Unix and needs no polling.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

_VARIABLE = "TINGFENG_LIFELINE"
#: How long an orphan may take to end by itself before it is ended.
_GRACE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Child:
    """A running part of the product. The lifeline must live exactly as long as the handle of its process does."""

    process: subprocess.Popen[bytes]
    lifeline: IO[bytes]


def spawn(arguments: Sequence[str], *, environment: Mapping[str, str]) -> Child:
    """Start `tingfeng <arguments>` as a child with a lifeline, in a session of its own.

    Its own session keeps Ctrl-C in the terminal away from it: the supervisor stops its children in order.
    """
    read_end, write_end = os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603 - our own program with our own arguments
            [sys.executable, "-m", "app", *arguments],
            env={**environment, _VARIABLE: str(read_end)},
            pass_fds=(read_end,),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        os.close(write_end)
        raise
    finally:
        os.close(read_end)
    return Child(process, os.fdopen(write_end, "wb", buffering=0))


def watch(environment: Mapping[str, str]) -> None:
    """In a child: end this process when the parent is gone. Does nothing where no lifeline was given."""
    if _VARIABLE not in environment:
        return
    descriptor = int(environment[_VARIABLE])
    os.set_inheritable(descriptor, False)
    threading.Thread(target=_end_when_closed, args=(descriptor,), name="lifeline", daemon=True).start()


def _end_when_closed(descriptor: int) -> None:
    os.read(descriptor, 1)  # returns only at end of file: nobody ever writes
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(_GRACE_SECONDS)
    os._exit(1)
