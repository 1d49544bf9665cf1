"""docs/sources.md names every kind, key, edition and state there is, and only commands that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from core.model import SOURCE_STATE_NAMES, WATCHED_KINDS
from core.settings import SourceSettings
from tests.app.test_cli import COMMANDS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
#: Keys that every row of any catalogue has.
_PLAIN = {"id", "name", "kind", "url", "channel", "owner"}


def test_every_kind_has_its_table() -> None:
    """An operator finds what cannot be seen, and what was verified, for each kind."""
    for kind in WATCHED_KINDS:
        assert f"\n## {kind} " in PAGE
        section = PAGE.split(f"\n## {kind} ")[1].split("\n## ")[0]
        for row in ("| 网址 |", "| 采集 |", "| 看不到 |", "| 核实 |"):
            assert row in section, (kind, row)


def test_every_key_and_state_is_explained() -> None:
    for key in set(SourceSettings.model_fields) - _PLAIN:
        assert f"`{key}" in PAGE, key
    for surface in get_args(SourceSettings.model_fields["surface"].annotation):
        assert not surface or surface in PAGE
    for state, name in SOURCE_STATE_NAMES.items():
        assert f"| {name} {state} |" in PAGE


def test_only_commands_that_exist_are_named() -> None:
    named = re.findall(r"`tingfeng ([a-z]+(?:-[a-z]+)?)(?: ([a-z]+))?", PAGE)
    assert named
    for first, second in named:
        assert (first,) in COMMANDS or (first, second) in COMMANDS, (first, second)
