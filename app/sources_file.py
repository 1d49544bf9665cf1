"""Writes a row into `sources.toml` as a person would: below the others, with everything they wrote left as it is.

The whole file is checked as loading checks it before it takes the old one's place; a row that would not load is never
on the disk under the file's name.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from app.known_parsers import require_parsers, sources_file
from core.config import load_settings
from core.errors import ConfigError
from core.settings import Settings, SourceSettings

#: What a row of `sources.toml` may say, before it is checked.
Row = Mapping[str, str | bool | tuple[str, ...]]


def write_row(row: Row) -> str:
    """The row as TOML; keys that say nothing are left out."""
    lines = ["[[source]]"]
    for key in SourceSettings.model_fields:
        value = row.get(key)
        if value is not None and value != "" and value != ():
            lines.append(f"{key} = {_literal(value)}")
    return "\n".join(lines) + "\n"


def _literal(value: str | bool | tuple[str, ...]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(_literal(one) for one in value)}]"
    # JSON's strings are TOML's, but for one character that TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def check_row(settings: Settings, row: Row, environment: Mapping[str, str]) -> SourceSettings:
    """The source that the row will be. Raise `ConfigError`, as loading the file with it would; nothing is changed."""
    home = sources_file(settings)
    return _check(settings, _with(_text_of(home), row), environment).sources[-1]


def add_row(settings: Settings, row: Row, environment: Mapping[str, str]) -> SourceSettings:
    """Append the row to the settings' `sources.toml`, whole or not at all. Raise `ConfigError` as `check_row` does."""
    home = sources_file(settings).resolve()
    with _held(home):
        text = _with(_text_of(home), row)
        source = _check(settings, text, environment).sources[-1]
        descriptor, draft = tempfile.mkstemp(prefix=f".{home.name}.", dir=home.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            shutil.copymode(home, draft)
            Path(draft).replace(home)
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise
    return source


def _text_of(home: Path) -> str:
    return home.read_bytes().decode("utf-8")  # bytes, so that line ends stay as they are


def _with(text: str, row: Row) -> str:
    ending = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text.strip() else ending if text.endswith("\n") else ending * 2
    return text + gap + write_row(row).replace("\n", ending)


def _check(settings: Settings, text: str, environment: Mapping[str, str]) -> Settings:
    """Load all settings with this text in the place of `sources.toml`; complaints name the real file."""
    assert settings.path is not None
    home = sources_file(settings)
    try:
        body = text.encode("utf-8")
    except UnicodeEncodeError:
        raise ConfigError(file="命令行", key="source", value="…", problem="不是 UTF-8 文字", fix="重新输入") from None
    # Beside the real file: a cookie's "file:…" counts from there.
    with tempfile.NamedTemporaryFile(prefix=f".{home.name}.", suffix=".check", dir=home.parent) as draft:
        draft.write(body)
        draft.flush()
        try:
            loaded = load_settings(settings.path, {**environment, "TINGFENG_FILES__SOURCES": draft.name})
        except ConfigError as wrong:
            if wrong.file != draft.name:
                raise
            raise _about(wrong, home) from None
    require_parsers(loaded, file=home)
    return loaded


def _about(wrong: ConfigError, home: Path) -> ConfigError:
    if "TOML" in wrong.problem:  # the file loaded before: what does not fit is the form of the rows that were there
        fix = "把文件里的 source = […] 改写成 [[source]] 各行"
        return ConfigError(file=str(home), key="source", value="…", problem="无法在后面加一行", fix=fix)
    return ConfigError(file=str(home), key=wrong.key, value=wrong.value, problem=wrong.problem, fix=wrong.fix)


@contextmanager
def _held(home: Path) -> Iterator[None]:
    """Two commands that add at the same time take turns."""
    while True:
        with home.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(file.fileno()), home.stat()):
                yield
                return
        # While we waited another one put a new file in this one's place: that is the one to hold.
