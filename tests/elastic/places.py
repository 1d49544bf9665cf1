"""Ports, folders and rights of a server of the tests: what it takes from the machine, and gives back."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import IO

PREFIX = "tingfeng-es-"
#: Nobody's, where the tests run as root: the server refuses to.
NOBODY = 65534


def hold(folder: Path) -> IO[str]:
    """Mark a folder as in use until this process ends, or closes what is returned."""
    fresh = folder / "lock.new"
    lock = fresh.open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    fresh.rename(folder / "lock")  # only now another process may look whether it is held
    return lock


def free_port() -> int:
    """A port of loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def sweep() -> None:
    """Remove the folders of servers whose owner is dead: a killed test session cannot tidy up."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            with (folder / "lock").open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # in use, somebody else's, or being made at this moment


def as_nobody() -> list[str]:
    """The words before a command that take root's rights from it and end it with the process that started it."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return []
    drop = ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"] if os.geteuid() == 0 else []
    return [setpriv, *drop, "--pdeathsig", "TERM", "--"]
