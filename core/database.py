"""The durable store: an engine, two kinds of transaction, migrations.

SQLite runs in WAL mode with full synchronisation: a post that a crawl was told is kept survives a power cut.
A write transaction takes SQLite's one write lock at its start (`BEGIN IMMEDIATE`); a transaction that begins as a
reader and becomes a writer would otherwise fail with "database is locked" under load.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect

from core.errors import StoreTooNew

_WRITE = "tingfeng_write"
_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """One database, opened by URL. Cheap to make; connects on first use."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one consistent state; never blocks a writer."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: all of it is durable when the block ends, none of it if the block raises."""
        with self.engine.connect().execution_options(**{_WRITE: True}) as connection, connection.begin():
            yield connection

    def migrate(self) -> None:
        """Bring the schema to the newest revision; does nothing when it is there already.

        Raise `StoreTooNew` for a schema that this code does not know.
        """
        found = self.revision()
        if found == newest_revision():
            return
        if found is not None and found not in _revisions():
            raise StoreTooNew(
                f"数据库的结构版本是 {found}，本程序只认识到 {newest_revision()}：它由更新的版本写成。"
                "请升级听风，或在 [general] data_dir 中另用数据文件夹"
            )
        if self.engine.dialect.name == "sqlite" and self.engine.url.database:
            Path(self.engine.url.database).parent.mkdir(parents=True, exist_ok=True)
        # Imported here: Alembic costs half a second, and nearly every start finds nothing to do.
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        # Concurrent starters queue here: the first migrates, the others find nothing to do.
        with self.write() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def is_current(self) -> bool:
        """Whether the schema is the one this code was written for."""
        return self.revision() == newest_revision()

    def revision(self) -> str | None:
        """The schema's revision; `None` where nothing was made yet."""
        if self.engine.dialect.name == "sqlite" and not Path(self.engine.url.database or "").exists():
            return None
        with self.read() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
            return None if found is None else str(found)

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def newest_revision() -> str:
    """The revision this code was written for: migrations are numbered, `0001_….py`, and the last one counts."""
    return max(_revisions())


def _revisions() -> set[str]:
    return {file.name.split("_", 1)[0] for file in (_MIGRATIONS / "versions").glob("[0-9]*_*.py")}


def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see `_begin_sqlite`
    cursor = connection.cursor()
    for pragma in (
        "busy_timeout=30000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-32000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
