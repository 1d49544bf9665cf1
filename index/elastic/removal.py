"""Mentions out of the server: by id, and by month. Without the by-query interfaces, which not every build has."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from elasticsearch import Elasticsearch

from core.errors import IndexUnavailable
from index.elastic.answers import Outcome, read_item
from index.elastic.generations import aliases_of, remove
from index.elastic.naming import Names, month_ends
from index.elastic.reading import count
from index.elastic.writing import TRIES, pause
from index.rows import chunks


def delete(client: Elasticsearch, names: Names, ids: Sequence[str], *, version: int) -> int:
    """Remove mentions that are not newer than `version` from the index in use; returns how many were there.

    An older one does not bring them back for as long as the server remembers what it deleted (see the template).
    """
    return sum(_delete(client, names, chunk, version) for chunk in chunks(list(dict.fromkeys(ids))))


def _delete(client: Elasticsearch, names: Names, ids: Sequence[str], version: int) -> int:
    removed, left = 0, list(ids)
    for attempt in range(TRIES):
        if attempt:
            time.sleep(pause(attempt))
        client.indices.refresh(index=names.read)
        found = client.search(
            index=names.read,
            query={"ids": {"values": left}},
            size=len(left),
            source=False,
            allow_partial_search_results=False,
        )["hits"]["hits"]
        if not found:
            return removed
        answer = client.bulk(operations=[_deletion(row, version) for row in found])
        said = [item["delete"] for item in answer["items"]]
        removed += len([item for item in said if item["status"] == 200])
        # Not there any more, or newer than what asks for its removal: nothing to do.
        refused = [item for item in said if item["status"] not in (200, 404, 409)]
        busy = [item for item in refused if read_item(item).outcome is Outcome.BUSY]
        if len(busy) < len(refused):
            reason = next(read_item(item).reason for item in refused if item not in busy)
            raise IndexUnavailable(f"{len(refused) - len(busy)} 条提及没有删掉：{reason}")
        left = [str(item["_id"]) for item in busy]
        if not left:
            return removed
    raise IndexUnavailable(f"{len(left)} 条提及没有删掉：服务器一直忙。请稍后再试。")


def _deletion(row: Mapping[str, Any], version: int) -> dict[str, Any]:
    return {
        "delete": {"_index": row["_index"], "_id": row["_id"], "version": version, "version_type": "external_gte"},
    }


def prune(client: Elasticsearch, names: Names, before: datetime) -> int:
    """Drop the months in use that ended before this moment. Returns how many mentions were in them."""
    old = []
    for index, held in aliases_of(client, names).items():
        found = names.read_back(index)
        month = found[1] if found else None
        if month and names.read in held and month_ends(month) <= before:
            old.append(index)
    gone = 0
    for index in old:
        client.indices.refresh(index=index)
        gone += count(client, index)
        remove(client, [index])
    return gone
