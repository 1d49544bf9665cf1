"""The first alert that reached somebody: what the terminal of `tingfeng run` shows and what the drill measures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from sqlalchemy import func, select

from app.wiring import Product
from core.database import Database
from core.model import ExhibitState, Grade
from core.schema import alerts, deliveries, exhibits, messages, posts, verdicts
from core.text import shorten


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAlert:
    """The first delivered alert: how grave, why, with which proof, and when it passed each stage."""

    alert: str
    grade: Grade
    title: str
    reasons: tuple[str, ...]
    evidence: ExhibitState
    #: The best picture of the sealed exhibit.
    picture: Path | None
    published: datetime | None
    collected: datetime
    judged: datetime
    opened: datetime
    #: `None` if the card went out before the capture ended.
    captured: datetime | None
    delivered: datetime

    def after(self, moment: datetime | None) -> timedelta | None:
        """How long after its publication the post passed a stage."""
        return moment - self.published if moment and self.published else None


def sent_alerts(database: Database) -> int:
    """How many alert messages were accepted by their channel so far."""
    wished = select(func.count()).select_from(messages).where(messages.c.kind == "alert", messages.c.state == "sent")
    with database.read() as connection:
        return int(connection.scalar(wished) or 0)


def first_alert(product: Product, *, grade: Grade | None = None) -> FirstAlert | None:
    """The first delivered alert (of `grade`, if given), or `None` while there is none."""
    wished = (
        select(
            alerts.c.id,
            alerts.c.grade,
            alerts.c.opened,
            posts.c.title,
            posts.c.text,
            posts.c.published,
            posts.c.collected,
            verdicts.c.reasons,
            verdicts.c.judged,
            exhibits.c.captured,
            exhibits.c.folder,
            exhibits.c.pictures,
            deliveries.c.at,
            deliveries.c.evidence,
        )
        .select_from(deliveries)
        .join(messages, messages.c.id == deliveries.c.message)
        .join(alerts, alerts.c.id == messages.c.alert)
        .join(posts, posts.c.id == alerts.c.post)
        .join(verdicts, verdicts.c.id == alerts.c.post)
        .outerjoin(exhibits, exhibits.c.id == alerts.c.exhibit)
        .where(messages.c.kind == "alert", deliveries.c.ok.is_(True))
        .order_by(deliveries.c.number)
        .limit(1)
    )
    if grade is not None:
        wished = wished.where(alerts.c.grade == grade)
    with product.database.read() as connection:
        row = connection.execute(wished).one_or_none()
    if row is None:
        return None
    has_picture = row.folder and row.pictures and row.evidence in ("complete", "partial")
    return FirstAlert(
        alert=row.id,
        grade=cast("Grade", row.grade),
        title=shorten(row.title or row.text, 40),
        reasons=tuple(f"{reason['text']}（+{reason['points']}）" for reason in row.reasons if reason["points"] > 0),
        evidence=cast("ExhibitState", row.evidence or "pending"),
        picture=product.settings.data_dir / "exhibits" / row.folder / row.pictures[0] if has_picture else None,
        published=row.published,
        collected=row.collected,
        judged=row.judged,
        opened=row.opened,
        captured=row.captured,
        delivered=row.at,
    )
