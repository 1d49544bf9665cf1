"""The worker asks the archive around each mention: repeat complainants and bursts reach the verdict, once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from analysis.analyser import Analyser
from analysis.events import EventGrouper
from analysis.risk import bundled_table
from analysis.sentiment import SentimentModel
from app.filing import Filer
from app.worker import Worker
from core.database import Database
from core.model import Author, Channel, Mention, Post, Verdict
from core.schema import complainants
from core.settings import RiskSettings, SubjectSettings
from index.background import BackgroundStore
from index.posts import PostStore
from index.sqlite import SqliteIndex
from index.verdicts import VerdictStore

#: A day without a sensitive window.
NOW = datetime(2026, 6, 10, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MODEL = SentimentModel.load(None)
COMPLAINTS = (
    "曜行提车两个月就漏油，售后修了三次都没修好，太坑人了",
    "曜行的变速箱异响越来越大，店里就会说正常，垃圾服务",
    "曜行发动机异响没人管，客服互相推诿，后悔买这个车",
)


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


class Desk:
    """A dispatcher that only listens."""

    def consider(self, mentions: Sequence[Mention], *, now: datetime) -> Sequence[object]:
        return ()


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def make_worker(database: Database, clock: Clock, tmp_path: Path) -> Callable[[], Worker]:
    """Workers as separate processes would be: each with its own connections and its own memory."""
    made: list[Database] = []

    def make() -> Worker:
        own = Database(database.url)
        made.append(own)
        return Worker(
            database=own,
            posts=PostStore(own),
            verdicts=VerdictStore(own),
            analyser=Analyser(
                subjects=[SubjectSettings(name="曜行汽车", aliases=("曜行",))], risk=RiskSettings(), model=MODEL
            ),
            grouper=EventGrouper(own),
            filer=Filer(
                database=own,
                verdicts=VerdictStore(own),
                index=SqliteIndex(tmp_path / f"index{len(made)}.sqlite"),
                clock=clock,
            ),
            dispatcher=Desk(),
            clock=clock,
            batch=10,
            background=BackgroundStore(own, bundled_table(), negative_from=0.5, clock=clock),
        )

    return make


def keep(
    worker: Worker, text: str, when: datetime, *, site: str, channel: Channel = "forum", name: str = "老王的车库"
) -> str:
    post = Post(
        kind="forum", site=site, native_id=text, url=f"https://{site}/1", channel=channel, text=text, published=when,
        collected=when, author=Author(id=name, name=name),
    )  # fmt: skip
    worker.posts.keep([post], source="s", raw=None, now=when)
    return post.id


def verdict(worker: Worker, post: str) -> Verdict:
    (mention,) = worker.verdicts.mentions([post])
    return mention.verdict


def reason(found: Verdict, code: str) -> str | None:
    return next((reason.text for reason in found.reasons if reason.code == code), None)


def test_the_third_complaint_says_so(make_worker: Callable[[], Worker]) -> None:
    """Across channels, with points, in the stored verdict; the sum of the reasons is the risk."""
    worker = make_worker()
    keep(worker, COMPLAINTS[0], NOW - 9 * DAY, site="a.example")
    keep(worker, COMPLAINTS[1], NOW - 4 * DAY, site="a.example")
    last = keep(worker, COMPLAINTS[2], NOW, site="w.example", channel="weibo")
    worker.drain()
    found = verdict(worker, last)
    assert reason(found, "complainant") == "同名作者 9 天内在论坛、微博第 3 次投诉"
    assert found.risk == sum(reason.points for reason in found.reasons)


def test_judging_again_changes_nothing(make_worker: Callable[[], Worker], database: Database) -> None:
    """The same posts judged twice, by another process, have the same verdicts, and no mark stands there twice."""
    worker = make_worker()
    ids = [keep(worker, text, NOW - (3 - at) * DAY, site="a.example") for at, text in enumerate(COMPLAINTS)]
    worker.drain()
    before = [verdict(worker, post) for post in ids]
    with database.read() as connection:
        rows = connection.scalar(select(func.count()).select_from(complainants))
    again = make_worker()
    again.judge(list(again.posts.get(ids).values()))
    assert [verdict(again, post) for post in ids] == before
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(complainants)) == rows
    assert rows


def test_two_workers_at_once(make_worker: Callable[[], Worker]) -> None:
    """Both take batches of the same queue; afterwards everybody's past is complete, whoever judged it."""
    workers = [make_worker(), make_worker()]
    ids = [
        keep(workers[0], f"{COMPLAINTS[number % 3]}，第{number}次说了", NOW - (40 - number) * DAY, site="a.example")
        for number in range(40)
    ]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda worker: worker.drain(), workers))
    again = make_worker()
    again.judge(list(again.posts.get(ids).values()))
    counts = [reason(verdict(again, post), "complainant") for post in ids]
    assert counts[0] is None
    assert [text for text in counts[1:] if text is None] == []
    assert (counts[-1] or "").endswith("第 40 次投诉")


def test_a_burst_is_unusual_where_it_was_quiet(make_worker: Callable[[], Worker]) -> None:
    """Four complaints within an hour on a site that had none for weeks; where nothing is known it adds nothing."""
    worker = make_worker()
    for back in range(1, 29):
        keep(
            worker, f"今天天气不错，出去走走，第{back}天", NOW - back * DAY, site="quiet.example", name=f"路人{back}号"
        )
    worker.drain()
    told = []
    for site in ("quiet.example", "new.example"):
        ids = [
            keep(worker, f"{COMPLAINTS[at % 3]}，说第{at}遍", NOW, site=site, name=f"{site}的第{at}位网友")
            for at in range(4)
        ]
        worker.drain()
        told.append(reason(verdict(worker, ids[-1]), "velocity"))
    assert told[0] is not None
    assert "quiet.example 上曜行汽车的负面近 6 小时有 4 条" in told[0]
    assert told[1] is None


def test_without_the_archive_a_verdict_stands_on_the_post(make_worker: Callable[[], Worker]) -> None:
    """No background, no such reason, no complaint about it."""
    worker = replace(make_worker(), background=None)
    ids = [keep(worker, text, NOW, site="a.example") for text in COMPLAINTS]
    worker.drain()
    for post in ids:
        found = verdict(worker, post)
        assert found.grade is not None
        assert not any(one.code.startswith(("complainant", "velocity")) for one in found.reasons)
