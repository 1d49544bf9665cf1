"""What FTS5 is told of a text, and asked about it.

Text that people typed reaches FTS5 only as tokens of letters, digits and ideographs between quotes; so no search text
can be FTS5 syntax.
"""

from __future__ import annotations

from collections.abc import Sequence

from analysis.tokens import search_words, segmenter
from core.model import Post
from core.text import clean, fold
from index.base import All, AnyOf, Node, Not, Term
from index.exact import phrase, title_and_text, tokens_of_folded, wished_phrases

#: Never a token of any text.
_NOWHERE = '"\ue003"'
#: Groups within groups that one expression may have. FTS5's parser has 100 places (YYSTACKDEPTH of its fts5parse.y) and
#: a group takes six at most.
DEEP = 10
#: Words beyond these add nothing to the order of hits.
_MAX_WORDS = 32
#: Words of a text beyond this are not taken: they only order hits, and a huge text must not hold up the batch.
_WEIGHED = 20_000


def text_columns(posts: Sequence[Post]) -> list[tuple[str, str]]:
    """The tokens of each post for phrases, and its words for relevance, each joined by blanks.

    A large batch is split sooner than its posts one by one, into the same words.
    """
    folded = [[fold(clean(part)) for part in title_and_text(post)] for post in posts]  # once for both: folding costs
    words = segmenter().search_words_of_many(["\n".join(parts)[:_WEIGHED] for parts in folded])
    return [
        (" ".join(tokens_of_folded(parts)), " ".join(dict.fromkeys(found)))
        for parts, found in zip(folded, words, strict=True)
    ]


def expression(node: Node, deep: int = DEEP) -> str | None:
    """The FTS5 expression that matches what a tree of terms matches; `None` where it holds anything else.

    Nor where groups lie within each other deeper than `deep`: FTS5 refuses what nests too deep. It knows "a NOT b" but
    no bare "NOT b": a negation must stand beside something that is wanted.
    """
    if deep < 0:
        return None
    match node:
        case Term(text):
            return quoted(phrase(text))
        case All(nodes):
            wanted = [expression(inner, deep - 1) for inner in nodes if not isinstance(inner, Not)]
            unwanted = [expression(inner.node, deep - 1) for inner in nodes if isinstance(inner, Not)]
            if not wanted:
                return None
            both = _joined(wanted, "AND")
            if both is None or not unwanted:
                return both
            others = _joined(unwanted, "OR")
            return None if others is None else f"({both} NOT {others})"
        case AnyOf(nodes):
            return _joined([expression(inner, deep - 1) for inner in nodes], "OR")
        case _:
            return None


def quoted(tokens: list[str]) -> str:
    """The FTS5 expression of tokens that stand side by side."""
    return f'"{" ".join(tokens)}"' if tokens else _NOWHERE


def telling_words(node: Node | None) -> list[str]:
    """The words by which hits of a tree are ordered."""
    found = dict.fromkeys(word for tokens in wished_phrases(node) for word in search_words("".join(tokens)))
    return list(found)[:_MAX_WORDS]


def _joined(parts: list[str | None], operator: str) -> str | None:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts) or not known:
        return None
    return known[0] if len(known) == 1 else f"({f' {operator} '.join(known)})"
