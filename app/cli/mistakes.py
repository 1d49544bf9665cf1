"""A mistake in a search text on the terminal: the text with a caret under the very character."""

from __future__ import annotations

from rich.cells import cell_len

from core.errors import QuerySyntaxError

#: Columns of the text that are shown around the mistake.
_BEFORE, _AFTER = 40, 30


def pointed(bad: QuerySyntaxError) -> str:
    """What is wrong, why, and where; a Chinese character is two columns wide."""
    said = f"检索式有误：第{bad.position + 1}个字符处{bad.problem}。{bad.fix}"
    text = "".join(character if character.isprintable() else " " for character in bad.text)
    before, behind = text[: bad.position], text[bad.position :]
    start = max(0, len(before) - _BEFORE)
    shown = ("…" if start else "") + before[start:]
    line = shown + behind[:_AFTER] + ("…" if len(behind) > _AFTER else "")
    return f"{said}\n  {line}\n  {' ' * cell_len(shown)}^"
