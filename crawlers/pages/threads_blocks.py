"""Posts of unknown software: repeated blocks, each with a person, a time and words of its own.

Where the words stand is agreed between the blocks: the place that holds most text over all of them.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

from core.text import clean
from crawlers.pages.markup import Element, text_of
from crawlers.pages.threads_marks import Told, floor_of, is_named, is_person
from crawlers.pages.threads_people import guessed_people

_SHARE = 0.6
_ALMOST_ALL, _MUCH, _MOST_INSIDE = 0.8, 0.3, 200
_MOST_LEVELS, _MOST_BLOCKS, _MOST_GROUPS = 14, 1000, 30
_QUOTE = re.compile(
    r"(?:^|[\s_-])(?:quote|quoted|blockquote|reply-?quote|ref|reference|yinyong|citation)(?:[\s_-]|$)", re.I
)
_NO_WORDS = re.compile(
    r"(?:^|[\s_-])(?:sig|sign|signature|tools?|toolbar|action|actions|btns?|buttons?|foot|footer|bar|meta|info|profile|"
    r"userinfo|user-?info|author|avatar|stats?|badge|medal|rank|level|ad|ads|adv|share|rate|edited?|pstatus|notice|attach|"
    r"attachments?|hide|hidden|nav|menu|pager|page|pagination|title|subject|heading|head|header|floor|time|date)(?:[\s_-]|$)",
    re.I,
)
_WORDS = re.compile(
    r"(?:^|[\s_-])(?:content|contents|message|body|text|postbody|post-?text|t_f|main|article|markdown|bbcode|neirong|con|"
    r"reply-?content|post-?content|cooked|detail|msg|words|floor-?con)(?:[\s_-]|$)",
    re.I,
)
#: A class or id by which a single block calls itself a post.
_POST = re.compile(
    r"(?:^|[\s_-])(?:post|reply|floor|comment|message|topic|thread|lou|louceng|tie|tpc|floot)(?:[\s_-]?\d*)(?:[\s_-]|$)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Block:
    """One post as the page shows it."""

    box: Element
    author: Element
    told: Told
    words: Element


def find_blocks(nodes: list[Element], told: list[Told]) -> tuple[list[Block], bool]:
    """The page's posts in order, and whether nothing but a thread looks like this."""
    people = people_of(nodes)
    by_node = {id(one.node): one for one in told}
    best: list[Block] = []
    for group in _groups(told):
        blocks = _read(group, people, by_node) or _read(group, guessed_people(group, by_node), by_node)
        if (
            len(blocks) >= max(2, _SHARE * len(group))
            and _speak(blocks)
            and _rank(blocks, by_node) > _rank(best, by_node)
        ):
            best = blocks
    if best:
        return best, _sure(best)
    return _single(told, people, by_node), False


def _rank(blocks: list[Block], by_node: dict[int, Told]) -> tuple[int, int, int, int]:
    """For the choice between groups: how many posts, how many of them show a floor, how crowded, how much."""
    if not blocks:
        return 0, 0, 0, 0
    crowd = max(sum(id(node) in by_node for node in block.box.iter()) for block in blocks[:100])
    floors = sum(any(floor_of(node) for node in list(block.box.iter("*"))[:300]) for block in blocks[:100])
    return len(blocks), floors, -crowd, _size(blocks)


def people_of(nodes: list[Element]) -> set[int]:
    """The elements that show a name; of two, one around the other, the inner: a title may stand beside the name."""
    found = [node for node in nodes if (node.tag == "a" and node.get("href") and is_person(node)) or is_named(node)]
    around = {id(up) for node in found for up in node.iterancestors()}
    return {id(node) for node in found if id(node) not in around}


def _groups(told: list[Told]) -> list[list[Element]]:
    """Siblings of one form that each hold a time."""
    found: dict[tuple[int, str], dict[int, Element]] = {}
    for one in told:
        child = one.node
        for _ in range(_MOST_LEVELS):
            parent = child.getparent()
            if parent is None or child.tag in ("body", "html"):
                break
            found.setdefault((id(parent), child.tag), {})[id(child)] = child
            child = parent
    groups = [list(children.values())[:_MOST_BLOCKS] for children in found.values() if len(children) >= 2]
    return sorted(groups, key=len, reverse=True)[:_MOST_GROUPS]


def _read(group: list[Element], people: set[int], by_node: dict[int, Told]) -> list[Block]:
    parts = [(box, *_facts(box, people, by_node)) for box in group]
    whole = [(box, author, when) for box, author, when in parts if author is not None and when is not None]
    if len(whole) < 2:
        return []
    regions = [_regions(box, author, when.node) for box, author, when in whole]
    usual = _usual_place(regions)
    blocks = []
    for (box, author, when), found in zip(whole, regions, strict=True):
        words = next((node for place, node, _ in found if place == usual), None)
        if words is None:
            words = max(found, key=lambda one: one[2], default=(None, None, 0))[1]
        if words is not None:
            blocks.append(Block(box, author, when, words))
    return _narrowed(blocks)


def _narrowed(blocks: list[Block]) -> list[Block]:
    """The same posts without what stands beside the words inside the same part, where a class calls the words so."""
    total = sum(len(clean(block.words.xpath("string()"))) for block in blocks)
    inner: dict[str, dict[int, Element]] = {}
    for number, block in enumerate(blocks):
        for node in list(block.words.iterdescendants())[:_MOST_INSIDE]:
            called = f"{node.get('class') or ''} {node.get('id') or ''}"
            if not isinstance(node.tag, str) or not _WORDS.search(called):
                continue
            if node.tag != "a" and not is_quote(node) and not _inside_quote(node, block.words):
                place = re.sub(r"\d+", "", f"{node.tag}.{_plain_class(node)}#{node.get('id') or ''}")
                inner.setdefault(place, {}).setdefault(number, node)
    best: dict[int, Element] = {}
    for nodes in inner.values():
        said = sum(len(clean(node.xpath("string()"))) for node in nodes.values())
        deeper = not best or any(node in nodes.values() for held in best.values() for node in held.iterdescendants())
        if len(nodes) >= _ALMOST_ALL * len(blocks) and said >= _MUCH * total and deeper:
            best = nodes
    return [replace(block, words=best.get(number, block.words)) for number, block in enumerate(blocks)]


def _facts(box: Element, people: set[int], by_node: dict[int, Told]) -> tuple[Element | None, Told | None]:
    author: Element | None = None
    when: Told | None = None
    for seen, node in enumerate(box.iter()):
        if seen > 3000:
            break
        if not isinstance(node.tag, str) or not (id(node) in people or id(node) in by_node):
            continue
        if is_quote(node) or _inside_quote(node, box):
            continue
        if id(node) in people and (author is None or _names_better(node, author)):
            author = node
        if when is None and id(node) in by_node:
            when = by_node[id(node)]
    return author, when


def _names_better(node: Element, before: Element) -> bool:
    """Whether a second link to the same person shows the name, where the first shows the picture."""
    if node.tag != "a" or before.tag != "a" or node.get("href") != before.get("href"):
        return False
    return (len(node) == 0) > (len(before) == 0) or (
        len(node) == len(before) and len(clean(node.xpath("string()"))) > len(clean(before.xpath("string()")))
    )


def is_quote(node: Element) -> bool:
    """Whether the element holds another's words; vBulletin sets a post's own in <blockquote class="postcontent">."""
    classes = node.get("class") or ""
    if _QUOTE.search(classes):
        return True
    return node.tag in ("blockquote", "q") and not _WORDS.search(classes)


def _inside_quote(node: Element, box: Element) -> bool:
    for around in node.iterancestors():
        if around is box:
            return False
        if is_quote(around):
            return True
    return False


def _regions(box: Element, author: Element, time: Element) -> list[tuple[str, Element, float]]:
    """The largest parts of a block that hold neither the author nor the time: place, element, weight of its words."""
    busy = {id(node) for start in (author, time) for node in (start, *start.iterancestors())}
    found: list[tuple[str, Element, float]] = []
    waiting: list[tuple[str, Element]] = [("", box)]
    while waiting and len(found) < 60:
        place, node = waiting.pop(0)
        for child in node:
            if not isinstance(child.tag, str) or child.tag in ("script", "style", "form", "button", "img", "br"):
                continue
            name = f"{place}/{child.tag}.{_plain_class(child)}"
            if id(child) in busy:
                if child is not author and child is not time:
                    waiting.append((name, child))
            elif weight := weight_of(child):
                found.append((name, child, weight))
    # A box whose words stand beside the byline, with no element of their own.
    if not found and (box.text or "").strip():
        found.append(("", box, 1.0))
    return found


def _plain_class(node: Element) -> str:
    return re.sub(r"\d+", "", " ".join(sorted((node.get("class") or "").split())))


def weight_of(region: Element) -> float:
    """Characters outside links, more where the class says "content", none where it says something else."""
    called = f"{region.get('class') or ''} {region.get('id') or ''}"
    if is_quote(region):
        return 0
    said = len(clean(region.xpath("string()")))
    linked = sum(len(clean(anchor.xpath("string()"))) for anchor in region.xpath(".//a")[:60])
    own = max(0, said - linked) + (0.2 * linked if region.tag != "a" else 0)
    if _WORDS.search(called) or region.xpath("boolean(descendant-or-self::*[@itemprop='text'])"):
        return own * 4 + 1
    if _NO_WORDS.search(called):
        return own * 0.1
    return own


def _usual_place(regions: list[list[tuple[str, Element, float]]]) -> str | None:
    weights: Counter[str] = Counter()
    blocks: Counter[str] = Counter()
    texts: dict[str, set[str]] = {}
    for found in regions:
        for place in {place for place, _, _ in found}:
            blocks[place] += 1
        for place, node, weight in found:
            weights[place] += int(weight * 10)
            texts.setdefault(place, set()).add(clean(node.xpath("string()"))[:60])
    # What reads alike in every block ("回复 举报") is furniture.
    for place in list(weights):
        if blocks[place] >= 3 and len(texts[place]) <= blocks[place] * 0.4:
            del weights[place]
    often = {place: weight for place, weight in weights.items() if blocks[place] >= 0.5 * len(regions)}
    return max(often, key=lambda place: often[place], default=None)


def words_of(block: Block) -> str:
    """What the author said: no quotes, signatures, edit notes, buttons."""

    def unsaid(element: Element) -> bool:
        if is_quote(element) or (len(element) and _QUOTED.fullmatch(clean(element[0].text or ""))):
            return True
        classes = element.get("class")
        if element.tag in ("h1", "h2", "h3") and classes is not None and _HEADING.search(classes):
            return True
        if classes is None or element.tag in ("p", "a", "b", "strong", "em", "font"):
            return bool(element.tag == "button")
        return _UNSAID.search(classes) is not None

    return text_of(block.words, skip=unsaid)


#: What stands above another's words where no class says so.
_QUOTED = re.compile(r"(?:引用|引文|引述|Quote)\s*[:：]?", re.I)
_HEADING = re.compile(r"title|subject", re.I)
_UNSAID = re.compile(
    r"(?:^|[\s_-])(?:sig|signature|sign|pstatus|edited?-?(?:by|info|note|time)?|last-?edit(?:ed)?|tools?|toolbar|actions?|"
    r"btns?|buttons?|share|rate|attach-?info|jammer|ad|ads)(?:[\s_-]|$)",
    re.I,
)


def _speak(blocks: list[Block]) -> bool:
    """Whether the words are words: a column of numbers belongs to a list."""
    texts = [clean(block.words.xpath("string()")) for block in blocks[:100]]
    return sum(len(text) > 1 and not re.fullmatch(r"[\d\s,./:万w+-]*", text) for text in texts) >= 0.5 * len(texts)


def _size(blocks: list[Block]) -> int:
    return sum(len(clean(block.words.xpath("string()"))) for block in blocks[:200])


def _sure(blocks: list[Block]) -> bool:
    """Persons that have pages, and blocks or words that call themselves what they are."""
    linked = sum(block.author.tag == "a" for block in blocks)
    called = sum(bool(_POST.search(f"{block.box.get('class') or ''} {block.box.get('id') or ''}")) for block in blocks)
    return linked >= 0.8 * len(blocks) and called >= 0.8 * len(blocks) and len(blocks) >= 2


def _single(told: list[Told], people: set[int], by_node: dict[int, Told]) -> list[Block]:
    """A thread that nobody answered: one block that calls itself a post and is signed by somebody who has a page."""
    for one in told[:200]:
        for depth, box in enumerate(one.node.iterancestors()):
            if depth > 8 or box.tag in ("body", "html"):
                break
            numbers = "".join(box.get(name) or "" for name in ("id", "data-id", "data-pid", "data-post-id"))
            called = f"{box.get('class') or ''} {box.get('id') or ''}"
            if not (_POST.search(called) and re.search(r"\d|tpc", numbers)):
                continue
            author, when = _facts(box, people, by_node)
            if author is None or author.tag != "a" or when is None:
                continue
            words = max(_regions(box, author, when.node), key=lambda region: region[2], default=None)
            if words is not None and words[2] >= 1:
                return [Block(box, author, when, words[1])]
    return []
