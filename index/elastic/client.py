"""The connection to the server, and what its failures mean: everything comes out as one readable Chinese sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import elasticsearch
from elasticsearch import (
    ApiError,
    AuthenticationException,
    AuthorizationException,
    ConnectionTimeout,
    Elasticsearch,
    SerializationError,
    SSLError,
    TransportError,
    UnsupportedProductError,
)
from elasticsearch import ConnectionError as NoConnection

from core.errors import IndexMismatch, IndexTrouble, IndexUnavailable
from core.settings import ElasticsearchSettings

#: The client speaks the protocol of its own major version only.
MAJOR: int = elasticsearch.__version__[0]
#: What a busy or restarting server answers.
BUSY = frozenset({429, 502, 503, 504})
#: The index is red: of some of its shards there is no copy.
_SHARDS_GONE = frozenset(
    {"no_shard_available_action_exception", "search_phase_execution_exception", "unavailable_shards_exception"}
)
#: Of a server's own words this much is shown: they may quote the document.
_SHOWN = 200


def connect(settings: ElasticsearchSettings) -> Elasticsearch:
    """A client with a pool of connections; nothing is sent yet. It tries the next node when one does not answer.

    A request that timed out is not sent again: the server may still be busy with it.
    """
    who: dict[str, Any] = {}
    if settings.api_key is not None:
        who["api_key"] = settings.api_key.reveal()
    elif settings.user:
        who["basic_auth"] = (settings.user, settings.password.reveal() if settings.password else "")
    if settings.ca_file:
        if any(host.startswith("http://") for host in settings.hosts):
            raise IndexMismatch(
                f"[elasticsearch] 设置了 ca_file，而 hosts（{shown_hosts(settings)}）里有不加密的 http:// 网址。"
                "请改为 https://，或去掉 ca_file。"
            )
        who["ca_certs"] = settings.ca_file
    try:
        return Elasticsearch(
            list(settings.hosts),
            request_timeout=settings.timeout.total_seconds(),
            max_retries=3,
            retry_on_status=(),
            retry_on_timeout=False,
            dead_node_backoff_factor=1.0,
            max_dead_node_backoff=30.0,
            **who,
        )
    except OSError as unreadable:  # ssl.SSLError is one
        raise IndexMismatch(
            f"[elasticsearch] ca_file 读不出证书：{settings.ca_file}（{type(unreadable).__name__}）。"
            "请填写签发服务器证书的机构的 PEM 文件。"
        ) from unreadable


def shown_hosts(settings: ElasticsearchSettings) -> str:
    """The addresses for a message, without what may stand before an @."""
    found = (urlsplit(host) for host in settings.hosts)
    return "、".join(f"{one.scheme}://{one.netloc.rpartition('@')[2]}" for one in found)


@contextmanager
def speaking(hosts: str) -> Iterator[None]:
    """Turn every failure of the client or the server into an `IndexTrouble`."""
    try:
        yield
    except (ApiError, TransportError) as failure:
        raise trouble(failure, hosts) from failure


def trouble(failure: ApiError | TransportError, hosts: str) -> IndexTrouble:
    """What a failure means for us."""
    if isinstance(failure, ApiError):
        return _answered(failure, hosts)
    if isinstance(failure, ConnectionTimeout):
        return IndexUnavailable(f"Elasticsearch（{hosts}）没有在限定时间内回答。可调大 [elasticsearch] timeout。")
    if isinstance(failure, SSLError):
        return IndexUnavailable(
            f"与 Elasticsearch（{hosts}）建立加密连接失败：{_cause(failure)}。请检查 [elasticsearch] ca_file 与网址。"
        )
    if isinstance(failure, NoConnection):
        return IndexUnavailable(f"连接不上 Elasticsearch（{hosts}）：{_cause(failure)}。")
    if isinstance(failure, SerializationError):
        return IndexUnavailable(f"{hosts} 的回答无法读取，它可能不是 Elasticsearch，或中间有代理。")
    return IndexUnavailable(f"与 Elasticsearch（{hosts}）通信失败：{type(failure).__name__}。")


def kind_and_reason(error: object) -> tuple[str, str]:
    """Type and words of an error in the server's answer; of a search that failed, those of its first shard."""
    if not isinstance(error, Mapping):
        return "", str(error or "")[:_SHOWN]
    root, cause = error.get("root_cause") or [], error.get("caused_by")
    first = root[0] if root and isinstance(root[0], Mapping) else cause if isinstance(cause, Mapping) else {}
    kind = str(error.get("type") or "")
    reason = str(error.get("reason") or first.get("reason") or "")
    if kind == "search_phase_execution_exception" and first.get("type"):
        kind, reason = str(first["type"]), str(first.get("reason") or reason)
    # Behind this the server quotes the documents.
    return kind, " ".join(reason.partition(", request: [")[0].split())[:_SHOWN]


def blocked(kind: str, reason: str) -> IndexUnavailable | None:
    """Where the server refuses to write for the sake of its disk: that, by name."""
    if kind != "cluster_block_exception":
        return None
    if "flood-stage" in reason or "read-only-allow-delete" in reason or "read-only / allow delete" in reason:
        return IndexUnavailable(
            f"Elasticsearch 的磁盘将满，索引被设为只读（{reason}）。请腾出磁盘空间；空间足够后它自行解除。"
        )
    return IndexUnavailable(f"Elasticsearch 拒绝写入，索引或集群被锁定（{reason}）。")


def _answered(failure: ApiError, hosts: str) -> IndexTrouble:
    """What an answer other than 2xx means."""
    status = failure.meta.status
    body = failure.body if isinstance(failure.body, Mapping) else {}
    kind, reason = kind_and_reason(body.get("error"))
    if isinstance(failure, UnsupportedProductError):
        return IndexMismatch(f"{hosts} 不是 Elasticsearch（回答里没有它的标识）。请检查 [elasticsearch] hosts。")
    if kind == "media_type_header_exception" or status == 406:
        return IndexMismatch(
            f"{hosts} 不认识 {MAJOR}.x 客户端的格式，多半是旧版本的服务器。请把 Elasticsearch 升级到 {MAJOR}.x。"
        )
    if isinstance(failure, AuthenticationException):
        return IndexUnavailable(
            f"Elasticsearch（{hosts}）不接受我们的身份（401）：{reason or kind}。"
            "请检查 [elasticsearch] 的 user 与 password，或 api_key。"
        )
    if (refused := blocked(kind, reason)) is not None:
        return refused
    if isinstance(failure, AuthorizationException):
        return IndexUnavailable(f"Elasticsearch（{hosts}）不允许这个用户这样做（403）：{reason or kind}。")
    if kind in _SHARDS_GONE:
        return IndexUnavailable(f"Elasticsearch（{hosts}）的部分索引分片不可用（集群可能为 red）：{reason or kind}。")
    if status in BUSY:
        return IndexUnavailable(f"Elasticsearch（{hosts}）正忙或正在启动（{status}）：{reason or kind}。")
    if status == 404 and kind == "index_not_found_exception":
        return IndexMismatch(f"Elasticsearch（{hosts}）里找不到索引：{reason}。请运行 tingfeng index rebuild。")
    return IndexTrouble(f"Elasticsearch（{hosts}）回答了错误 {status}：{kind} {reason}".rstrip() + "。")


def _cause(failure: TransportError) -> str:
    """The innermost cause in few words; never its own words, which may hold addresses with credentials."""
    inner: Exception = failure
    while isinstance(inner, TransportError) and inner.errors:
        inner = inner.errors[0]
    said = str(inner)
    return next((words for sign, words in _CAUSES if sign in said), type(inner).__name__)


_CAUSES = (
    ("Connection refused", "没有程序在那里监听"),
    ("Name or service not known", "不认识这个主机名"),
    ("Temporary failure in name resolution", "域名暂时无法解析"),
    ("No route to host", "网络不通"),
    ("Network is unreachable", "网络不通"),
    ("self-signed certificate", "证书由未知的机构签发"),
    ("unable to get local issuer", "证书由未知的机构签发"),
    ("certificate has expired", "证书已过期"),
    ("Hostname mismatch", "证书不是发给这个主机的"),
    ("doesn't match", "证书不是发给这个主机的"),
    ("WRONG_VERSION_NUMBER", "那里说的不是 https"),
    ("reset by peer", "连接被对方断开"),
    ("Connection aborted", "连接被对方断开"),
    ("RemoteDisconnected", "连接被对方断开"),
)
