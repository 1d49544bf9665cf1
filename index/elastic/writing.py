"""Mentions into the server: chunks of `_bulk`, each prepared while the one before it is on its way.

A mention's version on the server is when it was read from the truth. So a chunk can be sent again after any failure,
and an older state never replaces a newer one, whoever writes.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Protocol

from elasticsearch import ApiError, Elasticsearch

from core.errors import IndexUnavailable
from core.model import Mention
from index.elastic.answers import Outcome, read_item
from index.elastic.client import BUSY
from index.elastic.naming import month_of

#: Whichever is reached first ends a chunk: enough for the server to be busy, little enough for a small heap.
CHUNK_BYTES, CHUNK_ITEMS = 5_000_000, 500
#: Mentions that are prepared in one go: enough for the faster splitting of words.
PREPARED = 250
#: Chunks that are on their way at once: while the server is busy with one the next is prepared.
FLYING = 2
#: How often a chunk, or what is left of it, is sent while the server says it is busy.
TRIES = 6
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
#: The least time a chunk is given: writing may wait for a merge or a disk.
_PATIENCE = 60.0
#: How long the server waits for a shard that has no copy just now, before it gives a chunk up.
_SHARDS = "10s"

_START = datetime(1970, 1, 1, tzinfo=UTC)


class Place(Protocol):
    """Where mentions are written to: the index in use, or one that is being built."""

    def alias(self, month: str) -> str:
        """The alias of a month."""
        ...

    def open_month(self, client: Elasticsearch, month: str) -> None:
        """Make sure that the alias is there."""
        ...


@dataclass(frozen=True, slots=True)
class Item:
    """A mention, ready to be sent."""

    key: str
    month: str
    document: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Sends items to a place. `check` looks at an index that refuses documents: it may not be as we write it."""

    client: Elasticsearch
    place: Place
    version: int
    check: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep
    #: Why some were refused, by id.
    refused: dict[str, str] = field(default_factory=dict)

    def write(self, items: Iterable[Item]) -> None:
        """Send all items; returns when each of them is in or refused. Raise the client's errors, `IndexTrouble`."""
        with ThreadPoolExecutor(FLYING, thread_name_prefix="bulk") as senders:
            on_their_way: deque[Future[None]] = deque()
            for chunk in chunked(items):
                if len(on_their_way) == FLYING:
                    on_their_way.popleft().result()
                on_their_way.append(senders.submit(self.send, chunk))
            for sent in on_their_way:
                sent.result()

    def send(self, chunk: Sequence[Item]) -> None:
        """Send one chunk, what is left of it again while the server is busy, in halves if it is too large."""
        waiting, reason = list(chunk), ""
        for attempt in range(TRIES):
            if attempt and reason:
                self.sleep(pause(attempt))
            try:
                answers = self._ask(waiting)
            except ApiError as failure:
                if failure.meta.status == 413:
                    return self._halve(waiting)
                if failure.meta.status not in BUSY or attempt == TRIES - 1:
                    raise
                reason = f"{failure.meta.status} {failure.message}"
                continue
            waiting, reason = self._left(waiting, answers)
            if not waiting:
                return None
        raise IndexUnavailable(f"Elasticsearch 一再推迟写入，{len(waiting)} 条提及还没有进入索引：{reason}。")

    def _ask(self, items: Sequence[Item]) -> Sequence[Mapping[str, object]]:
        lines = []
        for item in items:
            lines.append(
                b'{"index":{"_index":"%b","_id":"%b","version":%d,"version_type":"external_gte"}}'
                % (self.place.alias(item.month).encode(), item.key.encode(), self.version)
            )
            lines.append(item.document)
        answer = self.client.options(request_timeout=_PATIENCE).bulk(
            operations=b"\n".join([*lines, b""]),  # type: ignore[arg-type]  # bytes are sent as they are
            require_alias=True,
            timeout=_SHARDS,
            filter_path="items.*.status,items.*.error,items.*._index",
        )
        return [row["index"] for row in answer["items"]]

    def _left(self, items: Sequence[Item], answers: Sequence[Mapping[str, object]]) -> tuple[list[Item], str]:
        """What must be sent again, and why; an empty reason means at once."""
        again: list[Item] = []
        missing: set[str] = set()
        reason = ""
        for item, answer in zip(items, answers, strict=True):
            found = read_item(answer)
            match found.outcome:
                case Outcome.IN:
                    continue
                case Outcome.REFUSED:
                    self.check(str(answer.get("_index")))
                    self.refused[item.key] = found.reason
                    continue
                case Outcome.MISSING:
                    missing.add(item.month)
                case Outcome.BUSY:
                    reason = found.reason
            again.append(item)
        for month in sorted(missing):
            self.place.open_month(self.client, month)
        return again, reason

    def _halve(self, items: Sequence[Item]) -> None:
        if len(items) == 1:
            self.refused[items[0].key] = f"太大（{len(items[0].document) / 1e6:.1f} MB），服务器不接收"
            return
        middle = len(items) // 2
        self.send(items[:middle])
        self.send(items[middle:])


def prepared(
    mentions: Iterable[Mention], documents: Callable[[Sequence[Mention]], Sequence[bytes]], refused: dict[str, str]
) -> Iterator[Item]:
    """The mentions as items, of one that comes twice the last; why some cannot be written goes into `refused`."""
    wished: dict[str, Mention] = {}
    for mention in mentions:
        if mention.id != mention.verdict.id:
            refused[mention.verdict.id] = "研判与帖文的编号不一致"
        else:
            wished[mention.id] = mention
    left = iter(wished.items())
    while some := list(islice(left, PREPARED)):
        written = documents([mention for _, mention in some])
        for (key, mention), line in zip(some, written, strict=True):
            yield Item(key, month_of(mention.post.collected), line)


def chunked(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Items in chunks that are neither too many nor too large; one that is larger stands alone."""
    chunk: list[Item] = []
    size = 0
    for item in items:
        if chunk and (len(chunk) >= CHUNK_ITEMS or size + len(item.document) > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += len(item.document)
    if chunk:
        yield chunk


def version_of(read: datetime) -> int:
    """The version of what was read from the truth at this moment: microseconds since 1970."""
    since = read - _START
    return max(0, (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def pause(attempt: int) -> float:
    """Seconds before this attempt: doubled each time, and never the same for two writers."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**attempt)
    return longest * (0.5 + random.random() / 2)
