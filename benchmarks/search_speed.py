"""How fast the embedded index takes mentions and answers searches; prints a table with the machine.

    python benchmarks/search_speed.py [--mentions 100000] [--seed 315]

Texts are generated: words drawn from jieba's dictionary by their frequency, brands and complaints mixed in.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from analysis.tokens import _dictionary, search_words  # the dictionary is the benchmark's vocabulary
from core.database import Database
from core.model import CHANNELS, Author, Grade, Mention, Post, Verdict
from index.base import Query
from index.posts import PostStore
from index.query import parse
from index.sqlite import SqliteIndex

START = datetime(2026, 1, 1, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
BATCH = 500
ROUNDS = 15
COMPLAINTS = ("刹车失灵", "4S店异响", "退一赔三", "变速箱顿挫", "加价提车", "自燃", "欺骗消费者", "服务态度")
SUBJECTS = ("星辰汽车", "远山汽车", "城东店", "城西店")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One kind of search that people make."""

    name: str
    make: Callable[[], Query]


def mentions(count: int, seed: int) -> Iterator[list[Mention]]:
    chance = random.Random(seed)
    words, weights = zip(*_dictionary().items(), strict=True)
    stock = chance.choices(words, weights, k=400_000)
    for start in range(0, count, BATCH):
        yield [_mention(number, chance, stock) for number in range(start, min(count, start + BATCH))]


def _mention(number: int, chance: random.Random, stock: list[str]) -> Mention:
    at = chance.randrange(len(stock) - 60)
    parts = stock[at : at + chance.randint(12, 55)]
    subject = chance.choice(SUBJECTS)
    parts.insert(chance.randrange(len(parts)), subject)
    grade: Grade | None = chance.choices((None, "C", "B", "A"), (80, 12, 6, 2))[0]
    if grade:
        parts.insert(chance.randrange(len(parts)), chance.choice(COMPLAINTS))
    post = Post(
        kind="forum", site=f"s{number % 40}.example", native_id=str(number), url=f"https://s.example/{number}",
        channel=chance.choice(CHANNELS), text="".join(parts), author=Author(name=f"用户{number % 5000}"),
        title="".join(stock[at : at + 6]) if number % 2 else None, collected=START,
        published=START + timedelta(seconds=chance.randrange(365 * 86400)),
    )  # fmt: skip
    verdict = Verdict(
        id=post.id, negative=chance.random(), subjects=(subject,), categories=("质量",) if grade else (), grade=grade,
        risk=chance.randint(30, 100) if grade else chance.randint(0, 29), event=f"e{number // 4}", model="bench",
    )  # fmt: skip
    return Mention(post=post, verdict=verdict)


def questions(chance: random.Random) -> list[Asked]:
    def where(text: str) -> dict[str, Any]:
        return {"where": parse(text, now=START, zone=ZONE)}

    def span() -> dict[str, Any]:
        day = START + timedelta(days=chance.randrange(330))
        return {"since": day, "until": day + timedelta(days=30)}

    def query(**wishes: Any) -> Query:
        return Query(**wishes)

    pick = chance.choice
    return [
        Asked(name="phrase, newest first", make=lambda: query(**where(pick(COMPLAINTS)))),
        Asked(
            name="phrase + 30 days + grade", make=lambda: query(**where(pick(COMPLAINTS)), **span(), grades=("A", "B"))
        ),
        Asked(name="subject and two words", make=lambda: query(**where(f"{pick(SUBJECTS)} {pick(COMPLAINTS)} -召回"))),
        Asked(name="common word, newest first", make=lambda: query(**where(pick(("汽车", "问题", "公司", "一个"))))),
        Asked(
            name="any of three, relevance", make=lambda: query(**where(" OR ".join(COMPLAINTS[:3])), sort="relevance")
        ),
        Asked(name="NOT only", make=lambda: query(**where(f"-{pick(SUBJECTS)}"))),
        Asked(name="everything, by risk", make=lambda: query(sort="risk")),
        Asked(name="subject filter, risk ≥ 50", make=lambda: query(subjects=(pick(SUBJECTS),), min_risk=50)),
    ]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    asked.add_argument("--mentions", type=int, default=100_000)
    asked.add_argument("--seed", type=int, default=315)
    wishes = asked.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}, SQLite {sqlite3.sqlite_version}")
    search_words("预热")
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), wishes.mentions, wishes.seed)


def run(folder: Path, count: int, seed: int) -> None:
    index = SqliteIndex(folder / "index.sqlite")
    spent = 0.0
    for batch in mentions(count, seed):
        began = time.perf_counter()
        index.add_many(batch)
        spent += time.perf_counter() - began
    size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    print(f"add_many, batches of {BATCH}: {count / spent:,.0f} mentions/s; {count:,} mentions, {size:,.0f} MB\n")
    chance = random.Random(seed)
    print(f"{'search (20 hits, total, highlights)':40} {'p50 ms':>8} {'p95 ms':>8} {'hits':>8}")
    every: list[float] = []
    for kind in questions(chance):
        times, total = [], 0
        for _ in range(ROUNDS):
            query = kind.make()
            began = time.perf_counter()
            total = index.search(query).total
            times.append((time.perf_counter() - began) * 1000)
        every += times
        print(f"{kind.name:40} {statistics.median(times):8.1f} {_p95(times):8.1f} {total:8,}")
    print(f"{'all searches':40} {statistics.median(every):8.1f} {_p95(every):8.1f}")
    for facet in ("channel", "subject", "day"):
        began = time.perf_counter()
        index.count_by(Query(), facet)
        print(f"{'facet ' + facet + ', everything':40} {(time.perf_counter() - began) * 1000:8.1f}")
    index.close()
    keep(folder, seed)


def keep(folder: Path, seed: int) -> None:
    """The durable posts, for comparison: with full synchronisation, 500 a transaction."""
    database = Database(f"sqlite:///{folder / 'posts.sqlite'}")
    database.migrate()
    store, batches = PostStore(database), list(mentions(10_000, seed))
    for name in ("new", "seen again"):
        began = time.perf_counter()
        for batch in batches:
            store.keep([mention.post for mention in batch], source="bench", raw=None, now=START)
        print(f"{'PostStore.keep, ' + name:40} {10_000 / (time.perf_counter() - began):8,.0f} posts/s")
    database.close()


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    main()
