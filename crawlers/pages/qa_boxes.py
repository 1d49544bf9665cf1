"""Which part of a page belongs to one of several sayings: boxes that share nothing, found from the texts outwards.

Boxes that do not overlap cost one walk of the page together; boxes found by class alone may lie in each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from crawlers.pages.markup import Element

#: A page for readers has some thousands; what has more is made to keep a parser busy.
MOST_ELEMENTS = 60_000


def innermost(nodes: Sequence[Element]) -> list[Element]:
    """Those that hold none of the others, in their order."""
    among = set(nodes)
    outer = {above for node in among for above in node.iterancestors() if above in among}
    return [node for node in nodes if node not in outer]


def boxes(
    contents: Sequence[Element], *, is_box: Callable[[Element], bool], outside: Iterable[Element] = ()
) -> list[tuple[Element, Element]]:
    """(box, content) of each content: the nearest ancestor that `is_box`, else the largest that holds no other one.

    No box holds a second content, nor anything of `outside`; contents must not lie in each other (`innermost`).
    """
    shared: Counter[Element] = Counter()
    for node in (*contents, *outside):
        shared.update((node, *node.iterancestors()))
    found: list[tuple[Element, Element]] = []
    for content in contents:
        box = content
        while not is_box(box):
            above = box.getparent()
            if above is None or shared[above] > 1:
                break
            box = above
        found.append((box, content))
    return found


def classes(element: Element) -> frozenset[str]:
    """The element's class names in lower case."""
    return frozenset((element.get("class") or "").lower().split())
