"""The daily digest: one local day counted, compared, and honest about what was not seen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from alerts import digest as daily
from alerts.daily import Digest
from core.errors import NotFound
from core.schema import corrections, deliveries, exhibits, messages, sources
from core.settings import DigestSettings, RuleSettings, SourceSettings
from crawlers.history import enter
from tests.alerts.world import HOUR, MINUTE, NOW, Recorder, World, make_mention, make_settings

DAY = timedelta(days=1)
#: NOW is 20:00 in Shanghai on this day.
TODAY, YESTERDAY = date(2026, 3, 15), date(2026, 3, 14)
MORNING = datetime(2026, 3, 16, 0, 30, tzinfo=UTC)
BOARD = SourceSettings(id="board", name="车友论坛", kind="forum", url="http://bbs.example/", channel="forum")


def build(world: World, day: date = TODAY, now: datetime = MORNING) -> Digest:
    return daily.build(day, database=world.database, settings=world.settings, now=now)


def put_source(world: World, **values: Any) -> None:
    row = {"id": "board", "added": NOW - 9 * DAY, "cursor": {}, "failures": 0, "posts_seen": 5, "last_ok": NOW}
    with world.database.write() as connection:
        connection.execute(insert(sources).values({**row, "state": "ok", **values}))


@pytest.mark.parametrize(
    ("published", "counted"),
    [
        (datetime(2026, 3, 14, 15, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 14, 16, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 15, 15, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 15, 16, 0, tzinfo=UTC), False),
        (None, True),
    ],
)
def test_a_day_is_the_readers_day(world: World, published: datetime | None, counted: bool) -> None:
    """Midnight is in Shanghai; a post without a time counts on the day it was found."""
    world.keep(make_mention(published=published, collected=NOW))
    assert build(world).total.mentions == int(counted)


def test_totals_are_compared_with_the_mean_of_the_days_before(world: World) -> None:
    """Seven days, two of them with posts; what concerns no subject counts as a post only."""
    earlier = [make_mention(n, published=NOW - 2 * DAY, grade="B" if n % 2 else None) for n in range(10, 14)]
    start = make_mention(20, published=NOW - 7 * DAY, grade=None)
    today = [make_mention(1), make_mention(2, grade=None), make_mention(3, grade=None, subjects=())]
    world.keep(*earlier, start, *today)
    found = build(world)
    assert (found.posts, found.total.mentions, found.total.negative, found.days_compared) == (3, 2, 1, 7)
    assert found.total.usual_mentions == pytest.approx(5 / 7)
    assert found.total.usual_negative == pytest.approx(2 / 7)


def test_a_new_installation_compares_with_the_days_it_has(world: World) -> None:
    """One day of history is one day, none is none."""
    world.keep(make_mention(1))
    assert (build(world).days_compared, build(world).total.usual_mentions) == (0, None)
    assert "尚无可比数据" in daily.render(build(world), settings=world.settings).text
    world.keep(make_mention(2, published=NOW - DAY), make_mention(3, published=NOW - DAY))
    assert (build(world).days_compared, build(world).total.usual_mentions) == (1, 2.0)


def test_today_is_marked_and_compared_hour_by_hour(world: World) -> None:
    """At 20:00, the evenings before do not count."""
    put_source(world)
    yesterday_evening = NOW - DAY + 2 * HOUR
    world.keep(
        make_mention(1), make_mention(2, published=yesterday_evening), make_mention(3, published=NOW - DAY - HOUR)
    )
    found = build(world, now=NOW)
    assert found.window.partial
    assert found.total.usual_mentions == 1.0
    rendered = daily.render(found, settings=world.settings)
    assert "截至 20:00" in rendered.title
    assert "当日尚未结束" in rendered.text


def test_a_day_that_has_not_begun_has_no_digest(world: World) -> None:
    """The future is refused."""
    with pytest.raises(NotFound, match="2026-03-17"):
        build(world, day=date(2026, 3, 17))


def test_lines_by_channel_category_and_subject(world: World) -> None:
    """Most negative first; a channel that is usually loud and silent today is shown too."""
    world.keep(
        make_mention(1, channel="weibo"),
        make_mention(2, channel="weibo", subjects=("星辰汽车", "星辰城南店")),
        make_mention(3, categories=("价格",), grade=None),
        make_mention(4, channel="news", published=NOW - DAY),
    )
    found = build(world)
    assert [(line.name, line.mentions, line.negative) for line in found.channels] == [
        ("微博", 2, 2),
        ("论坛", 1, 0),
        ("新闻", 0, 0),
    ]
    assert [(line.name, line.mentions) for line in found.subjects] == [("星辰汽车", 3), ("星辰城南店", 1)]
    assert [(line.name, line.negative) for line in found.categories] == [("安全", 2), ("价格", 0)]


def test_the_gravest_and_largest_stories_come_first(world: World) -> None:
    """Grade, then size; a single harmless post is no story; a graded post without an event is one."""
    world.event("e1", size=40, channels=("forum", "weibo"))
    world.keep(
        *(make_mention(n, event="e1", grade="C") for n in range(1, 4)),
        make_mention(9, event=None, grade="A", title="没有归入事件的帖"),
        *(make_mention(n, event="chat", grade=None, title="闲聊") for n in (20, 21)),
        make_mention(30, event="single", grade=None),
    )
    assert [(line.title, line.grade, line.count, line.size) for line in build(world).events] == [
        ("没有归入事件的帖", "A", 1, 1),
        ("提车三天高速失速", "C", 3, 40),
        ("闲聊", None, 2, 2),
    ]


def test_alerts_tell_how_fast_and_with_what_proof_they_arrived(world: World) -> None:
    """From publication to acceptance, first card only."""
    world.event()
    world.consider(make_mention(1, published=NOW - MINUTE), make_mention(2, event="e2", published=NOW - 3 * MINUTE))
    world.seal(1)
    world.outbox.deliver_due(now=NOW)
    world.outbox.deliver_due(now=NOW + MINUTE)
    speed = build(world).speed
    assert (speed.alerts, speed.reached, speed.with_evidence, speed.by_grade) == (2, 2, 1, {"A": 2})
    assert (speed.median, speed.slowest) == (2.5 * MINUTE, 4 * MINUTE)


def test_messages_nobody_got_are_said_in_red(world: World) -> None:
    """A failed delivery is never a quiet day."""
    world.consider(make_mention())
    world.outbox.deliver_due(now=NOW + MINUTE)
    with world.database.write() as connection:
        connection.execute(update(messages).values(state="failed"))
        connection.execute(update(deliveries).values(ok=False))
    found = build(world)
    assert (found.speed.reached, found.speed.failed) == (0, 1)
    assert "无人收到" in daily.render(found, settings=world.settings).text


def test_history_and_unmatched_mentions_are_listed(world: World, tmp_path: Path) -> None:
    """What raised no alert is not hidden."""
    world.settings = make_settings(tmp_path, rules=(RuleSettings(name="只要A", grades=("A",), to=("phone",)),))
    world.consider(
        make_mention(1, published=NOW - 3 * DAY, title="三天前的旧帖", event=None),
        make_mention(2, grade="B", event=None),
    )
    found = build(world)
    assert (found.old, found.unmatched) == (1, 1)
    assert found.gravest_old[0].title == "三天前的旧帖"
    text = daily.render(found, settings=world.settings).text
    assert "三天前的旧帖" in text
    assert "不符合任何规则" in text


def test_cases_are_counted_and_the_overdue_named(world: World) -> None:
    """Opened and ended on the day, open and overdue now."""
    world.consider(make_mention(1), make_mention(2, event="e2", grade="C", title="小事"))
    book = world.dispatcher.cases
    [minor] = [case for case in book.list() if case.grade == "C"]
    book.act(minor.id, action="dismiss", actor="a", note="同名", now=NOW + HOUR)
    found = build(world)
    assert (found.cases_opened, found.cases_ended, found.cases_open) == (2, 1, 1)
    assert [case.title for case in found.overdue] == ["提车三天高速失速"]
    assert "超时：【特急】提车三天高速失速" in daily.render(found, settings=world.settings).text


def put_correction(world: World, number: int, **values: Any) -> None:
    row = {"before": {}, "after": {}, "fingerprint": "f", "actor": "张三", "note": "", "at": NOW, "withdrawn": None}
    with world.database.write() as connection:
        connection.execute(insert(corrections), [{"post": make_mention(number).id, **row, **values}])


def test_corrections_of_the_day_are_counted(world: World) -> None:
    """By kind, what was taken back left out; the latest word says which of the day's posts are false alarms."""
    world.keep(*(make_mention(number) for number in range(1, 5)))
    put_correction(world, 1, kind="false_alarm")
    put_correction(world, 2, kind="false_alarm", withdrawn=NOW + HOUR)
    put_correction(world, 3, kind="false_alarm", at=NOW - 3 * DAY)
    put_correction(world, 4, kind="false_alarm")
    put_correction(world, 4, kind="grade", at=NOW + MINUTE)
    put_correction(world, 1, kind="category", at=NOW + MINUTE)
    found = build(world)
    assert found.corrections == {"false_alarm": 2, "grade": 1, "category": 1}
    assert found.false_alarms == 2
    rendered = daily.render(found, settings=world.settings)
    for page in (rendered.text, rendered.html):
        assert "人工更正：误报 2 条，改级 1 条，改类 1 条" in page
        assert "有 2 条已由人判为误报" in page


def test_without_corrections_nothing_is_said_of_them(world: World) -> None:
    """No empty line."""
    assert "人工更正" not in daily.render(build(world), settings=world.settings).text


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (None, "从未采集"),
        ({"state": "blocked", "reason": "需要登录", "since": NOW}, "被拦截（需要登录）"),
        ({"state": "broken", "reason": "缺少标题"}, "页面改版"),
        ({"state": "paused"}, "已暂停"),
        ({"state": "ok", "last_ok": NOW - 3 * DAY}, "当日没有成功采集"),
        ({"state": "ok", "last_ok": None}, "当日没有成功采集"),
        ({"state": "ok"}, "均正常"),
        ({"state": "empty"}, "均正常"),
        ({"state": "empty", "failures": 2, "reason": "请核实"}, "没有内容，存疑（请核实）"),
        ({"state": "ok", "last_run": NOW - 3 * HOUR, "next_run": NOW - 170 * MINUTE}, "未采集（该到采集时间"),
        ({"state": None, "last_run": None, "last_ok": None}, "从未采集"),
        ({"state": None, "last_run": NOW}, "恢复后还没有采集"),
        ({"state": "paused", "next_run": NOW - 3 * HOUR}, "已暂停"),
    ],
)
def test_coverage_is_stated(world: World, tmp_path: Path, row: dict[str, Any] | None, words: str) -> None:
    """Each state of a source in its own words; silence is explained, never assumed."""
    world.settings = make_settings(tmp_path, sources=(BOARD,))
    if row is not None:
        put_source(world, **row)
    rendered = daily.render(build(world), settings=world.settings)
    assert words in rendered.text
    assert words.split("（")[0] in rendered.html
    troubled = "均正常" not in words
    assert ("不能理解为无事发生" in rendered.text) is troubled
    assert ("确无新内容" in rendered.text) is not troubled


#: From and to, in hours of the day in Shanghai, of a state that failed; what the digest of the whole day says.
OUTAGES = [
    ("in the day", 9.2, 14.5, "blocked", "当日 09:12–14:30 被拦截（验证码）"),
    ("from the night before", -3.0, 1.0, "down", "当日 00:00–01:00 无法连接（验证码）"),
    ("into the next day", 22.0, 26.0, "broken", "当日 22:00–24:00（仍未恢复） 页面改版（验证码）"),
    ("not ended yet", 22.0, None, "empty", "当日 22:00–24:00（仍未恢复） 没有内容，存疑（验证码）"),
    ("the day before", -9.0, -1.0, "blocked", ""),
    ("the day after", 25.0, 26.0, "blocked", ""),
]


@pytest.mark.parametrize(
    ("since", "until", "state", "words"), [one[1:] for one in OUTAGES], ids=[o[0] for o in OUTAGES]
)
def test_every_outage_of_the_day_is_told_with_its_times(
    world: World, tmp_path: Path, since: float, until: float | None, state: Any, words: str
) -> None:
    """Not only the present state: a source that works again in the morning was blind for part of the day."""
    world.settings = make_settings(tmp_path, sources=(BOARD,))
    midnight = datetime(2026, 3, 14, 16, 0, tzinfo=UTC)
    put_source(world, last_ok=MORNING)
    with world.database.write() as connection:
        times = [(midnight - 9 * DAY, "ok"), (midnight + since * HOUR, state)]
        times += [(midnight + until * HOUR, "ok")] if until is not None else []
        for at, entered in times:
            enter(connection, "board", state=entered, failed=entered != "ok", reason="验证码", proof=None, now=at)
    rendered = daily.render(build(world), settings=world.settings)
    assert ("当日 " in rendered.text) is bool(words)
    assert words in rendered.text
    assert words in rendered.html
    assert ("没有中断" in rendered.text) is not bool(words)
    assert bool(rendered.facts["outages"]) is bool(words)


def test_what_was_lost_for_good_is_told(world: World, tmp_path: Path) -> None:
    """The crawl that came back too late says from when to when, and the digest of its day repeats it."""
    world.settings = make_settings(tmp_path, sources=(BOARD,))
    put_source(world, last_ok=MORNING)
    with world.database.write() as connection:
        reason = "没有新内容；03-01 08:00 至 03-08 20:00 的内容没有补采"
        enter(connection, "board", state="ok", failed=False, reason=reason, proof=None, now=NOW)
    rendered = daily.render(build(world), settings=world.settings)
    for page in (rendered.text, rendered.html):
        assert "03-01 08:00 至 03-08 20:00 的内容没有补采" in page


def test_an_empty_installation_says_that_it_knows_nothing(world: World) -> None:
    """No sources, no posts: no claim."""
    text = daily.render(build(world), settings=world.settings).text
    assert "没有收录任何帖文" in text
    assert "对覆盖情况一无所知" in text
    assert "确无新内容" not in text


def test_the_page_needs_nothing_from_outside_and_escapes_posts(world: World) -> None:
    """It can be printed, mailed and opened offline."""
    world.event("e1")
    world.consider(
        make_mention(1, title="<script>alert(1)</script>", event=None, subjects=("<b>",)),
        make_mention(2, published=NOW - 5 * DAY, event=None, url="javascript:alert(1)", title="旧"),
    )
    page = daily.render(build(world), settings=world.settings).html
    assert "<script" not in page
    assert "<b>" not in page
    assert 'href="javascript' not in page
    assert "src=" not in page
    assert "@media print" in page


def test_the_file_is_replaced_and_the_message_is_sent_once(world: World, tmp_path: Path) -> None:
    """A re-run with other numbers updates the page and mails nobody twice."""
    world.settings = make_settings(tmp_path, digest=DigestSettings(to=("phone",)))
    folder = tmp_path / "digests"
    for number in (1, 2):
        world.keep(make_mention(number))
        rendered = daily.render(build(world), settings=world.settings)
        path = daily.write(rendered, folder=folder)
        queued = daily.enqueue(rendered, database=world.database, settings=world.settings, now=MORNING)
        assert queued == (1 if number == 1 else 0)
    assert path == folder / "2026-03-15.html"
    assert [file.name for file in folder.iterdir()] == ["2026-03-15.html"]
    assert "负面 2 条" in rendered.title
    assert world.outbox.deliver_due(now=MORNING) == 1
    phone = world.notifiers["phone"]
    assert isinstance(phone, Recorder)
    [message] = phone.sent
    assert (message.kind, message.title) == ("digest", "【日报】2026-03-15：负面 1 条，预警 0 次")
    assert message.facts["negative"] == 1


def test_a_digest_of_today_does_not_stand_in_for_the_finished_day(world: World, tmp_path: Path) -> None:
    """The morning's digest goes out although somebody asked at noon."""
    world.settings = make_settings(tmp_path, digest=DigestSettings(to=("phone",)))
    for now in (NOW, MORNING):
        rendered = daily.render(build(world, now=now), settings=world.settings)
        assert daily.enqueue(rendered, database=world.database, settings=world.settings, now=now) == 1


def test_nothing_is_left_of_exhibits_in_the_count(world: World) -> None:
    """A day without alerts has no speed, and says so instead of zero seconds."""
    world.keep(make_mention(1))
    speed = build(world).speed
    assert (speed.alerts, speed.median, speed.slowest) == (0, None, None)
    assert world.rows(exhibits) == []


@pytest.mark.parametrize(
    ("count", "usual", "words"),
    [
        (3, None, "尚无可比数据"),
        (3, 0.0, "此前日均 0"),
        (0, 4.0, "此前日均 4.0，-100%"),
        (4, 4.0, "此前日均 4.0，+0%"),
        (6, 4.0, "此前日均 4.0，+50%"),
        (20, 4.0, "此前日均 4.0，为其 5.0 倍"),
    ],
)
def test_a_count_is_set_against_the_usual(count: int, usual: float | None, words: str) -> None:
    """Nothing to compare with is not "no change"."""
    assert daily.against(count, usual) == words
