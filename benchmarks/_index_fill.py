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
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from benchmarks._index_corpus import Corpus
from benchmarks._index_places import Place, processor_seconds, size_of
from benchmarks._index_raw import RawBulk, prepared
from core.model import Mention
from index.base import SearchIndex

#: Thousands of mentions that are added in one go before the other side has its turn.
_TURN = 10


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
    #: How many were also added by the bare `_bulk`, and what both took for these.
    beside: int = 0
    beside_seconds: float = 0.0
    bare_seconds: float = 0.0
    #: The median of the ratio (bare time : ours) over the turns.
    ratio: float = 0.0


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


def fill(
    place: Place, *, seed: int, stage: int, count: int, batch: int, beside: int, items: int, folder: Path
) -> Filled:
    """Add a stage of `count` mentions; the first `beside` of them also by the bare `_bulk`, turn and turn about."""
    index = place.open()
    clock, added, times = _Clock(pid=place.pid), 0, []
    bare = RawBulk(place) if beside else None
    for number, batches in enumerate(_turns(Corpus(seed).stage(stage, count), batch)):
        if bare and added < beside:
            ready = prepared(batches, folder, prefix=bare.prefix, items=items)  # before anybody's clock runs
            times.append(_both(clock, index, bare, batches, ready, ours_first=number % 2 == 0))
        else:
            clock.add(index, batches)
        added += sum(map(len, batches))
        sys.stderr.write(f"\r  {place.backend}: {added:,} of {count:,}, {added / clock.seconds:,.0f}/s ")
        sys.stderr.flush()
    if bare:
        bare.close()
    index.refresh()
    began = time.perf_counter()
    index.maintain()
    maintained = time.perf_counter() - began
    filled = Filled(
        added=added, seconds=clock.seconds, own_cpu=clock.own_cpu, server_cpu=clock.server_cpu,
        maintained_seconds=maintained, size=size_of(index), load=os.getloadavg()[0], beside=min(beside, count),
        beside_seconds=sum(ours for ours, _ in times), bare_seconds=sum(theirs for _, theirs in times),
        # The first turns warm the machine of both up.
        ratio=statistics.median([theirs / ours for ours, theirs in times[min(2, len(times) - 1) :]]) if times else 0.0,
    )  # fmt: skip
    index.close()
    sys.stderr.write(f"; maintained in {maintained:.0f} s\n")
    return filled


def _both(
    clock: _Clock,
    index: SearchIndex,
    bare: RawBulk,
    batches: list[list[Mention]],
    ready: list[Path],
    *,
    ours_first: bool,
) -> tuple[float, float]:
    """What we took and what the bare requests took; who comes first changes, since the machine changes."""
    if ours_first:
        ours = clock.add(index, batches)
        return ours, bare.send(ready)
    theirs = bare.send(ready)
    return clock.add(index, batches), theirs


def _turns(thousands: Iterator[list[Mention]], batch: int) -> Iterator[list[list[Mention]]]:
    """Some ten thousand mentions at a time, in batches of the size that is added at once."""
    while turn := [mention for some in islice(thousands, _TURN) for mention in some]:
        yield [turn[start : start + batch] for start in range(0, len(turn), batch)]


def main() -> None:
    wishes = json.loads(sys.argv[1])
    place, folder = Place(**wishes.pop("place")), Path(wishes.pop("folder"))
    print(json.dumps(asdict(fill(place, folder=folder, **wishes))))


if __name__ == "__main__":
    main()
