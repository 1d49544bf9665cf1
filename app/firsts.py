"""What the terminal of `tingfeng run` tells about the first alert that reached somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import cast

from sqlalchemy import func, select

from app.wiring import Product
from core.database import Database
from core.model import ExhibitState, Grade
from core.schema import alerts, deliveries, exhibits, messages, posts, verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAlert:
    """The first delivered alert: how grave, why, with which proof, how fast."""

    alert: str
    grade: Grade
    reasons: tuple[str, ...]
    evidence: ExhibitState
    #: The best picture of the sealed exhibit.
    picture: Path | None
    since_publication: timedelta | None


def sent_alerts(database: Database) -> int:
    """How many alert messages were accepted by their channel so far."""
    wished = select(func.count()).select_from(messages).where(messages.c.kind == "alert", messages.c.state == "sent")
    with database.read() as connection:
        return int(connection.scalar(wished) or 0)


def first_alert(product: Product) -> FirstAlert | None:
    """The first delivered alert, or `None` while there is none."""
    wished = (
        select(
            alerts.c.id,
            alerts.c.grade,
            verdicts.c.reasons,
            posts.c.published,
            deliveries.c.at,
            deliveries.c.evidence,
            exhibits.c.folder,
            exhibits.c.pictures,
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
    with product.database.read() as connection:
        row = connection.execute(wished).one_or_none()
    if row is None:
        return None
    has_picture = row.folder and row.pictures and row.evidence in ("complete", "partial")
    return FirstAlert(
        alert=row.id,
        grade=cast("Grade", row.grade),
        reasons=tuple(f"{reason['text']}（+{reason['points']}）" for reason in row.reasons if reason["points"] > 0),
        evidence=cast("ExhibitState", row.evidence or "pending"),
        picture=product.settings.data_dir / "exhibits" / row.folder / row.pictures[0] if has_picture else None,
        since_publication=row.at - row.published if row.published else None,
    )
