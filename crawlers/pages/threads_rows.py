"""Lists of threads of unknown software: rows of one form, each with one title that leads to an address of one form.

A menu has links but no times and no people; an article's "related" box has times but nobody who answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.text import clean
from crawlers.pages.base import Link, PageContext
from crawlers.pages.counts import parse_count
from crawlers.pages.markup import Element
from crawlers.pages.threads_marks import Told, is_named, is_person, shape
from crawlers.pages.urls import absolute, canonical, identity, site_of

_FEWEST = 3
_MOST_LINKS, _MOST_GROUPS = 5000, 40
#: Share of rows that must show a mark for the list to have it.
_SHARE = 0.6


@dataclass(slots=True)
class Row:
    """One thread as a list shows it."""

    box: Element
    url: str
    title: str
    changed: datetime | None = None
    counts: list[int] = field(default_factory=list)
    signed: bool = False
    #: Whether the list does not tell the minute of the last reply.
    vague: bool = True


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows of one form, and how much speaks for them."""

    rows: list[Row]
    dated: float
    signed: float
    counted: float

    @property
    def sure(self) -> bool:
        """Whether nothing but a board looks like this."""
        return min(self.dated, self.signed) >= _SHARE and len(self.rows) >= _FEWEST and self.counted >= _SHARE

    @property
    def likely(self) -> bool:
        """Whether a page that is known to be a forum's is a board."""
        marks = sum(share >= _SHARE for share in (self.dated, self.signed, self.counted))
        return marks >= 2 and (len(self.rows) >= _FEWEST or marks == 3)

    @property
    def weight(self) -> float:
        """For the choice between several lists of one page."""
        return len(self.rows) * (1 + self.dated + self.signed + self.counted)


def find_listing(nodes: list[Element], told: list[Told], page: PageContext, base: str) -> Listing | None:
    """The page's list of threads, or `None` where nothing looks like one."""
    when = {id(one.node): one for one in told}
    groups: dict[str, list[tuple[Element, str, str]]] = {}
    for anchor in [node for node in nodes if node.tag == "a" and node.get("href")][:_MOST_LINKS]:
        title = clean(anchor.xpath("string()")).replace("\n", " ")
        if len(title) < 2 or id(anchor) in when or title.isdigit() or is_person(anchor) or is_named(anchor):
            continue
        target = absolute(base, anchor.get("href"))
        if target is None or site_of(target) != site_of(page.url) or identity(target) == identity(page.url):
            continue
        form = shape(target)
        if form:
            groups.setdefault(form, []).append((anchor, canonical(target), title))
    largest = sorted(groups.values(), key=len, reverse=True)[:_MOST_GROUPS]
    found = [listing for group in largest for listing in _listings(group, when, page) if listing.likely]
    return max(found, key=lambda listing: listing.weight, default=None)


def _listings(group: list[tuple[Element, str, str]], when: dict[int, Told], page: PageContext) -> Iterator[Listing]:
    """The lists that links of one form make: a box of favourites beside the board is another list than the board."""
    titles = [title for _, _, title in group]
    if len({url for _, url, _ in group}) < 2 or sum(map(len, titles)) / len(titles) < 4:
        return
    places: dict[tuple[str, ...], list[Row]] = {}
    for row in _rows(group):
        _fill(row, when, page)
        places.setdefault(_place(row.box), []).append(row)
    for rows in places.values():
        if len(rows) >= 2 and len({row.title for row in rows}) >= 0.7 * len(rows):
            total = len(rows)
            yield Listing(
                rows,
                dated=sum(row.changed is not None for row in rows) / total,
                signed=sum(row.signed for row in rows) / total,
                counted=sum(bool(row.counts) for row in rows) / total,
            )


def _place(box: Element) -> tuple[str, ...]:
    return (box.tag, *(str(around.tag) for around in box.iterancestors()))


def _rows(group: list[tuple[Element, str, str]]) -> Iterator[Row]:
    """Each link's row: the largest element around it that holds no other thread of the group."""
    owners: dict[Element, set[str]] = {}
    for anchor, url, _ in group:
        for depth, around in enumerate(anchor.iterancestors()):
            if depth > 14:
                break
            owners.setdefault(around, set()).add(url)
    taken: dict[str, Row] = {}
    for anchor, url, title in group:
        box = anchor
        for depth, around in enumerate(anchor.iterancestors()):
            if depth > 14 or len(owners.get(around, ())) != 1 or around.tag in ("body", "html"):
                break
            box = around
        known = taken.get(url)
        if known is None:
            taken[url] = Row(box, url, title)
        elif len(title) > len(known.title) and box is known.box:
            known.title = title
    yield from taken.values()


def _fill(row: Row, when: dict[int, Told], page: PageContext) -> None:
    latest: Told | None = None
    limit = page.now + timedelta(days=1)
    for seen, node in enumerate(row.box.iter()):
        if seen > 400 or not isinstance(node.tag, str):
            break
        one = when.get(id(node))
        if one and one.when <= limit and (latest is None or one.when > latest.when):
            latest = one
        if (node.tag == "a" and node.get("href") and is_person(node)) or is_named(node):
            row.signed = True
        if len(node) == 0 and id(node) not in when:
            # "12/345": replies and views.
            found = [parse_count(piece) for piece in clean(node.text or "")[:40].split("/", 1)]
            if all(count is not None for count in found):
                row.counts += [count for count in found if count is not None]
    if latest is not None:
        row.changed = latest_of_day(latest.when, page) if latest.day_only else latest.when
    row.vague = latest is None or latest.day_only


def latest_of_day(day: datetime, page: PageContext) -> datetime:
    """When something may have been said last on a day that a list shows without a clock: at its end, or now."""
    return min(page.now.astimezone(page.zone), day + timedelta(days=1, seconds=-1))


def as_links(listing: Listing) -> list[Link]:
    """The rows as places to go to."""
    return [
        Link(
            url=row.url,
            leads_to="thread",
            title=row.title,
            changed=row.changed,
            standing="/".join(map(str, row.counts[:4])) if row.vague and row.counts else None,
        )
        for row in listing.rows
    ]
