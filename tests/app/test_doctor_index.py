"""The doctor before the search index: down, strange, damaged, incomplete, half rebuilt."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.doctor import examine
from app.findings import Finding
from app.index_wiring import Target
from app.wiring import Product
from core.config import load_settings
from core.database import Database
from core.errors import IndexMismatch, IndexUnavailable
from core.secret import Secret
from core.settings import IndexSettings
from core.work import WorkQueue
from index.base import IndexState
from index.builds import begin
from tests.app.filing_world import START, FilingWorld, numbered
from tests.app.memory_index import MemoryIndex


class Troubled(MemoryIndex):
    """An index that answers with a failure, or has remarks."""

    failure: Exception | None = None
    remarks: tuple[str, ...] = ()

    def state(self) -> IndexState:
        if self.failure is not None:
            raise self.failure
        return IndexState(engine="Elasticsearch 9.3.2", mentions=len(self.content), remarks=self.remarks)


@pytest.fixture
def index() -> Troubled:
    return Troubled()


@pytest.fixture
def product(demo_config: Path, index: Troubled, now: datetime) -> Product:
    made = Product(load_settings(demo_config, {}), clock=lambda: now)
    return with_targets(made, Target(name="memory", shown="索引", queue="index", index=index))


def with_targets(product: Product, *targets: Target) -> Product:
    product.__dict__["index_targets"] = targets
    return product


@pytest.fixture
def judge(product: Product) -> Callable[..., list[str]]:
    def judge(*texts: str, collected: datetime = START) -> list[str]:
        return FilingWorld(product.database).judge(*texts, collected=collected)

    return judge


def found(product: Product, item: str = "检索索引") -> list[Finding]:
    return [one for one in examine(product) if one.item == item]


def test_a_whole_index_is_green_and_says_what_it_is(product: Product, judge: Callable[..., list[str]]) -> None:
    keys = judge(*numbered(3))
    FilingWorld(product.database).put(*keys)
    product.filing.drain()
    [one] = found(product)
    assert (one.level, one.state) == ("ok", "Elasticsearch 9.3.2，3 条")


def test_what_waits_is_not_missing(product: Product, judge: Callable[..., list[str]], now: datetime) -> None:
    """Judged and not yet published, published and not yet filed: both are on their way."""
    first, second, third = judge(*numbered(3))
    with product.database.write() as connection:
        WorkQueue(product.database, "publish").put(connection, [first], due=now, now=now)
        WorkQueue(product.database, "index").put(connection, [second], due=now, now=now)
    [one] = found(product)
    assert (one.level, one.fix) == ("bad", "tingfeng index rebuild")
    assert one.state.endswith("0 条，已研判 3 条")
    with product.database.write() as connection:
        WorkQueue(product.database, "index").put(connection, [third], due=now, now=now)
    assert found(product)[0].level == "ok"


def test_what_is_too_old_to_be_kept_is_not_missing(product: Product, judge: Callable[..., list[str]]) -> None:
    judge("旧的", collected=START - timedelta(days=31))
    assert found(product)[0].level == "bad"
    settings = product.settings.model_copy(update={"index": IndexSettings(keep=timedelta(days=30))})
    kept = with_targets(replace(product, settings=settings), *product.index_targets)
    assert found(kept)[0].level == "ok"


@pytest.mark.parametrize(
    ("failure", "said", "fix"),
    [
        (IndexUnavailable("连接不上 es:9200"), "连接不上", "检查服务器"),
        (IndexMismatch("映射不同：risk"), "映射不同", "tingfeng index rebuild"),
        (sqlite3.DatabaseError("file is not a database"), "not a database", "tingfeng index rebuild"),
        (OSError(5, "Input/output error"), "Input/output", "tingfeng index rebuild"),
    ],
)
def test_an_index_that_fails_is_bad_with_what_to_do(
    product: Product, index: Troubled, failure: Exception, said: str, fix: str
) -> None:
    index.failure = failure
    [one] = found(product)
    assert (one.level, said in one.state, fix in one.fix) == ("bad", True, True)


def test_remarks_are_warnings(product: Product, index: Troubled) -> None:
    index.remarks = ("索引状态为 yellow",)
    assert [(one.level, one.state) for one in found(product)][1:] == [("warn", "索引状态为 yellow")]


def test_a_rebuild_that_was_left_is_warned_of(product: Product, now: datetime) -> None:
    """While it goes on it is merely told."""
    with product.database.write() as connection:
        begin(connection, "memory", now=now)
    left = found(product)[1]
    assert (left.level, "从断点继续" in left.fix) == ("warn", True)
    lease = WorkQueue(product.database, "rebuild")
    with product.database.write() as connection:
        lease.put(connection, ["index"], due=now, now=now)
    lease.claim(1, owner="other:1", now=now, lease=timedelta(minutes=5))
    assert found(product)[1].level == "ok"


def test_both_indices_are_looked_at(product: Product, judge: Callable[..., list[str]], index: Troubled) -> None:
    """A fallback that does not hold what was judged would answer wrongly on the day it is needed."""
    keys = judge(*numbered(2))
    FilingWorld(product.database).put(*keys)
    second = Target(name="sqlite", shown="内嵌索引", queue="index_fallback", index=MemoryIndex())
    first = product.index_targets[0]
    product.filing.drain()
    both = with_targets(replace(product), first, second)
    [one] = found(both, "后备索引")
    assert (one.level, one.fix) == ("bad", "tingfeng index rebuild --fallback")
    assert found(both)[0].level == "ok"
    assert [row.item for row in examine(both) if row.item == "待写入后备索引"] == ["待写入后备索引"]
    assert found(product, "待写入后备索引") == []


def test_filing_that_nobody_does_is_bad(product: Product, now: datetime) -> None:
    with product.database.write() as connection:
        then = now - timedelta(hours=1)
        WorkQueue(product.database, "index").put(connection, ["a"], due=then, now=then)
    [one] = found(product, "待写入索引")
    assert (one.level, "检索索引" in one.fix) == ("bad", True)


def test_a_secret_in_plain_text_is_warned_of(product: Product) -> None:
    settings = product.settings
    server = settings.elasticsearch.model_copy(
        update={"hosts": ("http://es.example:9200",), "user": "t", "password": Secret("hunter2")}
    )
    updated = settings.model_copy(update={"elasticsearch": server, "index": IndexSettings(backend="elasticsearch")})
    [one] = found(with_targets(replace(product, settings=updated), *product.index_targets), "检索服务器")
    assert (one.level, "hunter2" in one.state) == ("warn", False)


def test_a_real_server_that_is_not_there(demo_config: Path, database: Database, now: datetime) -> None:
    """Nothing listens: the doctor says so in Chinese, in a moment."""
    settings = load_settings(demo_config, {"TINGFENG_INDEX__BACKEND": "elasticsearch"})
    server = settings.elasticsearch.model_copy(update={"hosts": ("http://127.0.0.1:1",)})
    product = Product(settings.model_copy(update={"elasticsearch": server}), clock=lambda: now)
    [one] = found(product)
    assert (one.level, "连接不上" in one.state) == ("bad", True)
    product.index.close()
