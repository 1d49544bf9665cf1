"""Kill -9 at any moment, start again: nothing lost, nothing told twice. Also without a browser."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from tests.e2e.harness import Demo, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def alerted(demo: Demo) -> list[object] | None:
    return demo.rows("SELECT id FROM alerts") or None


def test_kills_lose_nothing_and_repeat_nothing(demo: Demo) -> None:
    """Killed while it starts, while it collects, and right when an alert is raised; then left alone."""
    demo.environment["TINGFENG_EVIDENCE__BROWSER"] = "none"
    for seconds in (2.5, 6.0):  # the moments themselves are the test: no luck is waited for
        demo.start()
        time.sleep(seconds)
        demo.kill()
    demo.start()
    wait_for(lambda: alerted(demo), "an alert")
    demo.kill()
    demo.start()
    wait_for(lambda: demo.rows("SELECT 1 FROM posts WHERE channel = 'news' AND text LIKE '%起火%'") or None, "the news")

    def settled() -> bool | None:
        busy = demo.rows("SELECT 1 FROM work WHERE queue IN ('assess', 'publish') LIMIT 1")
        waiting = demo.rows("SELECT 1 FROM messages WHERE state != 'sent' LIMIT 1")
        return None if busy or waiting else True

    wait_for(settled, "all work to be done")
    demo.stop()

    # The sites went on while the product stopped: what came in last is not judged yet, and not lost either.
    drained = demo.tingfeng("work", "--once")
    assert drained.returncode == 0, drained.stderr
    posts = {row.id for row in demo.rows("SELECT id FROM posts")}
    judged = {row.id for row in demo.rows("SELECT id FROM verdicts")}
    dispatched = {row.post for row in demo.rows("SELECT post FROM dispatches")}
    assert len(posts) >= 300
    assert posts == judged == dispatched
    indexed = demo.tingfeng("search", "--limit", "10000", "--json")
    assert len(indexed.stdout.splitlines()) == len(posts)
    assert demo.rows("SELECT 1 FROM work WHERE buried") == []

    told = Counter(line["id"] for line in demo.alert_log())
    sent = {row.id for row in demo.rows("SELECT id FROM messages WHERE state = 'sent'")}
    unsent = {row.id for row in demo.rows("SELECT id FROM messages WHERE state != 'sent'")}
    waiting = {row.key for row in demo.rows("SELECT key FROM work WHERE queue = 'deliver'")}
    assert set(told) == sent
    assert max(told.values()) == 1
    assert unsent == waiting
    firsts = Counter(row.event for row in demo.rows("SELECT event FROM alerts WHERE reason = 'first_of_event'"))
    assert firsts
    assert max(firsts.values()) == 1
    assert "无法取证" in demo.output()
