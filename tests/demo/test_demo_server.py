"""Four sites in one process: they start together or not at all, and stop when told."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from core.errors import TingfengError
from demo import server
from demo.world import World

ROOT = Path(__file__).resolve().parents[2]
_PROGRAMME = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from demo import server
from demo.world import World
world = World.open(Path(sys.argv[1]), datetime.now(UTC))
server.serve(world, base_port=int(sys.argv[2]))
print("stopped in peace")
"""


@pytest.fixture
def base_port() -> int:
    """Four neighbouring ports that were free a moment ago."""
    for candidate in range(21_000 + os.getpid() % 9_000, 31_000, 4):
        with ExitStack() as stack:
            try:
                for port in range(candidate, candidate + 4):
                    stack.enter_context(socket.socket()).bind((server.HOST, port))
            except OSError:
                continue
            return candidate
    pytest.fail("no four neighbouring free ports")


@pytest.fixture
def running(world: World, base_port: int) -> Iterator[tuple[int, threading.Event, threading.Thread]]:
    stop = threading.Event()
    thread = threading.Thread(target=server.serve, args=(world,), kwargs={"base_port": base_port, "stop": stop})
    thread.start()
    _wait_until_ready(base_port, thread)
    yield base_port, stop, thread
    stop.set()
    thread.join(30)


def _wait_until_ready(base_port: int, thread: threading.Thread) -> None:
    while not server.ready(base_port):
        assert thread.is_alive()


def test_all_sites_answer_until_stopped(running: tuple[int, threading.Event, threading.Thread]) -> None:
    """Each port is another site; after the stop none listens."""
    base_port, stop, thread = running
    names = {"forum": "曜行车友会", "bbs": "滨江生活网", "weibo": "微博", "news": "滨江新闻网"}
    for site, port in server.ports(base_port).items():
        answer = httpx.get(f"http://127.0.0.1:{port}/", follow_redirects=True, trust_env=False)
        assert names[site] in answer.text
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
    assert not server.ready(base_port)


def test_a_taken_port_is_named(running: tuple[int, threading.Event, threading.Thread], world: World) -> None:
    """The error says which port and what to do; the neighbours that were free are free again."""
    base_port, _, _ = running
    with pytest.raises(server.PortTaken, match=rf"端口 {base_port} 不可用.*换一个起始端口") as error:
        server.serve(world, base_port=base_port - 1)
    assert isinstance(error.value, TingfengError)
    with socket.socket() as neighbour:
        neighbour.bind((server.HOST, base_port - 1))


def test_impossible_ports_are_refused(world: World) -> None:
    """A base port too close to the end of the range is named like a taken one."""
    with pytest.raises(server.PortTaken, match="65536"):
        server.serve(world, base_port=65_534)


def test_nothing_is_ready_where_nothing_runs(base_port: int) -> None:
    """A free port is not a site."""
    assert not server.ready(base_port)


def test_sigterm_ends_the_process_in_peace(tmp_path: Path, base_port: int) -> None:
    """A supervisor's SIGTERM stops all four servers with exit status 0, and a restart keeps the epoch."""
    command = [sys.executable, "-c", _PROGRAMME, str(tmp_path), str(base_port)]
    epochs = set()
    for _ in range(2):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not server.ready(base_port):
            assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=60)
        assert (process.returncode, output, errors) == (0, "stopped in peace\n", "")
        epochs.add((tmp_path / "epoch.json").read_text())
    assert len(epochs) == 1
