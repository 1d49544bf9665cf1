"""The ledger grows, and whoever touches what is written breaks it visibly."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import LedgerBroken
from evidence.ledger import GENESIS, Ledger

AT = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


def _filled(folder: Path, count: int = 4) -> Ledger:
    ledger = Ledger(folder / "ledger.jsonl")
    for number in range(count):
        ledger.append(exhibit=f"exhibit-{number}", manifest=f"{number:064x}", at=AT)
    return ledger


def test_each_entry_names_the_one_before(tmp_path: Path) -> None:
    """Sequence numbers rise from 1 and every `prev` is the hash before it."""
    entries = _filled(tmp_path).entries()
    assert [entry.seq for entry in entries] == [1, 2, 3, 4]
    assert [entry.prev for entry in entries] == [GENESIS, *(entry.hash for entry in entries[:-1])]


def test_an_absent_ledger_is_an_empty_one(tmp_path: Path) -> None:
    """Before the first exhibit there is nothing to verify and nothing to find."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    assert ledger.verify() == 0
    assert ledger.entry_for("exhibit-0") is None


def test_entering_the_same_exhibit_again_changes_nothing(tmp_path: Path) -> None:
    """A job that is run again after a crash finds its entry."""
    ledger = _filled(tmp_path)
    before = ledger.path.read_bytes()
    assert ledger.append(exhibit="exhibit-2", manifest=f"{2:064x}", at=AT).seq == 3
    assert ledger.path.read_bytes() == before
    found = ledger.entry_for("exhibit-2")
    assert found is not None
    assert found.seq == 3


def _edit(lines: list[str], number: int, **changes: object) -> None:
    lines[number] = json.dumps({**json.loads(lines[number]), **changes}, sort_keys=True, separators=(",", ":"))


@pytest.mark.parametrize(
    ("harm", "first_bad"),
    [
        (lambda lines: _edit(lines, 1, manifest="f" * 64), 2),
        (lambda lines: _edit(lines, 0, at="2025-01-01T00:00:00+00:00"), 1),
        (lambda lines: _edit(lines, 3, exhibit="other"), 4),
        (lambda lines: _edit(lines, 2, seq=9), 3),
        (lambda lines: lines.pop(1), 2),
        (lambda lines: lines.pop(0), 1),
        (lambda lines: lines.insert(1, lines[0]), 2),
        (lambda lines: lines.insert(1, lines.pop(2)), 2),
        (lambda lines: lines.insert(2, "not json"), 3),
        (lambda lines: lines.insert(2, ""), 3),
        (lambda lines: lines.__setitem__(1, lines[1].replace('"at":', '"at": ')), 2),
    ],
)
def test_the_first_bad_entry_is_named(tmp_path: Path, harm: Callable[[list[str]], None], first_bad: int) -> None:
    """Edited, removed, repeated, swapped or foreign lines are found at their place."""
    ledger = _filled(tmp_path)
    lines = ledger.path.read_text().splitlines()
    harm(lines)
    ledger.path.write_text("\n".join(lines) + "\n")
    with pytest.raises(LedgerBroken, match=f"第 {first_bad} 条"):
        ledger.verify()


def test_an_edited_entry_with_a_new_hash_breaks_the_next(tmp_path: Path) -> None:
    """Computing the hash again does not help: the following entry still names the old one."""
    ledger = _filled(tmp_path)
    forged = _filled(tmp_path / "forger", count=1)
    forged.append(exhibit="exhibit-1", manifest="f" * 64, at=AT)
    lines = ledger.path.read_text().splitlines()
    lines[1] = forged.path.read_text().splitlines()[1]
    ledger.path.write_text("\n".join(lines) + "\n")
    with pytest.raises(LedgerBroken, match="第 3 条"):
        ledger.verify()


@pytest.mark.parametrize("cut", [1, 2, 40, 200])
def test_a_torn_tail_is_set_aside_and_the_chain_goes_on(tmp_path: Path, cut: int) -> None:
    """After a crash in mid-write the half line is kept beside the ledger, and the chain goes on."""
    ledger = _filled(tmp_path)
    whole = ledger.path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    ledger.path.write_bytes(whole[:-cut])
    with pytest.raises(LedgerBroken, match=r"末行不完整|无法读取"):
        ledger.verify()
    assert ledger.append(exhibit="exhibit-3", manifest=f"{3:064x}", at=AT).seq == 4
    assert ledger.verify() == 4
    (aside,) = tmp_path.glob("*.torn")
    assert aside.read_bytes() == last[:-cut] + b"\n"


def test_a_torn_first_line_is_set_aside_too(tmp_path: Path) -> None:
    """A crash during the very first append leaves an empty ledger."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.path.write_bytes(b'{"seq":1,')
    assert ledger.append(exhibit="a", manifest="0" * 64, at=AT).seq == 1
    assert ledger.verify() == 1


def test_nothing_is_chained_to_a_damaged_last_entry(tmp_path: Path) -> None:
    """An append that cannot know the hash before it refuses and says what to do."""
    ledger = _filled(tmp_path)
    ledger.path.write_bytes(ledger.path.read_bytes().replace(b"exhibit-3", b"exhibit-9"))
    with pytest.raises(LedgerBroken, match="备份"):
        ledger.append(exhibit="new", manifest="0" * 64, at=AT)


def test_a_change_after_a_good_check_is_seen(tmp_path: Path) -> None:
    """That the chain held a moment ago is no reason to believe it now."""
    ledger = _filled(tmp_path)
    assert ledger.verify() == ledger.verify() == 4
    ledger.path.write_bytes(ledger.path.read_bytes().replace(b"exhibit-1", b"exhibit-9"))
    with pytest.raises(LedgerBroken, match="第 2 条"):
        ledger.verify()


def test_the_documented_check_agrees(tmp_path: Path) -> None:
    """The few lines of Python in docs/evidence.md accept a good ledger and name the first bad line."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "evidence.md").read_text()
    script = page.partition("<<'PY'\n")[2].partition("PY\n")[0]
    ledger = _filled(tmp_path)
    command = [sys.executable, "-c", script, str(ledger.path)]
    good = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ledger.entries()[-1].hash in good.stdout
    ledger.path.write_bytes(ledger.path.read_bytes().replace(b"exhibit-2", b"exhibit-9"))
    bad = subprocess.run(command, capture_output=True, text=True, check=False)
    assert bad.returncode == 1
    assert "AssertionError: 3" in bad.stderr


def _append_many(path: Path, name: str) -> None:
    ledger = Ledger(path)
    for number in range(15):
        ledger.append(exhibit=f"{name}-{number}", manifest="0" * 64, at=AT)


def test_processes_take_turns(tmp_path: Path) -> None:
    """Three processes that append at the same time build one unbroken chain."""
    path = tmp_path / "ledger.jsonl"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_append_many, args=(path, f"p{number}")) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert Ledger(path).verify() == 45
