"""Console: exactly once, torn lines, rotation, a closed terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import (
    ConsoleNotifierSettings,
)
from tests.contracts.bench import build, make_message
from tests.contracts.channels import ConsoleBench


@pytest.fixture
def console(tmp_path: Path) -> Iterator[ConsoleBench]:
    made = ConsoleBench(tmp_path)
    yield made
    made.close()


def test_the_console_writes_each_message_once(console: ConsoleBench, tmp_path: Path) -> None:
    """A crash between send and record re-sends; the log knows the id, also in a new process."""
    message = make_message(tmp_path)
    console.notifier.send(message)
    again = build(console.folder, ConsoleNotifierSettings(type="console"), console.stream)
    assert again.send(message).ok
    assert console.notifier.send(message).ok
    assert len(console.received()) == 1
    assert console.stream.getvalue().count("提车三天") == 1


@pytest.mark.parametrize("torn", [b'{"id": "0123456789abcdef0123456789abcdef", "at', b"\xe4\xb8", b"garbage"])
def test_a_torn_last_line_is_mended_and_its_message_sent_again(
    console: ConsoleBench, tmp_path: Path, torn: bytes
) -> None:
    """Power failed while a card was written: it was not sent."""
    other = make_message(tmp_path, id="f" * 32)
    console.notifier.send(other)
    log = console.folder / "alerts.jsonl"
    log.write_bytes(log.read_bytes() + torn)
    assert console.notifier.send(make_message(tmp_path)).ok
    lines = log.read_bytes().splitlines()
    assert len(lines) == 3
    assert [json.loads(line)["id"] for line in (lines[0], lines[2])] == ["f" * 32, make_message(tmp_path).id]


def test_a_closed_terminal_is_no_failure(console: ConsoleBench, tmp_path: Path) -> None:
    """The log is the proof."""
    console.stream.close()
    delivery = console.notifier.send(make_message(tmp_path))
    assert delivery.ok
    assert "终端不可写" in delivery.reason


def test_a_rotated_log_starts_over(console: ConsoleBench, tmp_path: Path) -> None:
    """Whoever rotates the log begins a new one."""
    console.notifier.send(make_message(tmp_path))
    (console.folder / "alerts.jsonl").rename(console.folder / "alerts.jsonl.1")
    assert console.notifier.send(make_message(tmp_path, id="e" * 32)).ok
    assert [row.id for row in console.received()] == ["e" * 32]
