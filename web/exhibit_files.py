"""The files of an exhibit, as the console may show or hand them out.

Only what the exhibit's own SHA256SUMS lists is served. Pictures are shown; everything else was written by the site that
is accused, so it leaves only as a download that no browser will run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import FileResponse

from core.errors import NotFound
from core.model import Exhibit
from evidence.bundle import MANIFEST
from evidence.ledger import Ledger
from evidence.verify import Finding, verify_exhibit

_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._-]*)")
_PICTURES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}
_PLAIN = {".txt", ".json", ".jsonl", ".log", ".headers"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitFile:
    """One line of SHA256SUMS."""

    name: str
    sha256: str
    #: `None` where the file is gone.
    size: int | None

    @property
    def is_picture(self) -> bool:
        """Whether a page may show it."""
        return Path(self.name).suffix.lower() in _PICTURES


class ExhibitFiles:
    """Reads exhibits below `root`, the folder of all exhibits."""

    def __init__(self, root: Path, ledger: Ledger) -> None:
        self.root, self.ledger = root, ledger

    def folder(self, exhibit: Exhibit) -> Path | None:
        """Where the exhibit lies; `None` while it is not sealed, or where its folder is not below the root."""
        if not exhibit.folder:
            return None
        folder = (self.root / exhibit.folder).resolve()
        return folder if folder.is_relative_to(self.root.resolve()) and folder.is_dir() else None

    def listed(self, exhibit: Exhibit) -> list[ExhibitFile]:
        """What SHA256SUMS lists, in its order."""
        folder = self.folder(exhibit)
        manifest = folder / MANIFEST if folder else None
        if folder is None or manifest is None or not manifest.is_file():
            return []
        lines = manifest.read_bytes().decode("utf-8", "replace").split("\n")
        found = [match for match in map(_LINE.fullmatch, lines) if match]
        return [ExhibitFile(name=line[2], sha256=line[1], size=_size(folder / line[2])) for line in found]

    def findings(self, exhibit: Exhibit) -> list[Finding]:
        """Whether the exhibit is what was sealed: every file, the list, the ledger."""
        folder = self.folder(exhibit)
        if folder is None:
            return [Finding(ok=False, check="folder", detail="证据文件夹缺失")] if exhibit.folder else []
        return verify_exhibit(folder, self.ledger, exhibit.manifest)

    def answer(self, exhibit: Exhibit, name: str) -> FileResponse:
        """The file as an HTTP answer. Raise `NotFound` for anything that SHA256SUMS does not list."""
        folder = self.folder(exhibit)
        names = {file.name for file in self.listed(exhibit)} | {MANIFEST}
        path = folder / name if folder and name in names else None
        if path is None or path.is_symlink() or not path.is_file():
            raise NotFound(f"证据 {exhibit.id} 中没有文件 {name}")
        suffix = path.suffix.lower()
        headers = {"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'; base-uri 'none'"}
        if suffix in _PICTURES:
            return FileResponse(path, media_type=_PICTURES[suffix], headers=headers)
        is_plain = suffix in _PLAIN or name == MANIFEST
        media_type = "text/plain; charset=utf-8" if is_plain else "application/octet-stream"
        return FileResponse(path, media_type=media_type, headers=headers, filename=f"{exhibit.id[:8]}-{name}")


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() and not path.is_symlink() else None
