"""Asks an index the 50 typical questions, and for facets, in a process of its own; prints one line of JSON."""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import get_args

from benchmarks._index_places import Place, peak, processor_seconds, resident
from benchmarks._index_questions import filtered, questions
from index.base import Facet, Query, SearchIndex

FACETS: tuple[Facet, ...] = get_args(Facet)
_WHOLE_ROUNDS, _FILTERED_ROUNDS = 3, 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What answers took: milliseconds by the clock, and of this process's own computing."""

    name: str
    clock: list[float]
    computing: list[float]
    #: Of the last answer.
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What asking an archive of this size took."""

    mentions: int
    questions: list[Answered]
    facets_whole: list[Answered]
    facets_filtered: list[Answered]
    #: Bytes: this process at most, and the server's now.
    memory: int
    server_memory: int
    #: Milliseconds the server computed for one answer, over all questions.
    server_computing: float
    load_before: float
    load_after: float
    #: Milliseconds of the very first search of this process.
    first: float = 0.0


def search(place: Place, *, seed: int, rounds: int) -> Searched:
    """Warm up with other words, then ask everything so many times in a random order."""
    load = os.getloadavg()[0]
    index, chance = place.open(), random.Random(f"warm {seed}")
    every = questions()
    began = time.perf_counter()
    index.search(every[0].ask(chance))
    first = (time.perf_counter() - began) * 1000
    for question in every * 2:
        index.search(question.ask(chance))
    chance = random.Random(f"asked {seed} {rounds}")
    found = {question.name: Answered(name=question.name, clock=[], computing=[]) for question in every}
    totals: dict[str, int] = {}
    server = processor_seconds(place.pid) if place.pid else 0.0
    for number in range(rounds):
        for question in chance.sample(every, len(every)):
            totals[question.name] = _timed(found[question.name], index, question.ask(chance))
        sys.stderr.write(f"\r  {place.backend}: round {number + 1} of {rounds} ")
        sys.stderr.flush()
    spent = processor_seconds(place.pid) - server if place.pid else 0.0
    mentions = index.count()
    whole = [_facet(index, facet, _WHOLE_ROUNDS, Query) for facet in FACETS]
    parts = [_facet(index, facet, _FILTERED_ROUNDS, lambda: filtered(chance)) for facet in FACETS]
    sys.stderr.write("\n")
    index.close()
    return Searched(
        mentions=mentions,
        questions=[Answered(name=one.name, clock=one.clock, computing=one.computing, total=totals[one.name])
                   for one in found.values()],
        facets_whole=whole, facets_filtered=parts, memory=peak(os.getpid()),
        server_memory=resident(place.pid) if place.pid else 0,
        server_computing=spent * 1000 / (rounds * len(every)), load_before=load, load_after=os.getloadavg()[0],
        first=first,
    )  # fmt: skip


def percentile(times: list[float], percent: int) -> float:
    """The time within which so many of a hundred were answered."""
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1] if len(times) > 1 else times[0]


def _timed(answered: Answered, index: SearchIndex, query: Query) -> int:
    own, began = time.thread_time(), time.perf_counter()
    page = index.search(query)
    answered.clock.append((time.perf_counter() - began) * 1000)
    answered.computing.append((time.thread_time() - own) * 1000)
    return page.total


def _facet(index: SearchIndex, facet: Facet, rounds: int, ask: Callable[[], Query]) -> Answered:
    answered = Answered(name=facet, clock=[], computing=[])
    for _ in range(rounds):
        query, own, began = ask(), time.thread_time(), time.perf_counter()
        index.count_by(query, facet, limit=20)
        answered.clock.append((time.perf_counter() - began) * 1000)
        answered.computing.append((time.thread_time() - own) * 1000)
    return answered


def main() -> None:
    wishes = json.loads(sys.argv[1])
    print(json.dumps(asdict(search(Place(**wishes.pop("place")), **wishes))))


if __name__ == "__main__":
    main()
