"""The embedded index against the pure definition of a hit, on any corpus and any tree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.tokens import characters
from core.model import CHANNELS, GRADES, Author, Mention, Post, Verdict
from index.base import All, AnyOf, Between, FieldIs, Node, Not, Query, Term, Within
from index.matching import matches, prepare
from index.sqlite import SqliteIndex

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
TEXTS = st.text(alphabet="甲乙丙刹车4sS店ａ ，🍋\n", max_size=14)
MOMENTS = st.integers(0, 60).map(lambda half_hours: NOW - timedelta(minutes=30 * half_hours))
OPEN_MOMENTS = st.none() | MOMENTS


@st.composite
def corpora(draw: st.DrawFn) -> list[Mention]:
    mentions = []
    for number in range(draw(st.integers(1, 8))):
        post = Post(
            kind="forum", site="s", native_id=str(number), url="", text=draw(TEXTS),
            title=draw(st.none() | TEXTS), channel=draw(st.sampled_from(CHANNELS)), collected=NOW,
            author=Author(name=draw(st.sampled_from([None, "老王", "老　王"]))), published=draw(MOMENTS),
        )  # fmt: skip
        verdict = Verdict(
            id=post.id, negative=draw(st.sampled_from([0.1, 0.5, 0.9])), risk=draw(st.sampled_from([0, 60, 80])),
            grade=draw(st.sampled_from([None, *GRADES])),
            subjects=tuple(draw(st.sets(st.sampled_from(["星辰汽车", "城东店", 'a"b'])))),
        )  # fmt: skip
        mentions.append(Mention(post=post, verdict=verdict, source=draw(st.sampled_from([None, "s1"]))))
    return mentions


LEAVES: st.SearchStrategy[Node] = st.one_of(
    st.text(alphabet='甲乙丙刹车4sS店\\"“”」 ，\ud800🍋-:()', min_size=1, max_size=6).filter(characters).map(Term),
    st.sampled_from(
        [("channel", "forum"), ("channel", "weibo"), ("grade", "A"), ("grade", "C"), ("subject", "星辰汽车"),
         ("subject", 'a"b'), ("author", "老王"), ("author", "老 王"), ("source", "s1"), ("day", "2026-03-14")]
    ).map(lambda pair: FieldIs(*pair)),
    st.builds(
        Between, st.sampled_from(["risk"]), st.sampled_from([None, 0, 60]), st.sampled_from([None, 60, 80]),
        st.booleans(), st.booleans(),
    ),
    st.builds(Between, st.sampled_from(["negative"]), st.sampled_from([None, 0.5]), st.sampled_from([None, 0.5, 0.9])),
    st.builds(Within, OPEN_MOMENTS, OPEN_MOMENTS),
)  # fmt: skip
NODES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=1, max_size=4).map(lambda nodes: All(tuple(nodes))),
        st.lists(inner, min_size=1, max_size=4).map(lambda nodes: AnyOf(tuple(nodes))),
    ),
    max_leaves=8,
)


@given(corpora(), st.lists(NODES, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_index_finds_what_the_definition_says(
    tmp_path_factory: pytest.TempPathFactory, corpus: list[Mention], nodes: list[Node]
) -> None:
    """On any corpus and any tree, SQLite's hits are those that `matches` picks one by one, in every order."""
    index = SqliteIndex(Path(tmp_path_factory.mktemp("oracle")) / "index.sqlite", zone=ZONE)
    index.add_many(corpus)
    for node in nodes:
        expected = {mention.id for mention in corpus if matches(node, prepare(mention, zone=ZONE))}
        page = index.search(Query(where=node, limit=50))
        assert {hit.mention.id for hit in page.hits} == expected
        assert page.total == len(expected)
        ranked = index.search(Query(where=node, limit=50, sort="relevance"))
        assert {hit.mention.id for hit in ranked.hits} == expected
    index.close()
