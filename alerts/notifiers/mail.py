"""A message as an e-mail: text and HTML side by side, pictures in the page and attached. No network."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from alerts.notifiers.attached import LoadedFile, load, with_notes
from alerts.notifiers.base import PICTURES, Message
from core.text import clean, shorten

#: Pictures up to this size in all are shown in the page too; larger ones are only attached.
_INLINE_BYTES = 2 * 1024 * 1024


def compose_mail(message: Message, *, sender: str, to: Sequence[str], now: datetime) -> tuple[EmailMessage, list[str]]:
    """The mail and what could not be attached. Its `Message-ID` depends on the message's id alone."""
    files, notes = load(message.attachments)
    mail = EmailMessage(policy=SMTP)
    # A post writes the title; `shorten` leaves no line break with which it could write headers.
    mail["Subject"] = shorten(clean(message.title), 120)
    mail["From"] = sender
    mail["To"] = ", ".join(to)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id(message.id, sender)
    mail["Auto-Submitted"] = "auto-generated"
    if message.grade == "A":
        mail["X-Priority"] = "1"
    mail.set_content(with_notes(message.text, notes), cte="base64")
    pictures = _inline(files)
    mail.add_alternative(_page(message, pictures, notes), subtype="html", cte="base64")
    page = mail.get_payload()[1]  # type: ignore[index]
    for number, picture in enumerate(pictures):
        kind, _, subtype = picture.media_type.partition("/")
        page.add_related(  # type: ignore[union-attr]
            picture.content, maintype=kind, subtype=subtype, cid=f"<{_cid(message, number)}>", disposition="inline"
        )
    for file in files:
        kind, _, subtype = file.media_type.partition("/")
        mail.add_attachment(file.content, maintype=kind, subtype=subtype, filename=file.name)
    return mail, notes


def message_id(message: str, sender: str) -> str:
    """The same message is the same mail, however often it is sent."""
    domain = parseaddr(sender)[1].rpartition("@")[2]
    return f"<{message}@tingfeng.{domain.encode('idna').decode() if domain else 'invalid'}>"


def _inline(files: Sequence[LoadedFile]) -> list[LoadedFile]:
    chosen: list[LoadedFile] = []
    size = 0
    for file in files:
        size += len(file.content)
        if file.media_type.startswith("image/") and size <= _INLINE_BYTES:
            chosen.append(file)
    return chosen


def _page(message: Message, pictures: Sequence[LoadedFile], notes: Sequence[str]) -> str:
    shown = "".join(
        f'<p><img src="cid:{_cid(message, number)}" alt="{html.escape(picture.name)}" style="max-width:100%"></p>'
        for number, picture in enumerate(pictures)
    )
    shown += "".join(f'<p style="color:#c2680b">{html.escape(note)}</p>' for note in notes)
    if PICTURES in message.html:
        return message.html.replace(PICTURES, shown, 1)
    return message.html + shown


def _cid(message: Message, number: int) -> str:
    return f"{message.id}.{number}@tingfeng"
