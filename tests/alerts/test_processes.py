"""The outbox under several processes and under `kill -9`: nothing twice, nothing lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from alerts.courier import LEASE
from alerts.notifiers import build_notifiers
from core.schema import deliveries, messages
from core.settings import ConsoleNotifierSettings, RuleSettings
from core.work import WorkQueue
from tests.alerts.world import MINUTE, NOW, World, make_mention, make_settings

DEADLINE = NOW + MINUTE
#: A notify process in small: prints to its console notifier what is due, and dies where the test wants it to.
SCRIPT = """
import os, sys
from datetime import datetime
from pathlib import Path
from alerts.notifiers import build_notifiers
from alerts.outbox import Outbox
from core.database import Database
from core.settings import General, Settings

url, folder, now, dies = sys.argv[1], Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3]), sys.argv[4]
settings = Settings(general=General(data_dir=folder))
outbox = Outbox(Database(url), settings, build_notifiers(settings))
if dies == "after the send":
    outbox.record = lambda *_, **__: os._exit(9)
print("ready", flush=True)
sys.stdin.readline()
outbox.deliver_due(now=now)
"""


def start(world: World, *, dies: str = "never") -> subprocess.Popen[str]:
    folder = str(world.settings.data_dir)
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, world.database.url, folder, DEADLINE.isoformat(), dies],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def printed(world: World) -> list[str]:
    log = world.settings.data_dir / "alerts.jsonl"
    return [json.loads(line)["id"] for line in log.read_bytes().splitlines()]


def prepare(world: World, count: int) -> None:
    rules = (RuleSettings(name="全部", grades=("A",), to=("console",)),)
    console = {"console": ConsoleNotifierSettings(type="console")}
    world.settings = make_settings(world.settings.data_dir, rules=rules, notifiers=console)
    world.notifiers = build_notifiers(world.settings)
    world.consider(*(make_mention(number, event=f"e{number}") for number in range(count)))


def test_two_processes_share_the_outbox(world: World) -> None:
    """Each card is printed by one of them, once, and has one proof."""
    prepare(world, 40)
    processes = [start(world), start(world)]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.communicate("go\n", timeout=120)
        assert process.returncode == 0
    assert len(printed(world)) == len(set(printed(world))) == 40
    assert [row.ok for row in world.rows(deliveries)] == [True] * 40
    assert {row.state for row in world.rows(messages)} == {"sent"}


def test_a_process_killed_between_send_and_record_prints_nothing_twice(world: World) -> None:
    """The next process sends the same id again, and the console knows it."""
    prepare(world, 1)
    process = start(world, dies="after the send")
    process.communicate("go\n", timeout=120)
    assert process.returncode == 9
    assert len(printed(world)) == 1
    assert world.rows(deliveries) == []
    assert world.outbox.deliver_due(now=DEADLINE + LEASE) == 1
    assert len(printed(world)) == 1
    [proof] = world.rows(deliveries)
    assert (proof.ok, proof.reason) == (True, "此前已写入，未重复输出")


def test_leases_of_a_dead_process_can_be_freed_at_once(world: World) -> None:
    """Whoever starts the process again need not wait for the lease."""
    prepare(world, 1)
    process = start(world, dies="after the send")
    process.communicate("go\n", timeout=120)
    queue = WorkQueue(world.database, "deliver")
    with world.database.write() as connection:
        assert queue.release(connection, queue.owners()) == 1
    assert world.outbox.deliver_due(now=DEADLINE) == 1
    assert {row.state for row in world.rows(messages)} == {"sent"}
