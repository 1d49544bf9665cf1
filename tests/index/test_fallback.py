"""A second index for when the first is down: it answers, says so, and deceives nobody about where a page comes from."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import IndexMismatch, IndexTrouble, IndexUnavailable, QuerySyntaxError
from core.model import Mention, Post, Verdict
from index.base import Added, Facet, IndexState, Page, Query, Term
from index.fallback import IndexWithFallback
from index.sqlite import SqliteIndex

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
DOWN = [IndexUnavailable("连接不上 http://es:9200。"), IndexMismatch("映射不同。")]


class Server(SqliteIndex):
    """A first index that can be down."""

    trouble: IndexTrouble | None = None

    def check(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    def add_many(self, mentions: Sequence[Mention], *, as_of: datetime | None = None) -> Added:
        self.check()
        return super().add_many(mentions, as_of=as_of)

    def search(self, query: Query) -> Page:
        self.check()
        return super().search(query)

    def count_by(self, query: Query, facet: Facet, *, limit: int = 1000) -> dict[str, int]:
        self.check()
        return super().count_by(query, facet, limit=limit)

    def count(self) -> int:
        self.check()
        return super().count()

    def refresh(self) -> None:
        self.check()

    def state(self) -> IndexState:
        self.check()
        return super().state()

    def delete(self, ids: Sequence[str], *, as_of: datetime | None = None) -> int:
        self.check()
        return super().delete(ids, as_of=as_of)


@pytest.fixture
def first(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "server.sqlite")
    yield made
    made.close()


@pytest.fixture
def second(tmp_path: Path) -> Iterator[SqliteIndex]:
    made = SqliteIndex(tmp_path / "index.sqlite")
    yield made
    made.close()


@pytest.fixture
def both(first: Server, second: SqliteIndex) -> IndexWithFallback:
    made = IndexWithFallback(first, second)
    made.add_many([mention(number) for number in range(30)], as_of=NOW)
    return made


def mention(number: int, text: str = "刹车失灵") -> Mention:
    post = Post(
        kind="forum", site="s", native_id=str(number), url="", channel="forum", text=text, collected=NOW
    )  # fmt: skip
    return Mention(post=post, verdict=Verdict(id=post.id, negative=0.5))


def test_while_the_first_answers_nobody_is_told_anything(both: IndexWithFallback) -> None:
    page = both.search(Query(where=Term("刹车")))
    assert (page.total, page.notice) == (30, None)
    assert page.next is not None
    rest = both.search(Query(where=Term("刹车"), after=page.next))
    assert (len(page.hits) + len(rest.hits), rest.notice) == (30, None)


@pytest.mark.parametrize("trouble", DOWN, ids=lambda bad: type(bad).__name__)
def test_when_it_is_down_the_second_answers_and_says_why(
    both: IndexWithFallback, first: Server, trouble: IndexTrouble
) -> None:
    """Pages, facets: the whole list can be read, each page with the notice."""
    first.trouble = trouble
    seen: list[str] = []
    after: str | None = None
    for _ in range(2):
        page = both.search(Query(where=Term("刹车"), after=after))
        assert page.notice is not None
        assert str(trouble).rstrip("。") in page.notice
        assert page.notice.endswith("以下来自内嵌索引")
        seen += [hit.mention.id for hit in page.hits]
        after = page.next
    assert (len(set(seen)), after) == (30, None)
    assert both.count_by(Query(), "channel") == {"forum": 30}
    both.refresh()


def test_what_the_first_did_not_take_is_found_meanwhile(both: IndexWithFallback, first: Server) -> None:
    first.trouble = IndexUnavailable("没有回答")
    with pytest.raises(IndexUnavailable):
        both.add_many([mention(77, "昨夜起火")], as_of=NOW)
    assert both.search(Query(where=Term("起火"))).total == 1
    first.trouble = None
    assert both.search(Query(where=Term("起火"))).total == 0


def test_a_page_of_one_list_never_follows_a_page_of_the_other(both: IndexWithFallback, first: Server) -> None:
    """The server goes down, or comes back, between two pages: the reader is told to begin anew."""
    query = Query(where=Term("刹车"))
    of_first = both.search(query).next
    first.trouble = IndexUnavailable("没有回答")
    with pytest.raises(QuerySyntaxError, match=r"没有回答.*从第一页重新检索"):
        both.search(replace(query, after=of_first))
    of_second = both.search(query).next
    first.trouble = None
    with pytest.raises(QuerySyntaxError, match=r"已经恢复.*从第一页重新检索"):
        both.search(replace(query, after=of_second))
    with pytest.raises(QuerySyntaxError):
        both.search(replace(query, after="fallback:"))
    with pytest.raises(QuerySyntaxError):
        both.search(replace(query, after="nonsense"))


def test_falling_back_is_logged_once_and_a_mismatch_each_time(
    both: IndexWithFallback, first: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """Down is waited out; another mapping is not, somebody must act."""
    with caplog.at_level(logging.WARNING, "tingfeng.index"):
        for trouble in (*DOWN[:1] * 3, None, *DOWN[1:] * 2):
            first.trouble = trouble
            both.search(Query())
    said = [(record.message, getattr(record, "kind", None)) for record in caplog.records]
    assert said == [
        ("index_fell_back", "IndexUnavailable"),
        ("index_no_longer_falls_back", None),
        ("index_fell_back", "IndexMismatch"),
        ("index_fell_back", "IndexMismatch"),
    ]


def test_a_mistake_in_the_search_is_no_reason_to_fall_back(both: IndexWithFallback) -> None:
    with pytest.raises(QuerySyntaxError):
        both.search(Query(after="nonsense"))
    assert both.search(Query()).notice is None


def test_who_looks_after_it_is_not_deceived(both: IndexWithFallback, first: Server) -> None:
    """Counting, deleting and the state are of the first: what the doctor asks must not be answered by the second."""
    assert "后备索引" in both.state().remarks[0]
    assert both.delete([mention(0).id]) == 1
    first.trouble = IndexUnavailable("没有回答")
    for ask in (both.count, both.state, lambda: both.delete([mention(1).id])):
        with pytest.raises(IndexUnavailable):
            ask()
