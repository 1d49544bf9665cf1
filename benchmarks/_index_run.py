"""What `benchmarks/index.py` does: each backend grows by stages; each stage is filled and asked by its own process."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks._index_places import BACKENDS, Place, place
from benchmarks._index_plot import draw
from benchmarks._index_table import Stage, growth, questions_table, stage_from_json, stage_table
from index.elastic.writing import CHUNK_ITEMS
from tests.elastic.obtain import Unobtainable

SMALLEST = 10_000
_RESULTS = "results.json"
_EXAMPLE = """examples:
  python benchmarks/index.py                                        100,000 mentions, both backends
  python benchmarks/index.py --backends sqlite --mentions 10000     the embedded index alone, quickly
  python benchmarks/index.py --mentions 1000000 --keep /tmp/archive --plot docs/images/index.svg
  python benchmarks/index.py --mentions 1000000 --keep /tmp/archive   later: asks the kept archive again
"""


def main() -> None:
    wishes = _arguments().parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    results: dict[str, list[Stage]] = {}
    with _folder(wishes.keep) as folder:
        for backend in wishes.backends:
            try:
                results[backend] = run(backend, folder, wishes)
            except Unobtainable as missing:  # the embedded index can be measured without a server
                print(f"{backend} is left out: {missing}", flush=True)
                continue
            print(stage_table(backend, results[backend]), questions_table(backend, results[backend][-1]), sep="\n\n")
            print(flush=True)
    print(growth(results))
    if wishes.plot:
        draw(results, wishes.plot)


def run(backend: str, folder: Path, wishes: argparse.Namespace) -> list[Stage]:
    """Fill and ask stage after stage. What the folder holds from another run is not filled again."""
    home = folder / backend
    home.mkdir(exist_ok=True)
    known, wanted = _known(home), sizes(wishes.mentions)
    if [stage.mentions for stage in known] != wanted[: len(known)]:
        raise SystemExit(f"{home} holds {known[-1].mentions:,} mentions: ask for that many or more, or remove it")
    # The largest is asked again: the smaller ones are no more.
    stages = known[:-1] if len(known) == len(wanted) else list(known)
    with place(backend, home, heap=wishes.heap) as at:
        for number in range(len(stages), len(wanted)):
            size = wanted[number]
            count = size - (wanted[number - 1] if number else 0)
            beside = wishes.bare if backend == "elasticsearch" and number == len(wanted) - 1 else 0
            filled: dict[str, Any] = (
                asdict(known[number].filled)
                if number < len(known)
                else _worker("_index_fill", at, seed=wishes.seed, stage=number, count=count, batch=wishes.batch,
                             beside=beside, items=wishes.bare_items)
            )  # fmt: skip
            searched = _worker("_index_search", at, seed=wishes.seed, rounds=wishes.rounds)
            stages.append(stage_from_json({"mentions": size, "filled": filled, "searched": searched}))
            _write(home, stages)
    return stages


def sizes(mentions: int) -> list[int]:
    """10,000, 100,000 and so on up to the size that was asked for."""
    found, size = [], SMALLEST
    while size < mentions:
        found.append(size)
        size *= 10
    return [*found, mentions]


def _worker(module: str, at: Place, **wishes: Any) -> dict[str, Any]:
    """Run a worker in a process of its own, so that its memory is its own; its progress goes to the terminal."""
    said = json.dumps({"place": asdict(at), **wishes})
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", said],
        stdout=subprocess.PIPE,
        check=True,
        cwd=Path(__file__).resolve().parents[1],
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _known(home: Path) -> list[Stage]:
    path = home / _RESULTS
    return [stage_from_json(row) for row in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []


def _write(home: Path, stages: list[Stage]) -> None:
    (home / _RESULTS).write_text(json.dumps([asdict(stage) for stage in stages]), encoding="utf-8")


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="tingfeng-bench-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def _arguments() -> argparse.ArgumentParser:
    asked = argparse.ArgumentParser(
        description="How fast the indices take mentions and answer people, by size of the archive.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    asked.add_argument("--mentions", type=int, default=100_000, help="size of the archive (default 100000)")
    asked.add_argument("--backends", nargs="+", choices=BACKENDS, default=list(BACKENDS))
    asked.add_argument("--rounds", type=int, default=10, help="how often each of the 50 questions is asked anew")
    asked.add_argument(
        "--bare", type=int, default=100_000, help="mentions also added by bare _bulk requests (default 100000)"
    )
    asked.add_argument(
        "--bare-items", type=int, default=CHUNK_ITEMS, help="mentions in a bare request (default as ours)"
    )
    asked.add_argument("--batch", type=int, default=1_000, help="mentions added at once (default 1000, as in filing)")
    asked.add_argument("--heap", default="2g", help="memory for Elasticsearch's Java (default 2g)")
    asked.add_argument("--seed", type=int, default=315)
    asked.add_argument("--keep", type=Path, help="a folder for the archive; a later run only asks it again")
    asked.add_argument("--plot", type=Path, help="an SVG or PNG of the growth (needs the extra bench)")
    return asked
