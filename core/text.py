"""One way to make text comparable, shared by the model, the index and the evidence.

`fold` keeps every character in its place, so that spans found in folded text hold in the original.
"""

from __future__ import annotations

import hashlib
import re

#: Full-width ASCII and the ideographic space to their half-width twins.
_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
#: Characters nobody sees: zero-width, direction marks, soft hyphens, controls but tab and newline, lone surrogates.
_NOISE = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufff9-\ufffb\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]"
)
_BLANK = re.compile(r"[ \t\f\v\u00a0\u2000-\u200a\u3000]+")
_LINES = re.compile(r"\s*\n\s*")


def fold(text: str) -> str:
    """Half-width, lower case; the result has the same length, character for character."""
    folded = text.translate(_WIDTH)
    lowered = folded.lower()
    if len(lowered) == len(folded):
        return lowered
    # A few letters (U+0130) grow when lowered; those keep their form so that spans stay true.
    return "".join(low if len(low := char.lower()) == 1 else char for char in folded)


def clean(text: str) -> str:
    """Drop characters nobody sees, collapse blanks, keep line breaks; safe for UTF-8 and for databases."""
    visible = _NOISE.sub("", text)
    return _LINES.sub("\n", _BLANK.sub(" ", visible)).strip()


def speech_mark(who: str | None, said: str) -> str:
    """16 hex digits over who said what, blanks aside: the identity of an utterance that its site does not number."""
    return hashlib.sha256(f"{who or ''}\x1f{''.join(said.split())}".encode("utf-8", "replace")).hexdigest()[:16]


def fingerprint(text: str) -> str:
    """SHA-256 over the folded text without any white space: equal when a reader would call the texts equal."""
    return hashlib.sha256("".join(fold(clean(text)).split()).encode()).hexdigest()


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters on one line, with an ellipsis where something was cut."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: max(0, limit - 1)] + "…"
