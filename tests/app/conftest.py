"""A working configuration in a fresh folder, and commands that run on it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.crawlers.site import Site, serving

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def demo_config(tmp_path: Path) -> Path:
    """The examples, as a newcomer copies them."""
    for name in ("monitor", "sources", "subjects", "rules"):
        shutil.copy(ROOT / f"{name}.example.toml", tmp_path / f"{name}.toml")
    return tmp_path / "monitor.toml"


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Desk:
    """A folder with settings but no sources, and the commands run in it."""

    folder: Path
    forks: subprocess.Popen[str]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def sources(self) -> Path:
        return self.folder / "sources.toml"

    @property
    def data(self) -> Path:
        return self.folder / "var"

    def run(self, *arguments: str) -> Done:
        """One `tingfeng` command. A traceback is never an answer."""
        out, err = self.folder.parent / "out.txt", self.folder.parent / "err.txt"
        order = {
            "arguments": arguments,
            "folder": str(self.folder),
            "environment": {
                "COLUMNS": "240",
                "NO_COLOR": "1",
                "TINGFENG_CONFIG": str(self.folder / "monitor.toml"),
                **self.environment,
            },
            "out": str(out),
            "err": str(err),
        }
        assert self.forks.stdin
        assert self.forks.stdout
        self.forks.stdin.write(json.dumps(order) + "\n")
        self.forks.stdin.flush()
        code = int(self.forks.stdout.readline())
        done = Done(code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))
        assert "Traceback" not in done.err, done.err
        return done

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        """What a command with `--json` prints."""
        return [json.loads(line) for line in self.run(*arguments, "--json").out.splitlines()]


@pytest.fixture(scope="session")
def forks() -> Iterator[subprocess.Popen[str]]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TINGFENG_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.app.forks"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    yield process
    process.communicate()


def new_desk(folder: Path, forks: subprocess.Popen[str]) -> Desk:
    """Fast settings, no sources."""
    folder.mkdir()
    for name in ("subjects", "rules"):
        shutil.copy(ROOT / f"{name}.example.toml", folder / f"{name}.toml")
    monitor = '[crawl]\ndelay = "0s"\ntimeout = "5s"\n[notifiers.console]\ntype = "console"\n'
    (folder / "monitor.toml").write_text(monitor, encoding="utf-8")
    (folder / "rules.toml").write_text("", encoding="utf-8")
    (folder / "sources.toml").write_text("# 我的信源\n", encoding="utf-8")
    return Desk(folder, forks)


@pytest.fixture
def desk(tmp_path: Path, forks: subprocess.Popen[str]) -> Desk:
    """A fresh one for each test."""
    return new_desk(tmp_path / "desk", forks)


@pytest.fixture
def site() -> Iterator[Callable[..., Site]]:
    """Opens look-alike sites: `site(route, …)` starts one."""
    with ExitStack() as stack:
        yield lambda *routes, **more: stack.enter_context(serving(Site(routes=list(routes), **more)))
