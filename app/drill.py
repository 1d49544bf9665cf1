"""The drill: the whole product runs against a fresh demo world until the scripted incident has reached people."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from app.running import Plan, plan_demo
from app.supervisor import lock
from core.errors import TingfengError
from core.schema import alerts, deliveries, exhibits, messages, posts, verdicts
from core.text import shorten

_TICK_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """How long after its publication the incident passed each stage."""

    grade: str
    title: str
    stages: tuple[tuple[str, float | None], ...]
    picture: Path | None


def run_drill(folder: Path, *, port: int, timeout_seconds: float) -> Drill | None:
    """Rehearse once in `folder`, which is emptied first. `None` if no grade A alert was delivered in time."""
    folder = folder.resolve()
    _empty(folder)
    environment = {**os.environ, "TINGFENG_WEB__PORT": str(port + 9)}
    plan = plan_demo(folder, port=port, environment=environment)
    held = lock(folder)
    supervisor = plan.supervisor(verbose=False)
    deadline = time.monotonic() + timeout_seconds
    try:
        while time.monotonic() < deadline:
            supervisor.tick()
            if (found := _delivered(plan)) is not None:
                return found
            time.sleep(_TICK_SECONDS)
        return None
    finally:
        supervisor.stop()
        held.close()


def _empty(folder: Path) -> None:
    """Remove an earlier drill; refuse to remove anything else."""
    if not folder.exists():
        return
    if any(folder.iterdir()) and not (folder / "run.lock").exists():
        raise TingfengError(f"{folder} 不是以前的演练文件夹，不敢清空；请用 --folder 另指一个")
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _delivered(plan: Plan) -> Drill | None:
    wished = (
        select(
            alerts.c.grade,
            alerts.c.opened,
            posts.c.title,
            posts.c.text,
            posts.c.published,
            posts.c.collected,
            verdicts.c.judged,
            exhibits.c.captured,
            exhibits.c.folder,
            exhibits.c.pictures,
            deliveries.c.at,
        )
        .select_from(deliveries)
        .join(messages, messages.c.id == deliveries.c.message)
        .join(alerts, alerts.c.id == messages.c.alert)
        .join(posts, posts.c.id == alerts.c.post)
        .join(verdicts, verdicts.c.id == posts.c.id)
        .outerjoin(exhibits, exhibits.c.id == alerts.c.exhibit)
        .where(messages.c.kind == "alert", deliveries.c.ok.is_(True), alerts.c.grade == "A")
        .order_by(deliveries.c.number)
        .limit(1)
    )
    with plan.product.database.read() as connection:
        row = connection.execute(wished).one_or_none()
    if row is None:
        return None

    def since(moment: datetime | None) -> float | None:
        return (moment - row.published).total_seconds() if moment and row.published else None

    picture = row.folder and row.pictures and plan.product.settings.data_dir / "exhibits" / row.folder / row.pictures[0]
    return Drill(
        grade=row.grade,
        title=shorten(row.title or row.text, 40),
        stages=(
            ("抓取到", since(row.collected)),
            ("研判完", since(row.judged)),
            ("开出预警", since(row.opened)),
            ("取证封存", since(row.captured)),
            ("送达", since(row.at)),
        ),
        picture=picture or None,
    )
