"""The peers of the Elasticsearch adapter: the very same bodies, made beforehand, sent to the same server by `_bulk`.

One connection that sends request after request, and as many at once as the adapter uses. Nothing is looked at but
whether the answer has errors, and nothing is left to do between two requests.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlsplit

from benchmarks._index_corpus import FIRST as FIRST_DAY
from benchmarks._index_corpus import LAST
from benchmarks._index_places import ZONE, Place
from core.model import Mention
from index.elastic.documents import documents
from index.elastic.naming import FIRST, Names, month_of


class RawBulk:
    """Indices of their own beside ours, with the same settings and mapping, filled over so many connections."""

    def __init__(self, place: Place, connections: int) -> None:
        name = f"bare{connections}"
        own = place.open(name)
        own.count()  # makes its template and aliases
        own.close()
        self.prefix = Names(name).index(FIRST, "")
        parts = urlsplit(place.at)
        self._connections = [
            http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=120)
            for _ in range(connections)
        ]

        for month in _months():  # ours have theirs already
            self._ask("PUT", f"/{self.prefix}{month}")

    def send(self, bodies: Sequence[bytes]) -> float:
        """Send each body as one request; seconds until the last is answered."""
        many = len(self._connections)
        began = time.perf_counter()
        if many == 1:
            _send(self._connections[0], bodies)
        else:
            with ThreadPoolExecutor(many) as senders:
                shares = [senders.submit(_send, one, bodies[at::many]) for at, one in enumerate(self._connections)]
                for share in shares:
                    share.result()
        return time.perf_counter() - began

    def _ask(self, method: str, path: str) -> None:
        self._connections[0].request(method, path)
        answer = self._connections[0].getresponse()
        said = answer.read()
        if answer.status not in (200, 400):  # 400: it is there
            raise SystemExit(f"{method} {path} answers {answer.status}: {said[:500]!r}")

    def close(self) -> None:
        """Give back the connections."""
        for one in self._connections:
            one.close()


def prepared(mentions: Sequence[Mention], prefixes: Sequence[str], *, items: int) -> list[list[bytes]]:
    """The requests of some mentions, `items` in each, for the indices of each prefix."""
    written = documents(mentions, ZONE)
    return [
        [
            b"".join(
                b'{"index":{"_index":"%b","_id":"%b"}}\n%b\n'
                % ((prefix + month_of(one.post.collected)).encode(), one.id.encode(), document)
                for one, document in zip(mentions[start : start + items], written[start : start + items], strict=True)
            )
            for start in range(0, len(mentions), items)
        ]
        for prefix in prefixes
    ]


def _months() -> list[str]:
    days = (FIRST_DAY + timedelta(days=day) for day in range((LAST - FIRST_DAY).days + 1))
    return list(dict.fromkeys(map(month_of, days)))


def _send(connection: http.client.HTTPConnection, bodies: Sequence[bytes]) -> None:
    for body in bodies:
        connection.request("POST", "/_bulk?filter_path=errors", body, {"Content-Type": "application/x-ndjson"})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 200 or json.loads(said).get("errors"):
            raise SystemExit(f"_bulk answers {answer.status}: {said[:500]!r}")
