from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.database import Database
from crawlers.budget import DailyBudget, DaySpent, hostname
from crawlers.host_days import HostDays

DAY = date(2026, 3, 15)
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def days(tmp_path: Path) -> Iterator[HostDays]:
    database = Database(f"sqlite:///{tmp_path / 'tingfeng.sqlite'}")
    database.migrate()
    yield HostDays(database)
    database.close()


def test_a_day_gives_no_more_than_its_limit(days: HostDays) -> None:
    """Blocks are granted while they last, the last one smaller, then none; other hosts and days are their own."""
    granted = [days.reserve("a.test", DAY, most=4, limit=10) for _ in range(4)]
    assert granted == [4, 4, 2, 0]
    assert days.reserve("b.test", DAY, most=4, limit=10) == 4
    assert days.reserve("a.test", DAY + timedelta(days=1), most=4, limit=10) == 4
    assert days.made("a.test", DAY) == 10


def test_what_is_given_back_can_be_taken_again(days: HostDays) -> None:
    """Unused requests go to whoever asks next; more than was taken is never given back."""
    days.reserve("a.test", DAY, most=10, limit=10)
    days.give_back("a.test", DAY, 3)
    assert days.reserve("a.test", DAY, most=10, limit=10) == 3
    days.give_back("a.test", DAY, 99)
    assert days.made("a.test", DAY) == 0


def test_a_limit_made_smaller_gives_nothing(days: HostDays) -> None:
    """An operator who lowers the limit below what was made stops the day; the count does not run backwards."""
    days.reserve("a.test", DAY, most=10, limit=10)
    assert days.reserve("a.test", DAY, most=5, limit=4) == 0
    assert days.made("a.test", DAY) == 10


def test_processes_share_one_day(days: HostDays) -> None:
    """Many takers at the same moment get exactly the limit together."""
    with ThreadPoolExecutor(8) as pool:
        granted = list(pool.map(lambda _: days.reserve("a.test", DAY, most=7, limit=100), range(40)))
    assert sum(granted) == 100


def test_old_days_are_forgotten(days: HostDays) -> None:
    """A new day of a host removes those of two months ago."""
    days.reserve("a.test", DAY - timedelta(days=61), most=1, limit=9)
    days.reserve("a.test", DAY - timedelta(days=59), most=1, limit=9)
    days.reserve("a.test", DAY, most=1, limit=9)
    assert [days.made("a.test", DAY - timedelta(days=ago)) for ago in (61, 59, 0)] == [0, 1, 1]


def _budget(days: HostDays, now: list[datetime], limit: int) -> DailyBudget:
    return DailyBudget(days, limit=limit, clock=lambda: now[0], zone=ZONE)


def test_the_limit_ends_requests_until_midnight_of_the_operator(days: HostDays) -> None:
    """At the limit every request is refused with the time that is left; the next day starts anew."""
    now = [datetime(2026, 3, 15, 15, 30, tzinfo=UTC)]  # 23:30 in Shanghai
    budget = _budget(days, now, limit=3)

    async def scene() -> None:
        for _ in range(3):
            await budget.take("a.test")
        with pytest.raises(DaySpent) as spent:
            await budget.take("a.test")
        assert spent.value.left == timedelta(minutes=30)
        assert spent.value.sign == "今天对 a.test 的请求已达 3 次上限，其余内容明天继续"
        await budget.take("b.test")
        now[0] += timedelta(minutes=31)
        await budget.take("a.test")
        await budget.close()

    asyncio.run(scene())
    assert days.made("a.test", DAY) == 3
    assert days.made("a.test", DAY + timedelta(days=1)) == 1


def test_what_a_process_did_not_use_is_free_for_others(days: HostDays) -> None:
    """A crawl that ends leaves the count at what it asked for; one that was killed leaves at most a block more."""
    now = [datetime(2026, 3, 15, 4, 0, tzinfo=UTC)]
    tidy, killed = _budget(days, now, limit=1000), _budget(days, now, limit=1000)

    async def scene() -> None:
        for _ in range(13):
            await tidy.take("a.test")
        await tidy.close()
        await killed.take("b.test")

    asyncio.run(scene())
    assert days.made("a.test", DAY) == 13
    assert days.made("b.test", DAY) == 10


def test_many_at_once_are_counted_once_each(days: HostDays) -> None:
    """Requests in flight together do not share one permission."""
    now = [datetime(2026, 3, 15, 4, 0, tzinfo=UTC)]
    budget = _budget(days, now, limit=30)

    async def scene() -> list[BaseException | None]:
        return await asyncio.gather(*(budget.take("a.test") for _ in range(50)), return_exceptions=True)

    outcomes = asyncio.run(scene())
    assert outcomes.count(None) == 30
    assert sum(isinstance(outcome, DaySpent) for outcome in outcomes) == 20


@pytest.mark.parametrize(
    ("url", "host"),
    [("https://A.test:8443/x", "a.test"), ("http://[::1]/x", "::1"), ("data:text/html,x", "")],
)
def test_a_host_is_counted_whatever_its_port(url: str, host: str) -> None:
    """Scheme, port and case make no second host."""
    assert hostname(url) == host
