"""How fast the durable store keeps posts, new ones and ones seen again: full synchronisation, 500 a transaction.

python benchmarks/store.py [--posts 20000]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from itertools import chain
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    from benchmarks._index_corpus import LAST, Corpus
    from core.database import Database
    from index.posts import PostStore

    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    asked.add_argument("--posts", type=int, default=20_000)
    asked.add_argument("--seed", type=int, default=315)
    wishes = asked.parse_args()
    posts = [one.post for one in chain.from_iterable(Corpus(wishes.seed).stage(0, wishes.posts))]
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'posts.sqlite'}")
        database.migrate()
        store = PostStore(database)
        for name in ("new", "seen again"):
            began = time.perf_counter()
            for start in range(0, len(posts), 500):
                store.keep(posts[start : start + 500], source="bench", raw=None, now=LAST)
            print(f"{'PostStore.keep, ' + name:40} {len(posts) / (time.perf_counter() - began):8,.0f} posts/s")
        database.close()


if __name__ == "__main__":
    # Beside this file lies index.py, which is not the package of that name.
    sys.path[0] = str(HERE.parent)
    main()
