"""Opening posts that stand apart from the replies: above them, in a form of their own, signed below the headline."""

from __future__ import annotations

from core.text import clean
from crawlers.pages.markup import Element
from crawlers.pages.threads_blocks import Block, is_quote, people_of, weight_of
from crawlers.pages.threads_marks import Told

#: Words that no class calls content must be this many to be a post.
_ENOUGH = 40
_MOST_BETWEEN, _MOST_WEIGHED = 3000, 600


def opening_apart(nodes: list[Element], told: list[Told], blocks: list[Block]) -> Block | None:
    """The opening post between the headline and the replies; `None` where the replies' own first is the opening.

    Without replies, only where a person who has a page signed it.
    """
    between = _between(nodes, blocks[0].box if blocks else None)
    by_node = {id(one.node): one for one in told}
    people = people_of(between)
    author = next((node for node in between if id(node) in people), None)
    when = next((by_node[id(node)] for node in between if id(node) in by_node), None)
    if author is None or when is None or (not blocks and author.tag != "a"):
        return None
    name = clean(author.xpath("string()"))
    first = blocks[0] if blocks else None
    if first is not None and when.when == first.told.when and name == clean(first.author.xpath("string()")):
        return None
    words = _words(between, author, when.node)
    if words is None:
        return None
    return Block(words, author, when, words)


def _between(nodes: list[Element], box: Element | None) -> list[Element]:
    """What stands after the headline and before the first reply, if there is one."""
    around = {id(box), *(id(up) for up in box.iterancestors())} if box is not None else set()
    found: list[Element] = []
    begun = False
    for node in nodes:
        if node is box:
            break
        if node.tag == "h1" and clean(node.xpath("string()")):
            found, begun = [], True
        elif begun and id(node) not in around and len(found) < _MOST_BETWEEN:
            found.append(node)
    else:
        return found if box is None else []
    return found


def _words(between: list[Element], author: Element, time: Element) -> Element | None:
    """The heaviest part that holds neither the author nor the time."""
    busy = {id(node) for start in (author, time) for node in (start, *start.iterancestors())}
    best: tuple[float, Element] | None = None
    for node in between[:_MOST_WEIGHED]:
        if (
            id(node) in busy
            or is_quote(node)
            or node.tag in ("script", "style", "form", "button", "nav", "a", "br", "img")
        ):
            continue
        weight = weight_of(node)
        if best is None or weight > best[0]:
            best = (weight, node)
    return best[1] if best is not None and best[0] >= _ENOUGH else None
