"""The worker judges a reply with its thread, which an earlier batch may have stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from analysis.analyser import Analyser
from analysis.events import EventGrouper
from analysis.sentiment import SentimentModel
from app.filing import Filer
from app.worker import Worker
from core.database import Database
from core.model import Mention, Post
from core.settings import RiskSettings, SubjectSettings
from index.posts import PostStore
from index.sqlite import SqliteIndex
from index.verdicts import VerdictStore

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


class Remembers:
    """A dispatcher that only listens."""

    def __init__(self) -> None:
        self.heard: list[Mention] = []

    def consider(self, mentions: Sequence[Mention], *, now: datetime) -> Sequence[object]:
        self.heard.extend(mentions)
        return ()


def a_post(number: int, text: str, parent: str | None = None) -> Post:
    return Post(
        kind="forum",
        site="bbs.example",
        native_id=str(number),
        url=f"https://bbs.example/{number}",
        channel="forum",
        text=text,
        published=NOW,
        collected=NOW,
        parent=parent,
    )


def test_a_reply_joins_the_thread_that_was_judged_before(database: Database, tmp_path: Path) -> None:
    """Its subject and its event come from the stored first post; a thread that nobody stored gives neither."""
    posts, listens = PostStore(database), Remembers()
    worker = Worker(
        database=database,
        posts=posts,
        verdicts=VerdictStore(database),
        analyser=Analyser(
            subjects=[SubjectSettings(name="曜行汽车", aliases=("曜行",))],
            risk=RiskSettings(),
            model=SentimentModel.load(None),
        ),
        grouper=EventGrouper(database),
        filer=Filer(
            database=database,
            verdicts=VerdictStore(database),
            index=SqliteIndex(tmp_path / "index.sqlite"),
            clock=lambda: NOW,
        ),
        dispatcher=listens,
        clock=lambda: NOW,
        batch=10,
    )
    head = a_post(1, "曜行的车高速上刹车失灵，差点没命，厂家到现在不露面")
    posts.keep([head], source="s1", raw=None, now=NOW)
    worker.drain()
    answers = [
        a_post(2, "刹车失灵不是小事！太吓人了，厂家给个说法", head.id),
        a_post(3, "刹车失灵真不是小事！太吓人了，厂家给个说法", a_post(9, "").id),
    ]
    posts.keep(answers, source="s1", raw=None, now=NOW)
    worker.drain()
    first, reply, stray = sorted((one for one in listens.heard), key=lambda one: one.post.native_id)
    assert (reply.verdict.subjects, reply.verdict.grade) == (("曜行汽车",), "B")
    assert first.verdict.event == reply.verdict.event is not None
    assert (stray.verdict.subjects, stray.verdict.grade, stray.verdict.event) == ((), None, None)
