"""Filters that pages and commands offer beside the search text and that `Query` has no field for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.base import All, AnyOf, FieldIs, Node, Query, Term


def narrowed(
    query: Query,
    *,
    stores: Sequence[str] = (),
    sources: Sequence[str] = (),
    sites: Sequence[str] = (),
    events: Sequence[str] = (),
    evidence: bool = False,
) -> Query:
    """The query with these conditions as well: of each kind any of the values; with `evidence` only proven mentions.

    A store is a subject; which subjects are stores does not matter for finding them.
    """
    wanted = {"subject": stores, "source": sources, "site": sites, "event": events, "has": ["evidence"] * evidence}
    nodes = [_any_of(name, values) for name, values in wanted.items() if values]
    return replace(query, where=both(query.where, *nodes))


def both(*nodes: Node | None) -> Node | None:
    """Every one of these; `None` is the blank search."""
    parts = [one for node in nodes if node for one in (node.nodes if isinstance(node, All) else (node,))]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def is_plain(node: Node | None) -> bool:
    """Whether a search text means what it looks like: words that must all be there, and nothing else."""
    return node is None or isinstance(node, Term) or (isinstance(node, All) and all(map(is_plain, node.nodes)))


def _any_of(name: str, values: Sequence[str]) -> Node:
    fields = tuple(FieldIs(name, value) for value in dict.fromkeys(values))
    return fields[0] if len(fields) == 1 else AnyOf(fields)
