"""The ledger of exhibits: an append-only file in which each entry carries the hash of the one before it.

Whoever changes, removes or reorders an entry breaks every hash after it. Only a cut tail leaves no trace in the
file itself; the manifests in the database, and any copy of the last hash kept elsewhere, show that.
"""

from __future__ import annotations

import fcntl
import json
import logging
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from core.errors import LedgerBroken
from evidence.durable import canonical_json, make_folder, sha256, sync_folder, write_whole

log = logging.getLogger("tingfeng.evidence")

#: What the first entry names as its predecessor.
GENESIS = "0" * 64
KIND = "exhibit"
Content = bytes | mmap.mmap


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One line of the ledger. `hash` covers all other fields; `prev` is the `hash` of the line before."""

    seq: int
    at: str
    kind: str
    exhibit: str
    #: SHA-256 of the exhibit's SHA256SUMS.
    manifest: str
    prev: str
    hash: str

    def fits(self, prev: str, seq: int) -> str | None:
        """Why this entry cannot stand at `seq` after `prev`, in Chinese; `None` if it can."""
        if self.seq != seq:
            return f"序号应为 {seq}，实为 {self.seq}"
        if self.prev != prev:
            return "与上一条的哈希不相接"
        if self.hash != _hash(self):
            return "内容与自身的哈希不符"
        return None


class Ledger:
    """The ledger in the file at `path`. Safe for many processes on one machine at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        #: Hash and length of the content that was found well: whoever checks many exhibits walks the chain once.
        self._walked: tuple[str, int] | None = None

    def append(self, *, exhibit: str, manifest: str, at: datetime) -> LedgerEntry:
        """Enter a sealed exhibit durably. An exhibit that is entered with this manifest already gets that entry.

        A torn last line (power cut, `kill -9`) is moved to `<ledger>.<offset>.torn` first, never dropped. Raise
        `LedgerBroken` if the last whole line cannot be read, so that no entry can be chained to it.
        """
        make_folder(self.path.parent)
        with self._locked() as handle:
            self._set_torn_tail_aside(handle)
            with _mapped(handle) as content:
                old = _find(content, exhibit, manifest)
                if old is not None:
                    return old
                size, last = len(content), self._last(content)
            entry = _entry(
                seq=last.seq + 1 if last else 1,
                at=at,
                exhibit=exhibit,
                manifest=manifest,
                prev=last.hash if last else GENESIS,
            )
            line = canonical_json(asdict(entry)) + b"\n"
            if os.pwrite(handle, line, size) != len(line):
                raise OSError(f"short write to {self.path}")
            os.fsync(handle)
        return entry

    def entries(self) -> list[LedgerEntry]:
        """All entries, checked. Raise `LedgerBroken` that names the first bad one."""
        return self._entries(self._content())

    def _entries(self, content: bytes) -> list[LedgerEntry]:
        entries: list[LedgerEntry] = []
        prev = GENESIS
        for number, line in enumerate(content.splitlines(), start=1):
            entry = _read(line)
            problem = "无法读取" if entry is None else entry.fits(prev, number)
            if entry is not None and problem is None and canonical_json(asdict(entry)) != line:
                problem = "写法与规定不符"
            if entry is None or problem is not None:
                raise LedgerBroken(f"台账 {self.path} 第 {number} 条：{problem}")
            entries.append(entry)
            prev = entry.hash
        if content and not content.endswith(b"\n"):
            raise LedgerBroken(f"台账 {self.path} 第 {len(entries)} 条：末行不完整（写入中断）")
        return entries

    def verify(self) -> int:
        """How many entries the chain has. Raise `LedgerBroken` that names the first bad one."""
        content = self._content()
        digest = sha256(content)
        if self._walked is None or self._walked[0] != digest:
            self._walked = (digest, len(self._entries(content)))
        return self._walked[1]

    def entry_for(self, exhibit: str) -> LedgerEntry | None:
        """The first entry of this exhibit, whether or not the chain around it holds; `None` without one."""
        return _find(self._content(), exhibit)

    def _content(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH)  # never see half of what a writer is writing
                return file.read()
        except FileNotFoundError:
            return b""

    @contextmanager
    def _locked(self) -> Iterator[int]:
        is_new = not self.path.exists()
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if is_new:
                sync_folder(self.path.parent)
            yield handle
        finally:
            os.close(handle)

    def _set_torn_tail_aside(self, handle: int) -> None:
        with _mapped(handle) as content:
            size, whole = len(content), content.rfind(b"\n") + 1
            torn = bytes(content[whole:])
        if not torn:
            return
        # We hold the lock, so nobody is writing this line any more.
        aside = self.path.with_name(f"{self.path.name}.{whole}.torn")
        write_whole(aside, (aside.read_bytes() if aside.exists() else b"") + torn + b"\n")
        os.ftruncate(handle, whole)
        os.fsync(handle)
        log.error("ledger_torn_tail_set_aside", extra={"file": str(aside), "bytes": size - whole})

    def _last(self, content: Content) -> LedgerEntry | None:
        if not content:
            return None
        line = content[content.rfind(b"\n", 0, len(content) - 1) + 1 : len(content) - 1]
        last = _read(bytes(line))
        if last is None or last.hash != _hash(last):
            raise LedgerBroken(f"台账 {self.path} 末条已损坏，无法续写；请先运行证据校验并从备份恢复")
        return last


@contextmanager
def _mapped(handle: int) -> Iterator[Content]:
    """The file's content without reading it all: a ledger grows for years and each append looks into it."""
    if os.fstat(handle).st_size == 0:
        yield b""
        return
    with mmap.mmap(handle, 0, access=mmap.ACCESS_READ) as content:
        yield content


def _find(content: Content, exhibit: str, manifest: str | None = None) -> LedgerEntry | None:
    """The first readable entry of this exhibit (and manifest, if given)."""
    needle = exhibit.encode()
    place = content.find(needle)
    while place >= 0:
        end = content.find(b"\n", place)
        end = len(content) if end < 0 else end
        entry = _read(bytes(content[content.rfind(b"\n", 0, place) + 1 : end]))
        if entry and entry.exhibit == exhibit and manifest in (None, entry.manifest):
            return entry
        place = content.find(needle, end)
    return None


def _entry(*, seq: int, at: datetime, exhibit: str, manifest: str, prev: str) -> LedgerEntry:
    if at.utcoffset() is None:
        raise ValueError(f"naive datetime: {at!r}")
    blank = LedgerEntry(seq=seq, at=at.isoformat(), kind=KIND, exhibit=exhibit, manifest=manifest, prev=prev, hash="")
    return LedgerEntry(**{**asdict(blank), "hash": _hash(blank)})


def _hash(entry: LedgerEntry) -> str:
    return sha256(canonical_json({name: value for name, value in asdict(entry).items() if name != "hash"}))


def _read(line: bytes) -> LedgerEntry | None:
    try:
        row = json.loads(line)
        entry = LedgerEntry(**row)
    except (ValueError, TypeError):
        return None
    texts = (entry.at, entry.kind, entry.exhibit, entry.manifest, entry.prev, entry.hash)
    return entry if type(entry.seq) is int and all(isinstance(text, str) for text in texts) else None
