"""Which replies a page must show if they still exist: how a deleted reply is noticed when its thread is read again.

A page of a thread shows consecutive replies in the order of their numbers. A reply that we know, whose number lies
between the first and the last shown, and that is not on the page, is on no other page either: it was deleted or
hidden. Pages in another order, or of one author only, prove nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from core.model import Post

#: Native ids of forums and Tieba: "pid:123", growing with time.
PREFIX = "pid:"
#: Addresses whose page leaves replies out or sorts them otherwise.
_PARTIAL = re.compile(r"[?&](?:authorid|see_lz|ordertype|orderby|sort|filter|onlyauthor|dsign)=", re.I)
#: The numbers of the boxes on a page, readable or not: id="post_12", data-pid="12", "post_id":12.
_BOX = re.compile(
    r"""(?:\bid=["']?[a-z_-]{0,20}|\bdata-[a-z-]{0,12}p(?:ost-?)?id=["']?|post_id(?:"|&quot;)\s*:\s*(?:"|&quot;)?)"""
    r"""(\d{1,15})\b""",
    re.I | re.A,
)
#: What stands in the place of a reply that was taken from readers' eyes.
_HIDDEN = re.compile("屏蔽|该帖被|已被删除|已删除|内容自动|審核|审核|遮蔽")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The stretch of a thread that one page shows whole."""

    #: Id of the thread's opening post.
    opening: str
    #: Numbers of the replies that were read, in order.
    read: tuple[int, ...]
    #: Gives the page's source; asked only where a reply is missing.
    text: Callable[[], str]

    @property
    def lowest(self) -> int:
        """Number of the first reply shown."""
        return self.read[0]

    @property
    def highest(self) -> int:
        """Number of the last reply shown."""
        return self.read[-1]

    def lacks(self, known: Iterable[int]) -> dict[int, str]:
        """Which of these replies are gone, and the sign, one Chinese sentence.

        One whose box stands on the page but could not be read is gone only where the box says that it is hidden.
        """
        missing = {number for number in known if self.lowest < number < self.highest} - set(self.read)
        if not missing:
            return {}
        unread, hidden = _unread(self.text(), frozenset(self.read))
        gone = dict.fromkeys(sorted(missing - unread), "所在主题的页面已不再显示这一楼，已被删除或隐藏")
        return gone | dict.fromkeys(sorted(missing & hidden), "这一楼还在，但内容已被屏蔽或隐藏")


def coverage_of(posts: Sequence[Post], *, url: str, text: Callable[[], str]) -> Coverage | None:
    """What the page at `url` that showed these posts, in this order, proves; `None` where it proves nothing.

    `text` gives the page's source, and is asked only where it matters.
    """
    numbers = [number_of(post.native_id) for post in posts]
    if len(numbers) < 2 or None in numbers or _PARTIAL.search(url):
        return None
    known = [number for number in numbers if number is not None]
    floors = [post.floor for post in posts if post.floor is not None]
    if not (_grows(known) and _grows(floors)) or len({post.kind for post in posts}) > 1:
        return None
    openings = {post.id if post.floor == 1 else post.parent for post in posts}
    opening = openings.pop()
    if openings or opening is None:
        return None
    return Coverage(opening=opening, read=tuple(known), text=text)


def _unread(text: str, read: frozenset[int]) -> tuple[frozenset[int], frozenset[int]]:
    """Boxes of the page that yielded no post, and those of them that say why."""
    unread, hidden = set(), set()
    boxes = [(int(box[1]), box.end()) for box in _BOX.finditer(text)]
    for place, (number, starts) in enumerate(boxes):
        if number in read:
            continue
        unread.add(number)
        ends = next((end for other, end in boxes[place + 1 : place + 50] if other != number), starts + 20_000)
        if _HIDDEN.search(text, starts, ends):
            hidden.add(number)
    return frozenset(unread), frozenset(hidden)


def number_of(native_id: str) -> int | None:
    """The number in "pid:123"; `None` for any other id."""
    digits = native_id.removeprefix(PREFIX)
    if digits == native_id or not (digits.isascii() and digits.isdigit() and len(digits) < 16):
        return None
    return int(digits)


def _grows(numbers: Sequence[int]) -> bool:
    return all(before < after for before, after in pairwise(numbers))
