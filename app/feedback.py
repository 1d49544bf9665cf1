"""A person's word takes effect at once: recorded, the post judged again under it, people told, the archive changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from analysis.corrections import Correction, Objection
from app.wiring import Product
from core.errors import NotFound
from core.model import Case, Verdict
from core.schema import dispatches
from index.corrections import CorrectionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a correction, or its withdrawal, changed."""

    corrections: tuple[Correction, ...]
    before: Verdict
    after: Verdict
    #: What the dispatcher said of it now, an `alerts.stages.OutcomeName`; `None` if it found nothing new to say.
    dispatched: str | None
    #: The case of its event, if it ever rang.
    case: Case | None
    #: How many other posts of the event have a grade.
    others_graded: int


def object_to(product: Product, post: str, said: Sequence[Objection]) -> Effect:
    """Record what a person says of one post, and judge it again. All of it or nothing.

    Raise `NotFound` or `RefusedCorrection`; see `index.corrections.CorrectionStore.add`.
    """
    store, settings = product.corrections, product.settings
    names = product.categories.names
    subjects = tuple(subject.name for subject in settings.subjects)

    def record(connection: Connection) -> list[Correction]:
        now = product.clock()
        return [store.add(connection, post, one, now=now, categories=names, subjects=subjects) for one in said]

    return _take_effect(product, post, record)


def take_back(product: Product, number: int, *, actor: str, note: str) -> Effect:
    """Withdraw a correction, and judge its post again. Raise `NotFound` or `RefusedCorrection`."""
    store: CorrectionStore = product.corrections

    def record(connection: Connection) -> list[Correction]:
        return [store.withdraw(connection, number, actor=actor, note=note, now=product.clock())]

    return _take_effect(product, store.get(number).post, record)


def _take_effect(product: Product, post: str, record: Callable[[Connection], Sequence[Correction]]) -> Effect:
    found = product.posts.get([post])
    if post not in found:
        raise NotFound(f"没有这一帖：{post}")
    made: list[Correction] = []
    began = product.clock()
    saved = product.worker.judge(
        [found[post]], why="correction", first=lambda connection: made.extend(record(connection))
    )
    # Whatever runs beside us shares this queue; nobody has to be running for a correction to be seen.
    while product.worker.publish_once():
        pass
    product.filing.drain()
    [after] = saved.verdicts
    with product.database.read() as connection:
        fresh = select(dispatches.c.outcome).where(dispatches.c.post == post, dispatches.c.at >= began)
        outcome: str | None = connection.scalar(fresh)
    members = product.verdicts.of_event(after.event, limit=1000) if after.event else []
    return Effect(
        corrections=tuple(made),
        before=saved.before[post],
        after=after,
        dispatched=outcome,
        case=product.cases.of_event(after.event or post),
        others_graded=sum(one.verdict.grade is not None for one in members if one.id != post),
    )
