"""News about sources in the outbox: exactly one message an outage, one recovery, one cookie, whatever crashes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from alerts.messages import MessageRows
from alerts.source_alarms import raise_source_alarms
from core.schema import messages, source_runs, source_states
from core.secret import Secret
from core.settings import HealthSettings, SourceSettings
from crawlers.history import SourceHistory
from crawlers.reports import SourceReport
from crawlers.sources import SourceCatalogue
from tests.alerts.world import HOUR, MINUTE, NOW, Recorder, World, make_settings

DAY = timedelta(days=1)
BOARD = SourceSettings(
    id="board", name="城市论坛", kind="forum", url="http://bbs.example/", channel="forum", owner="李"
)
GOOD = SourceReport(source="board", state="ok", reason="没有新内容", failed=False, started=NOW, ended=NOW)
BLOCKED = replace(GOOD, state="blocked", reason="验证码：百度安全验证", failed=True)
DOWN = replace(GOOD, state="down", reason="连接超时", failed=True)


def _world(world: World, folder: Path, *sources: SourceSettings, **health: Any) -> World:
    world.settings = make_settings(folder, sources=sources or (BOARD,), health=HealthSettings(to=("phone",), **health))
    return world


@pytest.fixture
def watched(world: World, tmp_path: Path) -> World:
    return _world(world, tmp_path)


def _crawl(world: World, report: SourceReport, now: datetime, source: SourceSettings = BOARD) -> None:
    catalogue = SourceCatalogue(world.database, jitter=lambda: 0.0)
    catalogue.record(replace(report, source=source.id, started=now, ended=now), source, now=now)


def _alarm(world: World, now: datetime) -> int:
    return raise_source_alarms(world.database, world.settings, now=now)


def _titles(world: World, now: datetime) -> list[str]:
    world.phone.sent.clear()
    world.outbox.deliver_due(now=now)
    return [message.title for message in world.phone.sent]


def test_a_blocked_source_is_told_once_and_its_recovery_once(watched: World) -> None:
    """Six crawls, two messages, each with the sign, the times and what to do."""
    told = []
    for number, report in enumerate((GOOD, BLOCKED, BLOCKED, BLOCKED, GOOD, GOOD)):
        now = NOW + number * 10 * MINUTE
        _crawl(watched, report, now)
        told.append((_alarm(watched, now), _alarm(watched, now)))
    assert told == [(0, 0), (1, 0), (0, 0), (0, 0), (1, 0), (0, 0)]
    assert _titles(watched, NOW + HOUR) == ["【信源异常】城市论坛：被拦截", "【信源已恢复】城市论坛"]
    alarm, recovered = watched.phone.sent
    assert (alarm.kind, alarm.link) == ("source", "http://127.0.0.1:8315/sources")
    for said in (
        "验证码：百度安全验证",
        "2026-03-15 20:10:00",
        "最近一次正常采集：2026-03-15 20:00:00",
        "Cookie",
        "李",
    ):
        assert said in alarm.text
        assert said in alarm.html
    assert alarm.facts["state"] == "blocked"
    assert "2026-03-15 20:10:00 至 2026-03-15 20:40:00，共 30分" in recovered.text
    assert [row.told for row in watched.rows(source_states)] == [None, NOW + 10 * MINUTE, None]


def test_a_source_that_is_down_is_told_after_a_while(watched: World) -> None:
    """Half an hour, and a short one never."""
    for minutes in (0, 20):
        _crawl(watched, DOWN, NOW + minutes * MINUTE)
        assert _alarm(watched, NOW + minutes * MINUTE) == 0
    _crawl(watched, DOWN, NOW + 40 * MINUTE)
    assert _alarm(watched, NOW + 40 * MINUTE) == 1
    _crawl(watched, GOOD, NOW + 50 * MINUTE)
    assert _alarm(watched, NOW + 50 * MINUTE) == 1
    _crawl(watched, DOWN, NOW + 60 * MINUTE)
    _crawl(watched, GOOD, NOW + 70 * MINUTE)
    assert _alarm(watched, NOW + 70 * MINUTE) == 0


def test_a_crash_in_the_middle_tells_neither_half_nor_twice(watched: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages and the note that somebody was told are one transaction."""
    _crawl(watched, BLOCKED, NOW)
    put = MessageRows.put

    def dies(self: MessageRows, *given: Any, **more: Any) -> int:
        put(self, *given, **more)
        raise KeyboardInterrupt

    monkeypatch.setattr(MessageRows, "put", dies)
    with pytest.raises(KeyboardInterrupt):
        _alarm(watched, NOW)
    monkeypatch.undo()
    assert watched.rows(messages) == []
    assert [row.told for row in watched.rows(source_states)] == [None]
    assert _alarm(watched, NOW) == 1
    assert _alarm(watched, NOW) == 0


def test_crawls_that_end_together_tell_once(watched: World) -> None:
    """Each kind of source is crawled by a process of its own, and each looks at all sources at its end."""
    _crawl(watched, BLOCKED, NOW)
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: _alarm(watched, NOW), range(8)))
    assert sum(told) == len(watched.rows(messages)) == 1


def test_each_reader_gets_a_message_of_his_own(world: World, tmp_path: Path) -> None:
    """All names in `[health] to`; nobody there is no error."""
    world.settings = make_settings(tmp_path, sources=(BOARD,), health=HealthSettings(to=("phone", "mail")))
    world.notifiers["mail"] = Recorder()
    _crawl(world, BLOCKED, NOW)
    assert _alarm(world, NOW) == 2
    world.outbox.deliver_due(now=NOW)
    assert [len(one.sent) for one in world.notifiers.values() if isinstance(one, Recorder)] == [1, 1]
    world.settings = make_settings(tmp_path, sources=(BOARD,), health=HealthSettings(to=()))
    _crawl(world, GOOD, NOW + HOUR)
    assert _alarm(world, NOW + HOUR) == 0


def test_paused_and_unwatched_sources_ring_nobody(watched: World, tmp_path: Path) -> None:
    """A pause is the operator's wish, also in the middle of an outage; a source that left the catalogue is history."""
    _crawl(watched, BLOCKED, NOW)
    SourceCatalogue(watched.database).pause("board", reason="改版期间", now=NOW + MINUTE)
    assert _alarm(watched, NOW + 2 * MINUTE) == 0
    _crawl(watched, BLOCKED, NOW + HOUR)
    other = BOARD.model_copy(update={"id": "other"})
    assert _alarm(_world(watched, tmp_path, other), NOW + HOUR) == 0


@pytest.mark.parametrize(
    ("left", "told"), [(4 * DAY, 0), (3 * DAY, 1), (HOUR, 1), (-HOUR, 1)], ids=["far", "near", "soon", "over"]
)
def test_a_cookie_that_ends_is_told_once(world: World, tmp_path: Path, left: timedelta, told: int) -> None:
    """By the end that the cookie itself names; a new cookie is a new end; its value is in no message."""

    def source(ends: datetime) -> SourceSettings:
        text = f"# Netscape HTTP Cookie File\nbbs.example\tFALSE\t/\tFALSE\t{int(ends.timestamp())}\tSUB\tgeheim"
        return BOARD.model_copy(update={"cookie": Secret(text)})

    _world(world, tmp_path, source(NOW + left))
    assert [_alarm(world, NOW), _alarm(world, NOW + MINUTE)] == [told, 0]
    assert _alarm(_world(world, tmp_path, source(NOW + left + 90 * DAY)), NOW + 2 * MINUTE) == 0
    titles = _titles(world, NOW + HOUR)
    assert len(titles) == told
    assert all("Cookie" in title for title in titles)
    assert "geheim" not in str(world.rows(messages))


def _beat(world: World, since: datetime, until: datetime, source: str = "other") -> None:
    """Another source was crawled every ten minutes."""
    run = {"state": "ok", "pages": 1, "posts": 0, "new": 0, "changed": 0, "filled": {}, "robots": "obeyed"}
    times: list[datetime] = []
    while since <= until:
        times.append(since)
        since += 10 * MINUTE
    with world.database.write() as connection:
        rows = [{"source": source, "started": at, "ended": at, **run} for at in times]
        connection.execute(insert(source_runs), rows)


@pytest.mark.parametrize(
    ("crawled", "beats_for", "told"),
    [
        (None, 5 * HOUR, ["未采集"]),  # added, and nobody crawls it
        (None, 10 * MINUTE, []),  # the product has just started
        (2 * HOUR, 5 * HOUR, ["未采集"]),  # its kind hangs
        (20 * MINUTE, 5 * HOUR, []),  # late, but not by much
        (10 * HOUR, 10 * MINUTE, []),  # a night off: everything is late, and on its way
        (10 * HOUR, timedelta(0), []),  # nothing runs at all, so nobody could know
    ],
)
def test_a_source_that_nobody_crawls_is_as_good_as_down(
    watched: World, crawled: timedelta | None, beats_for: timedelta, told: Sequence[str]
) -> None:
    """Only where the product was running meanwhile, as the other sources' crawls show; its next crawl ends it."""
    if crawled is not None:
        _crawl(watched, GOOD, NOW - crawled)
    if beats_for:
        _beat(watched, NOW - beats_for, NOW)
    assert [_alarm(watched, NOW), _alarm(watched, NOW + MINUTE)] == [len(told), 0]
    assert [title.rpartition("：")[2] for title in _titles(watched, NOW + HOUR)] == list(told)
    _crawl(watched, GOOD, NOW + 2 * MINUTE)
    assert _alarm(watched, NOW + 2 * MINUTE) == len(told)
    episodes = SourceHistory(watched.database).open_episodes()
    assert (episodes["board"].state, episodes["board"].failed) == ("ok", False)


@pytest.mark.parametrize(
    ("state", "reason", "title", "advice"),
    [
        ("broken", "所有帖子都读不出作者，页面可能改版", "页面改版", "tingfeng sources test board"),
        ("broken", "本机没能保存（database is locked），与该信源无关，下次再取", "本机故障", "磁盘空间"),
        ("broken", "采集程序出错，已记录（KeyError：x）", "程序出错", "日志"),
        ("empty", "按往常此时段应有约 24 条新内容，却一条也没有", "没有内容，存疑", "canary"),
        ("down", "今天对 bbs.example 的请求已达 20000 次上限，其余内容明天继续", "达到当日请求上限", "daily_requests"),
        ("down", "连接超时", "无法连接", "网络"),
    ],
)
def test_a_fault_of_ours_is_not_called_the_sources(
    watched: World, state: Any, reason: str, title: str, advice: str
) -> None:
    """Each kind of trouble has its own name and its own advice."""
    _crawl(watched, replace(GOOD, state=state, reason=reason, failed=True), NOW)
    assert _alarm(watched, NOW + HOUR) == 1
    assert _titles(watched, NOW + HOUR) == [f"【信源异常】城市论坛：{title}"]
    assert reason in watched.phone.sent[0].text
    assert advice in watched.phone.sent[0].text


def test_a_row_of_health_is_in_the_outbox_like_any_other(watched: World) -> None:
    """It waits, is retried and can be resent: kind "source", without an alert, with its rendered body."""
    _crawl(watched, BLOCKED, NOW)
    _alarm(watched, NOW)
    with watched.database.read() as connection:
        row = connection.execute(select(messages)).one()
    assert (row.kind, row.alert, row.state, row.notifier) == ("source", None, "waiting", "phone")
    assert set(row.body) == {"title", "text", "html", "link", "facts"}
