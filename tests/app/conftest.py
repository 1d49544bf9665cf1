"""A working configuration in a fresh folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def demo_config(tmp_path: Path) -> Path:
    """The examples, as a newcomer copies them."""
    for name in ("monitor", "sources", "subjects", "rules"):
        shutil.copy(ROOT / f"{name}.example.toml", tmp_path / f"{name}.toml")
    return tmp_path / "monitor.toml"
