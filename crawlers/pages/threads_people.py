"""Who wrote the posts of a home-made forum, where neither a link nor a class says which word is the name."""

from __future__ import annotations

import re
from collections import Counter

from core.text import clean
from crawlers.pages.markup import Element
from crawlers.pages.threads_marks import Told, floor_of

#: Share of blocks that must show a floor: only then are they posts for certain, and a name may be guessed.
_SHARE = 0.8
_SENTENCE = re.compile(r"[，。！？；,!?;…]")
_BUTTON = re.compile(
    r"(?:回复|回覆|引用|举报|檢舉|支持|反对|顶|踩|赞|分享|收藏|编辑|删除|管理|只看该作者|只看楼主|楼主|复制|发消息|加好友|加关注|点评|"
    r"评分|reply|quote|report|like|edit)\W*\d*",
    re.I,
)
_LONGEST_NAME = 20
_MOST_NODES = 300


def guessed_people(group: list[Element], by_node: dict[int, Told]) -> set[int]:
    """The elements at the first place that holds one short word a block, not the same in all; empty where unsure."""
    blocks = group[:200]
    if sum(_has_floor(box) for box in blocks) < _SHARE * len(blocks):
        return set()
    found: dict[str, list[Element]] = {}
    once: Counter[str] = Counter()
    order: dict[str, int] = {}
    for box in blocks:
        places: dict[str, list[Element]] = {}
        for place, node in _short_words(box, by_node):
            places.setdefault(place, []).append(node)
            order.setdefault(place, len(order))
        for place, nodes in places.items():
            if len(nodes) == 1:
                once[place] += 1
                found.setdefault(place, []).append(nodes[0])
    for place in sorted(order, key=lambda one: order[one]):
        names = {clean(node.xpath("string()")) for node in found.get(place, [])}
        if once[place] >= _SHARE * len(blocks) and len(names) > 1:
            return {id(node) for node in found[place]}
    return set()


def _has_floor(box: Element) -> bool:
    return any(floor_of(node) is not None for node in list(box.iter())[:_MOST_NODES] if isinstance(node.tag, str))


def _short_words(box: Element, by_node: dict[int, Told]) -> list[tuple[str, Element]]:
    found: list[tuple[str, Element]] = []
    for node in list(box.iter())[:_MOST_NODES]:
        if not isinstance(node.tag, str) or len(node) or id(node) in by_node or floor_of(node) is not None:
            continue
        said = clean(node.text or "")
        is_word = 0 < len(said) <= _LONGEST_NAME and not said.isdigit() and not _SENTENCE.search(said)
        if is_word and not _BUTTON.fullmatch(said) and not said.endswith((":", "：")):
            found.append((_place(node, box), node))
    return found


def _place(node: Element, box: Element) -> str:
    steps: list[str] = []
    while node is not box:
        steps.append(f"{node.tag}.{node.get('class') or ''}")
        up = node.getparent()
        if up is None:
            break
        node = up
    return "/".join(reversed(steps))
