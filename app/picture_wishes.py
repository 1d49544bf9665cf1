"""Which pictures are worth reading, and what was read of them: the worker's side of reading pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from analysis.pictures import can_read
from core.model import Post, Verdict
from core.settings import PictureSettings
from core.work import WorkQueue
from index.pictures import PictureStore


def is_on(settings: PictureSettings) -> bool:
    """Whether pictures are read here: asked for, or left to us and the extra is installed."""
    return settings.read in ("mentions", "all") or (settings.read == "auto" and can_read())


def worth_reading(settings: PictureSettings, posts: Sequence[Post], verdicts: Sequence[Verdict]) -> list[Post]:
    """Those of a judged batch whose pictures may change what we think of them."""
    return [
        post
        for post, verdict in zip(posts, verdicts, strict=True)
        if post.images and (settings.read == "all" or verdict.subjects)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureWishes:
    """What the worker has to do with pictures: it judges with what was read, and asks for what was not."""

    store: PictureStore
    queue: WorkQueue
    settings: PictureSettings

    def texts(self, posts: Sequence[Post]) -> Mapping[str, str]:
        """By post id, what was read from its pictures."""
        return self.store.texts(posts)

    def ask(self, connection: Connection, posts: Sequence[Post], verdicts: Sequence[Verdict], *, now: datetime) -> None:
        """Ask, within the caller's transaction, for the pictures that may matter and that nobody has read."""
        wanted = self.store.unread(worth_reading(self.settings, posts, verdicts), most=self.settings.most)
        self.queue.put(connection, list(wanted), due=now, now=now)
