"""Says whether an exhibit is what was sealed.

Trusts nothing but the hashes. Its tests are mostly about what it must refuse: a verifier that never refuses is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from core.errors import LedgerBroken
from evidence.bundle import MANIFEST
from evidence.durable import sha256, sha256_file
from evidence.ledger import Ledger

_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check of one thing. `detail` is Chinese and names the file or entry."""

    ok: bool
    check: str
    detail: str


def verify_exhibit(folder: Path, ledger: Ledger, manifest: str | None = None) -> list[Finding]:
    """Check the files against SHA256SUMS, that list against the ledger, and the ledger's chain.

    `manifest` is what the database remembers, if it is at hand. The exhibit holds exactly if every finding is ok.
    Damage is a finding, never an exception.
    """
    findings = _files(folder)
    actual = sha256((folder / MANIFEST).read_bytes()) if _is_plain(folder / MANIFEST) else None
    findings.append(_entry(folder.name, actual, ledger))
    if manifest is not None:
        is_same = actual == manifest
        detail = "清单与数据库记录一致" if is_same else f"{MANIFEST} 与数据库记录的哈希不符"
        findings.append(Finding(ok=is_same, check="database", detail=detail))
    findings.append(_chain(ledger))
    return findings


def _files(folder: Path) -> list[Finding]:
    if not _is_plain(folder / MANIFEST):
        return [Finding(ok=False, check="manifest", detail=f"缺少 {MANIFEST}")]
    lines = (folder / MANIFEST).read_bytes().decode("utf-8", "replace").split("\n")
    matches = [_LINE.fullmatch(line) for line in lines[:-1]]
    if lines[-1] or not matches or not all(matches):
        return [Finding(ok=False, check="manifest", detail=f"{MANIFEST} 的格式不对")]
    listed = [(match[2], match[1]) for match in matches if match]
    names = [name for name, _ in listed]
    if names != sorted(set(names)):
        return [Finding(ok=False, check="manifest", detail=f"{MANIFEST} 有重复或乱序的行")]
    present = {path.name for path in folder.iterdir()}
    findings = [_file(folder / name, digest) for name, digest in listed]
    extra = sorted(present - set(names) - {MANIFEST})
    return findings + [Finding(ok=False, check="file", detail=f"{name} 不在清单中") for name in extra]


def _file(path: Path, digest: str) -> Finding:
    if not _is_plain(path):
        return Finding(ok=False, check="file", detail=f"{path.name} 缺失")
    is_same = sha256_file(path) == digest
    return Finding(ok=is_same, check="file", detail=f"{path.name} {'完好' if is_same else '被改动'}")


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _entry(exhibit: str, manifest: str | None, ledger: Ledger) -> Finding:
    entry = ledger.entry_for(exhibit)
    if entry is None:
        return Finding(ok=False, check="ledger-entry", detail=f"台账中没有证据 {exhibit}")
    if entry.manifest != manifest:
        return Finding(ok=False, check="ledger-entry", detail=f"{MANIFEST} 与台账第 {entry.seq} 条的哈希不符")
    return Finding(ok=True, check="ledger-entry", detail=f"与台账第 {entry.seq} 条（{entry.at}）一致")


def _chain(ledger: Ledger) -> Finding:
    try:
        count = ledger.verify()
    except LedgerBroken as bad:
        return Finding(ok=False, check="ledger-chain", detail=str(bad))
    return Finding(ok=True, check="ledger-chain", detail=f"台账 {count} 条环环相扣")
