"""Which posts tell the same story."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from analysis.events import Candidate, EventGrouper
from analysis.stories import Signature, signature
from core.database import Database
from core.model import Channel, Event
from core.schema import event_posts, events
from core.text import fold

NOON = datetime(2026, 3, 15, 4, 0, tzinfo=UTC)

FORUM_FIRE = "我的曜行S7停在杭州滨江的停车场，自己就起火了，烧得只剩架子，店里到现在没人露面"
WEIBO_FIRE = "滨江这边一辆曜行S7烧起来了，浓烟滚滚，消防车来了三台"
NEWS_FIRE = "3月15日上午，杭州滨江一停车场内一辆曜行S7新能源汽车起火，所幸无人员伤亡，起火原因正在调查"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(f"sqlite:///{tmp_path / 'events.sqlite'}")
    found.migrate()
    yield found
    found.close()


def candidate(
    post: str,
    text: str,
    *,
    hours: float = 0,
    channel: Channel = "forum",
    subjects: tuple[str, ...] = ("曜行汽车",),
    parent: str | None = None,
) -> Candidate:
    return Candidate(
        post=post,
        channel=channel,
        headline=text,
        text=fold(text),
        subjects=subjects,
        names=("曜行",),
        categories=(),
        when=NOON + timedelta(hours=hours),
        parent=parent,
    )


def assign(database: Database, *candidates: Candidate) -> list[Event | None]:
    with database.write() as connection:
        return EventGrouper(database).assign(connection, candidates)


def test_one_incident_told_three_ways_is_one_event(database: Database) -> None:
    """A forum post, a Weibo status and a news article about one fire share an event that counts them."""
    found = assign(
        database,
        candidate("a" * 24, FORUM_FIRE),
        candidate("b" * 24, WEIBO_FIRE, hours=1, channel="weibo"),
        candidate("c" * 24, NEWS_FIRE, hours=5, channel="news"),
    )
    ids = {event.id for event in found if event}
    assert len(ids) == 1
    last = found[-1]
    assert last is not None
    assert (last.size, last.channels, last.first_post) == (3, ("news", "forum", "weibo"), "a" * 24)
    assert (last.first_published, last.last_published) == (NOON, NOON + timedelta(hours=5))
    assert last.title.startswith("我的曜行S7停在杭州滨江")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("曜行S7低速异响，跑了三趟没修好", "曜行4S店拒绝退定金，拖了三个月"),
        ("曜行S7低速异响，跑了三趟没修好", "曜行S7转弯异响，售后说正常"),
        ("曜行杭州店服务态度太差", "曜行杭州店乱收费，换机油一千八"),
        ("曜行S7在杭州滨江起火", "曜行S7在成都武侯起火"),
        ("曜行S7在杭州滨江起火", "曜行X5在杭州滨江起火"),
        ("曜行的车真不错，推荐给大家都来看看", "曜行店铺招聘销售顾问，待遇优厚五险一金"),
        ("曜行交了两万定金不退", "曜行定金说好可退现在不认"),
    ],
)
def test_unrelated_complaints_about_one_brand_stay_apart(database: Database, one: str, other: str) -> None:
    """The same brand, even the same kind of trouble, is not the same story."""
    first, second = assign(database, candidate("a" * 24, one), candidate("b" * 24, other, hours=1))
    assert first is not None
    assert second is not None
    assert first.id != second.id


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "曜行城东店把我的车修坏了还不承认，维修工把水管接反了，发动机直接报废，大家评评理",
            "转发求扩散：曜行城东店把我的车修坏了还不承认，维修工把水管接反了，发动机直接报废，大家评评理！！",
        ),
        ("曜行S7断轴了，刚过绕城高速收费站", "一辆曜行S7在绕城高速收费站附近断轴，车轮飞出去了"),
        ("曜行S7高速起火", "惊！曜行S7自燃，车主弃车逃生"),
    ],
)
def test_the_same_story_is_joined(database: Database, one: str, other: str) -> None:
    """Copies, and retellings with the same rare facts."""
    first, second = assign(database, candidate("a" * 24, one), candidate("b" * 24, other, hours=1, channel="weibo"))
    assert first is not None
    assert second is not None
    assert first.id == second.id


def test_another_subject_is_another_story(database: Database) -> None:
    """The same words about somebody else open their own event."""
    first, second = assign(
        database, candidate("a" * 24, FORUM_FIRE), candidate("b" * 24, FORUM_FIRE, subjects=("远山",), hours=1)
    )
    assert first is not None
    assert second is not None
    assert first.id != second.id


def test_a_story_ends_with_its_window(database: Database) -> None:
    """The same words four days later are a new event; two days later they are not."""
    near, far = candidate("b" * 24, WEIBO_FIRE, hours=48), candidate("c" * 24, NEWS_FIRE, hours=48 + 96)
    first, second, third = assign(database, candidate("a" * 24, FORUM_FIRE), near, far)
    assert first is not None
    assert second is not None
    assert third is not None
    assert first.id == second.id != third.id


def test_assigning_again_changes_nothing(database: Database) -> None:
    """A post keeps its event even if its text changed meanwhile, and is counted once."""
    (first,) = assign(database, candidate("a" * 24, FORUM_FIRE))
    (again,) = assign(database, candidate("a" * 24, "曜行的定金退了，谢谢"))
    assert again == first
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(event_posts)) == 1


def test_the_same_post_twice_in_a_batch_counts_once(database: Database) -> None:
    """A batch may repeat a post."""
    first, again = assign(database, candidate("a" * 24, FORUM_FIRE), candidate("a" * 24, FORUM_FIRE))
    assert first == again
    assert first is not None
    assert first.size == 1


def test_state_survives_a_restart(database: Database) -> None:
    """A new grouper, as after a restart, finds the story in the database."""
    (first,) = assign(database, candidate("a" * 24, FORUM_FIRE))
    (second,) = assign(database, candidate("b" * 24, WEIBO_FIRE, hours=2, channel="weibo"))
    assert first is not None
    assert second is not None
    assert (second.id, second.size) == (first.id, 2)


def test_a_rolled_back_batch_leaves_no_trace(database: Database) -> None:
    """What the caller's transaction did not keep, the grouper forgets."""
    grouper = EventGrouper(database)
    with pytest.raises(RuntimeError), database.write() as connection:
        grouper.assign(connection, [candidate("a" * 24, FORUM_FIRE)])
        raise RuntimeError("power cut")
    with database.write() as connection:
        (event,) = grouper.assign(connection, [candidate("b" * 24, WEIBO_FIRE)])
    assert event is not None
    assert (event.size, event.first_post) == (1, "b" * 24)


def test_an_earlier_post_becomes_the_first(database: Database) -> None:
    """The first publisher is the earliest known, whenever we found it; the event's id stays."""
    (first,) = assign(database, candidate("b" * 24, WEIBO_FIRE, hours=3, channel="weibo"))
    (second,) = assign(database, candidate("a" * 24, FORUM_FIRE))
    assert first is not None
    assert second is not None
    assert second.id == first.id
    assert (second.first_post, second.first_published) == ("a" * 24, NOON)


def test_order_within_a_batch_does_not_matter(database: Database, tmp_path: Path) -> None:
    """The oldest post of a batch opens the event, so the id is the same whatever the order."""
    other = Database(f"sqlite:///{tmp_path / 'other.sqlite'}")
    other.migrate()
    batch = [candidate("a" * 24, FORUM_FIRE), candidate("b" * 24, WEIBO_FIRE, hours=1)]
    forward, backward = assign(database, *batch), assign(other, *batch[::-1])
    other.close()
    assert forward == backward[::-1]


def test_without_a_subject_there_is_no_event(database: Database) -> None:
    """Nothing is filed for a post that is about nobody we watch."""
    assert assign(database, candidate("a" * 24, FORUM_FIRE, subjects=())) == [None]
    assert assign(database) == []
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(events)) == 0


HEAD, REPLY = candidate("a" * 24, FORUM_FIRE), "曜行再不给说法，大家一起去讨"


def test_an_answer_joins_the_event_of_what_it_answers(database: Database) -> None:
    """Whatever it says, in the same batch or in a later one; a post with the same words elsewhere does not."""
    first, second = assign(database, HEAD, candidate("b" * 24, REPLY, hours=1, parent=HEAD.post))
    (third,) = assign(database, candidate("c" * 24, "曜行太让人失望了", hours=2, parent=HEAD.post))
    (alone,) = assign(database, candidate("d" * 24, "曜行实在让人失望", hours=2))
    assert first is not None
    assert second is not None
    assert third is not None
    assert alone is not None
    assert first.id == second.id == third.id != alone.id
    assert third.size == 3


def test_answers_meet_before_what_they_answer_is_seen(database: Database) -> None:
    """Two replies of one thread are one story, and the thread's first post joins them when it is found."""
    replies = [candidate("b" * 24, REPLY, hours=1, parent=HEAD.post)]
    replies.append(candidate("c" * 24, "曜行太让人失望了", hours=2, parent=HEAD.post))
    found = [*assign(database, replies[0]), *assign(database, replies[1]), *assign(database, HEAD)]
    assert len({event.id for event in found if event}) == 1
    last = found[-1]
    assert last is not None
    assert (last.size, last.first_post) == (3, HEAD.post)


def test_a_thread_is_no_story_beyond_subject_and_window(database: Database) -> None:
    """A reply about somebody else, or four days later, is not the thread's story."""
    first, other, late = assign(
        database,
        HEAD,
        candidate("b" * 24, "远山的车也一样", hours=1, parent=HEAD.post, subjects=("远山",)),
        candidate("c" * 24, REPLY, hours=96, parent=HEAD.post),
    )
    assert first is not None
    assert other is not None
    assert late is not None
    assert len({first.id, other.id, late.id}) == 3


def test_what_was_answered_comes_before_what_fits(database: Database) -> None:
    """A reply in one fire's thread stays there, even if its words fit another fire better."""
    other = candidate("b" * 24, "曜行S7在成都武侯起火，浓烟滚滚", hours=1)
    reply = candidate("c" * 24, "成都武侯那台曜行S7起火也是浓烟滚滚", hours=2, parent=HEAD.post)
    first, second, third = assign(database, HEAD, other, reply)
    assert first is not None
    assert second is not None
    assert third is not None
    assert third.id == first.id != second.id


def test_two_events_are_never_made_one(database: Database) -> None:
    """A post that arrives late joins the event that its answer opened; events that stand apart keep their ids."""
    (one,) = assign(database, candidate("b" * 24, "曜行定金不退", hours=1, parent="x" * 24))
    (two,) = assign(database, candidate("c" * 24, "曜行态度差", hours=2))
    assert one is not None
    assert two is not None
    (late,) = assign(database, candidate("x" * 24, "曜行欺负人"))
    assert late is not None
    assert late.id == one.id != two.id
    assert assign(database, candidate("c" * 24, "曜行态度差", hours=2)) == [two]


def test_memory_holds_only_the_window(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Posts that no new post can join leave the memory; copies are waited for 30 days."""
    monkeypatch.setattr("analysis.event_memory._SLACK", 0)
    grouper = EventGrouper(database)
    for day in range(0, 200, 5):
        with database.write() as connection:
            grouper.assign(connection, [candidate(f"{day:024d}", FORUM_FIRE, hours=24 * day)])
    assert len(grouper._memory.stories) <= 8


def test_a_signature_survives_its_text() -> None:
    """The line in the database holds the whole signature."""
    answer = signature(candidate("a" * 24, FORUM_FIRE, parent="b" * 24))
    assert Signature.from_text(answer.to_text()) == answer
    mark = signature(candidate("a" * 24, FORUM_FIRE))
    assert Signature.from_text(mark.to_text()) == mark


@pytest.mark.parametrize("text", ["", "曜行", "🔥🔥🔥", "\ud800", "曜" * 20_000])
def test_any_text_has_a_signature(text: str) -> None:
    """Empty, short, strange and long texts included."""
    mark = signature(candidate("a" * 24, text))
    assert Signature.from_text(mark.to_text()) == mark
