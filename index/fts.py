"""The tree of a search text as an FTS5 expression.

Text that people typed reaches FTS5 only as tokens of letters, digits and ideographs between quotes, and field values
only as hashes; so no search text can be FTS5 syntax.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache

from analysis.tokens import search_words, segmenter
from core.model import Post
from core.text import clean, fold
from index.base import All, AnyOf, Between, FieldIs, Node, Not, Term, Within
from index.exact import phrase, title_and_text, tokens_of_folded, wished_phrases
from index.fields import same_value

#: In the tags of every mention: what a negation is taken from. FTS5 knows "a NOT b" but no bare "NOT b".
_EVERY = 'tags : "every"'
#: In the tags of no mention.
_NOTHING = 'tags : "nothing"'
#: Words beyond these add nothing to the order of hits.
_MAX_WORDS = 32
#: Words of a text beyond this are not taken: they only order hits, and a huge text must not hold up the batch.
_WEIGHED = 20_000


def text_columns(post: Post, fields: Mapping[str, Sequence[str]]) -> tuple[str, str, str]:
    """What FTS5 stores of a mention: characters for phrases, words for relevance, its fields' values as tags."""
    tags = [_tag(name, value) for name, values in fields.items() for value in values]
    parts = [fold(clean(part)) for part in title_and_text(post)]  # folding costs more than finding the tokens
    return (
        " ".join(tokens_of_folded(parts)),
        " ".join(segmenter().search_words_of_folded("\n".join(parts)[:_WEIGHED])),
        " ".join(["every", *tags]),
    )


def expression(node: Node) -> str:
    """The FTS5 expression that matches what the tree matches."""
    match node:
        case Term(text):
            return _phrase("chars", " ".join(phrase(text)))
        case FieldIs(name, value):
            return _phrase("tags", _tag(name, value))
        case Not(inner):
            return f"({_EVERY} NOT {expression(inner)})"
        case All(nodes):
            wanted = [expression(inner) for inner in nodes if not isinstance(inner, Not)] or [_EVERY]
            unwanted = [expression(inner.node) for inner in nodes if isinstance(inner, Not)]
            both = _joined(wanted, "AND")
            return f"({both} NOT {_joined(unwanted, 'OR')})" if unwanted else both
        case AnyOf(nodes):
            return _joined([expression(inner) for inner in nodes], "OR")
        case Between() | Within():
            raise NotImplementedError  # EMBEDDED: until then only as filters


def relevance(node: Node) -> str | None:
    """The same matches, but with the words of the search text counting for the order; `None` without a term."""
    found = dict.fromkeys(word for tokens in wished_phrases(node) for word in search_words("".join(tokens)))
    if not found:
        return None
    matches = expression(node)
    words = _joined([_phrase("words", word) for word in list(found)[:_MAX_WORDS]], "OR")
    return f"({matches} AND ({matches} OR {words}))"


def _joined(parts: list[str], operator: str) -> str:
    return parts[0] if len(parts) == 1 else f"({f' {operator} '.join(parts)})"


def _phrase(column: str, text: str) -> str:
    return f'{column} : "{text}"' if text else _NOTHING


@lru_cache(4096)  # mentions of one day share nearly all values but their authors
def _tag(name: str, value: str) -> str:
    return hashlib.sha256(f"{name}\x1f{same_value(value)}".encode()).hexdigest()[:16]
