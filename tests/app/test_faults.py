"""What the disk or a database refuses is one Chinese line and exit 1, never a traceback; a newer store is not used."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from app.cli.faults import explain
from core.config import load_settings
from core.database import Database

GARBAGE = b"these bytes are no database" * 100


def tingfeng(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TINGFENG_")}
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments, "--config", str(config)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment,
    )


@pytest.fixture
def data_dir(demo_config: Path) -> Path:
    """The product's folder after a first start."""
    settings = load_settings(demo_config, {})
    database = Database(settings.database_url)
    database.migrate()
    database.close()
    return settings.data_dir


def spoil(database: Path) -> None:
    for end in ("-wal", "-shm"):
        database.with_name(database.name + end).unlink(missing_ok=True)
    database.write_bytes(GARBAGE)


@pytest.mark.parametrize("command", [("cases", "list"), ("doctor",), ("work", "--once"), ("run",)])
def test_a_database_that_is_none_is_said_in_one_line(
    demo_config: Path, data_dir: Path, command: tuple[str, ...]
) -> None:
    spoil(data_dir / "tingfeng.sqlite")
    ended = tingfeng(demo_config, *command)
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1), ended.stderr
    assert "数据库不能使用" in ended.stderr


def test_a_database_of_a_newer_program_is_refused_and_left_alone(demo_config: Path, data_dir: Path) -> None:
    file = data_dir / "tingfeng.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    ended = tingfeng(demo_config, "cases", "list")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1), ended.stderr
    assert "9999" in ended.stderr
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]


def test_a_data_folder_that_is_a_file_is_said_in_one_line(demo_config: Path) -> None:
    data_dir = load_settings(demo_config, {}).data_dir
    data_dir.write_text("x")
    ended = tingfeng(demo_config, "search", "漏油")
    assert (ended.returncode, ended.stderr) == (1, f"错误：{data_dir}：不是文件夹\n")


def test_a_damaged_index_is_named_with_its_cure_and_the_cure_works(demo_config: Path, data_dir: Path) -> None:
    spoil(data_dir / "index.sqlite")
    ended = tingfeng(demo_config, "search", "漏油")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1), ended.stderr
    assert "tingfeng index rebuild" in ended.stderr
    assert "tingfeng index rebuild" in tingfeng(demo_config, "doctor").stdout
    assert tingfeng(demo_config, "index", "rebuild").returncode == 0
    assert (data_dir / "index.sqlite.damaged").read_bytes() == GARBAGE
    assert tingfeng(demo_config, "search", "漏油").returncode == 0


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/data/x"), "/data/x：磁盘已满"),
        (PermissionError(errno.EACCES, "Permission denied"), "没有权限"),
        (OperationalError("INSERT", {}, sqlite3.OperationalError("database is locked")), "数据库不能使用：另一个进程"),
        (sqlite3.OperationalError("database or disk is full"), "检索索引不能使用：磁盘已满"),
        (sqlite3.OperationalError("something\nelse"), "检索索引不能使用：something"),
    ],
)
def test_each_fault_says_what_the_world_did(fault: BaseException, said: str) -> None:
    assert explain(fault).startswith(said)
    assert "\n" not in explain(fault)
