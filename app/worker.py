"""The product in two steps: judge what came in, then tell people; filing it in the archive is asked for in passing.

Each step claims a batch under a lease and completes it in one transaction with its results, so a crash anywhere is a
re-run. The index is written by others (see `app.filing`): one that is down delays a search, never an alert.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event as Signal
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from analysis.background import Asked, Background
from analysis.events import Candidate, EventGrouper
from app.judging import Judge
from app.picture_wishes import PictureWishes
from core.clock import Clock
from core.database import Database
from core.model import Event, Mention, Post
from core.work import WorkItem, WorkQueue, process_name
from index.background import BackgroundStore
from index.corrections import CorrectionStore
from index.posts import PostStore
from index.verdicts import Saved, VerdictStore

log = logging.getLogger("tingfeng.app")

_LEASE = timedelta(seconds=120)
_POLL_SECONDS = 0.2
_ATTEMPTS = 3
_RETRY = timedelta(seconds=10)
#: A store or a disk that refuses is not the post's fault: such work is tried as long as it takes.
_FAULTS_OF_THE_WORLD = (SQLAlchemyError, OSError)
#: Answers that are judged again because the post they answer came, or names somebody else now; per batch.
_MOST_ANSWERS = 2_000
_GRADE_ORDER = {"A": 0, "B": 1, "C": 2, None: 3}


class Dispatches(Protocol):
    """Whoever decides what mentions mean for people."""

    def consider(self, mentions: Sequence[Mention], *, now: datetime) -> Sequence[object]:
        """Alert, file or ignore each mention, and record why."""
        ...


class Watches(Protocol):
    """Whoever keeps searches that are told of what they newly find."""

    def consider(self, mentions: Sequence[Mention], *, now: datetime) -> Sequence[object]:
        """Note what each search finds for the first time."""
        ...


class Files(Protocol):
    """Whoever writes the archive (see `app.filing`)."""

    def ask(self, connection: Connection, keys: Iterable[str], *, now: datetime) -> None:
        """Ask for posts to be filed, within the caller's transaction."""
        ...

    def file_once(self) -> int:
        """File one batch. Returns how many keys were dealt with."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Judges and publishes. Any number of workers share the queues."""

    database: Database
    posts: PostStore
    verdicts: VerdictStore
    analyser: Judge
    grouper: EventGrouper
    filer: Files
    dispatcher: Dispatches
    clock: Clock
    batch: int
    #: What people said of verdicts; without it only the machine speaks.
    corrections: CorrectionStore | None = None
    #: Who reads pictures; without it posts are judged by their text alone.
    pictures: PictureWishes | None = None
    #: What the archive knows around a mention; without it a verdict rests on the post and its event alone.
    background: BackgroundStore | None = None
    #: Searches that are told of what is published; without it nobody's are.
    searches: Watches | None = None

    def assess_once(self) -> int:
        """Judge one batch of posts. Returns how many keys were taken; 0 means that nothing waits."""
        queue = WorkQueue(self.database, "assess")
        items = queue.claim(self.batch, owner=process_name(), now=self.clock(), lease=_LEASE)
        self._each_or_all(queue, items, self._assess)
        return len(items)

    def publish_once(self) -> int:
        """Tell people of one batch of mentions, and ask for it to be filed. Returns how many keys were taken."""
        queue = WorkQueue(self.database, "publish")
        items = queue.claim(self.batch, owner=process_name(), now=self.clock(), lease=_LEASE)
        self._each_or_all(queue, items, self._publish)
        return len(items)

    def drain(self, *, progress: Callable[[int], None] | None = None) -> int:
        """Judge, tell people and file until nothing is due. Returns how many posts were judged.

        An index that refuses is not waited for: what it did not take stays in its queue.
        """
        judged = 0
        while (taken := self.assess_once()) + self.publish_once() + self.filer.file_once():
            judged += taken
            if progress is not None:
                progress(judged)
        return judged

    def work_forever(self, stop: Signal) -> None:
        """Judge and tell people until `stop` is set. A database that cannot be reached for a while is waited for."""
        while not stop.is_set():
            try:
                busy = self.publish_once() + self.assess_once()
            except SQLAlchemyError:
                log.exception("database_failed")
                stop.wait(5.0)
                continue
            if not busy:
                stop.wait(_POLL_SECONDS)

    def judge(
        self,
        posts: Sequence[Post],
        *,
        why: str = "rejudged",
        first: Callable[[Connection], object] | None = None,
        last: Callable[[Connection, Saved], object] | None = None,
    ) -> Saved:
        """Judge stored posts in one transaction: corrections laid over, what is replaced kept, publishing asked for.

        A post keeps its event. `first` runs before corrections are read, `last` before the transaction ends; if one
        raises, nothing was judged. `why` is what the history says; see `index.verdicts_replaced.WHY_NAMES`.
        """
        now = self.clock()
        if self.background is not None:
            self.background.refresh()
        with ExitStack() as stack:
            opened: list[Connection] = []

            def writing() -> Connection:
                # The write lock is taken only when the expensive part of the judging is over.
                if not opened:
                    opened.append(stack.enter_context(self.database.write()))
                return opened[0]

            def group(candidates: Sequence[Candidate]) -> Sequence[Event | None]:
                return self.grouper.assign(writing(), candidates)

            def around(asked: Sequence[Asked]) -> Sequence[Background]:
                return self.background.around(writing(), asked) if self.background is not None else ()

            pictured = self.pictures.texts(posts) if self.pictures is not None else None
            found = self.analyser.assess(
                posts,
                now=now,
                group=group,
                context=self.posts.get,
                background=around if self.background is not None else None,
                pictures=pictured,
            )
            connection = writing()
            if first is not None:
                first(connection)
            if self.corrections is not None:
                found = self.corrections.applied(connection, posts, found)
            saved = self.verdicts.save(connection, found, now=now, why=why, keep_events=True)
            publish = WorkQueue(self.database, "publish")
            publish.put(connection, [verdict.id for verdict in found], due=now, now=now)
            if self.pictures is not None:
                self.pictures.ask(connection, posts, found, now=now)
            if last is not None:
                last(connection, saved)
        return saved

    def _assess(self, queue: WorkQueue, items: Sequence[WorkItem]) -> None:
        found = self.posts.get([item.key for item in items])

        def finish(connection: Connection, saved: Saved) -> None:
            now = self.clock()
            answers = self.posts.judged_answers(connection, _newly_about_somebody(saved), limit=_MOST_ANSWERS)
            if len(answers) == _MOST_ANSWERS:
                log.warning("answers_left_as_judged", extra={"limit": _MOST_ANSWERS})
            queue.put(connection, [key for key in answers if key not in found], due=now, now=now)
            queue.done(connection, items)

        self.judge([found[item.key] for item in items if item.key in found], last=finish)
        log.info("posts_assessed", extra={"count": len(found)})

    def _publish(self, queue: WorkQueue, items: Sequence[WorkItem]) -> None:
        found = self.verdicts.mentions([item.key for item in items])
        mentions = sorted(found, key=lambda mention: (_GRADE_ORDER[mention.verdict.grade], mention.post.when))
        self.dispatcher.consider(mentions, now=self.clock())
        if self.searches is not None:
            self.searches.consider(mentions, now=self.clock())
        with self.database.write() as connection:
            now = self.clock()
            self.filer.ask(connection, [item.key for item in items], now=now)
            queue.done(connection, items)

    def _each_or_all(
        self, queue: WorkQueue, items: Sequence[WorkItem], step: Callable[[WorkQueue, Sequence[WorkItem]], None]
    ) -> None:
        """Do a batch at once; if that fails, do its items one by one, so that one bad post stops only itself."""
        if not items:
            return
        try:
            step(queue, items)
        except Exception:
            log.exception("batch_failed", extra={"queue": queue.name, "count": len(items)})
        else:
            return
        for item in items:
            try:
                step(queue, [item])
            except Exception as bad:  # noqa: BLE001 - the same boundary, one post at a time
                self._set_aside(queue, item, bad)

    def _set_aside(self, queue: WorkQueue, item: WorkItem, bad: Exception) -> None:
        reason = f"{type(bad).__name__}: {bad}"[:500]
        final = item.attempts + 1 >= _ATTEMPTS and not isinstance(bad, _FAULTS_OF_THE_WORLD)
        log.error("item_failed", extra={"queue": queue.name, "key": item.key, "reason": reason, "final": final})
        with self.database.write() as connection:
            if final:
                queue.bury(connection, item, reason=reason)
            else:
                queue.retry(connection, item, due=self.clock() + _RETRY, reason=reason)


def _newly_about_somebody(saved: Saved) -> list[str]:
    """Posts of which their answers could not know whom they are about, or know better now.

    Judging a post again as before names none, so this ends, whatever answers whatever.
    """
    return [
        one.id
        for one in saved.verdicts
        if set(one.subjects) != set(saved.before[one.id].subjects if one.id in saved.before else ())
    ]
