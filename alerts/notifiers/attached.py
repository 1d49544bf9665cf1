"""Reads a message's files at the moment of sending. A file that is gone or too large never stops the message."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from alerts.notifiers.base import Attachment

#: All files of one message together: mail servers commonly refuse more than 20 MB after encoding.
LIMIT_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFile:
    """A file as it was read."""

    name: str
    media_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Lets the receiver compare the picture with the exhibit's manifest."""
        return hashlib.sha256(self.content).hexdigest()


def load(attachments: Sequence[Attachment], limit: int = LIMIT_BYTES) -> tuple[list[LoadedFile], list[str]]:
    """The files that can go, best first, and one Chinese sentence for each that cannot."""
    files: list[LoadedFile] = []
    notes: list[str] = []
    left = limit
    for attachment in attachments:
        try:
            size = attachment.path.stat().st_size
            if size > left:
                notes.append(f"附件 {attachment.name}（{size / 1048576:.1f} MB）过大，未随消息发送，请到证据库查看")
                continue
            content = attachment.path.read_bytes()
        except OSError as bad:
            notes.append(f"附件 {attachment.name} 无法读取（{bad.strerror or type(bad).__name__}），未随消息发送")
            continue
        left -= len(content)
        files.append(LoadedFile(name=attachment.name, media_type=attachment.media_type, content=content))
    return files, notes


def with_notes(text: str, notes: Sequence[str]) -> str:
    """The message's text with what could not be attached."""
    return "\n".join((text.rstrip("\n"), *notes)) + "\n" if notes else text
