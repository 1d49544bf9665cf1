"""The line a reader sees of a hit: about 120 characters around the first match, with the matches marked."""

from __future__ import annotations

from core.model import Post
from index.base import Node
from index.exact import places, searchable, title_and_text, wished_phrases

MARK, UNMARK = "\ue000", "\ue001"
#: Characters shown, marks not counted.
WINDOW = 120
#: How much of the window stands before the first match.
_LEAD = 30
#: Beyond this a text is not scanned for matches: nobody reads a line from there, and a huge text must not stall a page.
_SCANNED = 50_000

_NO_MARKS = {ord(MARK): None, ord(UNMARK): None}


def highlight(post: Post, node: Node | None) -> str:
    """Title and text around the first match, matches between U+E000 and U+E001, "…" where something was cut.

    Marks that the text itself contains are dropped, so that every mark in the result is ours.
    """
    phrases = wished_phrases(node)
    line, spans = "", []
    for part in title_and_text(post):
        shown = searchable(part.translate(_NO_MARKS)[:_SCANNED])
        line += "　" if line else ""
        spans += [(len(line) + start, len(line) + end) for start, end in places(shown, phrases)]
        line += shown
    return _windowed(line, spans)


def _windowed(line: str, spans: list[tuple[int, int]]) -> str:
    first = spans[0][0] if spans else 0
    start = max(0, min(first - _LEAD, len(line) - WINDOW))
    end = min(len(line), start + WINDOW)
    pieces, at = ["…" if start else ""], start
    for opens, closes in spans:
        opens, closes = max(opens, start), min(closes, end)
        if opens < closes:
            pieces += [line[at:opens], MARK, line[opens:closes], UNMARK]
            at = closes
    pieces += [line[at:end], "…" if end < len(line) else ""]
    return "".join(pieces)
