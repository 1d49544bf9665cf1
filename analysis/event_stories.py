"""Puts posts into stories, batch by batch, and knows nothing of databases: the decision that `analysis.events` files.

A reply joins its thread. Any other post joins the story of the post it fits best; a story is asked as a whole only
whether it contradicts: a fire in Hangzhou does not become one with a fire in Chengdu by way of a post that names no
city. A post that beyond doubt tells two stories at once shows that they are one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np

from analysis.event_marks import long_hash, marks_of
from analysis.event_shelf import Pairs, Shelf
from analysis.stories import Signature

#: Which of two known events takes over the other; `None`: they stay two. Asked with the post that shows them one.
Elder = Callable[[str, str, str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A post that tells a story."""

    post: str
    #: Seconds since 1970.
    when: float
    signature: Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Union:
    """Two events that are one, and the post that shows it."""

    survivor: str
    absorbed: str
    post: str


@dataclass(slots=True, kw_only=True)
class _Profile:
    """What an event's posts name; two posts of one event never contradict it."""

    places: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)

    def contradicts(self, other: _Profile) -> bool:
        return _disjoint(self.places, other.places) or _disjoint(self.models, other.models)

    def take_in(self, other: _Profile) -> None:
        self.places |= other.places
        self.models |= other.models


class Stories:
    """The stories of the window. What it remembers can be rebuilt by `recall` from what it decided."""

    def __init__(self, *, window: timedelta, copies: timedelta) -> None:
        """Posts of one story lie within `window` of one another, copies of one text within `copies`."""
        self.shelf = Shelf(window=window.total_seconds(), copies=copies.total_seconds())
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._profiles: dict[int, _Profile] = {}

    def __len__(self) -> int:
        return len(self.shelf)

    def recall(self, told: Sequence[Told], events: Sequence[str]) -> None:
        """Remember posts whose events were decided before, in the order of that decision."""
        marks = marks_of([one.post for one in told], [one.when for one in told], [one.signature for one in told])
        first = self.shelf.put(marks)
        opened = []
        numbers = []
        for one, event in zip(told, events, strict=True):
            opened.append(event not in self._numbers)
            numbers.append(self._number(event))
            self._note(numbers[-1], _profile(one.signature))
        self.shelf.tell(first, numbers, opened)

    def decide(self, told: Sequence[Told], name: Callable[[str], str], elder: Elder) -> tuple[list[str], list[Union]]:
        """The event of each post, and which known events are one: `name` gives the event that a post opens its id.

        Posts are taken in the order of their times, whatever their order in the batch.
        """
        ordered = sorted(range(len(told)), key=lambda row: (told[row].when, told[row].post))
        batch = [told[row] for row in ordered]
        marks = marks_of([one.post for one in batch], [one.when for one in batch], [one.signature for one in batch])
        before = len(self._names)
        first = self.shelf.put(marks)
        pairs = self.shelf.pairs(first, marks)
        bounds = np.searchsorted(pairs.asked, np.arange(len(batch) + 1))
        unions: list[Union] = []
        opened = []
        for row, one in enumerate(batch):
            mine = _profile(one.signature)
            near = slice(int(bounds[row]), int(bounds[row + 1]))
            event = self._choose(pairs, near, mine)
            opened.append(event is None)
            if event is None:
                event = self._number(name(one.post))
            self.shelf.events[first + row] = event
            self._note(event, mine)
            if one.signature.parent is None and near.stop > near.start:
                unions += self._unite(pairs, near, event, one.post, before=before, elder=elder)
        self.shelf.tell(first, self.shelf.events[first:].tolist(), opened)
        names = [self._names[number] for number in self.shelf.events[first:].tolist()]
        found = [""] * len(told)
        for row, event_name in zip(ordered, names, strict=True):
            found[row] = event_name
        return found, unions

    def join(self, absorbed: str, survivor: str) -> None:
        """Somebody made two events one."""
        if absorbed in self._numbers:
            self._join(self._numbers[absorbed], self._number(survivor))

    def move(self, posts: Sequence[str], event: str) -> None:
        """Somebody moved posts to another event."""
        self.shelf.move([long_hash(post) for post in posts], self._number(event))

    def keep(self, since: Sequence[tuple[float, float]]) -> None:
        """Forget what was published in none of these spans (seconds, start and end)."""
        when = self.shelf.marks.when
        chosen = np.zeros(len(when), dtype=np.bool_)
        for start, end in since:
            chosen |= (when >= start) & (when < end)
        self.shelf.keep(chosen)
        alive = np.unique(self.shelf.events).tolist()
        names = [self._names[number] for number in alive]
        self._profiles = {new: self._profiles[number] for new, number in enumerate(alive) if number in self._profiles}
        self.shelf.events[:] = np.searchsorted(alive, self.shelf.events)
        self._names, self._numbers = names, {name: number for number, name in enumerate(names)}

    def _choose(self, pairs: Pairs, near: slice, mine: _Profile) -> int | None:
        """The event of the post it answers, else of the earliest other post of its thread, else the one it fits."""
        if near.stop == near.start:
            return None
        events = self.shelf.events[pairs.rows[near]]
        thread = np.flatnonzero(pairs.is_thread[near] & (events >= 0))
        when = self.shelf.marks.when[pairs.rows[near]]
        if len(thread):
            best = min(thread.tolist(), key=lambda at: (not pairs.is_parent[near][at], when[at], at))
            return int(events[best])
        score = pairs.fits.score[near]
        sure_copy = pairs.fits.copied[near] & pairs.fits.sure[near]
        fitting = np.flatnonzero((score > 0) & (events >= 0))
        for at in sorted(fitting.tolist(), key=lambda at: (-score[at], when[at], at)):
            event = int(events[at])
            if sure_copy[at] or not self._contradicts(event, mine):
                return event
        return None

    def _unite(self, pairs: Pairs, near: slice, event: int, post: str, *, before: int, elder: Elder) -> list[Union]:
        """Make one what this post shows to be one: it fits both beyond doubt, and they contradict nowhere."""
        events = self.shelf.events[pairs.rows[near]]
        sure = {int(found) for found in events[pairs.fits.sure[near] & (events >= 0)]}
        at_home = pairs.is_thread[near] & (events == event)
        unions = []
        for other in sorted(sure - {event}):
            if event not in sure and not at_home.any():
                break
            if self._contradicts(other, self._profiles.get(event, _Profile())):
                continue
            if max(event, other) >= before:  # nobody knows the newer one yet
                absorbed, survivor = max(event, other), min(event, other)
            else:
                chosen = elder(self._names[event], self._names[other], post)
                if chosen is None:
                    continue
                survivor = self._numbers[chosen]
                absorbed = other if survivor == event else event
                unions.append(Union(survivor=chosen, absorbed=self._names[absorbed], post=post))
            self._join(absorbed, survivor)
            event = survivor
        return unions

    def _join(self, absorbed: int, survivor: int) -> None:
        self.shelf.join(absorbed, survivor)
        if gone := self._profiles.pop(absorbed, None):
            self._note(survivor, gone)

    def _contradicts(self, event: int, mine: _Profile) -> bool:
        known = self._profiles.get(event)
        return known is not None and known.contradicts(mine)

    def _note(self, event: int, mine: _Profile) -> None:
        if mine.places or mine.models:
            self._profiles.setdefault(event, _Profile()).take_in(mine)

    def _number(self, event: str) -> int:
        number = self._numbers.get(event)
        if number is None:
            number = self._numbers[event] = len(self._names)
            self._names.append(event)
        return number


def _profile(signature: Signature) -> _Profile:
    return _Profile(
        places={clue for clue in signature.clues if clue[0] == "p"},
        models={clue for clue in signature.clues if clue[0] == "m"},
    )


def _disjoint(one: set[str], other: set[str]) -> bool:
    return bool(one and other) and one.isdisjoint(other)
