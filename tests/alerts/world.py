"""What the tests of alerts are about: posts, verdicts, events, exhibits pending or sealed, notifiers that obey."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from alerts.dispatch import Dispatcher, Outcome
from alerts.notifiers.base import Delivery, Message, Notifier
from alerts.outbox import Outbox
from core.database import Database
from core.model import Author, Channel, Event, ExhibitState, Grade, Mention, Post, Reason, Verdict
from core.schema import events
from core.settings import General, RuleSettings, Settings, SubjectSettings
from evidence.exhibits import ExhibitStore
from index.posts import PostStore
from index.verdicts import VerdictStore

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def make_settings(folder: Path, **sections: Any) -> Settings:
    """Settings in which everything graded goes to "phone"."""
    values: dict[str, Any] = {
        "general": General(data_dir=folder),
        "rules": (RuleSettings(name="全部", grades=("A", "B", "C"), to=("phone",)),),
        "subjects": (
            SubjectSettings(name="星辰汽车", owner="王经理"),
            SubjectSettings(name="星辰城南店", owner="李店长"),
        ),
    }
    return Settings(**{**values, **sections})


def make_mention(
    number: int = 1,
    *,
    grade: Grade | None = "A",
    event: str | None = "e1",
    channel: Channel = "forum",
    text: str = "新车提回家第三天在高速上突然失去动力，店里一直推脱。",
    title: str | None = "提车三天高速失速",
    published: datetime | None = NOW - MINUTE,
    collected: datetime = NOW,
    edited: datetime | None = None,
    subjects: tuple[str, ...] = ("星辰汽车",),
    categories: tuple[str, ...] = ("安全",),
    author: str = "车主老周",
    url: str | None = None,
) -> Mention:
    post = Post(
        kind="forum",
        site="bbs.example",
        native_id=str(number),
        url=url or f"http://bbs.example/thread-{number}.html",
        channel=channel,
        title=title,
        text=text,
        author=Author(name=author, followers=1200, region="广东"),
        published=published,
        edited=edited,
        collected=collected,
    )
    verdict = Verdict(
        id=post.id,
        negative=0.93 if grade else 0.1,
        subjects=subjects,
        categories=categories,
        event=event,
        risk={"A": 86, "B": 60, "C": 35, None: 5}[grade],
        grade=grade,
        reasons=(Reason(code="category.safety", text="涉及行车安全", points=30),),
        model="test-1",
    )
    return Mention(post=post, verdict=verdict)


@dataclass
class Recorder:
    """A notifier that answers as told and remembers what it was given."""

    answers: list[Delivery | Exception] = field(default_factory=list)
    sent: list[Message] = field(default_factory=list)
    #: Called in the middle of a send.
    meanwhile: Callable[[], object] | None = None

    def send(self, message: Message) -> Delivery:
        self.sent.append(message)
        if self.meanwhile:
            self.meanwhile()
        answer = self.answers.pop(0) if self.answers else Delivery(ok=True)
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class World:
    """A database with a dispatcher and an outbox."""

    database: Database
    settings: Settings
    notifiers: dict[str, Notifier]

    @property
    def exhibits(self) -> ExhibitStore:
        return ExhibitStore(self.database)

    @property
    def dispatcher(self) -> Dispatcher:
        return Dispatcher(self.database, self.settings, self.exhibits)

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.database, self.settings, self.notifiers, jitter=lambda: 0.0)

    @property
    def phone(self) -> Recorder:
        recorder = self.notifiers["phone"]
        assert isinstance(recorder, Recorder)
        return recorder

    def keep(self, *mentions: Mention) -> None:
        """Store posts and verdicts as crawl and assess do."""
        PostStore(self.database).keep([m.post for m in mentions], source="s1", raw=None, now=NOW)
        with self.database.write() as connection:
            VerdictStore(self.database).save(connection, [m.verdict for m in mentions], now=NOW)

    def consider(self, *mentions: Mention, now: datetime = NOW) -> list[Outcome]:
        self.keep(*mentions)
        return self.dispatcher.consider(mentions, now=now)

    def event(self, name: str = "e1", *, size: int = 1, channels: Sequence[Channel] = ("forum",)) -> Event:
        """Put an event as it stands."""
        event = Event(
            id=name,
            title="提车三天高速失速",
            first_post=make_mention(1).id,
            first_published=NOW - HOUR,
            last_published=NOW,
            size=size,
            channels=tuple(channels),
        )
        values = {key: getattr(event, key) for key in ("title", "first_post", "first_published", "last_published")}
        values |= {"size": size, "channels": list(channels)}
        with self.database.write() as connection:
            if connection.execute(update(events).where(events.c.id == name).values(values)).rowcount == 0:
                connection.execute(insert(events).values(id=name, **values))
        return event

    def seal(
        self, number: int = 1, *, now: datetime = NOW, state: ExhibitState = "complete", reason: str | None = None
    ) -> None:
        """Seal the post's exhibit with one picture, and ring the outbox in that transaction, as the capture does."""
        [pending] = self.exhibits.for_post(make_mention(number).id)
        folder, pictures = f"2026/03/15/{pending.id}", ("post.png",) if state in ("complete", "partial") else ()
        if pictures:
            home = self.settings.data_dir / "exhibits" / folder
            home.mkdir(parents=True, exist_ok=True)
            (home / "post.png").write_bytes(b"\x89PNG\r\n\x1a\npicture")
        sealed = replace(
            pending,
            state=state,
            captured=now,
            reason=reason,
            folder=folder,
            manifest="ab" * 32,
            pictures=pictures,
        )
        with self.database.write() as connection:
            self.exhibits.settle(connection, sealed)
            self.outbox.evidence_ready(connection, sealed, now)

    def rows(self, table: Any) -> list[Any]:
        with self.database.read() as connection:
            return list(connection.execute(select(table)))
