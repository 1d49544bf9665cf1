"""The supervisor: one run a folder; what falls is started again."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from app.supervisor import Part, Supervisor, lock
from core.errors import AlreadyRunning


def test_a_second_run_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    held = lock(tmp_path)
    with pytest.raises(AlreadyRunning, match=str(os.getpid())):
        lock(tmp_path)
    held.close()
    lock(tmp_path).close()


def test_a_part_that_falls_is_started_again_after_a_pause(tmp_path: Path) -> None:
    """`cases list` without settings ends at once with an error: a part that cannot stay up."""
    part = Part(name="cases", command=("cases", "list", "--config", str(tmp_path / "none.toml")), shares_options=False)
    supervisor = Supervisor([part], options=(), environment=os.environ)
    deadline = time.monotonic() + 60
    while supervisor.falls()["cases"] < 2 and time.monotonic() < deadline:
        supervisor.tick()
        time.sleep(0.02)
    supervisor.stop()
    assert supervisor.falls()["cases"] >= 2
