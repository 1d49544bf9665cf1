"""How the index is, and what is worth doing once a day."""

from __future__ import annotations

from elasticsearch import Elasticsearch

from core.errors import IndexMismatch
from index.base import IndexState, Piece
from index.elastic.generations import aliases_of, remove_retired
from index.elastic.naming import Names
from index.elastic.server import check_drift, versions

#: Past months merged in one go: each may take the disk of its whole size for a while.
_MERGED = 3


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
    """Check the mapping, remove what a rebuild left over, merge past months into one piece."""
    check_drift(client, names.read)
    remove_retired(client, names)
    merged = 0
    segments = client.indices.segments(index=names.read)["indices"]
    for index, row in sorted(segments.items(), reverse=True):
        found = names.read_back(index)
        if not found or not found[1] or found[1] >= month or merged == _MERGED:
            continue
        pieces = [len(copy["segments"]) for copies in row["shards"].values() for copy in copies]
        if max(pieces, default=0) > 1:
            # Not waited for: the server goes on by itself, and a large month takes longer than a request may.
            client.indices.forcemerge(index=index, max_num_segments=1, wait_for_completion=False)
            merged += 1
