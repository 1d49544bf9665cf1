"""What the server says of one item of `_bulk`, and what we make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from core.errors import IndexUnavailable
from index.elastic.client import BUSY, blocked, kind_and_reason


class Outcome(Enum):
    """What became of an item."""

    #: It is there, or a newer one is.
    IN = auto()
    #: It cannot be taken, however often it is sent.
    REFUSED = auto()
    #: Its index does not exist yet.
    MISSING = auto()
    #: Later, the server says.
    BUSY = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome, and the reason in words where there is one."""

    outcome: Outcome
    reason: str = ""


_IN = Answer(Outcome.IN)
#: Errors that come from the document itself, and how we say it.
_REFUSALS = {
    "document_parsing_exception": "字段值与索引的结构冲突",
    "mapper_parsing_exception": "字段值与索引的结构冲突",
    "strict_dynamic_mapping_exception": "索引里没有这个字段",
    "illegal_argument_exception": "服务器不能存储它",
    "x_content_parse_exception": "服务器读不懂它",
    "parsing_exception": "服务器读不懂它",
    "json_parse_exception": "服务器读不懂它",
}


def read_item(answer: Mapping[str, Any]) -> Answer:
    """The outcome of one item. Raise `IndexUnavailable` for what concerns the index and not the item."""
    status = int(answer.get("status", 0))
    if 200 <= status < 300 or status == 409:
        return _IN
    kind, reason = kind_and_reason(answer.get("error"))
    if (refused := blocked(kind, reason)) is not None:
        raise refused
    if kind == "index_not_found_exception":
        return Answer(Outcome.MISSING)
    if "no write index is defined" in reason:
        raise IndexUnavailable(f"写入别名指向了多个索引：{reason}。请运行 tingfeng index rebuild。")
    if kind == "unavailable_shards_exception":
        raise IndexUnavailable(f"Elasticsearch 的索引分片不可用（集群可能为 red）：{reason}。")
    if status in BUSY:
        return Answer(Outcome.BUSY, f"{status} {reason or kind}")
    if status == 413:
        return Answer(Outcome.REFUSED, "太大，服务器不接收")
    if status == 400 and kind in _REFUSALS:
        return Answer(Outcome.REFUSED, f"{_REFUSALS[kind]}（{reason}）")
    raise IndexUnavailable(f"Elasticsearch 没有写入（{status} {kind}）：{reason}。")
