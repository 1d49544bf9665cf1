"""Text of strangers as cells of a table: never a formula, never what a file cannot hold.

A spreadsheet runs a cell that begins with "=", "+", "-" or "@", also after blanks, and in its Chinese edition the
full-width forms too; whoever writes a post could so reach the computer of whoever opens the export.
"""

from __future__ import annotations

import re
import unicodedata

#: What begins a formula. The minus of mathematics is no formula in any program we know; it costs nothing to be sure.
_STARTS = frozenset("=+-@\u2212")
#: A cell that begins with one of these goes on in a formula after some programs have trimmed or split it.
_CONTROLS = ("\t", "\r", "\n")
#: What XML 1.0 forbids, and with it XLSX; nobody sees it in CSV either.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet might run this text: by its first visible character, or by a control before it."""
    if text.startswith(_CONTROLS):
        return True
    first = next((character for character in text if not _is_unseen(character)), "")
    return any(part in _STARTS for part in unicodedata.normalize("NFKC", first)[:1])


def harmless(text: str) -> str:
    """The text, after an apostrophe where a spreadsheet might run it: for files that cannot say "this is text"."""
    return f"'{text}" if is_formula(text) else text


def printable(text: str) -> str:
    """The text without the characters that no file of a spreadsheet may hold; a line ends in one character."""
    return _ILLEGAL.sub("", text.replace("\r\n", "\n"))


def cut(text: str, limit: int) -> str:
    """At most `limit` UTF-16 units, as spreadsheets count; a cut text ends by saying so and how long it was."""
    if len(text) <= limit // 2 or _units(text) <= limit:
        return text
    mark = f"…（已截断，全文 {len(text)} 字）"
    left, end = limit - _units(mark), 0
    for character in text:
        left -= 2 if ord(character) > 0xFFFF else 1
        if left < 0:
            break
        end += 1
    return text[:end] + mark


def _units(text: str) -> int:
    return len(text) + sum(ord(character) > 0xFFFF for character in text)


def _is_unseen(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf", "Mn", "Me")
