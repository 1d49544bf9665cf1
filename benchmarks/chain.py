"""Store, judge, dispatch and index generated posts: the promise of ≥ 1,500 posts/s (design.md §8).

Filing has a process of its own, as in `tingfeng run`; the clock stops when both have nothing left to do.

Run: .venv/bin/python benchmarks/chain.py [posts]
"""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from analysis.tokens import _dictionary  # the dictionary is the benchmark's vocabulary
from app.wiring import Product
from core.clock import system_clock
from core.model import Author, Counts, Post
from core.settings import General, RuleSettings, Settings, SubjectSettings

#: About 45 characters each, as the promise says; one in five names the watched brand.
_PARTS = (
    "周末去看了新车，", "昨天保养回来，", "跑了一万公里，", "朋友推荐的这家店，", "群里都在说，", "开了三个月，",
    "空间很大，", "油耗比想的低，", "刹车有异响，", "销售态度很差，", "等了两个月还没交车，", "漏油修了三次，",
    "大家觉得怎么样？", "不推荐。", "值得买。", "还在犹豫。", "求个说法！", "有同款车主吗？",
)  # fmt: skip
_BATCH = 500


def generated(count: int, now: datetime) -> list[Post]:
    """Posts of the length and mixture of a busy day, the same for the same count.

    Each clause begins with a word drawn from the dictionary by its frequency, so that clauses do not repeat from post
    to post: what the segmenter remembers of one post must not answer for the next.
    """
    chance = random.Random(315)
    vocabulary = chance.choices(*zip(*_dictionary().items(), strict=True), k=100_000)
    posts = []
    for number in range(count):
        words = "".join(chance.choice(vocabulary) + chance.choice(_PARTS[start : start + 6]) for start in (0, 6, 6, 12))
        brand = "曜行S7" if number % 5 == 0 else "这台车"
        posts.append(
            Post(
                kind="weibo", site="m.weibo.cn", native_id=str(number), url=f"https://m.weibo.cn/detail/{number}",
                channel="weibo", text=f"{brand}{words}编号{chance.randrange(10**6)}", collected=now,
                published=now - timedelta(minutes=chance.randrange(43_200)), author=Author(name=f"车主{number % 999}"),
                counts=Counts(reposts=chance.randrange(20)),
            )
        )  # fmt: skip
    return posts


class _Watch:
    """Adds up what a step takes: by the clock, and of the processor, which other load disturbs less."""

    def __init__(self, name: str) -> None:
        self.name, self.wall, self.cpu = name, 0.0, 0.0

    def __enter__(self) -> None:
        self.wall -= time.perf_counter()
        self.cpu -= time.process_time()

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter()
        self.cpu += time.process_time()


def _warm_up(product: Product) -> None:
    """Load model and dictionaries and make the files, outside the measurement: one complaint through the chain."""
    now = system_clock()
    first = Post(
        kind="weibo", site="m.weibo.cn", native_id="first", url="https://m.weibo.cn/detail/first", channel="weibo",
        text="曜行S7漏油修了三次，求个说法！", collected=now, published=now,
    )  # fmt: skip
    product.posts.keep([first], source="bench", raw=None, now=now)
    product.worker.drain()


def _product(folder: Path) -> Product:
    return Product(
        Settings(
            general=General(data_dir=folder),
            subjects=(SubjectSettings(name="曜行S7"),),
            rules=(RuleSettings(name="all", grades=("A", "B"), to=("console",)),),
        )
    )


def _file(folder: Path, told: Connection) -> None:
    """The second process: files what comes until it is told to stop, then says what that took of the processor."""
    product, stop = _product(folder), threading.Event()
    product.filing.drain()  # loads what it needs
    before = time.process_time()
    told.send("ready")
    filer = threading.Thread(target=product.filing.file_forever, args=[stop])
    filer.start()
    told.recv()
    stop.set()
    filer.join()
    told.send(time.process_time() - before)


def main() -> None:
    """Print one table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    posts = generated(count, system_clock())
    length = sum(len(post.text) for post in posts) / count
    store, judge, publish, everything = (
        _Watch(name) for name in ("store", "judge and group", "dispatch", "all, both processes")
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        product = _product(folder)
        _warm_up(product)
        ours, theirs = multiprocessing.Pipe()
        filer = multiprocessing.get_context("spawn").Process(target=_file, args=(folder, theirs))
        filer.start()
        ours.recv()
        with everything:
            for start in range(0, count, _BATCH):
                with store:
                    product.posts.keep(posts[start : start + _BATCH], source="bench", raw=None, now=system_clock())
            taken = 1
            while taken:  # by turns, as the worker does it
                with judge:
                    taken = product.worker.assess_once()
                with publish:
                    taken += product.worker.publish_once()
            while product.filing.waiting():
                time.sleep(0.01)
        ours.send("stop")
        filing: float = ours.recv()
        filer.join()
        assert product.index.count() == product.verdicts.count() == count + 1
    load = os.getloadavg()[0]
    print(
        f"{count:,} posts of {length:.0f} characters, two processes, SQLite with full synchronisation, load {load:.1f}"
    )
    print(f"{'':20} {'wall':>10} {'':>18} {'CPU':>10}")
    for watch in (store, judge, publish):
        print(_row(watch.name, watch.wall, watch.cpu, count))
    print(f"{'file, beside them':20} {'':>10} {'':>18} {filing:8.2f} s {count / filing:10,.0f} posts/s")
    print(_row(everything.name, everything.wall, everything.cpu + filing, count))
    print(f"peak memory of the first process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


def _row(name: str, wall: float, cpu: float, count: int) -> str:
    return f"{name:20} {wall:8.2f} s {count / wall:10,.0f} posts/s {cpu:8.2f} s {count / cpu:10,.0f} posts/s"


if __name__ == "__main__":
    main()
