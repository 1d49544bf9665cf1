"""Renders an alert's message at the moment it is sent, with the evidence known by then."""

from __future__ import annotations

from datetime import datetime
from mimetypes import guess_type
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from alerts.card import Card, card_of
from alerts.letters import Letter
from alerts.messages import MessageKind
from alerts.notifiers.base import Attachment, Message
from core.model import Exhibit
from core.settings import Settings


def templates() -> Environment:
    """The package's templates; what a post says is escaped in every HTML one."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(("html",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Composer:
    """Writes cards and evidence follow-ups."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.pages = settings, templates()

    def compose(self, letter: Letter, *, message: str, kind: MessageKind, now: datetime) -> Message:
        """The message with this id as it reads at `now`."""
        link = console_link(self.settings, letter.case.id) if letter.case else None
        card = card_of(letter, now=now, zone=self.settings.zone, console=link or "")
        name = "evidence" if kind == "evidence" else "card"
        values = {"card": card, "safe_link": safe_link}
        return Message(
            id=message,
            kind=kind,
            title=_title(card, letter, kind),
            text=self.pages.get_template(f"{name}.txt").render(values),
            html=self.pages.get_template(f"{name}.html").render(values),
            grade=letter.alert.grade,
            link=link,
            evidence=letter.exhibit.state if letter.exhibit else None,
            attachments=_pictures(letter.exhibit, self.settings.data_dir / "exhibits"),
            facts=_facts(letter, link),
        )


def console_link(settings: Settings, case: str) -> str:
    """Where the case is handled."""
    return f"{settings.web.address}/cases/{case}"


def safe_link(url: str) -> bool:
    """Whether a post's address may become a link: only the web, never `javascript:` and its kin."""
    return url.startswith(("http://", "https://"))


def _title(card: Card, letter: Letter, kind: MessageKind) -> str:
    subjects = letter.mention.verdict.subjects if letter.mention else ()
    about = f"{'、'.join(subjects[:2])}：" if subjects else ""
    mark = f"{card.grade}·证据补发" if kind == "evidence" else card.grade
    return f"【{mark}】{about}{card.headline}"


def _pictures(exhibit: Exhibit | None, home: Path) -> tuple[Attachment, ...]:
    """The sealed pictures, best first. A folder name that points out of the exhibits' home is not followed."""
    if exhibit is None or exhibit.folder is None:
        return ()
    folder = (home / exhibit.folder).resolve()
    if not folder.is_relative_to(home.resolve()):
        return ()
    return tuple(
        Attachment(
            path=folder / name,
            name=f"{exhibit.id[:8]}-{Path(name).name}",
            media_type=guess_type(name)[0] or "application/octet-stream",
        )
        for name in exhibit.pictures
    )


def _facts(letter: Letter, link: str | None) -> dict[str, object]:
    """The same card for machines; times in ISO 8601, unknown is null."""
    alert, mention, event, case, exhibit = letter.alert, letter.mention, letter.event, letter.case, letter.exhibit
    facts: dict[str, object] = {
        "alert": alert.id,
        "event": alert.event,
        "grade": alert.grade,
        "reason": alert.reason,
        "rule": alert.rule,
        "opened": alert.opened.isoformat(),
        "post": alert.post,
        "case": case.id if case else None,
        "due": case.due.isoformat() if case else None,
        "owner": case.owner if case else None,
        "event_size": event.size if event else 1,
        "event_channels": list(event.channels) if event else None,
        "evidence_state": exhibit.state if exhibit else None,
        "evidence_folder": exhibit.folder if exhibit else None,
        "evidence_manifest_sha256": exhibit.manifest if exhibit else None,
        "console": link,
    }
    if mention is not None:
        post, verdict = mention.post, mention.verdict
        facts |= {
            "url": post.url,
            "channel": post.channel,
            "site": post.site,
            "author": post.author.name,
            "published": post.published.isoformat() if post.published else None,
            "collected": post.collected.isoformat(),
            "risk": verdict.risk,
            "negative": round(verdict.negative, 4),
            "subjects": list(verdict.subjects),
            "categories": list(verdict.categories),
            "reasons": [{"code": why.code, "text": why.text, "points": why.points} for why in verdict.reasons],
        }
    return facts
