"""An export is whole or not there: whatever stops it, no half file lies under its name."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.errors import IndexUnavailable
from index.export import Format
from tests.index.export_world import FORMATS, exported, listed, mention, numbers_in


def fails(error: BaseException) -> Callable[[int], None]:
    def on_second_page(number: int) -> None:
        if number == 1:
            raise error

    return on_second_page


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("error", [IndexUnavailable("服务器没有应答"), KeyboardInterrupt(), OSError(5, "坏了")])
def test_an_export_that_stops_leaves_no_half_file(tmp_path: Path, form: Format, error: BaseException) -> None:
    """Neither under the name nor beside it; the file of the last time stays."""
    target = tmp_path / "a"
    index = listed([mention(number) for number in range(10)], fails(error))
    with pytest.raises(type(error)):
        exported(index, target, form)
    assert list(tmp_path.iterdir()) == []
    target.write_text("上次的")
    with pytest.raises(type(error)):
        exported(index, target, form)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """A disk that is full after so many bytes of a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    kept = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, kept)


@pytest.mark.parametrize("form", FORMATS)
def test_a_full_disk_leaves_no_half_file(tmp_path: Path, form: Format) -> None:
    letters = [os.urandom(3000).hex() for _ in range(40)]
    index = listed([mention(number, text) for number, text in enumerate(letters)])
    with files_end_at(30_000), pytest.raises(OSError):
        exported(index, tmp_path / "a", form)
    assert list(tmp_path.iterdir()) == []


def test_a_full_device_is_an_error(tmp_path: Path) -> None:
    """What is no regular file is written as it is, never replaced by one."""
    device = Path("/dev/full")
    if not device.is_char_device():
        pytest.skip("needs /dev/full")
    with pytest.raises(OSError, match="No space"):
        exported(listed([mention(1, "长" * 100_000)]), device, "csv")
    assert device.is_char_device()


@pytest.mark.parametrize(
    ("name", "error"),
    [("gone/a.csv", FileNotFoundError), (".", IsADirectoryError), ("file/a.csv", NotADirectoryError)],
)
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, name: str, error: type[OSError]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(error) as refused:
        exported(listed([mention(1)]), tmp_path / name, "csv")
    assert refused.value.filename in (str(tmp_path / name), str((tmp_path / name).parent))


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "a.csv").symlink_to(tmp_path / "real" / "b.csv")
    exported(listed([mention(1)]), tmp_path / "a.csv", "csv")
    assert (tmp_path / "a.csv").is_symlink()
    assert numbers_in(tmp_path / "real" / "b.csv", "csv") == [1]
