"""Work leases: at least once, never lost, never two owners at a time."""

from __future__ import annotations

import multiprocessing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core.database import Database
from core.work import WorkItem, WorkQueue

LEASE = timedelta(seconds=60)
SECOND = timedelta(seconds=1)


@pytest.fixture
def queue(database: Database) -> WorkQueue:
    return WorkQueue(database, "assess")


def put(queue: WorkQueue, *keys: str, now: datetime, due: datetime | None = None) -> None:
    with queue.database.write() as connection:
        queue.put(connection, keys, due=due or now, now=now)


def done(queue: WorkQueue, *items: WorkItem) -> None:
    with queue.database.write() as connection:
        queue.done(connection, items)


def claim(queue: WorkQueue, now: datetime, owner: str = "one", limit: int = 10) -> list[WorkItem]:
    return queue.claim(limit, owner=owner, now=now, lease=LEASE)


def test_what_is_put_is_claimed_once(queue: WorkQueue, now: datetime) -> None:
    """A key put twice waits once; a claimed one is nobody else's."""
    put(queue, "a", "b", "a", now=now)
    put(queue, "b", now=now)
    assert [item.key for item in claim(queue, now)] == ["a", "b"]
    assert claim(queue, now, "two") == []


def test_done_work_is_gone(queue: WorkQueue, now: datetime) -> None:
    put(queue, "a", now=now)
    done(queue, *claim(queue, now))
    assert claim(queue, now + 2 * LEASE) == []
    assert queue.backlog() == (0, 0)


def test_a_dead_owner_loses_the_lease(queue: WorkQueue, now: datetime) -> None:
    """What a crashed worker held comes back when its lease is over, with the attempt counted."""
    put(queue, "a", now=now)
    claim(queue, now)
    assert claim(queue, now + LEASE - SECOND, "two") == []
    [again] = claim(queue, now + LEASE, "two")
    assert (again.key, again.attempts, again.owner) == ("a", 1, "two")


def test_a_late_owner_cannot_finish_what_another_holds(queue: WorkQueue, now: datetime) -> None:
    put(queue, "a", now=now)
    late = claim(queue, now)
    claim(queue, now + LEASE, "two")
    done(queue, *late)
    assert queue.backlog() == (1, 0)


def test_work_put_while_being_done_is_done_again(queue: WorkQueue, now: datetime) -> None:
    """A post edited while it is judged is judged again, and at once."""
    put(queue, "a", now=now)
    held = claim(queue, now)
    put(queue, "a", now=now)
    done(queue, *held)
    assert [item.key for item in claim(queue, now)] == ["a"]


def test_nothing_is_claimed_before_it_is_due(queue: WorkQueue, now: datetime) -> None:
    put(queue, "a", now=now, due=now + SECOND)
    assert claim(queue, now) == []
    assert len(claim(queue, now + SECOND)) == 1


def test_hasten_makes_work_due_earlier_and_never_later(queue: WorkQueue, now: datetime) -> None:
    put(queue, "soon", now=now, due=now + SECOND)
    put(queue, "late", now=now, due=now + 100 * SECOND)
    with queue.database.write() as connection:
        queue.hasten(connection, ["soon", "late"], due=now + 2 * SECOND)
    assert [item.key for item in claim(queue, now + SECOND)] == ["soon"]
    assert [item.key for item in claim(queue, now + 2 * SECOND)] == ["late"]


def test_retry_waits_and_bury_stays_visible(queue: WorkQueue, now: datetime) -> None:
    put(queue, "again", "never", now=now)
    again, never = claim(queue, now)
    with queue.database.write() as connection:
        queue.retry(connection, again, due=now + SECOND, reason="timeout")
        queue.bury(connection, never, reason="poison")
    assert claim(queue, now) == []
    assert [item.key for item in claim(queue, now + SECOND)] == ["again"]
    assert queue.backlog() == (1, 1)
    put(queue, "never", now=now)
    assert [(item.key, item.attempts) for item in claim(queue, now)] == [("never", 0)]


def test_nothing_is_put_if_the_transaction_fails(queue: WorkQueue, now: datetime) -> None:
    with pytest.raises(RuntimeError), queue.database.write() as connection:
        queue.put(connection, ["a"], due=now, now=now)
        raise RuntimeError("the step failed")
    assert queue.backlog() == (0, 0)


def test_release_frees_what_dead_processes_hold(queue: WorkQueue, now: datetime) -> None:
    put(queue, "a", "b", now=now)
    claim(queue, now, "dead", limit=1)
    claim(queue, now, "alive", limit=1)
    assert sorted(queue.owners()) == ["alive", "dead"]
    with queue.database.write() as connection:
        assert queue.release(connection, ["dead"]) == 1
    assert [item.key for item in claim(queue, now, "three")] == ["a"]


def _claim_all(url: str, owner: str, now: datetime, into: multiprocessing.Queue[list[str]]) -> None:
    database = Database(url)
    queue, taken = WorkQueue(database, "assess"), []
    while items := queue.claim(7, owner=owner, now=now, lease=LEASE):
        taken += [item.key for item in items]
    database.close()
    into.put(taken)


def test_several_processes_share_the_work(queue: WorkQueue, now: datetime, tmp_path: Path) -> None:
    """Four processes drain 400 keys: each key is taken exactly once."""
    keys = [f"k{number}" for number in range(400)]
    put(queue, *keys, now=now)
    context = multiprocessing.get_context("spawn")
    into: multiprocessing.Queue[list[str]] = context.Queue()
    workers = [context.Process(target=_claim_all, args=(queue.database.url, f"w{n}", now, into)) for n in range(4)]
    for worker in workers:
        worker.start()
    taken = [key for _ in workers for key in into.get(timeout=60)]
    for worker in workers:
        worker.join(timeout=60)
    assert sorted(taken) == sorted(keys)


def test_a_clock_that_was_set_back_holds_nothing_up(queue: WorkQueue, now: datetime) -> None:
    """An item from the future is due, a lease from the future is over, and a pause after that holds again."""
    future = now + timedelta(days=900)
    put(queue, "waiting", "leased", now=future)
    assert [item.key for item in queue.claim(1, owner="dead", now=future, lease=LEASE)] == ["waiting"]
    items = claim(queue, now)
    assert sorted(item.key for item in items) == ["leased", "waiting"]
    assert claim(queue, now, "two") == []
    with queue.database.write() as connection:
        for item in items:
            queue.retry(connection, item, due=now + SECOND, reason="x")
    assert claim(queue, now) == []
    assert len(claim(queue, now + SECOND)) == 2


def test_two_clocks_may_differ_a_little(queue: WorkQueue, now: datetime) -> None:
    """A machine whose clock is behind by a minute does not take what another one holds, nor what is not due."""
    put(queue, "held", now=now)
    claim(queue, now)
    put(queue, "later", now=now, due=now + SECOND)
    assert claim(queue, now - LEASE, "two") == []


def test_what_is_given_back_keeps_its_place_and_its_count(queue: WorkQueue, now: datetime) -> None:
    """A fault of the world is not the item's: it is due as before, and was not tried."""
    put(queue, "old", now=now, due=now - 2 * SECOND)
    put(queue, "new", now=now, due=now - SECOND)
    for _ in range(5):
        held = claim(queue, now, limit=1)
        assert [(item.key, item.attempts) for item in held] == [("old", 0)]
        with queue.database.write() as connection:
            queue.give_back(connection, held, reason="down")
    assert queue.backlog() == (2, 0)


def test_only_what_is_held_can_be_given_back(queue: WorkQueue, now: datetime) -> None:
    """What somebody else holds by now stays his; what is lost is told."""
    put(queue, "a", "b", now=now)
    late = claim(queue, now)
    [other, _] = claim(queue, now + LEASE, "two")
    put(queue, "c", now=now)
    mine = claim(queue, now + LEASE)
    with queue.database.write() as connection:
        queue.give_back(connection, late, reason="down")
        assert [item.key for item in queue.lost(connection, [*late, *mine])] == ["a", "b"]
    done(queue, other)
    assert queue.backlog() == (2, 0)
    assert claim(queue, now + LEASE) == []


def test_what_is_put_again_while_it_is_buried_is_free(queue: WorkQueue, now: datetime) -> None:
    """What was wrong with it may be mended by the change that came meanwhile."""
    put(queue, "a", now=now)
    [held] = claim(queue, now)
    put(queue, "a", now=now)
    with queue.database.write() as connection:
        queue.bury(connection, held, reason="bad")
    assert queue.backlog() == (1, 0)
    [again] = claim(queue, now)
    assert again.attempts == 0
    with queue.database.write() as connection:
        queue.bury(connection, again, reason="bad")
    assert queue.backlog() == (0, 1)
