"""Keeps the parts of the product running: starts them, starts again what falls, stops them in order."""

from __future__ import annotations

import fcntl
import logging
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from app.lifeline import Child, spawn
from core.errors import AlreadyRunning

log = logging.getLogger("tingfeng.app")

#: Pause before a part that fell is started again: doubled at each fall, back to the first after a quiet minute.
_FIRST_PAUSE, _LONGEST_PAUSE, _QUIET = 0.5, 30.0, 60.0
_STOP_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process of the product: a name and the command that is it."""

    name: str
    command: tuple[str, ...]
    #: Whether the options that all parts share (`--config …`) are added to its command.
    shares_options: bool = True


#: All of the product on one machine, in the order in which it starts. It stops in the reverse order.
PARTS: tuple[Part, ...] = (
    Part(name="web", command=("web",)),
    Part(name="notify", command=("notify",)),
    Part(name="capture", command=("capture",)),
    Part(name="work", command=("work",)),
    Part(name="schedule", command=("schedule",)),
    # By itself: it has a second core to use, and an index that is slow or down stops nobody's judging.
    Part(name="index", command=("index", "run")),
)
#: Runs beside them where pictures are read.
PICTURES = Part(name="pictures", command=("pictures",))


@dataclass(slots=True)
class _Running:
    part: Part
    child: Child | None = None
    started: float = 0.0
    next_start: float = 0.0
    pause: float = _FIRST_PAUSE
    falls: int = field(default=0)


class Supervisor:
    """Runs parts as child processes. Not thread-safe: one loop calls `tick`."""

    def __init__(self, parts: Sequence[Part], *, options: Sequence[str], environment: Mapping[str, str]) -> None:
        self._running = [_Running(part) for part in parts]
        self._options, self._environment = tuple(options), environment

    def tick(self) -> None:
        """Start what is not running and whose pause is over. Call it a few times a second."""
        now = time.monotonic()
        for running in self._running:
            if running.child is not None and running.child.process.poll() is not None:
                self._note_fall(running, now)
            if running.child is None and now >= running.next_start:
                options = self._options if running.part.shares_options else ()
                running.child = spawn([*running.part.command, *options], environment=self._environment)
                running.started = now

    def falls(self) -> dict[str, int]:
        """How often each part fell since the start."""
        return {running.part.name: running.falls for running in self._running}

    def stop(self) -> None:
        """End all parts, last started first; whoever does not end in time is killed."""
        children = [running.child.process for running in reversed(self._running) if running.child is not None]
        for child in children:
            with suppress(ProcessLookupError):
                child.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for child in children:
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def _note_fall(self, running: _Running, now: float) -> None:
        assert running.child is not None
        status = running.child.process.returncode
        running.child.lifeline.close()
        if now - running.started > _QUIET:
            running.pause = _FIRST_PAUSE
        log.error(
            "part_fell",
            extra={"part": running.part.name, "status": status, "again_in_s": running.pause},
        )
        running.child, running.next_start = None, now + running.pause
        running.pause = min(running.pause * 2, _LONGEST_PAUSE)
        running.falls += 1


def lock(data_dir: Path) -> IO[str]:
    """Hold `<data_dir>/run.lock` until the returned file is closed or the process dies; refuse a second run."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "run.lock"
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "?"
        file.close()
        raise AlreadyRunning(f"另一个 tingfeng run（pid {holder}）正在使用 {data_dir}") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file
