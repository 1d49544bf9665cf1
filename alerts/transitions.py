"""What may be done with a case in which state: one table, read by the case book, the console and the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from core.errors import RefusedTransition
from core.model import CASE_STATE_NAMES, CaseState

CaseVerb = Literal[
    "acknowledge", "investigate", "respond", "resolve", "follow_up", "close", "dismiss", "malicious", "reopen", "note"
]

_OPEN: tuple[CaseState, ...] = ("new", "acknowledged", "investigating", "responding", "resolved", "followed_up")
_ENDED: tuple[CaseState, ...] = ("closed", "dismissed", "malicious")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One thing people do with a case."""

    #: What the button says.
    name: str
    before: tuple[CaseState, ...]
    #: `None`: the state stays as it is.
    after: CaseState | None
    #: Whether a reason must be written down.
    needs_note: bool = False
    #: Whether the note becomes the case's outcome.
    is_outcome: bool = False


TRANSITIONS: Mapping[CaseVerb, Transition] = {
    "acknowledge": Transition(name="确认", before=("new",), after="acknowledged"),
    "investigate": Transition(name="开始核查", before=("acknowledged",), after="investigating"),
    "respond": Transition(name="开始回应", before=("investigating",), after="responding"),
    "resolve": Transition(name="标记已解决", before=("responding",), after="resolved", is_outcome=True),
    "follow_up": Transition(name="完成回访", before=("resolved",), after="followed_up"),
    "close": Transition(name="关闭", before=("followed_up",), after="closed"),
    "dismiss": Transition(name="判为误报", before=_OPEN, after="dismissed", needs_note=True, is_outcome=True),
    "malicious": Transition(name="判为恶意", before=_OPEN, after="malicious", needs_note=True, is_outcome=True),
    "reopen": Transition(name="重新打开", before=_ENDED, after="investigating", needs_note=True),
    "note": Transition(name="添加备注", before=(*_OPEN, *_ENDED), after=None, needs_note=True),
}

#: What the program itself does, for the action log.
SYSTEM_ACTIONS: Mapping[str, str] = {
    "open": "自动立案",
    "raise": "等级上升",
    "ring_again": "再次预警",
    "ring_reopens": "再次预警，重新打开",
    "merge_events": "事件合并",
}
ACTION_NAMES: Mapping[str, str] = {**{verb: step.name for verb, step in TRANSITIONS.items()}, **SYSTEM_ACTIONS}


def allowed(state: CaseState) -> tuple[CaseVerb, ...]:
    """What people may do with a case in this state, in the order of the handling."""
    return tuple(verb for verb, step in TRANSITIONS.items() if state in step.before)


def transition(state: CaseState, verb: str, note: str) -> Transition:
    """The step that `verb` means in `state`. Raise `RefusedTransition` with what is allowed instead."""
    step = next((step for name, step in TRANSITIONS.items() if name == verb), None)
    if step is None or state not in step.before:
        choices = "、".join(f"{TRANSITIONS[name].name}（{name}）" for name in allowed(state))
        wish = step.name if step else verb
        raise RefusedTransition(f"处置单处于“{CASE_STATE_NAMES[state]}”，不能“{wish}”。现在可以：{choices}")
    if step.needs_note and not note.strip():
        raise RefusedTransition(f"“{step.name}”必须写明理由")
    return step
