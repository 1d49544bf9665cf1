"""Telling people what their searches found: at their pace, once, whole, and safe to read."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from sqlalchemy import update

from alerts.messages import MessageRows
from alerts.search_news import is_anything_to_tell, tell
from alerts.search_sheets import SearchSheet, read_sheets
from core.model import Mention
from core.schema import messages, saved_search_hits, saved_searches
from core.settings import WebSettings
from index.verdicts import VerdictStore
from tests.alerts.searching import Searching
from tests.alerts.world import HOUR, MINUTE, NOW, Recorder, make_mention

NASTY = '<script>alert("1")</script><img src=x onerror=alert(2)>{{ 7*7 }}'


def _sheet(searching: Searching, now: datetime = NOW) -> SearchSheet:
    [sheet] = read_sheets(searching.store, searching.store.list(), now=now)
    return sheet


def test_what_is_new_is_told_with_all_that_matters(searching: Searching) -> None:
    """Grade, channel, time, the place of the match, risk, link; what was asked for; where to see the rest."""
    saved = searching.save("失去动力", name="失速", grades=("A",))
    searching.publish(make_mention(1))
    told = searching.tell()
    assert (told.searches, told.results, told.messages) == (1, 1, 1)
    [message] = searching.delivered()
    assert message.title == "「检索订阅：失速」新增 1 条"
    assert message.link == "http://127.0.0.1:8315/search?q=%E5%A4%B1%E5%8E%BB%E5%8A%A8%E5%8A%9B&grade=A"
    for said in ("失去动力；等级 特急", "特急", "论坛", "2026-03-15 19:59:00", "风险 86", "李经理"):
        assert said in message.text
        assert said in message.html
    assert "http://bbs.example/thread-1.html" in message.text
    assert 'href="http://bbs.example/thread-1.html"' in message.html
    assert ">失去动力</b>" in message.html
    assert message.facts["new"] == 1
    assert message.facts["search"] == saved.id
    results: Any = message.facts["results"]
    assert [(one["post"], one["grade"], one["risk"]) for one in results] == [(make_mention(1).id, "A", 86)]


def test_links_begin_with_what_readers_can_open(searching: Searching) -> None:
    web = WebSettings(public_url="https://yuqing.example/")
    searching.world.settings = searching.world.settings.model_copy(update={"web": web})
    searching.save("失去动力")
    searching.publish(make_mention(1))
    searching.tell()
    [message] = searching.delivered()
    assert str(message.link).startswith("https://yuqing.example/search?")


def test_the_gravest_ten_are_named_and_the_rest_counted(searching: Searching) -> None:
    """Highest grade, then risk; how many more there are is said."""
    searching.save("失去动力")
    searching.publish(*(make_mention(number, grade="C", event=None) for number in range(3, 15)))
    searching.publish(make_mention(1, grade=None, event=None), make_mention(2, grade="A"))
    assert searching.tell().results == 14
    [message] = searching.delivered()
    assert "新增 14 条" in message.title
    assert message.text.count("风险") == message.html.count("风险") == 10
    assert message.text.index("风险 86") < message.text.index("风险 35")
    assert "风险 5\n" not in message.text
    assert "另有 4 条" in message.text
    assert "另有 4 条" in message.html


def test_a_search_has_its_own_pace(searching: Searching) -> None:
    """The first find is told at once; what comes within the pause waits for its end, and comes together."""
    fast, slow = searching.save("失去动力", pause=MINUTE), searching.save("失去动力", pause=HOUR)
    told = []
    for minute in range(0, 62, 10):
        now = NOW + minute * MINUTE
        searching.publish(make_mention(100 + minute, collected=now, published=now), now=now)
        assert is_anything_to_tell(searching.world.database, now)
        told.append(searching.tell(now).searches)
        assert searching.tell(now).searches == 0
        assert not is_anything_to_tell(searching.world.database, now)
    assert told == [2, 1, 1, 1, 1, 1, 2]
    found = [message.facts for message in searching.delivered(NOW + 2 * HOUR)]
    assert [facts["new"] for facts in found if facts["search"] == fast.id] == [1] * 7
    assert sorted(str(facts["new"]) for facts in found if facts["search"] == slow.id) == ["1", "6"]
    assert searching.standing(fast).told == searching.standing(slow).told == 7


@pytest.mark.parametrize(
    ("passed", "tells"),
    [(10 * MINUTE - timedelta(seconds=1), 0), (10 * MINUTE, 1), (-HOUR, 1)],
    ids=["not over", "over", "clock set back"],
)
def test_the_pause_is_exact_and_no_clock_holds_it_up(searching: Searching, passed: timedelta, tells: int) -> None:
    searching.save("失去动力")
    searching.publish(make_mention(1))
    assert searching.tell(NOW).searches == 1
    searching.publish(make_mention(2))
    assert searching.tell(NOW + passed).searches == tells


def test_each_notifier_gets_one_message(searching: Searching) -> None:
    searching.save("失去动力", notify=("phone", "mail"))
    searching.publish(make_mention(1), make_mention(2))
    assert searching.tell().messages == 2
    searching.world.outbox.deliver_due(now=NOW)
    assert [len(one.sent) for one in searching.world.notifiers.values() if isinstance(one, Recorder)] == [1, 1]


@pytest.mark.parametrize("dies_in", ["put", "after"])
def test_a_crash_tells_neither_half_nor_twice(
    searching: Searching, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    """The messages, the note of what was told and the time of the pause are one transaction."""
    searching.save("失去动力")
    searching.publish(make_mention(1))
    put = MessageRows.put

    def dies(self: MessageRows, *given: Any, **more: Any) -> int:
        if dies_in == "after":
            put(self, *given, **more)
        raise KeyboardInterrupt

    monkeypatch.setattr(MessageRows, "put", dies)
    with pytest.raises(KeyboardInterrupt):
        searching.tell()
    monkeypatch.undo()
    assert searching.world.rows(messages) == []
    assert [row.message for row in searching.world.rows(saved_search_hits)] == [None]
    assert [row.told for row in searching.world.rows(saved_searches)] == [None]
    assert [searching.tell().messages, searching.tell().messages] == [1, 0]


def test_two_that_tell_at_once_tell_once(searching: Searching) -> None:
    searching.save("失去动力")
    searching.publish(make_mention(1))
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: searching.tell().messages, range(8)))
    assert sum(told) == len(searching.world.rows(messages)) == 1


def test_a_search_saved_again_under_its_name_tells_again(searching: Searching) -> None:
    """No message of the removed one stands in the way of the new one's."""
    first = searching.save("失去动力", name="失速")
    searching.publish(make_mention(1))
    searching.tell()
    searching.store.remove(first.id)
    searching.save("失去动力", name="失速")
    searching.watch.consider([make_mention(1)], now=NOW)
    searching.tell(NOW + HOUR)
    assert len(searching.delivered(NOW + HOUR)) == 2


class _Links(HTMLParser):
    """The tags and link targets of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        assert not [name for name, _ in attrs if name.startswith("on")]


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://bbs.example/1?a=b&c=<x>", True),
        ("javascript:alert(1)", False),
        ("data:text/html,<script>", False),
        (" JAVASCRIPT:alert(1)", False),
        ("http://bbs.example/\n\x00\u202e1", True),
    ],
)
def test_hostile_text_stays_text(searching: Searching, url: str, linked: bool) -> None:
    """In names, texts, sites' words and addresses; a link is http or https or none, and no line is broken in two."""
    searching.save("失去动力 或 alert", name=NASTY[:60], owner=NASTY, subjects=())
    mention = make_mention(1, text=f"{NASTY} 失去动力\r\n第二行\u2028 \ue000\ue001", title=NASTY, url=url)
    searching.publish(mention)
    assert searching.tell().messages == 1
    [message] = searching.delivered()
    page = _Links(message.html)
    assert not {"script", "img", "iframe"} & set(page.tags)
    assert all(link.startswith(("http://", "https://")) for link in page.links)
    assert len(page.links) == 1 + linked
    assert "49" not in message.title
    assert "{{ 7*7 }}" in message.text
    assert "\n" not in message.title
    assert "\n第二行" not in message.text
    assert not set("\ue000\ue001\x00") & set(message.text + message.html)
    assert ("javascript" in message.text.lower()) is False


def test_a_post_without_words_has_a_line(searching: Searching) -> None:
    searching.save(grades=("A",))
    searching.publish(make_mention(1, text="", title=None))
    searching.tell()
    [message] = searching.delivered()
    assert "（无文字内容）" in message.text
    assert "（无文字内容）" in message.html


def test_finds_of_a_text_that_cannot_be_read_any_more_are_told(searching: Searching) -> None:
    """They were found while it could; only nothing is marked in them."""
    searching.save("失去动力")
    searching.publish(make_mention(1))
    with searching.world.database.write() as connection:
        connection.execute(update(saved_searches).values(text="(刹车"))
    assert searching.tell().messages == 1
    [message] = searching.delivered()
    assert "在高速上突然失去动力" in message.html
    sheet = _sheet(searching)
    assert sheet.problem == "第 1 个字符处括号没有闭合"


def test_a_notifier_that_left_the_settings_is_seen_and_its_message_not_lost(searching: Searching) -> None:
    """The other is told; the message fails by name, and goes out when the notifier is back."""
    searching.save("失去动力", notify=("phone", "mail"))
    searching.publish(make_mention(1))
    settings = searching.world.settings
    blocks = {"phone": settings.notifiers["phone"]}
    searching.world.settings = settings.model_copy(update={"notifiers": blocks})
    mail = searching.world.notifiers.pop("mail")
    assert _sheet(searching).missing == ("mail",)
    assert searching.tell().messages == 2
    assert len(searching.delivered()) == 1
    [lost] = searching.world.outbox.failed()
    assert (lost.kind, lost.notifier, lost.reason) == ("search", "mail", "设置中已没有通知渠道 mail")
    assert {one.notifier: (one.state, one.reason) for one in _sheet(searching).sendings} == {
        "phone": ("sent", ""),
        "mail": ("failed", "设置中已没有通知渠道 mail"),
    }
    searching.world.notifiers["mail"] = mail
    searching.world.outbox.resend(lost.id, now=NOW)
    searching.world.outbox.deliver_due(now=NOW)
    assert isinstance(mail, Recorder)
    assert [message.kind for message in mail.sent] == ["search"]


@pytest.mark.parametrize(
    ("told", "waited", "muted", "late"),
    [
        (None, 14 * MINUTE, False, False),
        (None, 16 * MINUTE, False, True),
        (None, 16 * MINUTE, True, False),  # nobody wants to be told
        (NOW + MINUTE, 20 * MINUTE, False, False),  # its pause is over for less than that
        (NOW + MINUTE, 27 * MINUTE, False, True),
        (NOW + 9 * HOUR, 16 * MINUTE, False, True),  # by a clock that was set back since
    ],
)
def test_finds_that_nobody_tells_are_late(
    searching: Searching, told: datetime | None, waited: timedelta, muted: bool, late: bool
) -> None:
    """A quarter of an hour after their turn came."""
    searching.save("失去动力")
    searching.publish(make_mention(1))
    with searching.world.database.write() as connection:
        connection.execute(update(saved_searches).values(told=told, muted=muted))
    assert _sheet(searching).is_late(NOW + waited) is late
    assert _sheet(searching).standing.since == NOW


def test_a_search_that_cannot_be_told_silences_no_other(searching: Searching, caplog: pytest.LogCaptureFixture) -> None:
    """What breaks the message of one is logged by its name and tried again; those behind it are told."""
    for name in ("先", "中", "后"):
        searching.save("失去动力", name=name)
    searching.publish(make_mention(1))
    first = min(searching.store.list(), key=lambda search: search.id)
    read = VerdictStore(searching.world.database).mentions
    asked: list[int] = []

    def breaks_once(ids: Sequence[str]) -> list[Mention]:
        asked.append(len(ids))
        if len(asked) == 1:
            raise ValueError("broken")
        return read(ids)

    told = tell(searching.world.database, searching.world.settings, now=NOW, mentions=breaks_once)
    assert told.searches == 2
    assert [record.__dict__["search"] for record in caplog.records if record.msg == "search_not_told"] == [first.id]
    assert tell(searching.world.database, searching.world.settings, now=NOW).searches == 1
