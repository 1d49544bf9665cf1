"""A query as the server's search language.

Text that people typed reaches the server only as tokens of letters, digits and ideographs, field values only as
hashes, and none of it in a place that is parsed: so no search text can be syntax.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from analysis.tokens import search_words
from index.base import All, AnyOf, Between, FieldIs, Node, Not, Query, Sort, Term, Within
from index.elastic.documents import tag
from index.exact import phrase, wished_phrases
from index.rownumber import milliseconds
from index.tree import whole_tree

Clause = dict[str, Any]

_EVERYTHING: Clause = {"match_all": {}}
_NOTHING: Clause = {"match_none": {}}
#: Words beyond these add nothing to the order of hits.
_MAX_WORDS = 32
#: Words are rarer than their characters and weigh more, as in the embedded index.
_WORD_WEIGHT = 2.0

_ORDERS: dict[Sort, list[dict[str, str]]] = {
    "time": [{"when": "desc"}, {"tie": "desc"}],
    "risk": [{"risk": "desc"}, {"when": "desc"}, {"tie": "desc"}],
    "relevance": [{"_score": "desc"}, {"when": "desc"}, {"tie": "desc"}],
}


def order(sort: Sort) -> list[dict[str, str]]:
    """By which fields hits of this sort are ordered; `when` and `tie` make it total."""
    return _ORDERS[sort]


def matching(query: Query) -> Clause:
    """What matches, without a score."""
    tree = whole_tree(query)
    return _every([_positive(tree)]) if tree is not None else _EVERYTHING


def ranked(query: Query) -> Clause | None:
    """The same matches, scored by how much they are about the search text; `None` where it has no term."""
    phrases = list(dict.fromkeys(map(tuple, filter(None, wished_phrases(query.where)))))
    words = list(dict.fromkeys(word for tokens in phrases for word in search_words("".join(tokens))))[:_MAX_WORDS]
    if not words:
        return None
    weighed = [_phrase(tokens) for tokens in phrases[:_MAX_WORDS]]
    weighed += [{"term": {"words": {"value": word, "boost": _WORD_WEIGHT}}} for word in words]
    return {"bool": {"filter": [matching(query)], "should": weighed}}


def _positive(node: Node) -> Clause:
    """What matches a node. Negations are pushed down to what they negate, so that groups nest no deeper than typed."""
    match node:
        case Term(text):
            return _phrase(phrase(text))
        case FieldIs(name, value):
            return {"term": {"tags": tag(name, value)}}
        case Between():
            return _between(node)
        case Within():
            return _within(node)
        case Not(inner):
            return _negative(inner)
        case All(nodes):
            return _every(_positive(one) for one in nodes)
        case AnyOf(nodes):
            return _any(_positive(one) for one in nodes)


def _negative(node: Node) -> Clause:
    """What matches everything that the node does not."""
    match node:
        case Not(inner):
            return _positive(inner)
        case All(nodes):
            return _any(_negative(one) for one in nodes)
        case AnyOf(nodes):
            return _every(_negative(one) for one in nodes)
        case _:
            return {"bool": {"must_not": [_positive(node)]}}


def _every(clauses: Iterable[Clause]) -> Clause:
    """All of the clauses; those that are groups of the same kind are taken in."""
    groups = [_group(clause) for clause in clauses]
    wanted = [one for group in groups for one in group.get("filter", ())]
    unwanted = [one for group in groups for one in group.get("must_not", ())]
    if _NOTHING in wanted:
        return _NOTHING
    return {"bool": {key: found for key, found in (("filter", wanted), ("must_not", unwanted)) if found}}


def _group(clause: Clause) -> Clause:
    """The inside of a group of all its parts; any other clause as a group of one."""
    inside: Clause = clause.get("bool", {})
    return inside if "filter" in inside or "must_not" in inside else {"filter": [clause]}


def _any(clauses: Iterable[Clause]) -> Clause:
    """At least one of the clauses; lookups of tags are one lookup."""
    parts: list[Clause] = []
    tags: list[str] = []
    for clause in clauses:
        found = clause.get("term", {}).get("tags")
        if found is not None:
            tags.append(found)
        elif (inside := clause.get("bool", {})).get("should"):
            parts += inside["should"]
        else:
            parts.append(clause)
    if tags:
        parts.append({"terms": {"tags": tags}} if len(tags) > 1 else {"term": {"tags": tags[0]}})
    return parts[0] if len(parts) == 1 else {"bool": {"should": parts, "minimum_should_match": 1}}


def _phrase(tokens: Iterable[str]) -> Clause:
    found = list(tokens)
    if len(found) < 2:
        return {"term": {"chars": found[0]}} if found else _NOTHING
    return {"match_phrase": {"chars": " ".join(found)}}


def _between(node: Between) -> Clause:
    bounds: Clause = {}
    if node.low is not None:
        bounds["gte" if node.low_in else "gt"] = node.low
    if node.high is not None:
        bounds["lte" if node.high_in else "lt"] = node.high
    return {"range": {node.name: bounds}} if bounds else _EVERYTHING


def _within(node: Within) -> Clause:
    bounds: Clause = {}
    if node.since is not None:
        bounds["gte"] = milliseconds(node.since)
    if node.until is not None:
        bounds["lt"] = milliseconds(node.until)
    return {"range": {"when": bounds}} if bounds else _EVERYTHING
