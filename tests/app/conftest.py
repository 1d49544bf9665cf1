"""A working configuration in a fresh folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def demo_config(tmp_path: Path) -> Path:
    """The examples, with only the console as channel and SQLite in the test's folder."""
    for name in ("monitor", "sources", "subjects", "rules"):
        shutil.copy(ROOT / f"{name}.example.toml", tmp_path / f"{name}.toml")
    monitor = tmp_path / "monitor.toml"
    text = monitor.read_text(encoding="utf-8").split("[notifiers.pr_mail]")[0]
    monitor.write_text(text, encoding="utf-8")
    rules = tmp_path / "rules.toml"
    text = rules.read_text(encoding="utf-8").replace('to = ["console", "pr_mail", "hook"]', 'to = ["console"]')
    rules.write_text(text, encoding="utf-8")
    return monitor
