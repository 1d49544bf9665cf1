"""10,000 generated queries on 5,000 mentions: every index gives the answer that looking at each mention gives.

An index that equals the oracle in hits, order, totals, facets and highlights equals every other that does. A failure
names the query as a search text, the mentions only one side has, and the seed that makes it again.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from heapq import nlargest

import pytest

from core.model import Mention
from index.base import Added, Hit, Page, Query, SearchIndex
from index.highlight import highlight
from index.matching import matches, prepare
from index.tree import whole_tree
from tests.contracts.answers_corpus import STORES, ZONE, corpus
from tests.contracts.answers_oracle import Oracle
from tests.contracts.answers_queries import Asked, asked
from tests.contracts.search_world import ADAPTERS, put

BATCHES, A_BATCH = 20, 500
#: Answers up to this size are compared whole, of larger ones the first pages.
WHOLE = 40
#: Searches at a time: a server computes while we compare.
AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """An index with the corpus in it, and the oracle beside."""

    index: SearchIndex
    mentions: list[Mention]
    oracle: Oracle
    numbers: dict[str, int]


@pytest.fixture(scope="module")
def known() -> tuple[list[Mention], Oracle]:
    mentions = corpus()
    return mentions, Oracle(mentions)


@pytest.fixture(scope="module", params=ADAPTERS)
def world(
    request: pytest.FixtureRequest, known: tuple[list[Mention], Oracle], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    mentions, oracle = known
    folder = tmp_path_factory.mktemp("same-answers")
    with ADAPTERS[request.param](request, folder, zone=ZONE, stores=STORES) as index:
        assert put(index, mentions) == Added(count=len(mentions))
        yield World(
            index=index, mentions=mentions, oracle=oracle, numbers={one.id: at for at, one in enumerate(mentions)}
        )


@pytest.mark.timeout(900)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_generated_queries_are_answered_as_by_looking_at_every_mention(world: World, batch: int) -> None:
    """Hits, order, totals, facets and highlights are those of the oracle, and nothing is raised."""
    chance = random.Random(f"answers {batch}")
    questions = [asked(chance, world.mentions) for _ in range(A_BATCH)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        wrong = [problem for problem in threads.map(lambda one: problem_with(world, one), questions) if problem]
    assert not wrong, f"batch {batch}: {len(wrong)} of {A_BATCH} differ\n\n" + "\n\n".join(wrong[:5])


@pytest.mark.timeout(900)
def test_deep_pages_join_to_the_whole(world: World) -> None:
    """Whatever the order, page after page gives every hit of a large answer once, in the order that was asked for."""
    chance = random.Random("deep pages")
    tried = 0
    while tried < 8:
        question = asked(chance, world.mentions)
        if len(expected := world.oracle.hits(question.query)) < 1500:
            continue
        tried += 1
        query = replace(question.query, limit=chance.choice((150, 400, 1000)))
        found: list[Hit] = []
        while True:
            page = world.index.search(query)
            assert page.total == len(expected), question.text
            found += page.hits
            if page.next is None:
                break
            query = replace(query, after=page.next)
        assert not in_wrong_order(world, query, found, expected), question.text
        assert {world.numbers[hit.mention.id] for hit in found} == expected, question.text
        assert len(found) == len(expected), question.text


def test_the_oracle_agrees_with_the_pure_definition(known: tuple[list[Mention], Oracle]) -> None:
    """1,000 queries, each on 100 mentions: saved searches, which ask `index.matching`, find what a search finds."""
    mentions, oracle = known
    chance = random.Random("matching")
    prepared = [prepare(one, zone=ZONE) for one in mentions]
    for _ in range(1000):
        question = asked(chance, mentions)
        where, expected = whole_tree(question.query), oracle.hits(question.query)
        for at in chance.sample(range(len(mentions)), 100):
            assert matches(where, prepared[at]) == (at in expected), (question.text, mentions[at])


def problem_with(world: World, question: Asked) -> str:
    """How the answer of the index differs from the oracle's; empty where it does not."""
    expected = world.oracle.hits(question.query)
    query = replace(question.query, limit=WHOLE) if len(expected) <= WHOLE else question.query
    problems = []
    page = world.index.search(query)
    found = list(page.hits)
    if page.next is not None and len(expected) % 3 == 0:
        following = world.index.search(replace(query, after=page.next))
        found += following.hits
        problems += wrong_total(following, expected)
    problems += wrong_total(page, expected)
    numbers = {world.numbers[hit.mention.id] for hit in found}
    if len(numbers) != len(found):
        problems.append("a mention comes twice")
    problems += [f"found wrongly: {shown(world, number)}" for number in sorted(numbers - expected)[:3]]
    if len(expected) <= WHOLE:
        problems += [f"missed: {shown(world, number)}" for number in sorted(expected - numbers)[:3]]
    elif len(page.hits) != query.limit or page.next is None:
        problems.append(f"{len(page.hits)} hits on a page of {query.limit}, next is {page.next!r}")
    problems += in_wrong_order(world, query, found, expected)
    problems += [problem for hit in found for problem in wrong_hit(world, query, hit)]
    for facet in question.facets:
        counted, wished = world.index.count_by(query, facet), world.oracle.counts(expected, facet)
        if list(counted.items()) != list(wished.items()):
            problems.append(f"facet {facet}: {counted}, should be {wished}")
    return "\n".join([f"{question.text!r}\n{query}", *problems]) if problems else ""


def wrong_total(page: Page, expected: frozenset[int]) -> list[str]:
    """Whether the total is that of the oracle."""
    return [] if page.total == len(expected) else [f"total {page.total}, should be {len(expected)}"]


def in_wrong_order(world: World, query: Query, found: list[Hit], expected: frozenset[int]) -> list[str]:
    """Whether these are the first hits, in the order that was asked for; relevance has an order of its own."""
    if query.sort == "relevance":
        return []
    wished = nlargest(len(found), (world.oracle.rank(query, at) for at in expected))
    ranks = [world.oracle.rank(query, world.numbers[hit.mention.id]) for hit in found]
    wrong = [at for at, (rank, right) in enumerate(zip(ranks, wished, strict=False)) if rank != right]
    return [f"hit {wrong[0]} is at the wrong place: {ranks[wrong[0]]}, not {wished[wrong[0]]}"] if wrong else []


def wrong_hit(world: World, query: Query, hit: Hit) -> list[str]:
    """Whether a hit is the mention as it was added, with the one highlight there is."""
    mention = world.mentions[world.numbers[hit.mention.id]]
    wished = highlight(mention.post, query.where)
    problems = [] if hit.highlight == wished else [f"highlight {hit.highlight!r}, should be {wished!r}"]
    return problems if hit.mention == mention else [*problems, f"{hit.mention} is not {mention}"]


def shown(world: World, number: int) -> str:
    """A mention for whoever must find out."""
    one = world.mentions[number]
    return f"{number} {one.id} {one.post.title!r} {one.post.text!r} {one.verdict} {one.source} {one.evidence}"
