"""The peer of the Elasticsearch adapter: the very same bodies, made beforehand, sent to the same server by `_bulk`.

One connection, one request after another, nothing looked at but whether the answer has errors: nobody who indexes
these documents from one process is much faster.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks._index_places import ZONE, Place
from core.model import Mention
from index.elastic.documents import documents
from index.elastic.naming import FIRST, Names, month_of


class RawBulk:
    """Indices of their own beside ours, with the same settings and mapping."""

    def __init__(self, place: Place) -> None:
        own = place.open("bare")
        own.count()  # makes its template and aliases
        own.close()
        self.prefix = Names("bare").index(FIRST, "")
        parts = urlsplit(place.at)
        self._connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=120)

    def send(self, bodies: Sequence[Path]) -> float:
        """Send each file as one request; seconds, reading the files aside."""
        spent = 0.0
        for path in bodies:
            body = path.read_bytes()
            path.unlink()
            began = time.perf_counter()
            self._connection.request(
                "POST", "/_bulk?filter_path=errors", body=body, headers={"Content-Type": "application/x-ndjson"}
            )
            answer = self._connection.getresponse()
            said = answer.read()
            spent += time.perf_counter() - began
            if answer.status != 200 or json.loads(said).get("errors"):
                raise SystemExit(f"_bulk answers {answer.status}: {said[:500]!r}")
        return spent

    def close(self) -> None:
        """Give back the connection."""
        self._connection.close()


def prepared(batches: Sequence[Sequence[Mention]], folder: Path, *, prefix: str, items: int) -> list[Path]:
    """The requests of some mentions, one file each, `items` in a request."""
    paths = []
    every = [mention for batch in batches for mention in batch]
    for number, start in enumerate(range(0, len(every), items)):
        lines = []
        chunk = every[start : start + items]
        for mention, body in zip(chunk, documents(chunk, ZONE), strict=True):
            action = {"index": {"_index": prefix + month_of(mention.post.collected), "_id": mention.id}}
            lines += [json.dumps(action).encode(), body]
        path = folder / f"bulk-{number}.ndjson"
        path.write_bytes(b"\n".join([*lines, b""]))
        paths.append(path)
    return paths
