"""A sealed exhibit holds, and nothing about it can be changed without being named."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import EvidenceError
from evidence.bundle import MANIFEST, Sealed, Shelf, opened, seal
from evidence.durable import sha256, sha256_file
from evidence.ledger import Ledger
from evidence.verify import verify_exhibit

AT = datetime(2026, 3, 15, 20, 0, tzinfo=UTC)
FILES = {
    "capture.json": b'{"state": "complete"}',
    "crawl-body.bin": bytes(range(256)),
    "empty.txt": b"",
    "env.json": b"{}",
    "log.jsonl": b'{"event": "visit"}\n',
    "page-000.png": b"\x89PNG not really",
    "page.html": "刹车失灵".encode(),
}


def _seal(root: Path, name: str = "a" * 32, files: dict[str, bytes] = FILES) -> Sealed:
    home = Shelf(root / "exhibits").home(name, AT)
    with Shelf(root / "exhibits").bench(home) as folder:
        for file, content in files.items():
            (folder / file).write_bytes(content)
        return seal(folder, home)


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Sealed, Ledger]:
    """Three exhibits in one ledger; the middle one is under test."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    made = [_seal(tmp_path, name * 32, {**FILES, "id.txt": name.encode()}) for name in "abc"]
    for one in made:
        ledger.append(exhibit=one.folder.name, manifest=one.manifest, at=AT)
    return made[1], ledger


def _bad(sealed: Sealed, ledger: Ledger, manifest: str | None = None) -> list[str]:
    return [finding.detail for finding in verify_exhibit(sealed.folder, ledger, manifest) if not finding.ok]


def test_what_was_sealed_holds(sealed: tuple[Sealed, Ledger]) -> None:
    """Every file, the list, the ledger's entry, the database's hash and the chain are found well."""
    exhibit, ledger = sealed
    findings = verify_exhibit(exhibit.folder, ledger, exhibit.manifest)
    assert all(finding.ok for finding in findings)
    assert {finding.check for finding in findings} == {"file", "ledger-entry", "database", "ledger-chain"}
    assert sum(finding.check == "file" for finding in findings) == len(FILES) + 1


def test_stock_tools_agree(sealed: tuple[Sealed, Ledger]) -> None:
    """`sha256sum -c --strict` accepts the list; nobody needs our program to check an exhibit."""
    done = subprocess.run(
        ["sha256sum", "-c", "--strict", MANIFEST], cwd=sealed[0].folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK") == len(FILES) + 1


def test_a_flipped_bit_in_any_file_is_named(sealed: tuple[Sealed, Ledger]) -> None:
    """Each file in turn, each byte position of the small ones, SHA256SUMS included."""
    exhibit, ledger = sealed
    for path in sorted(exhibit.folder.iterdir()):
        whole = path.read_bytes()
        for position in sorted({0, len(whole) // 2, len(whole) - 1} if whole else set()):
            damaged = bytearray(whole)
            damaged[position] ^= 1
            path.write_bytes(damaged)
            details = _bad(exhibit, ledger, exhibit.manifest)
            assert any(path.name in detail for detail in details), (path.name, position, details)
            path.write_bytes(whole)
    assert _bad(exhibit, ledger, exhibit.manifest) == []


def _rehash(folder: Path) -> None:
    names = sorted(path.name for path in folder.iterdir() if path.name != MANIFEST)
    (folder / MANIFEST).write_text("".join(f"{sha256_file(folder / name)}  {name}\n" for name in names))


def _append_byte(folder: Path) -> None:
    (folder / "empty.txt").write_bytes(b"\n")


def _forge(folder: Path) -> None:
    (folder / "page.html").write_text("一切正常")
    _rehash(folder)


def _add_hidden(folder: Path) -> None:
    (folder / ".hidden").write_bytes(b"")


def _add_folder(folder: Path) -> None:
    (folder / "more").mkdir()


def _add_and_rehash(folder: Path) -> None:
    (folder / "extra.png").write_bytes(b"x")
    _rehash(folder)


def _drop(folder: Path) -> None:
    (folder / "page-000.png").unlink()


def _drop_and_rehash(folder: Path) -> None:
    (folder / "page-000.png").unlink()
    _rehash(folder)


def _drop_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def _empty_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_bytes(b"")


def _drop_all(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def _link(folder: Path) -> None:
    content = (folder / "page.html").read_bytes()
    (folder.parent / "elsewhere").write_bytes(content)
    (folder / "page.html").unlink()
    (folder / "page.html").symlink_to(folder.parent / "elsewhere")


def _escape(folder: Path) -> None:
    line = f"{sha256(b'x')}  ../../outside\n"
    (folder / MANIFEST).write_text((folder / MANIFEST).read_text() + line)


def _repeat(folder: Path) -> None:
    (folder / MANIFEST).write_text((folder / MANIFEST).read_text().splitlines(keepends=True)[0] * 2)


def _swap_contents(folder: Path) -> None:
    for path in folder.iterdir():
        path.write_bytes((folder.parent / ("a" * 32) / path.name).read_bytes())


@pytest.mark.parametrize(
    ("harm", "word"),
    [
        (_append_byte, "empty.txt"),
        (_forge, "台账第 2 条"),
        (_add_hidden, ".hidden"),
        (_add_folder, "more"),
        (_add_and_rehash, "台账第 2 条"),
        (_drop, "page-000.png 缺失"),
        (_drop_and_rehash, "台账第 2 条"),
        (_drop_manifest, "缺少 SHA256SUMS"),
        (_empty_manifest, "格式"),
        (_drop_all, "缺少 SHA256SUMS"),
        (_link, "page.html 缺失"),
        (_escape, "格式"),
        (_repeat, "重复"),
        (_swap_contents, "台账第 2 条"),
    ],
)
def test_a_changed_exhibit_is_refused(sealed: tuple[Sealed, Ledger], harm: Callable[[Path], None], word: str) -> None:
    """Added, removed, replaced, rehashed, linked or swapped: each is refused, with and without the database."""
    exhibit, ledger = sealed
    harm(exhibit.folder)
    assert any(word in detail for detail in _bad(exhibit, ledger))
    assert _bad(exhibit, ledger, exhibit.manifest)


@pytest.mark.parametrize(
    ("harm", "word"),
    [
        (lambda lines: lines.pop(1), "台账中没有证据"),
        (lambda lines: lines.pop(2) and lines.pop(1), "台账中没有证据"),
        (lambda lines: lines.pop(0), "第 1 条"),
        (lambda lines: lines.insert(0, lines.pop(1)), "第 1 条"),
        (lambda lines: lines.clear(), "台账中没有证据"),
        (lambda lines: lines.__setitem__(1, lines[1].replace('"seq":2', '"seq":5')), "第 2 条"),
        (lambda lines: lines.__setitem__(1, lines[1].replace("2026-03-15", "2026-03-14")), "第 2 条"),
    ],
)
def test_a_changed_ledger_is_refused(
    sealed: tuple[Sealed, Ledger], harm: Callable[[list[str]], None], word: str
) -> None:
    """Removed, cut, moved or edited entries are noticed though the exhibit itself is whole."""
    exhibit, ledger = sealed
    lines = ledger.path.read_text().splitlines()
    harm(lines)
    ledger.path.write_text("".join(line + "\n" for line in lines))
    assert any(word in detail for detail in _bad(exhibit, ledger, exhibit.manifest))


def test_another_hash_in_the_database_is_refused(sealed: tuple[Sealed, Ledger]) -> None:
    """The database's memory of the manifest is a witness of its own."""
    exhibit, ledger = sealed
    assert _bad(exhibit, ledger, "0" * 64) == ["SHA256SUMS 与数据库记录的哈希不符"]


def test_sealing_again_keeps_the_first(tmp_path: Path) -> None:
    """Two workers with the same job: the first seal stands, the second finds it."""
    first = _seal(tmp_path)
    second = _seal(tmp_path, files={**FILES, "page.html": b"other"})
    assert second == first
    assert [path.name for path in first.folder.parent.iterdir()] == ["a" * 32]


def test_a_failed_capture_leaves_nothing(tmp_path: Path) -> None:
    """Whatever ends the work on the bench, no half exhibit stays."""
    shelf = Shelf(tmp_path / "exhibits")
    home = shelf.home("a" * 32, AT)
    with pytest.raises(OSError, match="disk full"), shelf.bench(home) as folder:
        (folder / "page.html").write_bytes(b"half")
        raise OSError("disk full")
    assert list(home.parent.iterdir()) == []


def test_only_dead_processes_are_swept(tmp_path: Path) -> None:
    """The bench of a process that is gone is removed; those of living ones and of other machines stay."""
    shelf = Shelf(tmp_path / "exhibits")
    home = shelf.home("a" * 32, AT)
    with shelf.bench(home) as mine:
        (mine / "page.html").write_bytes(b"half")
        child = subprocess.Popen(["true"])
        child.wait()
        parts = mine.name.split(".")
        dead = mine.with_name(".".join([*parts[:-3], str(child.pid), *parts[-2:]]))
        dead.mkdir()
        other = mine.with_name(f".{'a' * 32}.another-machine.1.00.tmp")
        other.mkdir()
        assert shelf.sweep() == 1
        assert (mine.exists(), dead.exists(), other.exists()) == (True, False, True)


def test_the_day_is_utc() -> None:
    """An exhibit asked for at 3 in the morning of Shanghai lies in the day before."""
    shelf = Shelf(Path("x"))
    home = shelf.home("e", datetime.fromisoformat("2026-03-15T03:00:00+08:00"))
    assert shelf.relative(home) == "2026/03/14/e"


@pytest.mark.parametrize("record", [None, b"", b"[]", b"{"])
def test_an_exhibit_that_cannot_be_read_is_an_error(tmp_path: Path, record: bytes | None) -> None:
    """A folder without a readable record is not adopted."""
    home = _seal(tmp_path).folder
    (home / "capture.json").unlink()
    if record is not None:
        (home / "capture.json").write_bytes(record)
    with pytest.raises(EvidenceError):
        opened(home)
