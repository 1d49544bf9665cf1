"""What a site's entrances show together, and which of it is to be read: decided without network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from crawlers.bounds import may_follow
from crawlers.cursors import KnownReading
from crawlers.pages.base import Link
from crawlers.pages.urls import identity
from crawlers.visits import Page

#: Addresses without a date are told apart only by remembering them, and memory has an end.
_MOST_UNDATED = 4000
#: A shorter feed may well have nothing but news.
_FEWEST_FOR_A_GAP = 5
_LEADS = ("article", "thread")
_NUMBER = re.compile(r"\d+", re.ASCII)
_DAY = re.compile(r"/(20[0-3]\d)[-/]?(0[1-9]|1[0-2])[-/]?(0[1-9]|[12]\d|3[01])?(?=\D|$)", re.ASCII)


@dataclass(slots=True, kw_only=True)
class Shown:
    """Every article that an entrance shows, by identity, the surest entrance's word first."""

    links: dict[str, Link] = field(default_factory=dict)
    _entrance: dict[str, str] = field(default_factory=dict)
    #: Shown by nothing but sitemaps and section pages, which list other pages as well.
    _loose: set[str] = field(default_factory=set)
    #: Links into a private network.
    refused: int = 0

    def add(self, page: Page, *, entrance: str, loose: bool, home: str) -> None:
        """Take in what one page of an entrance shows; `home` is the source's own address."""
        for link in page.parsed.links:
            if link.leads_to not in _LEADS:
                continue
            if not may_follow(link.url, source_url=home):
                self.refused += 1
                continue
            key = identity(link.url)
            if key not in self.links or (key in self._loose and not loose):
                self.links[key] = link
                self._entrance[key] = entrance
            if not loose:
                self._loose.discard(key)
            elif self.links[key] is link:
                self._loose.add(key)

    def is_loose(self, key: str) -> bool:
        """Whether only lists that show other pages too show it."""
        return key in self._loose

    def entrances_of_unread(self, reading: KnownReading) -> Iterator[str]:
        """Entrances that show something which is still to be read."""
        return (self._entrance[key] for key, link in self.links.items() if reading.wants(key, latest(link.changed)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What to read, and what is left out on purpose."""

    links: tuple[Link, ...]
    notes: tuple[str, ...]


def latest(changed: datetime | None) -> datetime | None:
    """The last moment that a shown time may mean: a bare day lasts until midnight."""
    if changed is not None and changed.hour == changed.minute == changed.second == 0:
        return changed + timedelta(days=1)
    return changed


def wanted(shown: Shown, reading: KnownReading, *, before: str | None) -> Choice:
    """The unknown articles without history, of those without a date the newest first.

    `before` is where history began for the last crawl, which said so.
    """
    notes = []
    if shown.refused:
        notes.append(f"{shown.refused} 个链接指向内部网络，没有读取")
    dated = [key for key, link in shown.links.items() if link.changed is not None]
    undated = sorted((key for key, link in shown.links.items() if link.changed is None), key=_age, reverse=True)
    if len(undated) > _MOST_UNDATED:
        notes.append(f"{len(undated) - _MOST_UNDATED} 个没有日期的较旧网址没有读取")
    considered = ((key, shown.links[key]) for key in (*dated, *undated[:_MOST_UNDATED]))
    links = tuple(link for key, link in considered if reading.wants(key, latest(link.changed)))
    told = datetime.fromisoformat(before) if before else None
    history = sum(
        1
        for key, link in shown.links.items()
        if key not in reading.known
        and (when := latest(link.changed)) is not None
        and when < reading.floor
        and (told is None or when >= told)
    )
    if history:
        notes.append(f"{history} 篇早于 {reading.floor:%Y-%m-%d} 的内容没有补采（超出 [crawl] backfill）")
    return Choice(links=links, notes=tuple(notes))


def rolled_past(page: Page, reading: KnownReading) -> bool:
    """Whether a feed that we know shows only what we do not: what came between may have left it already."""
    listed = [link for link in page.parsed.links if link.leads_to in _LEADS]
    fresh = [link for link in listed if reading.wants(identity(link.url), latest(link.changed))]
    return bool(reading.known) and len(listed) >= _FEWEST_FOR_A_GAP and len(fresh) == len(listed)


def _age(key: str) -> tuple[str, int]:
    """How new an address is by itself: the day in it, then its last number, as sites count upwards."""
    day, numbers = _DAY.search(key), _NUMBER.findall(key)
    return "".join(day.groups("")) if day else "", int(numbers[-1][-15:]) if numbers else 0
