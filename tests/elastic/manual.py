"""What docs/elasticsearch.md tells operators to type, taken from the page itself."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "elasticsearch.md"


def commands(name: str) -> str:
    """The shell commands below the mark of this name."""
    found = re.search(rf"<!-- 测试会执行：{name} -->\n```bash\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None, f"{PAGE} has no commands called {name}"
    return found[1]


def role() -> dict[str, Any]:
    """The role that operators are told to make."""
    found = re.search(r"_security/role/tingfeng\" -d '(.*?)'", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    made: dict[str, Any] = json.loads(found[1])
    return made
