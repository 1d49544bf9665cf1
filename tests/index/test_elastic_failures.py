"""What a server's failures mean to a reader. The answers are a real server's of version 9.3.2, word for word."""

from __future__ import annotations

import socket
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from elastic_transport import ConnectionTimeout, TlsError, TransportError
from elasticsearch import ConnectionError as NoConnection
from pydantic import ValidationError

from core.errors import IndexMismatch, IndexTrouble, IndexUnavailable
from core.secret import Secret
from core.settings import ElasticsearchSettings
from index.base import Query
from index.elastic import ElasticIndex
from index.elastic.client import connect, kind_and_reason, shown_hosts, speaking
from index.elastic.reading import search
from tests.index.elastic_node import Node, Said

MISSING_SHARDS = {
    "error": {
        "root_cause": [],
        "type": "search_phase_execution_exception",
        "reason": "",
        "phase": "query",
        "grouped": True,
        "failed_shards": [],
        "caused_by": {
            "type": "search_phase_execution_exception",
            "reason": "Search rejected due to missing shards [[t-m-first-2026-02][0]]. Consider using "
            "`allow_partial_search_results` setting to bypass this error.",
            "phase": "query",
            "grouped": True,
            "failed_shards": [],
        },
    },
    "status": 503,
}
NO_SHARD = {
    "error": {
        "root_cause": [{"type": "no_shard_available_action_exception", "reason": None}],
        "type": "search_phase_execution_exception",
        "reason": "all shards failed",
        "phase": "query",
        "grouped": True,
        "failed_shards": [
            {"shard": 0, "index": "red-1", "node": None,
             "reason": {"type": "no_shard_available_action_exception", "reason": None}}
        ],
    },
    "status": 503,
}  # fmt: skip
NO_INDEX = {
    "error": {
        "root_cause": [{"type": "index_not_found_exception", "reason": "no such index [t-mentions]"}],
        "type": "index_not_found_exception",
        "reason": "no such index [t-mentions]",
    },
    "status": 404,
}


def whole(**changes: Any) -> dict[str, Any]:
    return {"_shards": {"failed": 0}, "timed_out": False, "hits": {"total": {"value": 0}, "hits": []}, **changes}


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ((503, MISSING_SHARDS), IndexUnavailable,
         r"分片不可用（集群可能为 red）：Search rejected due to missing shards"),
        ((503, NO_SHARD), IndexUnavailable, "分片不可用"),
        ((404, NO_INDEX), IndexMismatch, r"找不到索引：no such index \[t-mentions\]。请运行 tingfeng index rebuild"),
        ((429, {"error": {"type": "circuit_breaking_exception", "reason": "Data too large"}}), IndexUnavailable,
         "正忙或正在启动（429）：Data too large"),
        ((500, {"error": {"type": "io_exception", "reason": "disk"}}), IndexTrouble,
         "回答了错误 500：io_exception disk"),
        ((200, whole(_shards={"failed": 3})), IndexUnavailable, "只查了一部分（3 个分片没有回答）"),
        ((200, whole(timed_out=True)), IndexUnavailable, "只查了一部分（没有在限定时间内查完）"),
        (NoConnection("x", errors=(OSError("[Errno 111] Connection refused"),)), IndexUnavailable,
         "没有程序在那里监听"),
        (NoConnection("x", errors=(OSError("odd words with sesam-712"),)), IndexUnavailable, "连接不上.*OSError"),
        (TlsError("x", errors=(OSError("certificate verify failed: certificate has expired"),)), IndexUnavailable,
         "加密连接失败：证书已过期"),
        (ConnectionTimeout("x"), IndexUnavailable, "没有在限定时间内回答"),
    ],
)  # fmt: skip
def test_every_failure_is_one_sentence(said: Said | TransportError, kind: type[IndexTrouble], words: str) -> None:
    """Which server, what is wrong, what to do; of an answer that is not the whole nothing is used."""
    node = Node(lambda *_: said)
    with pytest.raises(IndexTrouble, match=words) as trouble, speaking("http://es:9200"):
        search(node.client(), "t-mentions", Query(), timeout=5)
    assert type(trouble.value) is kind
    assert "sesam" not in str(trouble.value)


def test_a_search_waits_for_a_busy_server_but_not_for_a_silent_one() -> None:
    """It is asked again where it says that it is busy; one that did not answer in time is not burdened anew."""
    for said, times in (((429, {}), 3), (ConnectionTimeout("x"), 1)):
        node = Node(lambda *_, said=said: said)
        with pytest.raises(IndexUnavailable), speaking("es"):
            search(node.client(), "t-mentions", Query(), timeout=5)
        assert len(node.asked) == times


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (None, ("", "")),
        ("plain words", ("", "plain words")),
        ({"type": "a", "reason": "b\n  c"}, ("a", "b c")),
        ({"type": "a"}, ("a", "")),
        ({"type": "a", "caused_by": {"type": "b", "reason": "c"}}, ("a", "c")),
        ({"type": "a", "reason": "x" * 999}, ("a", "x" * 200)),
        ({"type": "a", "reason": "not active, request: [source[{secret}]]"}, ("a", "not active")),
        ({"type": "a", "root_cause": ["odd"], "reason": None}, ("a", "")),
    ],
)
def test_the_words_of_the_server_are_short_and_quote_no_document(error: object, found: tuple[str, str]) -> None:
    """Whatever form an error has."""
    assert kind_and_reason(error) == found


def settings(**values: Any) -> ElasticsearchSettings:
    return ElasticsearchSettings(**values)


@pytest.mark.parametrize("who", [{"user": "u", "password": Secret("sesam-712")}, {"api_key": Secret("sesam-712")}])
def test_no_secret_is_shown(who: dict[str, Any]) -> None:
    """Neither by the index, its settings, its client nor a traceback through them."""
    index = ElasticIndex(settings(hosts=("http://127.0.0.1:9",), **who))
    client = connect(index.settings)
    with pytest.raises(IndexUnavailable) as trouble:
        index.count()
    told = "".join(traceback.format_exception(trouble.value)) + repr((index, index.settings, client, vars(index)))
    assert "sesam" not in told
    assert "c2VzYW0" not in told
    client.close()
    index.close()


def test_hosts_are_shown_without_who_asks() -> None:
    """An address with a name and a password in it is refused by the settings; if it gets through, it is not shown."""
    try:
        given = settings(hosts=("https://u:sesam-712@es1:9200",))
    except ValidationError:
        given = settings().model_copy(update={"hosts": ("https://u:sesam-712@es1:9200", "http://es2")})
    assert "sesam" not in shown_hosts(given)
    assert "https://es1:9200" in shown_hosts(given)


def test_a_closed_index_can_be_used_again() -> None:
    """Closing gives back connections, nothing more."""
    index = ElasticIndex(settings(hosts=("http://127.0.0.1:9",)))
    for _ in range(2):
        with pytest.raises(IndexUnavailable):
            index.count()
        index.close()


def test_searches_do_not_wait_for_one_another_behind_a_silent_server() -> None:
    """A server that takes connections and never answers has the first requests of all searches at once."""
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(3) as searchers:
        silent.settimeout(20)
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        index = ElasticIndex(ElasticsearchSettings(hosts=(address,), timeout=timedelta(seconds=60)))
        asked = [searchers.submit(index.search, Query()) for _ in range(3)]
        taken: list[socket.socket] = []
        try:
            while len(taken) < len(asked):
                taken.append(silent.accept()[0])  # TimeoutError: one of them waits for another
        finally:
            silent.close()
            for connection in taken:
                connection.close()
        assert [type(one.exception()) for one in asked] == [IndexUnavailable] * 3
    index.close()
