"""News of a saved search through every real channel: it arrives whole and is on record like any message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.database import Database
from core.schema import deliveries, messages
from tests.alerts.searching import Searching, make_searching
from tests.alerts.world import NOW, make_mention
from tests.contracts.bench import Bench
from tests.contracts.channels import BENCHES, HookBench, MailBench

#: The loopback test server takes passwords without TLS, and says each time that nobody should.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")


@pytest.fixture(params=list(BENCHES))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    made = BENCHES[request.param](tmp_path / "bench")
    yield made
    made.close()


@pytest.fixture
def told(database: Database, tmp_path: Path, bench: Bench) -> Searching:
    """A search that found two posts, whose message waits in the outbox for this channel."""
    searching = make_searching(database, tmp_path)
    searching.world.notifiers["phone"] = bench.notifier
    searching.save("失去动力", name="失速")
    searching.publish(make_mention(1), make_mention(2, title="<b>第二条</b>"))
    searching.tell()
    return searching


def test_it_arrives_whole(told: Searching, bench: Bench) -> None:
    """Title, both lines, links, and the id that every try has."""
    told.world.outbox.deliver_due(now=NOW)
    [got] = bench.received()
    [row] = told.world.rows(messages)
    assert (got.id, got.title, got.files) == (row.id, "「检索订阅：失速」新增 2 条", {})
    for said in ("http://bbs.example/thread-1.html", "http://bbs.example/thread-2.html", "<b>第二条</b>", "/search?q="):
        assert said in got.text
    if isinstance(bench, MailBench):
        [mail] = bench.mails()
        page = mail.get_body(("html",))
        assert page is not None
        shown = page.get_content()
        assert "&lt;b&gt;第二条&lt;/b&gt;" in shown
        assert "<b>第二条</b>" not in shown
    if isinstance(bench, HookBench):
        [(_, body)] = bench.server.requests
        facts = json.loads(body)["facts"]
        assert (json.loads(body)["kind"], facts["new"], len(facts["results"])) == ("search", 2, 2)


@pytest.mark.parametrize("bench", ["email", "webhook"], indirect=True)
def test_it_is_on_record_like_any_message(told: Searching, bench: Bench) -> None:
    """Refused for a while, tried again under the same id, with a line for every try."""
    bench.answer("throttle")
    told.world.outbox.deliver_due(now=NOW)
    bench.answer("ok")
    settings = told.world.settings
    told.world.outbox.deliver_due(now=NOW + settings.alerts.retry_after * 120)
    assert [row.ok for row in told.world.rows(deliveries)] == [False, True]
    [row] = told.world.rows(messages)
    assert (row.kind, row.state, row.alert) == ("search", "sent", None)
    assert {one.id for one in bench.received()} == {row.id}


def test_the_same_result_is_not_told_again_by_any_of_them(told: Searching, bench: Bench) -> None:
    """The post is published again and again; one message came."""
    for hour in range(1, 4):
        told.publish(make_mention(1), now=NOW + hour * told.store.list()[0].pause)
        assert told.tell(NOW + hour * told.store.list()[0].pause).messages == 0
    told.world.outbox.deliver_due(now=NOW)
    assert len(bench.received()) == 1
