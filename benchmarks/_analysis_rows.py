"""What `benchmarks/analysis.py` measures: each row of its table in a process of its own."""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

from analysis.analyser import Analyser
from analysis.rust_words import is_installed
from analysis.sentiment import SentimentModel
from benchmarks.chain import generated
from core.clock import system_clock
from core.model import Post
from core.settings import RiskSettings, SubjectSettings

PUBLIC = Path(__file__).resolve().parents[2] / "shared" / "data" / "labelled"
BATCH = 500
WARM_UP = 1_000
#: SnowNLP is slow: a sample tells its speed.
SAMPLE = 400
SHORTEST, LONGEST = 30, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    texts: str
    judge: str
    posts: int
    characters: float
    cpu: float
    wall: float
    memory: float

    @property
    def speed(self) -> float:
        """Posts a second of the processor."""
        return self.posts / self.cpu


def posts_of(texts: str, count: int) -> list[Post]:
    made = generated(count, system_clock())
    if texts == "generated":
        return made
    found: list[str] = []
    for path in sorted(PUBLIC.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found += [row["text"] for row in csv.DictReader(file) if SHORTEST <= len(row["text"]) <= LONGEST]
    found = list(dict.fromkeys(found))
    random.Random(315).shuffle(found)
    if len(found) < count:
        raise SystemExit(f"only {len(found)} public texts of that length")
    named = (f"曜行S7{text}" if at % 5 == 0 else text for at, text in enumerate(found))
    return [replace(post, text=text) for post, text in zip(made, named, strict=False)]


def ours(rust: bool) -> Callable[[Sequence[Post]], object]:
    analyser = Analyser(
        subjects=[SubjectSettings(name="曜行", aliases=("曜行S7",))],
        risk=RiskSettings(),
        model=SentimentModel.load(),
    )

    def judge(posts: Sequence[Post]) -> object:
        with mock.patch("analysis.tokens.is_installed", return_value=rust):
            return analyser.assess(posts, now=system_clock())

    return judge


def snownlp() -> Callable[[Sequence[Post]], object]:
    from snownlp import SnowNLP

    return lambda posts: [SnowNLP(post.text).sentiments for post in posts if post.text.strip()]


def measure(texts: str, judge: str, count: int) -> Row:
    """Run one row here."""
    posts = posts_of(texts, count + WARM_UP)
    work = snownlp() if judge == "SnowNLP" else ours(judge.endswith("Rust"))
    measured = posts[WARM_UP : WARM_UP + (SAMPLE if judge == "SnowNLP" else count)]
    work(posts[:BATCH] if judge != "SnowNLP" else posts[:5])
    cpu, wall = time.process_time(), time.perf_counter()
    for at in range(0, len(measured), BATCH):
        work(measured[at : at + BATCH])
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Row(
        texts=texts,
        judge=judge,
        posts=len(measured),
        characters=sum(len(post.text) for post in measured) / len(measured),
        cpu=cpu,
        wall=wall,
        memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def in_a_process(texts: str, judge: str, count: int) -> Row:
    command = [sys.executable, "-m", "benchmarks._analysis_rows", "--posts", str(count), "--row", texts, judge]
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Row(**found)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description="Full verdicts a second on one core.")
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument(
        "--row", nargs=2, metavar=("TEXTS", "JUDGE"), help="one row, as JSON (what the table is made of)"
    )
    asked = parser.parse_args()
    if asked.row:
        row = measure(asked.row[0], asked.row[1], asked.posts)
        print(json.dumps({name: getattr(row, name) for name in row.__slots__}))
        return
    judges = [*(["Tingfeng, Rust"] if is_installed() else []), "Tingfeng", "SnowNLP"]
    texts = ["generated", *(["public"] if PUBLIC.is_dir() else [])]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ", end="")
    print(f"load before {os.getloadavg()[0]:.1f}", flush=True)
    print(
        f"{'texts':10} {'judge':16} {'posts':>7} {'chars':>6} {'CPU':>18} {'wall':>18} {'memory':>10} {'× SnowNLP':>10}"
    )
    for kind in texts:
        rows = [in_a_process(kind, judge, asked.posts) for judge in judges]
        for row in rows:
            print(
                f"{row.texts:10} {row.judge:16} {row.posts:7,} {row.characters:6.1f} {row.speed:11,.0f} posts/s "
                f"{row.posts / row.wall:11,.0f} posts/s {row.memory:7,.0f} MB {row.speed / rows[-1].speed:10.0f}",
                flush=True,
            )
    print(f"load after {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
