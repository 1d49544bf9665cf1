"""Moments of reading: later readings have later moments, whatever the clocks of the readers say."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from core.database import Database
from index.readings import next_moment

START = datetime(2026, 3, 15, 12, 0, 0, 123_456, tzinfo=UTC)


def test_moments_grow_whatever_the_clocks_say(database: Database) -> None:
    """A machine that is late, one that is early, one whose clock was set back by a year."""
    seconds = (0.0, 1.0, 1.0, 1.0002, -5.0, 3600.0, 2.0, -3e7, 3600.0, 7200.0)
    moments = []
    for ahead in seconds:
        with database.write() as connection:
            moments.append(next_moment(connection, now=START + timedelta(seconds=ahead)))
    assert moments == sorted(set(moments))
    assert all(moment.microsecond % 1000 == 0 for moment in moments)
    assert moments[0] == START.replace(microsecond=123_000)
    assert moments[-1] == (START + timedelta(hours=2)).replace(microsecond=123_000)


def test_no_moment_is_given_twice(database: Database) -> None:
    """Several processes at once, each with connections of its own."""
    given: list[datetime] = []

    def take() -> None:
        own = Database(database.url)
        for _ in range(25):
            with own.write() as connection:
                given.append(next_moment(connection, now=START))
        own.close()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(given)) == 100


def test_a_moment_of_work_that_failed_may_be_given_again(database: Database) -> None:
    """Nobody read under it."""
    with database.engine.connect() as connection:
        lost = next_moment(connection, now=START)
        connection.rollback()
    with database.write() as connection:
        assert next_moment(connection, now=START) == lost
