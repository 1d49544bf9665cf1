"""What becomes of the cases when two events turn out to be one: decided without input or output.

The surviving event's case takes over: the graver grade, the earlier end of the clock, the further state. The absorbed
case is closed and names it. A case that people had settled is left as they settled it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from alerts.dedup import highest
from core.model import Case, CaseState

#: How far the handling of a running case is.
_RUNNING: tuple[CaseState, ...] = ("new", "acknowledged", "investigating", "responding")
_ENDED: tuple[CaseState, ...] = ("closed", "dismissed", "malicious")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMerge:
    """The cases after the merge; `absorbed` is `None` where the only case there was moves to the surviving event."""

    survivor: Case
    absorbed: Case | None
    #: Lines for the histories.
    note: str
    absorbed_note: str


def merge_cases(survivor: Case | None, absorbed: Case | None, *, event: str, now: datetime) -> CaseMerge | None:
    """What becomes of the cases of two events of which `event` survives; `None` where the absorbed one has none."""
    if absorbed is None:
        return None
    if survivor is None:
        note = f"事件 {absorbed.event} 并入 {event}，处置单随之转移"
        return CaseMerge(survivor=replace(absorbed, event=event), absorbed=None, note=note, absorbed_note="")
    note = f"事件 {absorbed.event} 并入本事件，其处置单 {absorbed.id}"
    if absorbed.state in _ENDED:
        left = f"事件并入 {event}，由处置单 {survivor.id} 跟进；本单结论不变"
        return CaseMerge(survivor=survivor, absorbed=absorbed, note=f"{note} 此前已结", absorbed_note=left)
    outcome = f"并入处置单 {survivor.id}（{survivor.title}）"
    closed = replace(absorbed, state="closed", closed=now, outcome=outcome)
    return CaseMerge(
        survivor=_taken_over(survivor, absorbed), absorbed=closed, note=f"{note} 由本单接手", absorbed_note=outcome
    )


def _taken_over(survivor: Case, absorbed: Case) -> Case:
    """The surviving case with what is still to be done for the other."""
    merged = replace(
        survivor,
        subjects=tuple(dict.fromkeys((*survivor.subjects, *absorbed.subjects))),
        owner=_both(survivor.owner, absorbed.owner),
    )
    if absorbed.state not in _RUNNING:
        return merged  # settled, only not closed yet: nothing of it is due
    merged = replace(merged, grade=highest(survivor.grade, absorbed.grade))
    if survivor.state not in _RUNNING:
        return replace(
            merged,
            state=absorbed.state,
            due=absorbed.due,
            acknowledged=absorbed.acknowledged,
            closed=None,
            outcome=None,
        )
    further = max(survivor.state, absorbed.state, key=_RUNNING.index)
    seen = [one for one in (survivor.acknowledged, absorbed.acknowledged) if one is not None]
    return replace(merged, state=further, due=min(survivor.due, absorbed.due), acknowledged=min(seen, default=None))


def _both(one: str | None, other: str | None) -> str | None:
    names = dict.fromkeys(name for owner in (one, other) if owner for name in owner.split("、"))
    return "、".join(names)[:120] or None
