"""The tree of a query as the server's search language, without a server."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import QuerySyntaxError
from index.base import All, AnyOf, Between, FieldIs, Node, Not, Query, Term, Within
from index.elastic.documents import tag
from index.elastic.query import matching, order, ranked
from index.query import parse

NOON = datetime(2026, 3, 15, 12, 0, 0, 250_999, tzinfo=UTC)
MILLIS = 1773576000250
CAR, SHOP = Term("车"), Term("店")
CAR_FOUND, SHOP_FOUND = {"term": {"chars": "车"}}, {"term": {"chars": "店"}}


def filtered(*clauses: dict[str, Any]) -> dict[str, Any]:
    return {"bool": {"filter": list(clauses)}}


@pytest.mark.parametrize(
    ("node", "clause"),
    [
        (CAR, filtered(CAR_FOUND)),
        (Term("４Ｓ店 异响！"), filtered({"match_phrase": {"chars": "4s 店 异 响"}})),
        (Term("！？"), {"match_none": {}}),
        (Not(Term("")), {"bool": {"must_not": [{"match_none": {}}]}}),
        (FieldIs("author", "李先生"), filtered({"term": {"tags": tag("author", "李先生")}})),
        (Between("risk", low=30), filtered({"range": {"risk": {"gte": 30}}})),
        (Between("negative", low=0.2, high=0.8, low_in=False, high_in=False),
         filtered({"range": {"negative": {"gt": 0.2, "lt": 0.8}}})),
        (Between("risk", low=1, high=2), filtered({"range": {"risk": {"gte": 1, "lte": 2}}})),
        (Between("risk"), filtered({"match_all": {}})),
        (Within(since=NOON), filtered({"range": {"when": {"gte": MILLIS}}})),
        (Within(until=NOON), filtered({"range": {"when": {"lt": MILLIS}}})),
        (Within(), filtered({"match_all": {}})),
        (Not(CAR), {"bool": {"must_not": [CAR_FOUND]}}),
        (Not(Not(CAR)), filtered(CAR_FOUND)),
        (All((CAR, SHOP)), filtered(CAR_FOUND, SHOP_FOUND)),
        (All((CAR, Not(SHOP))), {"bool": {"filter": [CAR_FOUND], "must_not": [SHOP_FOUND]}}),
        (All((CAR, Term("！"))), {"match_none": {}}),
        (Not(AnyOf((CAR, SHOP))), {"bool": {"must_not": [CAR_FOUND, SHOP_FOUND]}}),
        (AnyOf((CAR, SHOP)), filtered({"bool": {"should": [CAR_FOUND, SHOP_FOUND], "minimum_should_match": 1}})),
        (AnyOf((FieldIs("grade", "A"), FieldIs("grade", "b"))),
         filtered({"terms": {"tags": [tag("grade", "A"), tag("grade", "B")]}})),
    ],
)  # fmt: skip
def test_what_a_node_becomes(node: Node, clause: dict[str, Any]) -> None:
    """Terms are characters side by side, fields are hashes, ranges are bounds, groups are flat."""
    assert matching(Query(where=node)) == clause


def test_no_query_matches_everything() -> None:
    """An empty search box."""
    assert matching(Query()) == {"match_all": {}}


def test_filters_stand_beside_the_text() -> None:
    """Every filter of the query is in what is asked."""
    query = Query(where=CAR, grades=("A",), min_risk=5, min_negative=0.5, since=NOON)
    assert matching(query) == filtered(
        CAR_FOUND,
        {"term": {"tags": tag("grade", "A")}},
        {"range": {"when": {"gte": MILLIS}}},
        {"range": {"risk": {"gte": 5}}},
        {"range": {"negative": {"gte": 0.5}}},
    )


def test_relevance_scores_phrases_and_words_and_changes_no_match() -> None:
    """What counts for the order never decides what is found: it stands beside the same filter."""
    query = Query(where=All((Term("刹车失灵"), Not(Term("广告")))), sort="relevance")
    clause = ranked(query)
    assert clause is not None
    assert clause["bool"]["filter"] == [matching(query)]
    assert "minimum_should_match" not in clause["bool"]
    scored = json.dumps(clause["bool"]["should"], ensure_ascii=False)
    assert '{"match_phrase": {"chars": "刹 车 失 灵"}}' in scored
    assert '"刹车"' in scored
    assert "广" not in scored


@pytest.mark.parametrize("node", [None, Term("！"), FieldIs("grade", "A"), Not(CAR), Within(since=NOON)])
def test_without_a_wanted_term_there_is_no_relevance(node: Node | None) -> None:
    """Fields and exclusions say nothing about how much a text is about something."""
    assert ranked(Query(where=node, sort="relevance")) is None


@pytest.mark.parametrize("sort", ["time", "risk", "relevance"])
def test_every_order_is_total(sort: Any) -> None:
    """Each ends with the moment and the id, newest first."""
    assert order(sort)[-2:] == [{"when": "desc"}, {"tie": "desc"}]


@pytest.mark.parametrize(
    "hostile", ["\"} ] , match_all", "chars:* OR 1=1", "_exists_:mention", "*", "a\\", "\u0000", "{\"script\":{}}"]
)  # fmt: skip
def test_a_text_is_never_syntax(hostile: str) -> None:
    """Only letters, digits and ideographs of a search text reach the server, and of a field's value only a hash."""
    asked = json.dumps(matching(Query(where=AnyOf((Term(hostile), FieldIs("author", hostile))))), ensure_ascii=False)
    for kind in ("query_string", "script", "wildcard", "regexp", "_exists_", "*", "\\u0000"):
        assert kind not in asked.replace('"chars": "script"', "")


def deepest(clause: object) -> int:
    """How many groups stand in one another."""
    if isinstance(clause, dict):
        return max((deepest(value) + (key == "bool") for key, value in clause.items()), default=0)
    return max(map(deepest, clause), default=0) if isinstance(clause, list) else 0


def nested(depth: int) -> Node:
    """The worst a search text can be: a group in a negation in a group, as deep as the language allows."""
    node: Node = CAR
    for level in range(depth):
        node = Not(AnyOf((Term(f"甲{level}"), node))) if level % 2 else All((Term(f"乙{level}"), Not(node)))
    return node


@pytest.mark.parametrize("group", ["(甲 乙 OR 丙 ", "(甲 OR 乙 -丙 ", "(甲 OR 乙 "])
def test_the_deepest_text_stays_below_the_limit_of_the_server(group: str) -> None:
    """indices.query.bool.max_nested_depth is 30: no text that the language reads needs more, filters and order in."""
    texts = [group * levels + "等级:A,B" + ")" * levels for levels in range(30)]
    read = []
    for text in texts:
        with suppress(QuerySyntaxError):
            read.append(parse(text, now=NOON, zone=ZoneInfo("Asia/Shanghai")))
    assert len(read) >= 12
    assert all(deepest(ranked(Query(where=one, sort="relevance", grades=("A", "B"), min_risk=1))) <= 28 for one in read)


@pytest.mark.parametrize("depth", [10, 24])
def test_a_negation_of_a_group_costs_one_level(depth: int) -> None:
    """Negations are pushed down: groups in negations in groups nest no deeper than the groups."""
    assert deepest(ranked(Query(where=nested(depth), sort="relevance", grades=("A", "B"), min_risk=1))) <= depth + 4


def trees() -> st.SearchStrategy[Node]:
    leaves: st.SearchStrategy[Node] = st.one_of(
        st.sampled_from([CAR, SHOP, Term("！"), Term("刹车"), FieldIs("grade", "A"), Between("risk", low=3), Within()])
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=1, max_size=3).map(lambda nodes: All(tuple(nodes))),
            st.lists(inner, min_size=1, max_size=3).map(lambda nodes: AnyOf(tuple(nodes))),
        ),
        max_leaves=12,
    )


FACTS = [
    {"车": car, "店": shop, "刹 车": both, "A": grade, "risk": risk}
    for car in (False, True)
    for shop in (False, True)
    for both in (False, True)
    for grade in (False, True)
    for risk in (0, 5)
]


@given(trees())
def test_any_tree_means_the_same_in_the_language_of_the_server(node: Node) -> None:
    """Flattening and pushing negations down changes no answer, for any of the mentions there can be."""
    clause = matching(Query(where=node))
    for facts in FACTS:
        assert _answered(clause, facts) == _meant(node, facts)


def _meant(node: Node, facts: dict[str, Any]) -> bool:
    match node:
        case Term(text):
            return bool(facts.get(" ".join(text), False))
        case FieldIs():
            return bool(facts["A"])
        case Between():
            return bool(facts["risk"] >= 3)
        case Within():
            return True
        case Not(inner):
            return not _meant(inner, facts)
        case All(nodes):
            return all(_meant(one, facts) for one in nodes)
        case AnyOf(nodes):
            return any(_meant(one, facts) for one in nodes)


def _answered(clause: dict[str, Any], facts: dict[str, Any]) -> bool:
    ((kind, inside),) = clause.items()
    match kind:
        case "match_all":
            return True
        case "match_none":
            return False
        case "range":
            return bool(facts["risk"] >= inside["risk"]["gte"])
        case "match_phrase":
            return bool(facts[inside["chars"]])
        case "term" | "terms":
            return bool(facts["A"] if "tags" in inside else facts[inside["chars"]])
    return (
        all(_answered(one, facts) for one in inside.get("filter", ()))
        and not any(_answered(one, facts) for one in inside.get("must_not", ()))
        and (not inside.get("minimum_should_match") or any(_answered(one, facts) for one in inside["should"]))
    )
