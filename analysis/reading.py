"""How we read a post: folded, without hidden characters, at a bearable length, with other people's words blanked.

Everything in `analysis` works on a `Reading` and reports spans through it, so that a span always holds in
`Post.full_text` whatever was hidden or cut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.text import clean, fold

#: Longer texts are judged on their head and tail: complaints open with the trouble and close with the demand.
LONGEST = 20_000
_KEPT_HEAD, _KEPT_TAIL = 12_000, 8_000
_MOST_OF_PICTURES = 6_000
#: What readers do not see: controls but blanks, marks that hang on the character before (struck-out names), fillers,
#: directions, joiners, choices of a picture's style, private tags, lone surrogates. Wider than what `core.text.clean`
#: takes out of a stored text, because here nothing is lost: spans are kept.
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u0300-\u036f\u0483-\u0489\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20ff\u3164\ud800-\udfff\ufe00-\ufe0f"
    "\ufe20-\ufe2f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]+"
)
#: What a repost or a quotation brings along: "好惨//@车友:我的车自燃了", "张三 发表于 2026-3-1".
_QUOTED = re.compile(
    r"//\s?@.*\Z"
    r"|^(?:本帖最后由[^\n]{1,40}编辑|引用:[^\n]{1,200}|[^\n]{1,40}发表于\s?\d{4}-\d{1,2}-\d{1,2}[^\n]{0,20})$",
    re.DOTALL | re.MULTILINE,
)
#: "[quote]原帖[/quote]": where a quotation begins or ends.
_QUOTE_MARK = re.compile(r"\[(/?)quote\b(?:[^\[\]\n]{0,200}\])?")
#: What a platform writes for people who repost without a word.
_BARE_REPOSTS = frozenset({"转发微博", "转发", "转发了", "转", "快转微博", "repost"})
_CLAUSE = re.compile(r"[^，,。！!？?；;\n…~～]+[，,。！!？?；;\n…~～]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One post as `analysis` sees it."""

    #: Folded text, quotations included.
    text: str
    #: The same length, with everything blanked that the author only passes on.
    own: str
    #: For each character its place in `Post.full_text`; `None` where the places are equal.
    origin: Sequence[int] | None = None
    #: How long the post is in full, where it was cut.
    cut_from: int | None = None
    #: From here on the text is what was read from the post's pictures.
    pictures_from: int | None = None

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """A span of this reading as a span in `Post.full_text`; `None` for words that stand in a picture."""
        if self.pictures_from is not None:
            if start >= self.pictures_from:
                return None
            end = min(end, self.pictures_from)
        if self.origin is None or start >= end:
            return start, end
        return self.origin[start], self.origin[end - 1] + 1

    def clauses(self) -> list[tuple[int, int]]:
        """The author's clauses, as spans of this reading."""
        return [found.span() for found in _CLAUSE.finditer(self.own) if not found.group().isspace()]


def read(full_text: str) -> Reading:
    """Read a post's full text; never fails, whatever the text holds."""
    text = full_text
    origin: list[int] | None = None
    cut_from: int | None = None
    if hidden := _HIDDEN.search(text):
        origin = _shown(text, hidden.start())
        text = _HIDDEN.sub("", text)
    if len(text) > LONGEST:
        cut_from = len(full_text)
        places = origin or range(len(text))
        # The character at the joint gives way to the end of a line.
        origin = [*places[: _KEPT_HEAD + 1], *places[-_KEPT_TAIL:]]
        text = f"{text[:_KEPT_HEAD]}\n{text[-_KEPT_TAIL:]}"
    folded = fold(text)
    return Reading(text=folded, own=_blank_quotes(folded), origin=origin, cut_from=cut_from)


def with_pictures(reading: Reading, text: str) -> Reading:
    """The reading with the words of the post's pictures behind its own."""
    words = fold(clean(text[:_MOST_OF_PICTURES]))
    return replace(
        reading,
        text=f"{reading.text}\n{words}",
        own=f"{reading.own}\n{words}",
        pictures_from=len(reading.text),
    )


def visible(text: str) -> str:
    """The folded text as readers see it, without hidden characters and marks."""
    return fold(_HIDDEN.sub("", text))


def _shown(text: str, first: int) -> list[int]:
    """The places of the characters that are not hidden; `first` is the place of the first hidden one."""
    places, at = list(range(first)), first
    for hidden in _HIDDEN.finditer(text, first):
        places += range(at, hidden.start())
        at = hidden.end()
    places += range(at, len(text))
    return places


def _blank_quotes(text: str) -> str:
    if not any(sign in text for sign in ("//", "quote", "转", "发表于", "引用", "repost", "编辑")):
        return text
    own = _QUOTED.sub(lambda found: " " * len(found.group()), _blank_quotations(text))
    return " " * len(own) if own.strip() in _BARE_REPOSTS else own


def _blank_quotations(text: str) -> str:
    """Quotations may hold quotations. A mark without its counterpart is none."""
    if "[quote" not in text:
        return text
    opened: list[int] = []
    spans: list[tuple[int, int]] = []
    for mark in _QUOTE_MARK.finditer(text):
        if not mark.group(1):
            opened.append(mark.start())
        elif opened:
            start = opened.pop()
            while spans and spans[-1][0] > start:
                spans.pop()  # lies within this one
            spans.append((start, mark.end()))
    pieces: list[str] = []
    at = 0
    for start, end in spans:
        pieces += (text[at:start], " " * (end - start))
        at = end
    return "".join(pieces) + text[at:]
