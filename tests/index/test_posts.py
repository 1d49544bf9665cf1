"""The durable posts: one row a post, edits kept, cut texts harmless."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.database import Database
from core.model import Author, Counts, Post
from core.work import WorkQueue
from crawlers.sink import Kept
from index.posts import PostStore

NOW = datetime(2026, 3, 15, 4, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def a_post(number: int = 1, **changes: object) -> Post:
    post = Post(
        kind="forum",
        site="bbs.example",
        native_id=f"t{number}",
        url=f"https://bbs.example/t{number}",
        channel="forum",
        title="提车三天刹车异响",
        text="4S店说是正常现象，可是声音越来越大，坐在车里都能听见。",
        author=Author(id="7", name="老王", region="浙江"),
        published=NOW - timedelta(minutes=3),
        collected=NOW,
        counts=Counts(views=10, replies=1),
        images=("https://bbs.example/1.jpg",),
    )
    return replace(post, **changes)  # type: ignore[arg-type]


@pytest.fixture
def store(database: Database) -> PostStore:
    return PostStore(database)


def keep(store: PostStore, *posts: Post, now: datetime = NOW, raw: str | None = "r1") -> Kept:
    return store.keep(posts, source="s1", raw=raw, now=now)


def waiting(database: Database) -> set[str]:
    queue = WorkQueue(database, "assess")
    return {item.key for item in queue.claim(1000, owner="t", now=LATER, lease=timedelta(0))}


def finish(database: Database) -> None:
    queue = WorkQueue(database, "assess")
    items = queue.claim(1000, owner="t", now=LATER, lease=timedelta(minutes=1))
    with database.write() as connection:
        queue.done(connection, items)


def test_a_new_post_comes_back_as_it_was_and_waits_to_be_judged(store: PostStore, database: Database) -> None:
    """What was kept can be read again unchanged, and the worker is asked for a judgement."""
    post = a_post()
    assert keep(store, post) == Kept(new=1, changed=0, same=0)
    assert store.get([post.id]) == {post.id: post}
    assert waiting(database) == {post.id}
    assert store.sources_of([post.id, "unknown"]) == {post.id: "s1"}
    assert store.raw_of(post.id) == "r1"
    assert (store.count(), store.latest()) == (1, [post])


def test_the_same_post_again_moves_its_counts_and_is_not_judged_again(store: PostStore, database: Database) -> None:
    """A second crawl updates how far a post reached, and nothing else happens."""
    keep(store, a_post())
    finish(database)
    again = a_post(counts=Counts(views=900, likes=3), published=NOW - timedelta(days=1), collected=LATER)
    assert keep(store, again, now=LATER, raw="r2") == Kept(new=0, changed=0, same=1)
    kept = store.get([again.id])[again.id]
    assert kept.counts == Counts(views=900, replies=1, likes=3)
    assert (kept.collected, kept.published) == (NOW, NOW - timedelta(minutes=3))
    assert store.raw_of(again.id) == "r1"
    assert waiting(database) == set()
    assert store.versions(again.id)[0].seen == LATER


@pytest.mark.parametrize(
    ("first", "again", "is_told"),
    [
        ({"author": Author()}, {"author": Author(name="李先生")}, True),
        ({"published": None}, {"published": NOW}, True),
        ({"images": ()}, {"images": ("https://img.example/1.jpg",)}, True),
        ({"author": Author(name="李先生")}, {"author": Author(name="李先生", followers=9)}, False),
        ({"images": ("https://img.example/1.jpg?a",)}, {"images": ("https://img.example/1.jpg?b",)}, False),
        ({"counts": Counts(views=1)}, {"counts": Counts(views=2)}, False),
        ({}, {"url": "https://bbs.example/thread-1-2-1.html"}, False),
        ({}, {}, False),
        ({}, {"text": "已和店家协商解决，感谢大家。"}, False),  # judged anew, and published then
    ],
)
def test_what_becomes_known_later_reaches_the_archive(
    store: PostStore, database: Database, first: dict[str, Any], again: dict[str, Any], is_told: bool
) -> None:
    """A list shows a title, the page of the thread its author: searches ask for it, no new judgement is needed."""
    keep(store, a_post(**first))
    keep(store, a_post(**{**first, **again}), now=LATER)
    queue = WorkQueue(database, "publish")
    assert [item.key for item in queue.claim(9, owner="t", now=LATER, lease=timedelta(0))] == [a_post().id] * is_told


@pytest.mark.parametrize("moment", [datetime(9999, 12, 31, 23, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)])
def test_a_time_at_the_edge_of_the_calendar_is_unknown(store: PostStore, moment: datetime) -> None:
    """A site's placeholder; another time zone would carry it out of what can be reckoned with."""
    keep(store, a_post(published=moment, edited=moment))
    kept = store.get([a_post().id])[a_post().id]
    assert (kept.published, kept.edited, kept.when) == (None, None, NOW)


def test_unknown_values_never_erase_known_ones(store: PostStore) -> None:
    """A page that shows less than the last one takes nothing away."""
    keep(store, a_post(floor=1, parent="p", edited=NOW))
    keep(store, a_post(title=None, author=Author(), published=None, counts=Counts(), images=()))
    kept = store.get([a_post().id])[a_post().id]
    assert kept == a_post(floor=1, parent="p", edited=NOW)


def test_an_edit_keeps_the_old_text_and_is_judged_again(store: PostStore, database: Database) -> None:
    """An edited post gets a new version; both versions stay, the edit's time with the post."""
    keep(store, a_post())
    finish(database)
    edited = a_post(text="已和店家协商解决，感谢大家。", edited=LATER)
    assert keep(store, edited, now=LATER, raw="r2") == Kept(new=0, changed=1, same=0)
    assert waiting(database) == {edited.id}
    versions = store.versions(edited.id)
    assert [(one.version, one.text, one.raw, one.seen) for one in versions] == [
        (1, a_post().text, "r1", NOW),
        (2, edited.text, "r2", LATER),
    ]
    assert store.get([edited.id])[edited.id].edited == LATER


def test_white_space_and_width_are_no_edit(store: PostStore) -> None:
    """A reader would call the texts equal, so they are."""
    keep(store, a_post())
    again = a_post(text="４S店说是正常现象，可是声音越来越大， 坐在车里\n都能听见。")
    assert keep(store, again) == Kept(new=0, changed=0, same=1)


WHOLE = "4S店说是正常现象，可是声音越来越大，坐在车里都能听见。"


@pytest.mark.parametrize(
    "cut",
    [
        "4S店说是正常现象，可是声音…",
        "4S店说是正常现象，可是声音...全文",
        "4S店说是正常现象，可是声音......展开全文",
        "4S店说是正常现象，可是 声音\n全文",
        "４S店说是正常现象，可是声音……[查看全文]",
        "",
    ],
)
def test_a_cut_text_does_not_overwrite_a_whole_one(store: PostStore, cut: str) -> None:
    """A list shows only the beginning: the text we have stays, whichever mark the site uses."""
    keep(store, a_post(text=WHOLE))
    assert keep(store, a_post(text=cut)) == Kept(new=0, changed=0, same=1)
    assert store.get([a_post().id])[a_post().id].text == WHOLE


def test_a_text_that_its_author_shortened_is_an_edit(store: PostStore) -> None:
    """Without a mark of cutting, a shorter text is what the author now says."""
    keep(store, a_post(text=WHOLE))
    assert keep(store, a_post(text="4S店说是正常现象")).changed == 1
    assert [one.version for one in store.versions(a_post().id)] == [1, 2]


def test_an_expanded_text_is_judged_again_but_is_no_edit(store: PostStore, database: Database) -> None:
    """We learn the rest of a long text: judge it again, and do not claim that its author changed it."""
    keep(store, a_post(text="4S店说是正常现象，可是声音…全文"))
    finish(database)
    assert keep(store, a_post(text=WHOLE), raw="r2") == Kept(new=0, changed=1, same=0)
    assert [(one.version, one.text, one.raw) for one in store.versions(a_post().id)] == [(1, WHOLE, "r2")]
    assert waiting(database) == {a_post().id}


def test_one_batch_may_show_a_post_twice(store: PostStore) -> None:
    """List and thread page in one call are two looks at one post."""
    whole, cut = a_post(text=WHOLE), a_post(text="4S店说…全文", counts=Counts(views=99))
    assert keep(store, cut, whole, cut, a_post(2)) == Kept(new=2, changed=1, same=1)
    assert store.get([whole.id])[whole.id].text == WHOLE
    assert store.get([whole.id])[whole.id].counts.views == 99
    edited = a_post(text="换了说法")
    assert keep(store, edited, whole, now=LATER) == Kept(new=0, changed=2, same=0)
    assert [one.text for one in store.versions(whole.id)] == [WHOLE, "换了说法", WHOLE]


def test_a_bad_post_does_not_take_the_others_with_it(store: PostStore) -> None:
    """Lone surrogates and NUL are cleaned; a post without a writable identity is left out."""
    odd = a_post(1, text="坏\ud800字\x00符", author=Author(name="\udfff王"))
    nameless = a_post(2, native_id="\ud800")
    assert keep(store, odd, nameless, a_post(3)) == Kept(new=2, changed=0, same=0)
    assert store.get([odd.id])[odd.id].text == "坏?字符"
    assert keep(store, odd) == Kept(new=0, changed=0, same=1)


def test_nothing_is_written_when_the_work_cannot_be_put(store: PostStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Posts and their work are one transaction."""

    def broken(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(store.assess, "put", broken)
    with pytest.raises(OSError, match="disk full"):
        keep(store, a_post())
    assert store.count() == 0


def test_many_posts_at_once(store: PostStore) -> None:
    """More than one chunk of ids goes through one call, the first time and the second."""
    many = [a_post(number) for number in range(1200)]
    assert keep(store, *many) == Kept(new=1200, changed=0, same=0)
    moved = [replace(post, counts=Counts(views=11)) for post in many[:700]] + many[700:]
    assert keep(store, *moved, now=LATER) == Kept(new=0, changed=0, same=1200)
    found = store.get([post.id for post in many])
    assert [post.counts.views for post in found.values()] == [11] * 700 + [10] * 500
    assert keep(store) == Kept(new=0, changed=0, same=0)
    assert store.get([]) == {}
    assert store.versions("unknown") == []
    assert store.raw_of("unknown") is None
