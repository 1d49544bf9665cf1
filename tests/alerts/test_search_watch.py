"""What is published against the searches that watch: each filter, once for ever, nothing old, and nobody is stopped."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from alerts.known import write_dispatches
from alerts.reviewing import leave_to_digest
from alerts.search_hits import KNOWN, Find
from alerts.search_watch import SearchWatch
from core.model import Reason
from core.schema import saved_search_hits, saved_searches
from tests.alerts.searching import SAVED, Searching
from tests.alerts.world import HOUR, MINUTE, NOW, make_mention

DAY = timedelta(days=1)
MENTION = make_mention(1)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"text": "失去动力"}, True),
        ({"text": "失去 动力"}, True),
        ({"text": "失去了动力"}, False),
        ({"text": "动力失去"}, False),
        ({"text": "提车三天"}, True),  # the title
        ({"text": "失速新车"}, False),  # from the title into the text
        ({"text": "高速 -推脱"}, False),
        ({"text": "高速 -退车"}, True),
        ({"text": "非 退车"}, True),
        ({"text": "漏油 OR 高速"}, True),
        ({"text": "作者:车主老周"}, True),
        ({"text": "作者:车主"}, False),
        ({"text": "站点:bbs.example 失去动力"}, True),
        ({"text": "日期:2026-03-15"}, True),
        ({"text": "日期:2026-03-14"}, False),
        ({"text": "近7天"}, True),
        ({"text": "has:evidence"}, False),
        ({"grades": ("A",)}, True),
        ({"grades": ("B", "C")}, False),
        ({"channels": ("weibo", "forum")}, True),
        ({"channels": ("weibo",)}, False),
        ({"subjects": ("星辰汽车",)}, True),
        ({"subjects": ("星辰",)}, False),
        ({"categories": ("安全",)}, True),
        ({"categories": ("服务",)}, False),
        ({"min_risk": 86}, True),
        ({"min_risk": 87}, False),
        ({"min_negative": 0.93}, True),
        ({"min_negative": 0.94}, False),
        ({"text": "失去动力", "grades": ("A",), "channels": ("forum",), "min_risk": 80}, True),
        ({"text": "失去动力", "grades": ("B",), "channels": ("forum",), "min_risk": 80}, False),
    ],
)
def test_a_search_finds_what_it_asks_for(searching: Searching, asked: dict[str, Any], found: bool) -> None:
    saved = searching.save(**asked)
    assert searching.publish(MENTION) == ([Find(search=saved.id, post=MENTION.id)] if found else [])


def test_each_search_finds_for_itself(searching: Searching) -> None:
    """Several searches, several mentions, one batch."""
    speed, all_a = searching.save("高速"), searching.save(grades=("A",))
    searching.save("漏油")
    other = make_mention(2, text="变速箱异响", title=None)
    assert set(searching.publish(MENTION, other)) == {
        Find(search=speed.id, post=MENTION.id),
        Find(search=all_a.id, post=MENTION.id),
        Find(search=all_a.id, post=other.id),
    }
    assert [searching.standing(one).waiting for one in (speed, all_a)] == [1, 2]


@pytest.mark.parametrize("more", [{"notify": ()}, {"muted": True}])
def test_one_that_tells_nobody_is_not_asked(searching: Searching, more: dict[str, Any]) -> None:
    muted = more.pop("muted", False)
    saved = searching.save("失去动力", **more)
    if muted:
        searching.store.mute(saved.id, now=SAVED)
    assert searching.publish(MENTION) == []
    assert searching.world.rows(saved_search_hits) == []


def test_published_again_is_found_once(searching: Searching) -> None:
    """Judged anew, edited, published by a second worker, told or not."""
    saved = searching.save("失去动力")
    assert len(searching.publish(MENTION)) == 1
    edited = make_mention(1, text="在高速上失去动力，已经退车。", edited=NOW + MINUTE)
    other = SearchWatch(database=searching.world.database, settings=searching.world.settings)
    assert searching.publish(MENTION, now=NOW + MINUTE) == searching.publish(edited, now=NOW + HOUR) == []
    assert searching.tell(NOW + HOUR).results == 1
    assert other.consider([edited], now=NOW + 2 * HOUR) == []
    assert searching.tell(NOW + 2 * HOUR).results == 0
    assert searching.standing(saved).told == 1


def test_a_batch_may_hold_a_post_twice(searching: Searching) -> None:
    searching.save("失去动力")
    assert len(searching.publish(MENTION, MENTION)) == 1


def test_what_matches_only_after_an_edit_or_a_correction_rings_then(searching: Searching) -> None:
    """The first judgement was no find, so there is nothing to be told twice."""
    searching.save("退车", name="退车")
    searching.save(grades=("A",), name="特急")
    low = replace(MENTION, verdict=replace(MENTION.verdict, grade="C", risk=35))
    assert searching.publish(low) == []
    edited = make_mention(1, grade="C", text="已经退车。", edited=NOW + HOUR)
    assert [one.post for one in searching.publish(edited, now=NOW + HOUR)] == [MENTION.id]
    assert [one.post for one in searching.publish(MENTION, now=NOW + 2 * HOUR)] == [MENTION.id]


@pytest.mark.parametrize(
    ("published", "collected", "edited", "worker", "rings"),
    [
        (NOW - MINUTE, NOW, None, NOW, True),
        (NOW - 23 * HOUR, NOW, None, NOW, True),
        (NOW - 25 * HOUR, NOW, None, NOW, False),  # history when it was collected
        (NOW - 25 * HOUR, NOW, NOW - HOUR, NOW, True),  # its author has just said something else
        (None, NOW, None, NOW, True),  # a site that shows no times
        (NOW - MINUTE, NOW, None, NOW + 3 * DAY, True),  # the worker was off for a weekend
        (NOW - MINUTE, NOW, None, NOW + 8 * DAY, False),  # longer ago than a first crawl reads
    ],
)
def test_what_is_old_is_no_news(
    searching: Searching, published: Any, collected: Any, edited: Any, worker: Any, rings: bool
) -> None:
    """The dispatcher's own rule."""
    searching.save("失去动力", now=NOW - 30 * DAY)
    mention = make_mention(1, published=published, collected=collected, edited=edited)
    assert bool(searching.publish(mention, now=worker)) is rings


def test_an_archive_that_is_judged_anew_stays_quiet(searching: Searching) -> None:
    """A better model finds more in what people could read for days; a reassessment says so in the digest."""
    searching.save(grades=("A",), now=NOW - 30 * DAY)
    low = replace(MENTION, verdict=replace(MENTION.verdict, grade="C", risk=35))
    later = NOW + 3 * DAY
    assert searching.publish(low) == []
    searching.world.keep(MENTION)
    with searching.world.database.write() as connection:
        fresh = searching.world.settings.alerts.fresh
        assert leave_to_digest(connection, [MENTION], fresh=fresh, now=later) == 1
    assert searching.publish(MENTION, now=later) == []
    # Nor does one whose grade did not rise: the dispatcher's record is as old as the post.
    searching.save("失去动力", now=NOW - 30 * DAY)
    assert searching.publish(MENTION, now=later + MINUTE) == []


@pytest.mark.parametrize(
    ("code", "rings"),
    [
        ("correction.missed", True),
        ("correction.grade", True),
        ("correction.category", True),
        ("category.safety", False),
    ],
)
def test_what_a_person_says_of_an_old_post_rings(searching: Searching, code: str, rings: bool) -> None:
    """Freshness protects people from machines that find history, not from their colleagues."""
    searching.save(grades=("A",), now=NOW - 30 * DAY)
    old = make_mention(1, published=NOW - 9 * DAY, collected=NOW - 9 * DAY)
    said = replace(old, verdict=replace(old.verdict, reasons=(Reason(code=code, text="人工改级"),)))
    assert bool(searching.publish(said)) is rings


def test_what_was_there_before_is_known(searching: Searching) -> None:
    """A search tells of what is published after it was saved, however often the rest is published again."""
    before, after = make_mention(1), make_mention(2)
    searching.publish(before, now=NOW - HOUR)
    saved = searching.save("失去动力", now=NOW)
    assert searching.publish(before, now=NOW + MINUTE) == []
    assert [one.post for one in searching.publish(before, after, now=NOW + MINUTE)] == [after.id]
    assert searching.standing(saved).waiting == 1
    assert searching.standing(saved).told == 0


def test_what_was_on_its_way_when_the_search_was_saved_rings(searching: Searching) -> None:
    """Collected and judged before, published after: nobody could find it when the search was saved."""
    waiting = make_mention(1, published=NOW - 2 * HOUR, collected=NOW - HOUR)
    searching.world.keep(waiting)
    searching.save("失去动力", now=NOW)
    assert len(searching.publish(waiting, now=NOW + MINUTE)) == 1


def test_what_was_published_in_that_very_minute_rings_rather_twice_than_never(searching: Searching) -> None:
    """The batch may have missed the search; but what is history stays history."""
    searching.publish(make_mention(1), make_mention(2, published=NOW - 3 * DAY), now=NOW)
    saved = searching.save("失去动力", now=NOW + timedelta(seconds=10))
    assert {row.post: row.message for row in searching.world.rows(saved_search_hits)} == {
        make_mention(1).id: None,
        make_mention(2).id: KNOWN,
    }
    assert searching.standing(saved).waiting == 1


@pytest.mark.parametrize("how", ["text", "filters", "notify", "unmute"])
def test_one_that_begins_to_watch_looks_around_first(searching: Searching, how: str) -> None:
    """Something else asked for, somebody told at last, loud again: what is there by then is known."""
    store = searching.store
    saved = searching.save("漏油" if how == "text" else "失去动力", grades=("C",) if how == "filters" else ())
    if how == "notify":
        store.change(saved.id, notify=(), now=SAVED)
    if how == "unmute":
        store.mute(saved.id, now=SAVED)
    assert searching.publish(MENTION, now=NOW) == []
    begun = NOW + HOUR
    match how:
        case "text":
            store.change(saved.id, text="失去动力", now=begun)
        case "filters":
            store.change(saved.id, filters=replace(saved.filters, grades=("A",)), now=begun)
        case "notify":
            store.change(saved.id, notify=("phone",), now=begun)
        case "unmute":
            store.unmute(saved.id, now=begun)
    assert [row.message for row in searching.world.rows(saved_search_hits)] == [KNOWN]
    assert len(searching.publish(MENTION, make_mention(2), now=begun + MINUTE)) == 1


def test_what_waited_when_it_was_muted_is_told_when_it_is_loud_again(searching: Searching) -> None:
    saved = searching.save("失去动力")
    searching.publish(MENTION)
    searching.store.mute(saved.id, now=NOW)
    assert searching.tell(NOW + MINUTE).messages == 0
    searching.store.unmute(saved.id, now=NOW + HOUR)
    assert searching.tell(NOW + HOUR).results == 1


def _break(searching: Searching, search: str) -> None:
    """As if the language had changed since the text was saved."""
    with searching.world.database.write() as connection:
        connection.execute(update(saved_searches).where(saved_searches.c.id == search).values(text="(刹车"))


def test_a_text_that_cannot_be_read_any_more_stops_nobody(
    searching: Searching, caplog: pytest.LogCaptureFixture
) -> None:
    """The others find; it is logged once, however many batches come."""
    broken, good = searching.save("刹车"), searching.save("失去动力")
    _break(searching, broken.id)
    with caplog.at_level(logging.ERROR):
        assert [one.search for one in searching.publish(MENTION)] == [good.id]
        searching.publish(make_mention(2))
    said = [record for record in caplog.records if record.message == "saved_search_unreadable"]
    assert [getattr(record, "search", None) for record in said] == [broken.name]


def test_a_search_removed_in_the_middle_of_a_batch_is_no_failure(
    searching: Searching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its find has nobody to be told; the others' are noted."""
    gone, stays = searching.save("失去动力"), searching.save("高速")
    read = SearchWatch._watching

    def and_then_one_goes(self: SearchWatch) -> Sequence[Any]:
        found = read(self)
        searching.store.remove(gone.id)
        return found

    monkeypatch.setattr(SearchWatch, "_watching", and_then_one_goes)
    assert [one.search for one in searching.publish(MENTION)] == [stays.id]


def test_two_workers_note_a_find_once(searching: Searching) -> None:
    searching.save("失去动力")
    searching.world.consider(MENTION)

    def consider(_: int) -> list[Find]:
        watch = SearchWatch(database=searching.world.database, settings=searching.world.settings)
        return watch.consider([MENTION], now=NOW)

    with ThreadPoolExecutor(4) as pool:
        found = [one for finds in pool.map(consider, range(8)) for one in finds]
    assert len(found) == len(searching.world.rows(saved_search_hits)) == 1


def test_nothing_published_and_nobody_watching_cost_no_write(searching: Searching) -> None:
    """The write lock is everybody's; a batch without finds does not take it."""
    searching.save("漏油")
    searching.world.consider(MENTION)
    with searching.world.database.write() as connection:  # held by somebody else
        write_dispatches(connection, [])
        assert searching.watch.consider([MENTION], now=NOW) == []
        assert searching.watch.consider([], now=NOW) == []


def test_a_text_full_of_hostility_is_only_text(searching: Searching) -> None:
    """Our own marks, edges of tokens, brackets without end."""
    searching.save("失去动力")
    nasty = "\ue000失去\x1f动力\ue001\ue002" + "（" * 5000 + '" OR NOT *'
    assert len(searching.publish(make_mention(1, text=nasty))) == 1
