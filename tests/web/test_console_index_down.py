"""The console while the index cannot answer: it says why, alerts can be read, and the health check is red."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.errors import IndexMismatch, IndexUnavailable
from core.model import Mention
from index.base import Query
from index.fallback import IndexWithFallback
from index.sqlite import SqliteIndex
from web.console import Console


def down(monkeypatch: pytest.MonkeyPatch, index: object, failure: Exception) -> None:
    def fails(*_: object, **__: object) -> None:
        raise failure

    for name in ("search", "count", "count_by"):
        monkeypatch.setattr(index, name, fails)


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (IndexUnavailable("连接不上 Elasticsearch（http://es:9200）：没有程序在那里监听。"), "没有程序在那里监听"),
        (IndexMismatch("索引 tingfeng-m-a 的结构与本程序不符：字段 <risk>。"), "字段 &lt;risk&gt;"),
        (sqlite3.DatabaseError("database disk image is malformed"), "tingfeng index rebuild"),
    ],
)
def test_a_search_that_cannot_be_answered_says_why(
    browser: Any,
    console: Console,
    a_mention: Callable[..., Mention],
    ring: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    said: str,
) -> None:
    """503 with the reason, all guards on, no traceback; the alerts' page does not need the index."""
    ring(a_mention())
    down(monkeypatch, console.index, failure)
    answer = browser.get("/search", params={"q": "刹车"})
    assert answer.status_code == 503
    assert "检索暂不可用" in answer.text
    assert said in answer.text
    assert "Traceback" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert browser.get("/").status_code == 200
    health = browser.get("/healthz")
    facts = health.json()
    assert (health.status_code, facts["ok"], facts["problem"]) == (503, False, type(failure).__name__)
    assert facts["index"] == str(failure)
    assert facts["queues"]["index"] == {"waiting": 0, "buried": 0}


def test_with_a_fallback_the_search_is_answered_and_health_is_red_all_the_same(
    console: Console, a_mention: Callable[..., Mention], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers are told on the page; who watches the machines is told as well."""
    from tests.web.conftest import Browser

    first = SqliteIndex(console.settings.data_dir / "server.sqlite")
    both = IndexWithFallback(first, console.index)
    both.add_many([a_mention()])
    down(monkeypatch, first, IndexUnavailable("没有回答"))
    browser = Browser(replace(console, index=both))
    answer = browser.get("/search", params={"q": "刹车"})
    assert answer.status_code == 200
    assert "共 1 条" in answer.text
    assert "以下来自内嵌索引" in answer.text
    assert browser.get("/healthz").status_code == 503
    assert both.search(Query()).total == 1
    first.close()
