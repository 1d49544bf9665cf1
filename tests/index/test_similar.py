"""Posts like one post, and how alike they are, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.database import Database
from core.errors import NotFound
from core.model import Mention, Post, Verdict
from index.addresses import find_post
from index.posts import PostStore
from index.similar import Similar, similar_to
from index.sqlite import SqliteIndex

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
ASKED = "曜行的店修了三次，发动机还是漏油，一直推诿不给说法"
WORDS = ("漏油", "推诿")


def mention(number: int, text: str, *, event: str | None = None, parent: str | None = None, url: str = "") -> Mention:
    post = Post(
        kind="forum",
        site="bbs.example",
        native_id=str(number),
        url=url or f"https://bbs.example/thread-{number}-1-1.html",
        channel="forum",
        text=text,
        published=NOW - timedelta(minutes=number),
        collected=NOW,
        parent=parent,
    )
    return Mention(post=post, verdict=Verdict(id=post.id, negative=0.9, event=event, grade="B", risk=55))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SqliteIndex]:
    made = SqliteIndex(tmp_path / "index.sqlite")
    yield made
    made.close()


def found(index: SqliteIndex, *mentions: Mention, words: tuple[str, ...] = WORDS, limit: int = 5) -> list[Similar]:
    index.add_many(mentions)
    asked = mention(0, ASKED, event="e1")
    others = [one for one in mentions if one.verdict.event == "e1"]
    return similar_to(index, asked.post, event="e1", words=words, others=others, limit=limit)


def test_likeness_is_told_in_words(index: SqliteIndex) -> None:
    """The most alike first: a copy, a near copy, the same event in other words, the same trouble elsewhere."""
    mentions = [
        mention(1, "别的牌子也漏油"),
        mention(2, "同一件事换个说法", event="e1"),
        mention(3, ASKED + "！"),
        mention(4, "曜行的店修了三次，发动机还是漏油，今天又去了一趟"),
        mention(5, "天气真好"),
    ]
    told = found(index, *mentions)
    assert [one.said for one in told] == ["几乎同文", "大段相同", "同一事件", "都说到漏油"]
    assert [one.mention.post.native_id for one in told] == ["3", "4", "2", "1"]


def test_the_post_itself_is_not_like_itself(index: SqliteIndex) -> None:
    assert found(index, mention(0, ASKED, event="e1")) == []


def test_without_a_telling_word_only_the_event_is_known(index: SqliteIndex) -> None:
    """An empty search must not bring the whole archive."""
    told = found(index, mention(1, ASKED), mention(2, "换个说法", event="e1"), words=())
    assert [one.mention.post.native_id for one in told] == ["2"]


def test_at_most_as_many_as_asked_for(index: SqliteIndex) -> None:
    assert len(found(index, *[mention(number, f"漏油{number}") for number in range(1, 9)], limit=3)) == 3


@pytest.mark.parametrize("text", ["", "\ud83d", "😀"])
def test_texts_without_letters_are_like_nothing(index: SqliteIndex, text: str) -> None:
    asked = mention(0, text)
    assert similar_to(index, asked.post, event=None, words=(), others=[mention(1, text)])[0].likeness == 0.0


@pytest.fixture
def stored(database: Database) -> list[Post]:
    page = "https://bbs.example/thread-7-1-1.html"
    head = mention(1, "主帖", url=page).post
    posts = [head, mention(2, "回复", url=page, parent=head.id).post, mention(3, "别的帖").post]
    PostStore(database).keep(posts, source="s", raw=None, now=NOW)
    return posts


def test_a_post_is_found_by_id_prefix_and_address(database: Database, stored: list[Post]) -> None:
    _, reply, other = stored
    assert find_post(database, reply.id) == reply.id
    assert find_post(database, f" {other.id[:8].upper()} ") == other.id
    assert find_post(database, other.url) == other.id


def test_of_a_thread_its_opening_is_meant(database: Database, stored: list[Post]) -> None:
    assert find_post(database, stored[0].url) == stored[0].id
    assert find_post(database, f"{stored[0].url}?from=share") == stored[0].id


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "不是帖文编号"),
        ("张三的帖子", "不是帖文编号"),
        ("javascript:alert(1)", "不是帖文编号"),
        ("abc", "至少写前 4 位"),
        ("ffffffff", "没有编号以 ffffffff 开头"),
        ("https://elsewhere.example/1", "库中没有这个网址"),
        ("%", "不是帖文编号"),
    ],
)
def test_what_is_no_post_is_refused(database: Database, stored: list[Post], address: str, why: str) -> None:
    with pytest.raises(NotFound, match=why):
        find_post(database, address)


def test_of_several_posts_the_reader_chooses(database: Database) -> None:
    url = "https://bbs.example/list"
    PostStore(database).keep(
        [mention(number, f"第{number}帖", url=url).post for number in range(1, 9)], source="s", raw=None, now=NOW
    )
    with pytest.raises(NotFound, match="不止一帖") as refused:
        find_post(database, url)
    assert "……" in str(refused.value)
