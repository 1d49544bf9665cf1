"""How the index is, and what is worth doing once a day."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from elasticsearch import ConnectionTimeout, Elasticsearch

from core.errors import IndexMismatch
from index.base import IndexState, Piece
from index.elastic.generations import aliases_of, remove_retired
from index.elastic.naming import Names
from index.elastic.server import check_drift, versions

log = logging.getLogger("tingfeng.index")

#: A past month that changes a little is not merged anew every day: from so many pieces on, or so large a share deleted.
_PIECES, _GONE = 4, 0.1
#: Seconds that merging one month may take before the server is left to do it alone.
_PATIENCE = 3600.0


def state(client: Elasticsearch, names: Names) -> IndexState:
    """Version, months with their mentions and bytes, and what an operator should know."""
    stats = client.indices.stats(index=names.read, metric=["docs", "store"])["indices"]
    pieces = [
        Piece(
            name=index,
            mentions=int(row["primaries"]["docs"]["count"]),
            size=int(row["total"]["store"]["size_in_bytes"]),
        )
        for index, row in sorted(stats.items())
    ]
    months = [piece for piece in pieces if not piece.name.endswith("-base")]
    return IndexState(
        engine=f"Elasticsearch {versions(client)[0]}",
        mentions=sum(piece.mentions for piece in months),
        pieces=tuple(months),
        remarks=tuple(_remarks(client, names)),
    )


def _remarks(client: Elasticsearch, names: Names) -> list[str]:
    found = []
    health = client.cluster.health(index=names.read)
    if health["status"] != "green":
        found.append(f"索引状态为 {health['status']}：{health['unassigned_shards']} 个分片没有分配到节点")
    if health["number_of_nodes"] > 1:
        versions_there = versions(client)
        if len(versions_there) > 1:
            found.append(f"各节点的版本不同：{'、'.join(versions_there)}")
    for index, row in sorted(client.indices.get_settings(index=names.read, name="index.blocks.*").items()):
        blocks = row["settings"].get("index", {}).get("blocks", {})
        if held := [name for name, value in blocks.items() if value == "true"]:
            found.append(f"索引 {index} 被锁定（{'、'.join(sorted(held))}）：磁盘将满时会这样，腾出空间后自行解除")
    try:
        check_drift(client, names.read)
    except IndexMismatch as mismatch:
        found.append(str(mismatch))
    there = aliases_of(client, names)
    beside = {back[0] for index, held in there.items() if (back := names.read_back(index)) and names.read not in held}
    found += [f"有未完成或被替换的一代索引：{generation}" for generation in sorted(beside)]
    return found


def maintain(client: Elasticsearch, names: Names, *, month: str) -> None:
    """Check the mapping, remove what a rebuild left over, merge each past month that lies in many pieces into one."""
    check_drift(client, names.read)
    remove_retired(client, names)
    for index in _scattered(client, names, month):
        try:
            client.options(request_timeout=_PATIENCE).indices.forcemerge(index=index, max_num_segments=1)
        except ConnectionTimeout:
            log.warning("merge_goes_on", extra={"index": index})  # by itself, on the server
            return


def _scattered(client: Elasticsearch, names: Names, month: str) -> list[str]:
    """The indices of past months of which a copy has many pieces, or much that is deleted; the latest first."""
    found = []
    for index, row in client.indices.segments(index=names.read)["indices"].items():
        back = names.read_back(index)
        copies = [list(copy["segments"].values()) for shard in row["shards"].values() for copy in shard]
        if back and back[1] and back[1] < month and any(map(_is_scattered, copies)):
            found.append(index)
    return sorted(found, reverse=True)


def _is_scattered(segments: Sequence[Mapping[str, Any]]) -> bool:
    there = sum(int(segment["num_docs"]) for segment in segments)
    gone = sum(int(segment["deleted_docs"]) for segment in segments)
    return len(segments) > _PIECES or gone > there * _GONE
