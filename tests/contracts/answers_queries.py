"""Queries nobody would think of, over the words of `answers_corpus`: random trees, filters, orders, sizes of pages."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args

from core.model import CHANNELS, GRADES, Mention
from index.base import All, AnyOf, Between, Facet, FieldIs, Node, Not, Query, Sort, Term, Within
from index.exact import phrase
from index.query import parse, render
from tests.contracts.answers_corpus import (
    AUTHORS,
    CATEGORIES,
    EVENTS,
    NEGATIVES,
    RISKS,
    SITES,
    SOURCES,
    START,
    SUBJECTS,
    ZONE,
    moment,
    passage,
)

DEEPEST = 5
FACETS: tuple[Facet, ...] = get_args(Facet)
SORTS: tuple[Sort, ...] = get_args(Sort)
VALUES: dict[str, tuple[str, ...]] = {
    "subject": (*SUBJECTS, "ａＢc", "星辰汽"),
    "category": (*CATEGORIES, "没有的"),
    "author": (*AUTHORS, "nobody", "李"),
    "site": (*SITES, "bbs"),
    "event": (*EVENTS[:20], "E3", "none"),
    "source": (*SOURCES, "WEIBO"),
    "channel": CHANNELS,
    "grade": GRADES,
    "has": ("evidence", "image"),
    "day": ("2026-03-14", "2026-03-15", "2026-04-04", "2026-05-03", "2020-01-01"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query, the search text it was read from, and the facets to look at."""

    text: str
    query: Query
    facets: tuple[Facet, ...]


def asked(chance: random.Random, mentions: Sequence[Mention]) -> Asked:
    """A random query. Its tree went through the language: written as a search text and read from it."""
    text = "" if chance.random() < 0.03 else render(tree(chance, mentions, chance.choice((0, 1, 1, 2, 3, 4, DEEPEST))))
    wishes: dict[str, Any] = {}
    for name, values in (
        ("grades", GRADES), ("channels", CHANNELS), ("subjects", VALUES["subject"]), ("categories", VALUES["category"])
    ):  # fmt: skip
        if chance.random() < 0.12:
            wishes[name] = tuple(chance.choices(values, k=chance.randint(1, 3)))
    if chance.random() < 0.15:
        wishes["since"] = moment(chance)
    if chance.random() < 0.15:
        wishes["until"] = moment(chance)
    if chance.random() < 0.12:
        wishes["min_risk"] = chance.choice(RISKS)
    if chance.random() < 0.12:
        wishes["min_negative"] = chance.choice(NEGATIVES)
    query = Query(
        where=parse(text, now=START, zone=ZONE),
        sort=chance.choice(SORTS),
        limit=chance.choice((1, 3, 10, 20)),
        **wishes,
    )
    return Asked(text=text, query=query, facets=tuple(chance.sample(FACETS, chance.choice((0, 0, 0, 0, 1)))))


def tree(chance: random.Random, mentions: Sequence[Mention], depth: int) -> Node:
    """A tree of all kinds of nodes, at most so deep."""
    if depth <= 0:
        return leaf(chance, mentions)
    kind = chance.random()
    if kind < 0.2:
        return Not(tree(chance, mentions, depth - 1))
    nodes = tuple(tree(chance, mentions, chance.randint(0, depth - 1)) for _ in range(chance.choice((2, 2, 2, 3, 4))))
    return All(nodes) if kind < 0.6 else AnyOf(nodes)


def leaf(chance: random.Random, mentions: Sequence[Mention]) -> Node:
    """A node without others in it."""
    kind = chance.random()
    if kind < 0.6:
        return term(chance, mentions)
    if kind < 0.85:
        name = chance.choice(tuple(VALUES))
        return FieldIs(name, chance.choice(VALUES[name]))
    if kind < 0.94:
        return between(chance)
    return within(chance)


def term(chance: random.Random, mentions: Sequence[Mention]) -> Term:
    """Mostly a piece of what a mention says, sometimes another passage; always with something to search for."""
    while True:
        if chance.random() < 0.7:
            said = chance.choice(mentions).post.full_text
            start = chance.randint(0, len(said))
            text = said[start : start + chance.choice((1, 2, 2, 3, 4, 8, 30, 350))]
        else:
            text = passage(chance, 3)
        text = text[:400]
        if phrase(text):
            return Term(chance.choice((text, text, text.upper(), text.swapcase())))


def between(chance: random.Random) -> Between:
    """A range of risk or probability, its bounds in or out."""
    name = chance.choice(("risk", "negative"))
    values: Sequence[float] = RISKS if name == "risk" else NEGATIVES
    low, high = sorted((chance.choice(values), chance.choice(values)))
    sides = chance.choice(("both", "low", "high"))
    return Between(
        "risk" if name == "risk" else "negative",
        low=None if sides == "high" else low,
        high=None if sides == "low" else high,
        # The language refuses a range in which nothing can lie.
        low_in=sides == "high" or low == high or chance.random() < 0.6,
        high_in=sides == "low" or low == high or chance.random() < 0.6,
    )


def within(chance: random.Random) -> Within:
    """A span of whole days."""
    day = (START + timedelta(days=chance.choice((0, 0, 1, 20, 50)))).astimezone(ZONE)
    since = day.replace(hour=0, minute=0, second=0, microsecond=0)
    until = since + timedelta(days=chance.choice((1, 1, 7, 30)))
    sides = chance.choice(("both", "both", "since", "until"))
    return Within(since=None if sides == "until" else since, until=None if sides == "since" else until)
