"""A query's search text and filters as one tree: what every adapter translates, so that none forgets a filter."""

from __future__ import annotations

from index.base import All, AnyOf, Between, FieldIs, Node, Not, Query, Within


def whole_tree(query: Query) -> Node | None:
    """Everything that decides whether a mention is a hit; `None` where every mention is."""
    nodes: list[Node] = [query.where] if query.where else []
    filters = {
        "grade": query.grades,
        "channel": query.channels,
        "subject": query.subjects,
        "category": query.categories,
    }
    nodes += [AnyOf(tuple(FieldIs(name, value) for value in values)) for name, values in filters.items() if values]
    if query.since is not None or query.until is not None:
        nodes.append(Within(since=query.since, until=query.until))
    if query.min_risk is not None:
        nodes.append(Between("risk", low=query.min_risk))
    if query.min_negative is not None:
        nodes.append(Between("negative", low=query.min_negative))
    return simplified(All(tuple(nodes))) if nodes else None


def simplified(node: Node) -> Node:
    """The same matches with fewer nodes: groups of one and double negations undone, groups in groups joined."""
    match node:
        case Not(inner):
            plain = simplified(inner)
            return plain.node if isinstance(plain, Not) else Not(plain)
        case All(nodes):
            parts = [simplified(inner) for inner in nodes]
            flat = [one for part in parts for one in (part.nodes if isinstance(part, All) else (part,))]
            unique = tuple(dict.fromkeys(flat))
            return unique[0] if len(unique) == 1 else All(unique)
        case AnyOf(nodes):
            parts = [simplified(inner) for inner in nodes]
            flat = [one for part in parts for one in (part.nodes if isinstance(part, AnyOf) else (part,))]
            unique = tuple(dict.fromkeys(flat))
            return unique[0] if len(unique) == 1 else AnyOf(unique)
        case _:
            return node
