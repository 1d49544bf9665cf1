"""Adds one stage of the archive to an index, in a process of its own; beside it, if asked, the bare `_bulk`.

python -m benchmarks._index_fill '{"backend": …}' < nothing > one line of JSON
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice

from benchmarks._index_corpus import Corpus
from benchmarks._index_places import Place, processor_seconds, size_of
from benchmarks._index_raw import RawBulk, prepared
from core.model import Mention
from index.base import SearchIndex
from index.elastic.writing import FLYING

#: Of the bare requests: the plainest way, and as many as ours.
CONNECTIONS = (1, FLYING)
#: Thousands of mentions that are added in one go before the other side has its turn.
_TURN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """The bare `_bulk` over so many connections: seconds, and the median over the turns of its time by ours."""

    connections: int
    seconds: float
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What adding one stage took. Seconds of adding alone; the server's are 0 for the embedded index."""

    added: int
    seconds: float
    own_cpu: float
    server_cpu: float
    maintained_seconds: float
    size: int
    load: float
    #: How many were also added by bare requests, what these took us, and what they took the peers.
    beside: int = 0
    beside_seconds: float = 0.0
    peers: list[Peer] = field(default_factory=list)


@dataclass(slots=True)
class _Clock:
    """Adds up the time of what is timed."""

    pid: int
    seconds: float = 0.0
    own_cpu: float = 0.0
    server_cpu: float = 0.0

    def add(self, index: SearchIndex, batches: list[list[Mention]]) -> float:
        own, server, began = time.process_time(), self._server(), time.perf_counter()
        for batch in batches:
            added = index.add_many(batch)
            if added.count != len(batch):
                raise SystemExit(f"refused: {dict(added.refused)}")
        spent = time.perf_counter() - began
        self.seconds += spent
        self.own_cpu += time.process_time() - own
        self.server_cpu += self._server() - server
        return spent

    def _server(self) -> float:
        return processor_seconds(self.pid) if self.pid else 0.0


def fill(place: Place, *, seed: int, stage: int, count: int, batch: int, beside: int, items: int) -> Filled:
    """Add a stage of `count` mentions; the first `beside` of them also by bare requests, turn and turn about."""
    index = place.open()
    clock, added, times = _Clock(pid=place.pid), 0, []
    rivals = [RawBulk(place, many) for many in CONNECTIONS] if beside else []
    for number, batches in enumerate(_turns(Corpus(seed).stage(stage, count), batch)):
        if added < beside:
            times.append(_turn(clock, index, rivals, batches, items=items, first=number))
        else:
            clock.add(index, batches)
        added += sum(map(len, batches))
        sys.stderr.write(f"\r  {place.backend}: {added:,} of {count:,}, {added / clock.seconds:,.0f}/s ")
        sys.stderr.flush()
    for rival in rivals:
        rival.close()
    index.refresh()
    began = time.perf_counter()
    index.maintain()
    maintained = time.perf_counter() - began
    filled = Filled(
        added=added, seconds=clock.seconds, own_cpu=clock.own_cpu, server_cpu=clock.server_cpu,
        maintained_seconds=maintained, size=size_of(index), load=os.getloadavg()[0],
        beside=min(beside, count), beside_seconds=sum(turn[0] for turn in times),
        peers=[_peer(many, [(turn[0], turn[at]) for turn in times]) for at, many in enumerate(CONNECTIONS, 1)]
        if times
        else [],
    )  # fmt: skip
    index.close()
    sys.stderr.write(f"; maintained in {maintained:.0f} s\n")
    return filled


def _turn(
    clock: _Clock, index: SearchIndex, rivals: list[RawBulk], batches: list[list[Mention]], *, items: int, first: int
) -> list[float]:
    """What we took and what each rival took; another begins each time, since the machine changes."""
    mentions = [mention for batch in batches for mention in batch]
    ready = prepared(mentions, [rival.prefix for rival in rivals], items=items)  # before anybody's clock runs
    took = [0.0] * (len(rivals) + 1)
    for step in range(len(took)):
        who = (first + step) % len(took)
        took[who] = rivals[who - 1].send(ready[who - 1]) if who else clock.add(index, batches)
    return took


def _peer(connections: int, times: list[tuple[float, float]]) -> Peer:
    warm = times[min(2, len(times) - 1) :]  # the first turns warm everybody up
    return Peer(
        connections=connections,
        seconds=sum(theirs for _, theirs in times),
        ratio=statistics.median([theirs / ours for ours, theirs in warm]),
    )


def _turns(thousands: Iterator[list[Mention]], batch: int) -> Iterator[list[list[Mention]]]:
    """Some ten thousand mentions at a time, in batches of the size that is added at once."""
    while turn := [mention for some in islice(thousands, _TURN) for mention in some]:
        yield [turn[start : start + batch] for start in range(0, len(turn), batch)]


def main() -> None:
    wishes = json.loads(sys.argv[1])
    print(json.dumps(asdict(fill(Place(**wishes.pop("place")), **wishes))))


if __name__ == "__main__":
    main()
