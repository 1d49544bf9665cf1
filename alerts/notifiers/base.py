"""The port of every channel that reaches a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal, Protocol

from core.model import ExhibitState, Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with a message; `path` is read when the message is sent."""

    path: Path
    name: str
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a person reads, in every form a channel may need. Chinese."""

    #: Stable: the same message sent twice has the same id, so that the other side can tell.
    id: str
    kind: Literal["alert", "evidence", "digest", "source", "search"]
    #: One line.
    title: str
    text: str
    #: A whole page; the comment `PICTURES` marks where a channel may show the attached pictures.
    html: str
    grade: Grade | None = None
    #: Where to read more.
    link: str | None = None
    #: The state of the evidence as the text tells it; `None` for messages without evidence.
    evidence: ExhibitState | None = None
    attachments: tuple[Attachment, ...] = ()
    #: Flat facts for machines (webhook): event, risk, subjects …
    facts: dict[str, object] = field(default_factory=dict)


#: Stands in `Message.html` where pictures belong. Text of posts is escaped and cannot contain it.
PICTURES = "<!--pictures-->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What the channel said. `retry` tells whether trying again can help; the caller never guesses."""

    ok: bool
    retry: bool = False
    #: One sentence for the operator; never contains a secret.
    reason: str = ""
    #: The provider's own code: SMTP reply code, HTTP status, errcode.
    provider_code: str | None = None
    #: How long the provider asks us to wait before the next try, where it says so.
    after: timedelta | None = None


class Notifier(Protocol):
    """One channel."""

    def send(self, message: Message) -> Delivery:
        """Hand the message over. Failures of the world are answers (`Delivery`), not exceptions."""
        ...
