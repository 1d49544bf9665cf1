"""Children end with their parent, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

#: A parent that starts one part of the product, tells its pid, and waits.
PARENT = """
import os, sys, time
from app.lifeline import spawn
child = spawn(sys.argv[1:], environment=os.environ)
print(child.process.pid, flush=True)
time.sleep(120)
"""


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that ended but was not collected (nobody adopts it in a container without init) has ended.
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


def ends(pid: int, within: float) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not is_running(pid):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_does_not_outlive_its_parent(how: signal.Signals, demo_config: Path) -> None:
    """Kill the parent, even with -9: the part it started is gone soon after."""
    command = [sys.executable, "-c", PARENT, "notify", "--config", str(demo_config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_running(child)
        parent.send_signal(how)
        parent.wait()
        assert ends(child, within=20)
