"""What the archive knows around a mention, from real rows: paces, growth, earlier complaints and their ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event as listening
from sqlalchemy import func, insert, select, update

from analysis.background import Asked, Background
from analysis.reading import read
from analysis.risk import bundled_table
from core.database import Database
from core.model import Author, Channel, Event, Post, Verdict
from core.schema import cases, complainants, corrections, event_posts, events
from index.background import BackgroundStore
from index.posts import PostStore
from index.verdicts import VerdictStore

NOW = datetime(2026, 6, 10, 4, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OURS = "曜行汽车"
STORY = "提车两个月变速箱顿挫，店里看了三次都说正常，谁来管管这件事"


class World:
    """A store with posts and verdicts, and a clock that the test moves."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOW
        self._number = 0
        self.store = self.process()

    def process(self) -> BackgroundStore:
        """Another worker's view of the same store."""
        return BackgroundStore(self.database, bundled_table(), negative_from=0.5, clock=lambda: self.now)

    def post(self, when: datetime, text: str = "", *, site: str = "bbs.example", **more: Any) -> Post:
        self._number += 1
        channel: Channel = more.pop("channel", "forum")
        values = {"native_id": str(self._number), "collected": when, "published": when, **more}
        text = text or f"第{self._number}条"
        made = Post(kind="forum", site=site, url=f"https://{site}/{self._number}", channel=channel, text=text, **values)
        PostStore(self.database).keep([made], source="s", raw=None, now=when)
        return made

    def judged(
        self, when: datetime, text: str = "", *, negative: float = 0.9, event: str | None = None, **more: Any
    ) -> Post:
        subjects = more.pop("subjects", (OURS,))
        made = self.post(when, text, **more)
        verdict = Verdict(id=made.id, negative=negative, subjects=subjects, event=event)
        row = {"post": made.id, "event": self.event(), "channel": "forum", "signature": "{}"}
        with self.database.write() as connection:
            VerdictStore(self.database).save(connection, [verdict], now=when)
            if subjects:
                connection.execute(insert(event_posts).values(**row, published=min(made.when, made.collected)))
        return made

    def event(self) -> str:
        """Some event under which mentions are filed."""
        with self.database.write() as connection:
            if connection.scalar(select(events.c.id).where(events.c.id == "any")) is None:
                row = {"first_post": "p", "first_published": NOW, "last_published": NOW, "size": 1, "channels": []}
                connection.execute(insert(events).values(id="any", title="t", **row))
        return "any"

    def around(self, *posts: Post, store: BackgroundStore | None = None, **more: Any) -> list[Background]:
        found = [asked(post, **more) for post in posts]
        chosen = store or self.store
        chosen.refresh()
        with self.database.write() as connection:
            return chosen.around(connection, found)

    def rows(self) -> int:
        with self.database.read() as connection:
            return connection.scalar(select(func.count()).select_from(complainants)) or 0


def asked(post: Post, *, negative: float = 0.9, event: Event | None = None, subjects: Sequence[str] = (OURS,)) -> Asked:
    return Asked(post=post, own=read(post.full_text).own, subjects=tuple(subjects), negative=negative, event=event)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


# -- pace ------------------------------------------------------------------------------------------------------------


def test_the_same_hours_of_earlier_days(world: World) -> None:
    """Counts of the window of six hours, day by day; a day on which nothing was read is unknown."""
    for back in range(1, 29):
        if back != 5:
            world.post(NOW - back * DAY - 2 * HOUR)
    world.judged(NOW - 3 * DAY - HOUR)
    world.judged(NOW - 3 * DAY - 4 * HOUR)
    world.judged(NOW - 3 * DAY - 9 * HOUR)
    world.judged(NOW - 7 * DAY, negative=0.2)
    world.judged(NOW - 7 * DAY, subjects=())
    world.judged(NOW - 7 * DAY, subjects=("别家",))
    world.judged(NOW - 7 * DAY, site="other.example")
    world.judged(NOW - HOUR)
    (pace,) = world.around(world.post(NOW))[0].paces
    assert (pace.site, pace.subject, pace.hours, pace.count) == ("bbs.example", OURS, 6, 2)
    assert len(pace.earlier) == 28
    assert pace.earlier[4] is None
    assert pace.earlier[2] == 2
    assert {count for day, count in enumerate(pace.earlier) if day not in (2, 4)} == {0}


def test_a_young_source_has_no_history(world: World) -> None:
    """A backfill of old posts, read today, is no history of watching."""
    for back in range(1, 20):
        world.judged(NOW - back * DAY, collected=NOW)
    (pace,) = world.around(world.post(NOW))[0].paces
    assert set(pace.earlier) == {None}


def test_mentions_of_this_batch_and_of_the_minute_count_once(world: World) -> None:
    """What this process judges counts at once, and asking again for the same post changes nothing."""
    batch = [world.post(NOW - minute * timedelta(minutes=1)) for minute in range(5)]
    assert world.around(*batch)[0].paces[0].count == 5
    assert world.around(*batch)[0].paces[0].count == 5
    assert world.around(world.post(NOW))[0].paces[0].count == 6


def test_praise_does_not_count_as_trouble(world: World) -> None:
    """A mention that is asked about for its topic, and is not negative, does not count itself."""
    assert world.around(world.post(NOW), negative=0.3)[0].paces[0].count == 0


def test_other_workers_mentions_are_seen_within_a_minute(world: World) -> None:
    """Two processes read the same store."""
    other = world.process()
    first = world.post(NOW)
    assert world.around(first, store=other)[0].paces[0].count == 1
    for _ in range(3):
        world.judged(NOW)
    assert world.around(first, store=other)[0].paces[0].count == 1
    world.now += timedelta(minutes=1)
    assert world.around(first, store=other)[0].paces[0].count == 4


def test_the_history_is_read_again_after_half_an_hour(world: World) -> None:
    """And when the clock was set back, at once."""
    world.post(NOW - DAY)
    first = world.post(NOW)
    assert world.around(first)[0].paces[0].earlier[0] == 0
    world.judged(NOW - DAY)
    world.now += timedelta(minutes=20)
    assert world.around(first)[0].paces[0].earlier[0] == 0
    world.now += timedelta(minutes=11)
    assert world.around(first)[0].paces[0].earlier[0] == 1
    world.judged(NOW - DAY)
    world.now -= timedelta(hours=2)
    assert world.around(first)[0].paces[0].earlier[0] == 2


def test_a_post_judged_again_later_is_compared_with_its_own_time(world: World) -> None:
    """A week later the window is still that of the post."""
    for day in range(25):
        world.post(NOW - day * DAY)
    burst = [world.judged(NOW - 7 * DAY) for _ in range(4)]
    world.judged(NOW - 8 * DAY)
    (pace,) = world.around(burst[0])[0].paces
    assert pace.count == 4
    assert pace.earlier[0] == 1
    assert pace.earlier[16] == 0
    assert set(pace.earlier[17:]) == {None}


def test_times_in_the_future_and_posts_without_a_time(world: World) -> None:
    """Both are placed where they were fetched."""
    world.around(world.post(NOW, published=NOW + 400 * DAY), world.post(NOW, published=None))
    assert world.around(world.post(NOW))[0].paces[0].count == 3


# -- growth ----------------------------------------------------------------------------------------------------------


def filed(world: World, name: str, ages: Sequence[timedelta]) -> Event:
    made = Event(
        id=name, title="t", first_post="p", first_published=NOW, last_published=NOW, size=len(ages), channels=("forum",)
    )
    with world.database.write() as connection:
        row = {name: getattr(made, name) for name in ("id", "title", "first_post", "first_published", "last_published")}
        connection.execute(insert(events).values(**row, size=made.size, channels=["forum"], merged_into=None))
        for number, age in enumerate(ages):
            connection.execute(
                insert(event_posts).values(
                    post=f"{name}{number}", event=name, published=NOW - age, channel="forum", signature="{}"
                )
            )
    return made


def test_how_fast_an_event_grows(world: World) -> None:
    """Posts of the two hours before this one, later ones left out; small events are not looked at."""
    minutes = [timedelta(minutes=at) for at in (0, 10, 119, 120, 121, 300, -30)]
    event = filed(world, "big", minutes)
    small = filed(world, "small", minutes[:2])
    assert world.around(world.post(NOW), event=event)[0].event_lately == 4
    assert world.around(world.post(NOW), event=small)[0].event_lately is None
    assert world.around(world.post(NOW))[0].event_lately is None


# -- complainants ----------------------------------------------------------------------------------------------------


def test_the_same_author_contact_and_text(world: World) -> None:
    """Each earlier complaint once, by its surest sign, oldest first, with channel, site and time."""
    author = Author(id="7", name="老王的车库")
    by_account = world.judged(NOW - 5 * DAY, author=author)
    by_text = world.judged(NOW - 4 * DAY, STORY, site="b.example", channel="complaint")
    by_name = world.judged(NOW - 3 * DAY, site="w.example", author=Author(id="99", name="老王的车库"), channel="weibo")
    by_contact = world.judged(NOW - 2 * DAY, "联系电话13812345678", site="c.example", author=author)
    world.judged(NOW - DAY, "别人的事，说的也是别的车", author=Author(id="8", name="小李的车库"))
    for one in (by_account, by_text, by_name, by_contact):
        world.around(one)
    again = world.post(NOW, f"{STORY}", author=author, title="联系电话 138-1234-5678")
    (found,) = world.around(again)
    assert [(one.post, one.sign, one.channel, one.site, one.when) for one in found.earlier] == [
        (by_account.id, "account", "forum", "bbs.example", NOW - 5 * DAY),
        (by_text.id, "text", "complaint", "b.example", NOW - 4 * DAY),
        (by_name.id, "name", "weibo", "w.example", NOW - 3 * DAY),
        (by_contact.id, "contact", "forum", "c.example", NOW - 2 * DAY),
    ]


def test_only_the_past_and_the_same_subject(world: World) -> None:
    """What came later, another subject's complaints, and what is older than a year are not this one's past."""
    author = Author(id="7", name="老王的车库")
    world.around(world.judged(NOW - 400 * DAY, author=author))
    world.around(world.judged(NOW - 2 * DAY, author=author, subjects=("别家",)), subjects=("别家",))
    first, last = world.judged(NOW - DAY, author=author), world.post(NOW, author=author)
    world.around(last)
    assert world.around(first)[0].earlier == ()
    assert [one.post for one in world.around(last)[0].earlier] == [first.id]


def test_a_thread_is_one_complaint(world: World) -> None:
    """Answers of the author below the own thread repeat nothing, and two in one other thread count once."""
    phone = "联系电话13812345678，一直没人管"
    opener = world.judged(NOW - 2 * DAY, phone)
    own_answer = world.judged(NOW - DAY, f"补充：{phone}", parent=opener.id)
    world.around(opener)
    assert world.around(own_answer)[0].earlier == ()
    assert world.around(world.post(NOW, f"再补充：{phone}", parent=opener.id))[0].earlier == ()
    elsewhere = world.post(NOW, f"换个地方说：{phone}", site="other.example")
    assert [one.post for one in world.around(elsewhere)[0].earlier] == [opener.id]


def test_judging_again_records_nothing_twice(world: World) -> None:
    """Re-judging finds the same past; an edit adds what the new text shows and keeps what was once said."""
    author = Author(id="7", name="老王的车库")
    before = world.judged(NOW - DAY, author=author)
    post = world.post(NOW, STORY, author=author)
    world.around(before)
    first, rows = world.around(post), world.rows()
    assert world.around(post) == first
    assert world.rows() == rows
    edited = world.post(NOW, f"{STORY}，联系电话13812345678", author=author, native_id=post.native_id)
    assert edited.id == post.id
    assert world.around(edited)[0].earlier == first[0].earlier
    assert world.rows() == rows + 2  # the telephone number and the longer text


def test_complaints_of_one_batch_know_each_other(world: World) -> None:
    """Nothing of the batch is saved yet when it is asked about."""
    author = Author(id="7", name="老王的车库")
    batch = [world.post(NOW - number * DAY, author=author) for number in range(3)]
    assert [len(found.earlier) for found in world.around(*batch)] == [2, 1, 0]


def test_two_workers_share_what_they_know(world: World) -> None:
    """What one process recorded the next one finds."""
    author = Author(id="7", name="老王的车库")
    first = world.judged(NOW - DAY, author=author)
    world.around(first)
    (found,) = world.around(world.post(NOW, author=author), store=world.process())
    assert [one.post for one in found.earlier] == [first.id]


def test_what_is_rolled_back_is_forgotten(world: World) -> None:
    """Marks are written with the verdicts or not at all."""
    post = world.post(NOW, author=Author(id="7", name="老王的车库"))
    with pytest.raises(ZeroDivisionError), world.database.write() as connection:
        world.store.around(connection, [asked(post)])
        raise ZeroDivisionError
    assert world.rows() == 0


@pytest.mark.parametrize(
    ("state", "closed", "outcome"),
    [
        (None, None, None),
        ("new", None, None),
        ("responding", None, None),
        ("resolved", None, "settled"),
        ("closed", -10, "settled"),
        ("dismissed", -10, "unfounded"),
        ("malicious", -10, "unfounded"),
        ("dismissed", 10, None),
    ],
)
def test_how_an_earlier_case_ended(world: World, state: str | None, closed: int | None, outcome: str | None) -> None:
    """As it stood when the new complaint came; a merged event's case is the other event's."""
    author = Author(id="7", name="老王的车库")
    filed(world, "taken", [DAY])
    filed(world, "over", [DAY])
    with world.database.write() as connection:
        connection.execute(update(events).where(events.c.id == "taken").values(merged_into="over"))
        if state is not None:
            moment = None if closed is None else NOW + closed * HOUR
            connection.execute(
                insert(cases).values(
                    id="k", event="over", grade="C", state=state, opened=NOW - DAY, due=NOW, title="t", subjects=[],
                    closed=moment,
                )
            )  # fmt: skip
    world.around(world.judged(NOW - DAY, author=author, event="taken"))
    (found,) = world.around(world.post(NOW, author=author))
    assert [one.outcome for one in found.earlier] == [outcome]


@pytest.mark.parametrize(
    ("kind", "withdrawn", "outcome"),
    [("false_alarm", None, "unfounded"), ("false_alarm", NOW, None), ("grade", None, None)],
)
def test_a_false_alarm_is_unfounded(world: World, kind: str, withdrawn: datetime | None, outcome: str | None) -> None:
    """What people said, unless they took it back."""
    author = Author(id="7", name="老王的车库")
    before = world.judged(NOW - DAY, author=author)
    world.around(before)
    with world.database.write() as connection:
        connection.execute(
            insert(corrections).values(
                post=before.id, kind=kind, before={}, after={}, fingerprint="f", actor="a", note="", at=NOW - HOUR,
                withdrawn=withdrawn,
            )
        )  # fmt: skip
    (found,) = world.around(world.post(NOW, author=author))
    assert [one.outcome for one in found.earlier] == [outcome]


def test_what_turned_out_to_be_no_complaint_is_none(world: World) -> None:
    """A later judgement found praise: the author never complained."""
    author = Author(id="7", name="老王的车库")
    before = world.judged(NOW - DAY, author=author, negative=0.1)
    world.around(before)
    assert world.around(world.post(NOW, author=author))[0].earlier == ()


def test_a_batch_costs_a_handful_of_statements(world: World) -> None:
    """Not one a post."""
    author = Author(id="7", name="老王的车库")
    event = filed(world, "e", [HOUR] * 9)
    batch = [world.post(NOW - number * HOUR, STORY, author=author) for number in range(60)]
    world.store.refresh()
    said: list[str] = []
    listening.listen(world.database.engine, "before_cursor_execute", lambda *call: said.append(call[2]))
    with world.database.write() as connection:
        world.store.around(connection, [asked(post, event=event) for post in batch])
    assert len([statement for statement in said if not statement.startswith("BEGIN")]) <= 6


def test_nobody_is_asked_about(world: World) -> None:
    """An empty batch."""
    assert world.around() == []
