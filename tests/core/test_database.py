"""The store: migrations build exactly the declared tables, times keep their zone, transactions are all or nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

import core.database
from core.database import Database, newest_revision
from core.schema import job_runs, metadata


def test_migrations_and_declared_tables_agree(database: Database) -> None:
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_newest_file_is_the_head_of_the_chain() -> None:
    """The fast look at the file names agrees with Alembic's own reading of the scripts."""
    config = Config()
    config.set_main_option("script_location", str(Path(core.database.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == newest_revision()


def test_an_older_schema_is_not_current(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert not database.is_current()


def test_migrating_twice_changes_nothing(database: Database) -> None:
    assert database.is_current()
    database.migrate()
    assert database.is_current()


def test_times_come_back_aware_and_equal(database: Database) -> None:
    shanghai = datetime(2026, 3, 15, 20, 0, tzinfo=timezone(timedelta(hours=8)))
    with database.write() as connection:
        connection.execute(insert(job_runs).values(job="x", started=shanghai, note=""))
    with database.read() as connection:
        found = connection.scalars(select(job_runs.c.started)).one()
    assert found == shanghai
    assert found.tzinfo is UTC


def test_naive_times_are_refused(database: Database) -> None:
    naive = datetime(2026, 3, 15)  # noqa: DTZ001
    with pytest.raises(StatementError, match="naive"), database.write() as connection:
        connection.execute(insert(job_runs).values(job="x", started=naive, note=""))


def test_a_failed_transaction_leaves_nothing(database: Database, now: datetime) -> None:
    with pytest.raises(RuntimeError), database.write() as connection:
        connection.execute(insert(job_runs).values(job="x", started=now, note=""))
        raise RuntimeError
    with database.read() as connection:
        assert connection.execute(select(job_runs)).all() == []


def test_a_reader_sees_the_state_before_an_open_write(database: Database, now: datetime) -> None:
    with database.write() as writer:
        writer.execute(insert(job_runs).values(job="x", started=now, note=""))
        with database.read() as reader:
            assert reader.execute(select(job_runs)).all() == []
