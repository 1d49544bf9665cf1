"""Where the two indices of the benchmark are: a file, or a server with its data; how large, and who works for them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks._index_words import STORES
from core.settings import ElasticsearchSettings
from index.base import SearchIndex
from index.elastic import ElasticIndex
from index.sqlite import SqliteIndex
from tests.elastic.server import Server

ZONE = ZoneInfo("Asia/Shanghai")
BACKENDS = ("sqlite", "elasticsearch")
NAMES = {"sqlite": "embedded", "elasticsearch": "Elasticsearch"}
_NOBODY = 65534


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An index that processes can open. `at` is a file's path or a server's address; `pid` is the server's."""

    backend: str
    at: str
    pid: int = 0

    def open(self, name: str = "bench") -> SearchIndex:
        """The index; the server's may have another beside it."""
        if self.backend == "sqlite":
            return SqliteIndex(Path(self.at), zone=ZONE, stores=STORES)
        return ElasticIndex(ElasticsearchSettings(hosts=(self.at,), name=name), zone=ZONE, stores=STORES)


@contextmanager
def place(backend: str, folder: Path, *, heap: str) -> Iterator[Place]:
    """The place of a backend below `folder`, with its server for as long as the block runs."""
    if backend == "sqlite":
        yield Place(backend=backend, at=str(folder / "index.sqlite"))
        return
    data = folder / "elasticsearch"
    data.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:  # the server does not run as root
        os.chown(data, _NOBODY, _NOBODY)
        _let_through(folder)
    with Server(heap=heap, settings={"path.data": str(data)}) as server:
        yield Place(backend=backend, at=server.url, pid=server.pid)


def resident(pid: int) -> int:
    """Bytes of memory a process has now."""
    return _status(pid, "VmRSS")


def peak(pid: int) -> int:
    """Bytes of memory a process had at most."""
    return _status(pid, "VmHWM")


def processor_seconds(pid: int) -> float:
    """What a process has computed so far, in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def size_of(index: SearchIndex) -> int:
    """Bytes on disk, as the index says."""
    return sum(piece.size or 0 for piece in index.state().pieces)


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0


def _let_through(folder: Path) -> None:
    """Others may pass through a folder that `tempfile` made for its owner alone."""
    folder.chmod(folder.stat().st_mode | 0o011)
