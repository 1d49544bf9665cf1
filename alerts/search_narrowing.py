"""Which of many saved searches a mention may match at all, found by looking up its characters and fields.

Each search hangs on a few keys of which every hit has at least one: two neighbouring characters of a word it demands,
or a value of a field. A mention then meets only those searches that hang on a key it has, and those that hang on none
(such as a bare NOT); which of them it matches is still `index.matching`'s to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

from index.base import All, AnyOf, FieldIs, Node, Term
from index.exact import phrase
from index.fields import same_value
from index.matching import EDGE, Matchable

Value = TypeVar("Value")

#: How much a key leaves over, roughly: the smaller the better.
_PAIR, _NAME, _CHARACTER, _KIND = 1, 2, 3, 4
#: Fields that many mentions share a value of. Any other field is as telling as a name.
_KINDS = frozenset({"channel", "grade", "category", "day", "has"})


@dataclass(frozen=True, slots=True)
class Hook:
    """Keys of which every hit has at least one, and how much they leave over."""

    keys: frozenset[str]
    weight: int


def hook_of(node: Node | None, fields: Iterable[str]) -> Hook | None:
    """What a search hangs on; `None` where nothing can be said. `fields` are those that mentions have values of."""
    match node:
        case Term(text):
            tokens = phrase(text)
            if len(tokens) < 2:
                return Hook(frozenset(tokens), _CHARACTER)
            # Of a long word the end tells more than the beginning: 星辰汽车城南店, 星辰汽车城北店.
            return Hook(frozenset({_pair(*tokens[-2:])}), _PAIR)
        case FieldIs(name, value) if name in fields:
            return Hook(frozenset({_value(name, same_value(value))}), _KIND if name in _KINDS else _NAME)
        case All(nodes):
            hooks = [hook for hook in (hook_of(inner, fields) for inner in nodes) if hook]
            return min(hooks, key=lambda hook: (hook.weight, len(hook.keys)), default=None)
        case AnyOf(nodes):
            found = [hook_of(inner, fields) for inner in nodes]
            hooks = [hook for hook in found if hook]
            if len(hooks) < len(found):
                return None
            keys = frozenset(key for hook in hooks for key in hook.keys)
            return Hook(keys, max((hook.weight for hook in hooks), default=_PAIR))
        case _:
            return None


class Narrowed(Generic[Value]):
    """Trees with whatever they belong to, ready to be asked by many mentions."""

    def __init__(self, trees: Sequence[tuple[Node | None, Value]], *, fields: Iterable[str]) -> None:
        known = frozenset(fields)
        self._hung: dict[str, list[int]] = defaultdict(list)
        self._free: list[int] = []
        self._trees = list(trees)
        for number, (node, _) in enumerate(self._trees):
            hook = hook_of(node, known)
            if hook is None:
                self._free.append(number)
            for key in hook.keys if hook else ():
                self._hung[key].append(number)

    def asked(self, mention: Matchable) -> list[tuple[Node | None, Value]]:
        """The trees that may match, in the order in which they were given."""
        found = set(self._free)
        if self._hung:
            for key in keys_of(mention):
                found.update(self._hung.get(key, ()))
        return [self._trees[number] for number in sorted(found)]


def keys_of(mention: Matchable) -> Iterator[str]:
    """Every key that a search could hang on and this mention has; some come more than once."""
    tokens = mention.tokens.split(EDGE)
    yield from tokens
    for first, second in pairwise(tokens):
        yield _pair(first, second)
    for name, values in mention.values.items():
        for value in values:
            yield _value(name, value)


def _pair(first: str, second: str) -> str:
    return f"{first}{EDGE}{second}"


def _value(name: str, value: str) -> str:
    return f"{name}{EDGE}={value}"
