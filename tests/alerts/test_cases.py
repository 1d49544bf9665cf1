"""The ledger: who may do what with a case when, and the clock that never runs backwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.cases import CaseBook
from alerts.transitions import ACTION_NAMES, TRANSITIONS, allowed
from core.database import Database
from core.errors import NotFound, RefusedTransition
from core.model import CASE_STATE_NAMES, Case, CaseState, Grade
from core.schema import case_actions
from core.settings import CaseSettings
from tests.alerts.world import HOUR, MINUTE, NOW, World, make_settings

PATH = ["acknowledge", "investigate", "respond", "resolve", "follow_up", "close"]


@pytest.fixture
def book(database: Database, tmp_path: Path) -> CaseBook:
    return CaseBook(database, make_settings(tmp_path))


def ring(book: CaseBook, grade: Grade = "B", *, event: str = "e1", minutes: int = 0) -> Case:
    with book.database.write() as connection:
        return book.open_or_raise(
            connection, event=event, grade=grade, title="失速", subjects=["星辰汽车"], now=NOW + minutes * MINUTE
        )


def lead_to(book: CaseBook, case: Case, state: CaseState) -> None:
    if state in ("dismissed", "malicious"):
        book.act(case.id, action={"dismissed": "dismiss"}.get(state, state), actor="a", note="理由", now=NOW)
        return
    for action in PATH:
        if book.get(case.id).state == state:
            return
        book.act(case.id, action=action, actor="a", note="", now=NOW)


@pytest.mark.parametrize("state", list(CASE_STATE_NAMES))
@pytest.mark.parametrize("action", list(TRANSITIONS))
def test_every_step_from_every_state(book: CaseBook, state: CaseState, action: str) -> None:
    """The table decides: a step is done and audited, or refused with what is allowed instead."""
    case = ring(book)
    lead_to(book, case, state)
    assert book.get(case.id).state == state
    lines = len(book.actions(case.id))
    if action in allowed(state):
        after = book.act(case.id, action=action, actor="李店长", note="写明的理由", now=NOW + HOUR)
        step = book.actions(case.id)[-1]
        assert (step.actor, step.action, step.before, step.after) == ("李店长", action, state, after.state)
        assert (step.note, step.at) == ("写明的理由", NOW + HOUR)
        assert book.get(case.id) == after
    else:
        with pytest.raises(RefusedTransition) as refused:
            book.act(case.id, action=action, actor="李店长", note="理由", now=NOW)
        assert all(verb in str(refused.value) for verb in allowed(state))
        assert len(book.actions(case.id)) == lines
        assert book.get(case.id).state == state


def test_the_whole_path_ends_closed(book: CaseBook) -> None:
    """From new to closed, each step once, with its times."""
    case = ring(book)
    for action in PATH:
        case = book.act(case.id, action=action, actor="李店长", note="已退换" if action == "resolve" else "", now=NOW)
    assert (case.state, case.outcome, case.acknowledged, case.closed) == ("closed", "已退换", NOW, NOW)
    assert [line.action for line in book.actions(case.id)] == ["open", *PATH]


@pytest.mark.parametrize("action", ["dismiss", "malicious", "note"])
@pytest.mark.parametrize("note", ["", "  \n"])
def test_a_reason_is_required(book: CaseBook, action: str, note: str) -> None:
    """误报 and 恶意 are claims: somebody must stand by them in writing."""
    case = ring(book)
    with pytest.raises(RefusedTransition, match="理由"):
        book.act(case.id, action=action, actor="a", note=note, now=NOW)


def test_unknown_cases_and_steps_are_named(book: CaseBook) -> None:
    """The caller reads what was wrong."""
    with pytest.raises(NotFound, match="nope"):
        book.act("nope", action="close", actor="a", note="", now=NOW)
    with pytest.raises(NotFound, match="nope"):
        book.get("nope")
    with pytest.raises(RefusedTransition, match="explode"):
        book.act(ring(book).id, action="explode", actor="a", note="", now=NOW)


@pytest.mark.parametrize(
    ("rings", "grade", "due"),
    [
        ([("C", 0), ("B", 60)], "B", 60 + 12 * 60),
        ([("B", 0), ("A", 10)], "A", 10 + 3 * 60),
        ([("A", 0), ("C", 10)], "A", 3 * 60),
        ([("A", 0), ("A", 100)], "A", 3 * 60),
        # The raise comes so late that the old clock ends sooner.
        ([("B", 0), ("A", 11 * 60)], "A", 12 * 60),
        ([("C", 0), ("B", 1), ("A", 2)], "A", 2 + 3 * 60),
    ],
)
def test_the_clock_only_gets_shorter(book: CaseBook, rings: list[tuple[Grade, int]], grade: str, due: int) -> None:
    """A higher grade shortens the time that is left; nothing lengthens it."""
    for one, minutes in rings:
        case = ring(book, one, minutes=minutes)
    assert (case.grade, case.due) == (grade, NOW + due * MINUTE)
    assert len(book.list()) == 1


@pytest.mark.parametrize("state", ["resolved", "followed_up", "closed", "dismissed", "malicious"])
def test_a_settled_case_that_rings_starts_anew(book: CaseBook, state: CaseState) -> None:
    """Whoever thought it was over looks again, with a fresh clock."""
    case = ring(book, "A")
    lead_to(book, case, state)
    again = ring(book, "C", minutes=600)
    assert (again.state, again.grade, again.due) == ("new", "A", NOW + 600 * MINUTE + 3 * HOUR)
    last = book.actions(case.id)[-1]
    assert (last.action, last.actor, last.before, last.after) == ("ring_reopens", "听风", state, "new")


def test_a_person_may_reopen_with_a_reason_and_a_fresh_clock(book: CaseBook) -> None:
    """Closing by mistake is mended, not hidden."""
    case = ring(book, "A")
    lead_to(book, case, "closed")
    again = book.act(case.id, action="reopen", actor="王经理", note="车主再次投诉", now=NOW + 9 * HOUR)
    assert (again.state, again.closed, again.due) == ("investigating", None, NOW + 12 * HOUR)


def test_overdue_lists_what_nobody_settled_in_time(book: CaseBook) -> None:
    """Settled cases and running clocks are not overdue."""
    late, settled, running = ring(book, "A", event="late"), ring(book, "A", event="settled"), ring(book, event="b")
    lead_to(book, settled, "resolved")
    assert [case.id for case in book.overdue(NOW + 3 * HOUR)] == []
    found = book.overdue(NOW + 4 * HOUR)
    assert [case.id for case in found] == [late.id]
    assert all(case.is_overdue(NOW + 4 * HOUR) for case in found)
    assert not running.is_overdue(NOW + 4 * HOUR)


def test_lists_are_filtered_and_start_with_what_is_due_first(book: CaseBook) -> None:
    """The console's first page."""
    slow, fast, done = ring(book, "C", event="slow"), ring(book, "A", event="fast"), ring(book, "B", event="done")
    lead_to(book, done, "closed")
    assert [case.id for case in book.list()] == [fast.id, done.id, slow.id]
    assert [case.id for case in book.list(open_only=True)] == [fast.id, slow.id]
    assert [case.id for case in book.list(states=["closed"])] == [done.id]
    assert [case.id for case in book.list(limit=1)] == [fast.id]
    assert book.of_event("fast") == fast
    assert book.of_event("other") is None


def test_the_operators_clocks_and_owners_count(database: Database, tmp_path: Path) -> None:
    """Hours come from [cases], owners from subjects.toml."""
    settings = make_settings(tmp_path, cases=CaseSettings.model_validate({"a": "1h"}))
    book = CaseBook(database, settings)
    assert ring(book, "A").due == NOW + HOUR
    assert book.owner_of(["星辰汽车", "星辰城南店", "星辰汽车"]) == "王经理、李店长"
    assert book.owner_of(["无主"]) is None


def test_a_crash_while_acting_leaves_the_case_as_it_was(
    world: World, book: CaseBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """State and history change together or not at all."""
    case = ring(book)
    monkeypatch.setattr("alerts.cases._audit", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        book.act(case.id, action="acknowledge", actor="a", note="", now=NOW)
    assert book.get(case.id).state == "new"
    assert len(world.rows(case_actions)) == 1


def test_every_action_has_a_name() -> None:
    """Whatever stands in the history can be shown."""
    assert set(TRANSITIONS) < set(ACTION_NAMES)
    assert all(ACTION_NAMES.values())
