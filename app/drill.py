"""The drill: the whole product runs against a fresh demo world until the scripted incident has reached people."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

from app.firsts import FirstAlert, first_alert
from app.running import plan_demo
from app.supervisor import lock
from core.errors import TingfengError

_TICK_SECONDS = 0.25


def run_drill(folder: Path, *, port: int, timeout_seconds: float) -> FirstAlert | None:
    """Rehearse once in `folder`, which is emptied first. `None` if no grade A alert was delivered in time."""
    folder = folder.resolve()
    _empty(folder)
    environment = {**os.environ, "TINGFENG_WEB__PORT": str(port + 9)}
    plan = plan_demo(folder, port=port, environment=environment)
    held = lock(folder)
    supervisor = plan.supervisor(verbose=False)
    deadline = time.monotonic() + timeout_seconds
    try:
        while time.monotonic() < deadline:
            supervisor.tick()
            if (found := first_alert(plan.product, grade="A")) is not None:
                return found
            time.sleep(_TICK_SECONDS)
        return None
    finally:
        supervisor.stop()
        held.close()


def _empty(folder: Path) -> None:
    """Remove an earlier drill; refuse to remove anything else."""
    if not folder.exists():
        return
    if any(folder.iterdir()) and not (folder / "run.lock").exists():
        raise TingfengError(f"{folder} 不是以前的演练文件夹，不敢清空；请用 --folder 另指一个")
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)
