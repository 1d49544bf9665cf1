"""More like this: the posts of the archive most like one post, found by what is rare in it.

Which posts are compared does not depend on how an engine scores: long runs of the text and its rarest words are asked
of the index one by one, and those that few posts have are looked up, newest first. So every index gives the same
answer; who is most like it, `index.similar` decides by the characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from analysis.tokens import characters, how_common, words
from core.model import Post
from core.text import fold
from index.base import All, AnyOf, FieldIs, Node, Query, SearchIndex, Term
from index.exact import phrase
from index.filters import both
from index.similar import Similar, compared

#: Candidates that are compared, and questions that are put to the index to find them.
CANDIDATES, QUESTIONS = 300, 24
#: Longer texts are looked at by their beginning.
_READ = 5_000
_MOST_WORDS, _PAIRED = 12, 4
#: Words that both posts have count for the order; more than these would outweigh the text itself.
_NAMED = 6
#: Tokens of a run that is asked for in one piece, and how many runs are taken from a text.
_RUN, _RUNS = 12, 4
_LONGEST_WORD = 24


def like(
    index: SearchIndex, post: Post, *, event: str | None = None, among: Query | None = None, limit: int = 20
) -> list[Similar]:
    """The mentions most like this post, the most alike first; with `among` only hits of that query.

    `event` is that of the post, if it has one: the others that tell it are alike in that.

    At most `QUESTIONS` short questions and one page of `CANDIDATES` hits. Raise what the index raises.
    """
    among = replace(among or Query(), sort="time", after=None)
    rare, chosen = _looked_up(index, post, event, among)
    if not chosen:
        return []
    wished = replace(among, where=both(among.where, _any_of(chosen)), limit=CANDIDATES)
    candidates = [hit.mention for hit in index.search(wished).hits if hit.mention.id != post.id]
    texts = [fold(one.post.full_text[:_READ]) for one in candidates]
    shared = [word for word in rare if any(word in text for text in texts)]
    found = compared(post, candidates, event=event, words=shared[:_NAMED], limit=CANDIDATES)
    return [one for one in found if one.likeness or one.words or one.is_same_event][:limit]


def _looked_up(index: SearchIndex, post: Post, event: str | None, among: Query) -> tuple[list[str], list[Node]]:
    """The words of the post, the rarest in the archive first, and what to look candidates up by."""
    chosen: list[Node] = []
    left, room = QUESTIONS, CANDIDATES

    def hits(node: Node) -> int:
        nonlocal left
        left -= 1
        return index.search(replace(among, where=both(among.where, node), limit=1)).total

    def take(node: Node, many: int) -> bool:
        nonlocal room
        if 0 < many <= room:
            chosen.append(node)
            room -= many
            return True
        return False

    for node in (*([FieldIs("event", event)] if event else ()), *_runs(post)):
        take(node, hits(node))
    counted = sorted((hits(Term(word)), at, word) for at, word in enumerate(telling(post)))
    common = [word for many, _, word in counted if many and not take(Term(word), many)]
    for pair in list(combinations(common[:_PAIRED], 2))[: max(0, left)]:
        together = All(tuple(map(Term, pair)))
        take(together, hits(together))
    return [word for _, _, word in counted], chosen


def telling(post: Post) -> list[str]:
    """The words of a post by which others can be found, the rarest in the language first; at most a dozen."""
    found = dict.fromkeys(words(post.full_text[:_READ]))
    fit = [word for word in found if 1 < len(word) <= _LONGEST_WORD and not word.isdecimal() and phrase(word)]
    # A name that no dictionary knows tells most; of words equally common the longer one does.
    return sorted(fit, key=lambda word: (how_common(word), -len(word)))[:_MOST_WORDS]


def _runs(post: Post) -> Iterator[Node]:
    """Runs of the text, from its beginning to its end: a copy has one of them, whatever was added or cut."""
    text = characters(post.text[:_READ])
    step = max(_RUN, (len(text) - _RUN) // max(1, _RUNS - 1))
    for at in range(0, len(text) - _RUN + 1, step)[:_RUNS]:
        yield Term(" ".join(text[at : at + _RUN]))


def _any_of(nodes: Sequence[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else AnyOf(tuple(nodes))
