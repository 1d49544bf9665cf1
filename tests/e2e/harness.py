"""The product as a user starts it: `tingfeng run --demo` in a fresh folder, on ports of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from core.database import Database

#: Long enough for the slowest machine that runs these tests; nothing waits this long when all is well.
PATIENCE = 240.0

Value = TypeVar("Value")


def free_ports(count: int) -> int:
    """The first of `count` free neighbouring ports."""
    for base in range(20_000 + os.getpid() % 5_000, 60_000, count):
        held: list[socket.socket] = []
        try:
            for port in range(base, base + count):
                held.append(socket.create_server(("127.0.0.1", port)))
        except OSError:
            continue
        else:
            return base
        finally:
            for one in held:
                one.close()
    raise RuntimeError("no free ports")


def wait_for(look: Callable[[], Value | None], what: str, patience: float = PATIENCE) -> Value:
    """Look until there is something to see; fail with what was waited for."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(0.1)
    pytest.fail(f"waited {patience:.0f} s for {what}")


@dataclass
class Demo:
    """One demo folder and whatever runs on it."""

    folder: Path
    port: int
    environment: dict[str, str]
    process: subprocess.Popen[str] | None = None
    outputs: list[Path] = field(default_factory=list)

    def start(self) -> None:
        """Start the product; what it prints goes to a file."""
        self.outputs.append(self.folder.parent / f"output-{len(self.outputs)}.txt")
        command = [sys.executable, "-m", "app", "run", "--demo", "--demo-port", str(self.port)]
        with self.outputs[-1].open("w") as output:
            self.process = subprocess.Popen(
                [*command, "--data-dir", str(self.folder)],
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )

    def output(self) -> str:
        """All that was printed so far, of all starts."""
        return "".join(path.read_text(errors="replace") for path in self.outputs)

    def kill(self) -> None:
        """Kill -9, without a word to its children; they end by themselves."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Stop politely, as Ctrl-C does."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def tingfeng(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command on the same data."""
        environment = {
            **self.environment,
            "TINGFENG_CONFIG": str(self.folder / "config" / "monitor.toml"),
            "TINGFENG_GENERAL__DATA_DIR": str(self.folder),
            "COLUMNS": "200",
        }
        return subprocess.run(
            [sys.executable, "-m", "app", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @property
    def database(self) -> Database:
        """The store, for looking at."""
        return Database(f"sqlite:///{self.folder / 'tingfeng.sqlite'}")

    def rows(self, sql: str) -> list[Any]:
        """The rows of a query; none while there is no store yet."""
        if not (self.folder / "tingfeng.sqlite").exists():
            return []
        database = self.database
        try:
            if not database.is_current():
                return []
            with database.read() as connection:
                return list(connection.exec_driver_sql(sql).all())
        finally:
            database.close()

    def alert_log(self) -> list[dict[str, Any]]:
        """What the console channel delivered."""
        path = self.folder / "alerts.jsonl"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.endswith("}")]


def plain(text: str) -> str:
    """Text without terminal colours."""
    return re.sub(r"\x1b\[[0-9;]*m|\x1b\]8;.*?\x1b\\\\", "", text)
