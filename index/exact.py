"""What "contains exactly these characters" means: one definition for every adapter, for highlights and for tests.

Title and text are each cut into tokens: an ideograph, a kana or a picture is one token, a run of other letters and
digits is one, all folded (half-width, lower case, invisible characters dropped). A run longer than 100 is cut into
pieces of 100, because engines cut long tokens too, each elsewhere. White space and punctuation separate
and are otherwise ignored. A phrase is found where its tokens stand side by side within the title or within the text:
"4S店异响" is found in "４Ｓ店 异响！" and in "4s店，异响", not in "14S店异响" and not in "4S店有异响".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.tokens import characters, characters_of_folded
from core.model import Post
from core.text import clean, fold
from index.base import All, AnyOf, Between, FieldIs, Node, Not, Term, Within

#: Stands between title and text, so that no phrase reaches from one into the other. Never a token of any text.
GAP = "\ue002"
#: Characters of a token.
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Located:
    """A token and where it stands in the text it came from."""

    token: str
    start: int
    end: int


def phrase(text: str) -> list[str]:
    """The tokens that must stand side by side; empty where the text has nothing that can be searched."""
    return _cut(characters(text))


def title_and_text(post: Post) -> list[str]:
    """The parts in which phrases are looked for; a title that the text repeats at its start is not taken twice."""
    if not post.title or post.text.startswith(post.title):
        return [post.text]
    return [post.title, post.text]


def tokens(post: Post) -> list[str]:
    """All tokens of a post in order, with `GAP` between title and text."""
    return tokens_of_folded([fold(clean(part)) for part in title_and_text(post)])


def tokens_of_folded(parts: Sequence[str]) -> list[str]:
    """The same for `title_and_text` that went through `fold(clean(...))` already."""
    first, *rest = [_cut(characters_of_folded(part)) for part in parts]
    return [*first, *(token for part in rest for token in (GAP, *part))]


def located(cleaned: str) -> list[Located]:
    """The tokens of a text that went through `clean`, with their places."""
    folded, found, at = fold(cleaned), [], 0
    for token in phrase(cleaned):
        # Between two tokens stand only separators, none of which can begin a token: the first find is the place.
        start = folded.index(token, at)
        at = start + len(token)
        found.append(Located(token, start, at))
    return found


def places(cleaned: str, phrases: list[list[str]]) -> list[tuple[int, int]]:
    """Where any of the phrases stands in a cleaned text: spans in order, overlapping ones joined."""
    found = located(cleaned)
    starts: dict[str, list[int]] = {}
    for at, one in enumerate(found):
        starts.setdefault(one.token, []).append(at)
    spans = []
    for wished in filter(None, phrases):
        for at in starts.get(wished[0], ()):
            if [one.token for one in found[at : at + len(wished)]] == wished:
                spans.append((found[at].start, found[at + len(wished) - 1].end))
    return _joined(sorted(spans))


def wished_phrases(node: Node | None) -> list[list[str]]:
    """The phrases that a hit may contain: those of all terms that are not negated."""
    match node:
        case Term(text):
            return [phrase(text)]
        case All(nodes) | AnyOf(nodes):
            return [found for inner in nodes for found in wished_phrases(inner)]
        case FieldIs() | Between() | Within() | Not() | None:
            return []


def searchable(text: str) -> str:
    """The text as highlights show it: cleaned, on one line."""
    return clean(text).replace("\n", " ")


def _cut(tokens: list[str]) -> list[str]:
    if max(map(len, tokens), default=0) <= _LONGEST:
        return tokens
    return [token[at : at + _LONGEST] for token in tokens for at in range(0, len(token), _LONGEST)]


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
