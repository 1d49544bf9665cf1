"""Store, judge, dispatch and index generated posts in one process: the promise of ≥ 1,500 posts/s (design.md §8).

Run: .venv/bin/python benchmarks/chain.py [posts]
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

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
    """Posts of the length and mixture of a busy day, the same for the same count."""
    chance = random.Random(315)
    posts = []
    for number in range(count):
        words = "".join(chance.choice(_PARTS[start : start + 6]) for start in (0, 6, 6, 12))
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


def main() -> None:
    """Print one table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            general=General(data_dir=Path(folder)),
            subjects=(SubjectSettings(name="曜行S7"),),
            rules=(RuleSettings(name="all", grades=("A", "B"), to=("console",)),),
        )
        product = Product(settings)
        product.worker.drain()  # loads the model and makes the files, outside the measurement
        posts = generated(count, system_clock())
        length = sum(len(post.text) for post in posts) / count
        began = time.perf_counter()
        for start in range(0, count, _BATCH):
            product.posts.keep(posts[start : start + _BATCH], source="bench", raw=None, now=system_clock())
        kept = time.perf_counter()
        while product.worker.assess_once():
            pass
        judged = time.perf_counter()
        while product.worker.publish_once():
            pass
        done = time.perf_counter()
        assert product.index.count() == product.verdicts.count() == count
    print(f"{count:,} posts of {length:.0f} characters, one process, SQLite with full synchronisation")
    for name, seconds in (
        ("store", kept - began),
        ("judge and group", judged - kept),
        ("dispatch and index", done - judged),
        ("all", done - began),
    ):
        print(f"{name:20} {seconds:8.2f} s {count / seconds:10,.0f} posts/s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
