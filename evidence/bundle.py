"""Sealing: a folder of files becomes an exhibit by one rename, after its list of hashes and every byte are on disk.

A crash before the rename leaves a temporary folder, which the next start removes; a crash after it leaves a whole
exhibit, which the next run of the same job finds in its place and adopts.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from core.errors import EvidenceError
from evidence.durable import make_folder, sha256, sha256_file, sync_folder, write_new

MANIFEST = "SHA256SUMS"
RECORD = "capture.json"
#: Less than this free, and no capture begins.
ENOUGH_SPACE = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An exhibit on disk."""

    folder: Path
    #: SHA-256 of its SHA256SUMS.
    manifest: str
    #: What its capture.json says.
    record: dict[str, Any]


class Shelf:
    """The folder of all exhibits, one subfolder per UTC day of the request."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def home(self, exhibit: str, requested: datetime) -> Path:
        """Where this exhibit lies, or will: known beforehand, so that a repeated job finds what was sealed."""
        return self.root / f"{requested.astimezone(UTC):%Y/%m/%d}" / exhibit

    def relative(self, folder: Path) -> str:
        """The folder as the database names it."""
        return str(PurePosixPath(folder.relative_to(self.root)))

    def has_room(self) -> bool:
        """Whether the disk has space for another capture."""
        make_folder(self.root)
        return shutil.disk_usage(self.root).free >= ENOUGH_SPACE

    @contextmanager
    def bench(self, home: Path) -> Iterator[Path]:
        """A temporary folder beside `home` to work in. It is gone afterwards unless it was sealed."""
        make_folder(home.parent)
        owner = f"{socket.gethostname()}.{os.getpid()}"
        folder = home.parent / f".{home.name}.{owner}.{secrets.token_hex(4)}.tmp"
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def sweep(self) -> int:
        """Remove the temporary folders of processes of this machine that are dead. Returns how many."""
        removed = 0
        for folder in self.root.glob(f"*/*/*/.*.{socket.gethostname()}.*.tmp"):
            pid = folder.name.split(".")[-3]
            if pid.isdigit() and not Path(f"/proc/{pid}").exists():
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
        return removed


def seal(folder: Path, home: Path) -> Sealed:
    """Turn the files in `folder` into the exhibit at `home`. If one stands there already, that one is the exhibit.

    Raise `OSError` if the disk refuses; then nothing stands at `home`.
    """
    names = sorted(path.name for path in folder.iterdir())
    lines = [f"{sha256_file(folder / name)}  {name}\n" for name in names]
    for name in names:
        _sync(folder / name)
    write_new(folder / MANIFEST, "".join(lines).encode())
    sync_folder(folder)
    try:
        folder.rename(home)
    except OSError as bad:
        if bad.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    sync_folder(home.parent)
    return opened(home)


def opened(home: Path) -> Sealed:
    """The exhibit at `home`. Raise `EvidenceError` if there is none that can be read."""
    try:
        manifest = (home / MANIFEST).read_bytes()
        record = json.loads((home / RECORD).read_bytes())
    except (OSError, ValueError) as bad:
        raise EvidenceError(f"证据 {home} 无法读取（{bad}）") from None
    if not isinstance(record, dict):
        raise EvidenceError(f"证据 {home} 的 {RECORD} 不是对象")
    return Sealed(folder=home, manifest=sha256(manifest), record=record)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
