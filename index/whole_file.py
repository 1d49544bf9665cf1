"""A file that is there whole or not at all: written beside its name, and given the name when it is complete."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A path to write to, in a folder of its own beside `target`; when the block ends well the file becomes `target`.

    When it does not (a full disk, Ctrl-C), nothing is left, and an older file of that name stays what it was. A target
    that is no regular file (a pipe, a device) is written to as it is. Raise `OSError` that names the folder or file.
    """
    final = target.resolve()
    if final.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if final.exists() and not final.is_file():
        yield final
        return
    with _folder_beside(final) as folder:
        unfinished = Path(folder) / final.name
        yield unfinished
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())  # some disks say only now that they are full
        unfinished.replace(final)


def _folder_beside(final: Path) -> TemporaryDirectory[str]:
    try:
        return TemporaryDirectory(prefix=".tingfeng-", dir=final.parent, ignore_cleanup_errors=True)
    except OSError as refused:
        raise type(refused)(refused.errno, refused.strerror, str(final.parent)) from None
