"""A caret under one character of a line, in a terminal where Chinese characters are two columns wide."""

from __future__ import annotations

from unicodedata import category, combining, east_asian_width

#: Characters shown on either side of the caret; a longer line would wrap and lose it.
_AROUND = 30
#: Stands for what must not reach a terminal: controls, direction marks, lone surrogates.
_HIDDEN = "\ufffd"


def pointed(text: str, position: int) -> str:
    """Two lines: the text around `position`, and a caret under that character (behind the last, under nothing).

    Safe to print: what is no visible character is shown as U+FFFD, a line break or a tab as a blank.
    """
    position = max(0, min(position, len(text)))
    start = 0 if position <= _AROUND + 1 else position - _AROUND
    end = len(text) if len(text) - position <= _AROUND + 1 else position + _AROUND
    before = ("…" if start else "") + "".join(map(_shown, text[start:position]))
    line = before + "".join(map(_shown, text[position:end])) + ("…" if end < len(text) else "")
    return f"  {line}\n  {' ' * sum(map(_columns, before))}^"


def _shown(char: str) -> str:
    if char in "\t\r\n\u2028\u2029":
        return " "
    return _HIDDEN if category(char) in ("Cc", "Cf", "Cs", "Cn") else char


def _columns(char: str) -> int:
    """0, 1 or 2. Characters that Unicode calls ambiguous ("“") count 1, as in a terminal that nobody told otherwise."""
    if combining(char) or category(char) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(char) in ("W", "F") else 1
