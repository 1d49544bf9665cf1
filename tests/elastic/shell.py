"""Runs the commands of the operator's page as an operator does: in a shell, with curl, on a real server."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.elastic.server import Server

_START = """set -euo pipefail
ES={url}
es() {{ curl -fsS -H 'Content-Type: application/json' "$@"; }}
"""


def run_commands(commands: str, server: Server) -> str:
    """What they printed. Fails where one of them fails; skips on a machine without curl."""
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("needs curl and bash: the commands of docs/elasticsearch.md are run as they stand")
    script = _START.format(url=server.url) + commands
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
    return done.stdout
