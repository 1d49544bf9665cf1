"""An alert's page tells what people said of its judgement, and what was thought before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from analysis.corrections import Objection
from core.model import Mention
from index.corrections import CorrectionStore
from tests.web.conftest import NASTY, Browser
from web.console import Console


def correct(console: Console, mention: Mention, *, actor: str = "张三", note: str = "在夸我们") -> int:
    """Record a false alarm and the verdict that it leads to."""
    now = console.clock()
    with console.database.write() as connection:
        store = CorrectionStore(console.database)
        said = Objection(kind="false_alarm", actor=actor, note=note)
        made = store.add(connection, mention.id, said, now=now, categories=())
        console.verdicts.save(connection, [replace(mention.verdict, grade=None, risk=0)], now=now, why="correction")
    return made.number


def test_an_alert_that_nobody_objected_to_shows_no_corrections(
    browser: Browser, ring: Callable[..., None], a_mention: Callable[..., Mention]
) -> None:
    """It says how to object."""
    ring(a_mention())
    page = browser.get("/alerts/a1").text
    assert "人工更正" not in page
    assert "以前的研判" not in page
    assert f"tingfeng explain {a_mention().id[:12]}" in page


def test_corrections_and_earlier_verdicts_are_shown(
    browser: Browser, console: Console, ring: Callable[..., None], a_mention: Callable[..., Mention]
) -> None:
    ring(a_mention())
    number = correct(console, a_mention())
    page = browser.get("/alerts/a1").text
    assert "人工更正" in page
    assert "张三" in page
    assert "在夸我们" in page
    assert "以前的研判（1 次）" in page
    with console.database.write() as connection:
        CorrectionStore(console.database).withdraw(connection, number, actor="李四", note="", now=console.clock())
    assert "撤回" in browser.get("/alerts/a1").text


def test_what_a_reviewer_typed_is_shown_as_text(
    browser: Browser, console: Console, ring: Callable[..., None], a_mention: Callable[..., Mention]
) -> None:
    """A name or a note is no markup."""
    ring(a_mention())
    correct(console, a_mention(), actor=NASTY[:100], note=NASTY)
    page = browser.get("/alerts/a1").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
