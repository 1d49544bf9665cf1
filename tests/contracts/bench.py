"""What every bench of a channel shares: the message, the secret, and what arrived."""

from __future__ import annotations

import io
import socket
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from alerts.notifiers import build_notifiers
from alerts.notifiers.base import PICTURES, Attachment, Message, Notifier
from core.settings import (
    General,
    Settings,
)

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
PASSWORD = "s3cret/Pass word"
PICTURE = b"\x89PNG\r\n\x1a\n" + b"picture" * 40


@dataclass
class Received:
    """What the other side got, in the terms of a message."""

    id: str
    title: str
    text: str
    #: Name and content.
    files: dict[str, bytes] = field(default_factory=dict)


class Bench(Protocol):
    """One channel with its other side."""

    notifier: Notifier

    def answer(self, how: str) -> None:
        """From now on: "ok", "refuse", "throttle", "hang" or "gone"."""
        ...

    def received(self) -> list[Received]:
        """What arrived and was accepted."""
        ...

    def close(self) -> None: ...


def build(folder: Path, block: Any, stream: io.StringIO | None = None) -> Notifier:
    settings = Settings(general=General(data_dir=folder), notifiers={"it": block})
    return build_notifiers(settings, stream=stream or io.StringIO(), clock=lambda: NOW)["it"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_message(tmp_path: Path, **changes: Any) -> Message:
    picture = tmp_path / "post.png"
    picture.write_bytes(PICTURE)
    message = Message(
        id="0123456789abcdef" * 2,
        kind="alert",
        title="【特急】星辰汽车：提车三天高速失速",
        text="【特急】提车三天高速失速\n证据：证据完整\n",
        html=f"<html><body><h1>提车三天</h1>{PICTURES}</body></html>",
        grade="A",
        link="http://127.0.0.1:8315/cases/1",
        evidence="complete",
        attachments=(Attachment(path=picture, name="post.png", media_type="image/png"),),
        facts={"risk": 86, "subjects": ["星辰汽车"]},
    )
    return replace(message, **changes)
