"""Mentions out of the server: by id, and by month. Without the by-query interfaces, which not every build has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from elasticsearch import Elasticsearch

from core.errors import IndexUnavailable
from index.elastic.answers import Outcome, read_item
from index.elastic.generations import aliases_of, remove
from index.elastic.naming import Names, month_ends
from index.elastic.reading import count
from index.rows import chunks

_TRIES = 5


def delete(client: Elasticsearch, names: Names, ids: Sequence[str], *, version: int) -> int:
    """Remove mentions from the index in use. What was read before `version` does not come back."""
    return sum(_delete(client, names, chunk, version) for chunk in chunks(list(dict.fromkeys(ids))))


def _delete(client: Elasticsearch, names: Names, ids: Sequence[str], version: int) -> int:
    removed, left = 0, list(ids)
    for _ in range(_TRIES):
        client.indices.refresh(index=names.read)
        found = client.search(
            index=names.read,
            query={"ids": {"values": left}},
            size=len(left),
            version=True,
            source=False,
            allow_partial_search_results=False,
        )["hits"]["hits"]
        if not found:
            return removed
        answer = client.bulk(
            operations=[
                {
                    "delete": {
                        "_index": row["_index"],
                        "_id": row["_id"],
                        # A clock that runs ahead may have written it: it goes all the same.
                        "version": max(version, row["_version"]),
                        "version_type": "external_gte",
                    }
                }
                for row in found
            ]
        )
        left = []
        for row, item in zip(found, answer["items"], strict=True):
            status = item["delete"]["status"]
            if status == 409 or (status != 404 and read_item(item["delete"]).outcome is Outcome.BUSY):
                left.append(row["_id"])
            elif status == 200:
                removed += 1
        if not left:
            return removed
    raise IndexUnavailable(f"{len(left)} 条提及没有删掉：它们正被改写，或服务器正忙。请稍后再试。")


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
