"""Searches and counts: requests, and what the answers mean."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

import orjson
from elasticsearch import Elasticsearch

from core.errors import IndexUnavailable
from index.base import Facet, Hit, Page, Query, Sort
from index.bodies import mention_of_body
from index.cursor import read_cursor, write_cursor
from index.elastic.client import BUSY
from index.elastic.query import Clause, matching, order, ranked
from index.highlight import highlight

#: The server gives no more in one answer.
_WINDOW = 10_000
#: Values a shard is asked for at first, and at most; more are asked for where counts might not be exact.
_MOST_VALUES = 1_000_000
_FIELDS: dict[Facet, str] = {"store": "subject"}


def search(client: Elasticsearch, index: str, query: Query, *, timeout: float) -> Page:
    """One page of hits, with the exact total."""
    scored = ranked(query) if query.sort == "relevance" else None
    sort: Sort = "time" if query.sort == "relevance" and scored is None else query.sort
    clause = scored or matching(query)
    after = read_cursor(query.after, sort, len(order(sort))) if query.after else None
    wished, rows, total = max(1, query.limit), list[Mapping[str, Any]](), 0
    while True:
        size = min(wished + 1 - len(rows), _WINDOW)
        answer = _asked(
            client,
            index,
            timeout,
            query=clause,
            sort=order(sort),
            size=size,
            search_after=after,
            source=["mention"],
            # Every month's words weigh alike: scores of one month alone would not compare.
            search_type="dfs_query_then_fetch" if sort == "relevance" else None,
            # Counted once, with the first piece.
            track_total_hits=not rows,
        )
        found = answer["hits"]["hits"]
        total = total or int(answer["hits"]["total"]["value"])
        rows += found
        if len(rows) > wished or len(found) < size:
            break
        after = found[-1]["sort"]
    hits = tuple(_hit(row, query, sort) for row in rows[:wished])
    more = len(rows) > wished
    return Page(hits=hits, total=total, next=write_cursor(sort, *rows[wished - 1]["sort"]) if more else None)


def count_by(
    client: Elasticsearch,
    index: str,
    query: Query,
    facet: Facet,
    *,
    limit: int,
    stores: Collection[str],
    timeout: float,
) -> dict[str, int]:
    """How many mentions each value has, most first, then by value; exact, however many shards there are."""
    terms: dict[str, Any] = {"field": _FIELDS.get(facet, facet), "size": limit}
    if facet == "store":
        if not stores:
            return {}
        terms["include"] = sorted(stores)
    asked = limit + 100
    while True:
        answer = _asked(
            client,
            index,
            timeout,
            query=matching(query),
            size=0,
            track_total_hits=False,
            aggregations={"values": {"terms": {**terms, "shard_size": asked}}},
        )
        found = answer["aggregations"]["values"]
        if not found["doc_count_error_upper_bound"] or asked >= _MOST_VALUES:
            return {row["key"]: row["doc_count"] for row in found["buckets"]}
        # A value may be rare on one shard and frequent on another: then its count lacks a part.
        asked *= 10


def count(client: Elasticsearch, index: str) -> int:
    """How many mentions are in."""
    answer = client.count(index=index)
    _whole(answer.body)
    return int(answer["count"])


def _asked(client: Elasticsearch, index: str, timeout: float, **body: Any) -> Mapping[str, Any]:
    """The answer to a search of the whole index; never one of a part of it."""
    clause: Clause = body["query"]
    answer = client.options(max_retries=2, retry_on_status=sorted(BUSY), retry_backoff_base=0.1).search(
        index=index,
        allow_partial_search_results=False,
        # One query is always answered by the same copies: their scores differ by what each has deleted.
        preference=hashlib.sha256(orjson.dumps(clause)).hexdigest()[:16],
        timeout=f"{max(1, round(timeout * 1000))}ms",
        **{name: value for name, value in body.items() if value is not None},
    )
    _whole(answer.body)
    found: Mapping[str, Any] = answer.body
    return found


def _whole(answer: Mapping[str, Any]) -> None:
    failed = int(answer["_shards"]["failed"])
    if failed or answer.get("timed_out"):
        why = f"{failed} 个分片没有回答" if failed else "没有在限定时间内查完"
        raise IndexUnavailable(f"Elasticsearch 只查了一部分（{why}），结果不可信，请稍后再试。")


def _hit(row: Mapping[str, Any], query: Query, sort: Sort) -> Hit:
    mention = mention_of_body(row["_source"]["mention"])
    return Hit(
        mention=mention,
        highlight=highlight(mention.post, query.where),
        score=float(row["sort"][0]) if sort == "relevance" else None,
    )
