"""One way to make text comparable, shared by the model, the index and the evidence.

`fold` keeps every character in its place, so that spans found in folded text hold in the original.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_FOLDING = Path(__file__).parent / "folding"
_TABLES = ("compatible.txt", "simplified.txt", "lookalikes.txt")
#: What most texts are made of. Characters that stay what they are stand in the table all the same: `str.translate` is
#: twice as fast where it finds what it looks up.
_COMMON = (range(0x20, 0x250), range(0x2000, 0x2700), range(0x3000, 0x3100), range(0x4E00, 0xA000))
#: Full-width ASCII and the ideographic space to their half-width twins.
_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
#: Characters nobody sees: zero-width, direction marks, soft hyphens, controls but tab and newline, lone surrogates.
_NOISE = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufff9-\ufffb\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]"
)
_BLANK = re.compile(r"[ \t\f\v\u00a0\u2000-\u200a\u3000]+")
_LINES = re.compile(r"\s*\n\s*")


def fold(text: str) -> str:
    """Lower case, simplified, undisguised; the result has the same length, character for character.

    Full-width and other forms that Unicode calls compatible become plain (Ｓ, Ⓢ, 𝐒 → s), traditional characters
    simplified as OpenCC does it for each alone (後 → 后), and look-alikes what they pass for (Cyrillic В in "ВМW").
    Folding twice is folding once. Phrases that regions word differently (軟體, 软件) stay different.
    """
    if text.isascii():
        return text.lower()
    return _lowered(text.translate(_table()))


def _lowered(text: str) -> str:
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    # A few letters (U+0130) grow when lowered; those keep their form so that spans stay true.
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


@cache
def _table() -> Mapping[int, int]:
    """What each character is read as, read from the three files of `core/folding` on first use."""
    read_as: dict[str, str] = {chr(code): chr(plain) for code, plain in _WIDTH.items()}
    for name in _TABLES:
        read_as.update(_pairs((_FOLDING / name).read_text(encoding="utf-8")))
    table = {code: code for block in _COMMON for code in block}
    for one in read_as:
        final = one
        while final in read_as:  # a compatibility form of a traditional character takes two steps
            final = read_as[final]
        table[ord(one)] = ord(final)
    return table


def _pairs(page: str) -> dict[str, str]:
    """A table of `core/folding`: "characters TAB what each becomes", or "what they become BLANK characters"."""
    found: dict[str, str] = {}
    for line in page.split("\n"):
        ones, tab, others = line.partition("\t")
        if tab:
            found.update(zip(ones, others, strict=True))
        elif line and not line.startswith("#"):
            found.update(dict.fromkeys(line[2:], line[0]))
    return found


def clean(text: str) -> str:
    """Drop characters nobody sees, collapse blanks, keep line breaks; safe for UTF-8 and for databases."""
    visible = _NOISE.sub("", text)
    return _LINES.sub("\n", _BLANK.sub(" ", visible)).strip()


def speech_mark(who: str | None, said: str) -> str:
    """16 hex digits over who said what, blanks aside: the identity of an utterance that its site does not number."""
    return hashlib.sha256(f"{who or ''}\x1f{''.join(said.split())}".encode("utf-8", "replace")).hexdigest()[:16]


def fingerprint(text: str) -> str:
    """SHA-256 over the text without any white space, case and width aside: equal when a reader calls the texts equal.

    Stored with every post and in every exhibit, so its values never change: it has a narrower folding of its own.
    """
    folded = _lowered(clean(text).translate(_WIDTH))
    return hashlib.sha256("".join(folded.split()).encode()).hexdigest()


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters on one line, with an ellipsis where something was cut."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: max(0, limit - 1)] + "…"
