"""Dates in a search: which words are dates, and when they begin and end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.model import Mention, Post, Verdict
from index.base import AnyOf, Term, Within
from index.matching import matches, prepare
from index.query import parse, render

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: Sunday, 20:00 in Shanghai.
NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


def at(text: str | None) -> datetime | None:
    """A moment in Shanghai; "03-14" is midnight of that day of 2026."""
    if text is None:
        return None
    text = text if len(text) > 5 else f"2026-{text}"
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


#: Text, beginning, end; all of them also with the field before them.
DATES: list[tuple[str, str | None, str | None]] = [
    ("今天", "03-15", "03-16"),
    ("今日", "03-15", "03-16"),
    ("昨天", "03-14", "03-15"),
    ("昨日", "03-14", "03-15"),
    ("前天", "03-13", "03-14"),
    ("大前天", "03-12", "03-13"),
    ("本周", "03-09", "03-16"),
    ("這周", "03-09", "03-16"),
    ("这个星期", "03-09", "03-16"),
    ("上周", "03-02", "03-09"),
    ("上星期", "03-02", "03-09"),
    ("上上周", "2026-02-23", "03-02"),
    ("本月", "03-01", "04-01"),
    ("上月", "02-01", "03-01"),
    ("上个月", "02-01", "03-01"),
    ("上上个月", "01-01", "02-01"),
    ("本季度", "01-01", "04-01"),
    ("上季度", "2025-10-01", "01-01"),
    ("今年", "01-01", "2027-01-01"),
    ("去年", "2025-01-01", "01-01"),
    ("前年", "2024-01-01", "2025-01-01"),
    ("近7天", "03-09", None),
    ("近７天", "03-09", None),
    ("最近7天", "03-09", None),
    ("过去7天", "03-09", None),
    ("過去七天", "03-09", None),
    ("近7日内", "03-09", None),
    ("近1天", "03-15", None),
    ("近一天", "03-15", None),
    ("近十天", "03-06", None),
    ("近三十天", "02-14", None),
    ("近两周", "03-02", None),
    ("近2个星期", "03-02", None),
    ("近3小时", "2026-03-15T17:00", None),
    ("近半小时", "2026-03-15T19:30", None),
    ("近1个半小时", "2026-03-15T18:30", None),
    ("近45分钟", "2026-03-15T19:15", None),
    ("近半天", "2026-03-15T08:00", None),
    ("近一个月", "02-15", None),
    ("近3个月", "2025-12-15", None),
    ("近半个月", "03-01", None),
    ("近半年", "2025-09-15", None),
    ("近一年", "2025-03-15", None),
    ("近两个季度", "2025-09-15", None),
    ("2026-03", "03-01", "04-01"),
    ("2026-3", "03-01", "04-01"),
    ("2025-12", "2025-12-01", "01-01"),
    ("2026-03-14", "03-14", "03-15"),
    ("２０２６－０３－１４", "03-14", "03-15"),
    ("2026-3-4", "03-04", "03-05"),
    ("2024-02-29", "2024-02-29", "2024-03-01"),
    ("2026年3月", "03-01", "04-01"),
    ("2026年3月14日", "03-14", "03-15"),
    ("2026年3月14号", "03-14", "03-15"),
    ("去年3月", "2025-03-01", "2025-04-01"),
    ("去年12月25日", "2025-12-25", "2025-12-26"),
    ("今年2月", "02-01", "03-01"),
    ("2026-03-01..2026-03-14", "03-01", "03-15"),
    ("2026-02..2026-03", "02-01", "04-01"),
    ("2026-03-01..<2026-03-14", "03-01", "03-14"),
    ("2026-03-01..", "03-01", None),
    ("..2026-03-14", None, "03-15"),
    (">=2026-03-01", "03-01", None),
    ("≥2026-03-01", "03-01", None),
    ("＞＝2026-03-01", "03-01", None),
    (">2026-03-01", "03-02", None),
    (">2026-02", "03-01", None),
    ("<2026-03-14", None, "03-14"),
    ("<=2026-03-14", None, "03-15"),
    ("<=2026年2月", None, "03-01"),
]  # fmt: skip
#: Only behind 日期: or date:, since alone they may well be words of a post.
NAMED: list[tuple[str, str | None, str | None]] = [
    ("today", "03-15", "03-16"),
    ("Yesterday", "03-14", "03-15"),
    ("2026", "01-01", "2027-01-01"),
    ("2026年", "01-01", "2027-01-01"),
    ("3月", "03-01", "04-01"),
    ("12月", "2025-12-01", "01-01"),
    ("3月15日", "03-15", "03-16"),
    ("3月15号", "03-15", "03-16"),
    ("3月20日", "2025-03-20", "2025-03-21"),
    ("03-15", "03-15", "03-16"),
    ("2026/3/14", "03-14", "03-15"),
    ("2026.03.14", "03-14", "03-15"),
    ("20260314", "03-14", "03-15"),
    ("3天前", "03-12", "03-13"),
    ("3天内", "03-13", None),
    ("一周以内", "03-09", None),
    ("7d", "2026-03-08T20:00", None),
    ("12h", "2026-03-15T08:00", None),
    (">=12h", "2026-03-15T08:00", None),
    ("昨天20:30", "2026-03-14T20:30", "2026-03-14T20:31"),
    ('"2026-03-14 20:30"', "2026-03-14T20:30", "2026-03-14T20:31"),
    ("2026-03-14T20:30", "2026-03-14T20:30", "2026-03-14T20:31"),
    ("2026-03-14T20:30:15", "2026-03-14T20:30:15", "2026-03-14T20:30:16"),
    ("2026-03-14T20:30:15.250", "2026-03-14T20:30:15.250", "2026-03-14T20:30:15.251"),
    ("2026-03-14T12:30Z", "2026-03-14T20:30", "2026-03-14T20:31"),
    ("2026-03-14T12:30+00:00..<2026-03-14T21:00+08:00", "2026-03-14T20:30", "2026-03-14T21:00"),
    ("3月1日至3月14日", "03-01", "03-15"),
    ("3月1日-3月14日", "03-01", "03-15"),
    ("3月1日～3月14日", "03-01", "03-15"),
    ("从3月1日到3月14日", "03-01", "03-15"),
    ("3月1日至14日", "03-01", "03-15"),
    ("2025年3月1日-14日", "2025-03-01", "2025-03-15"),
    ("2025年3月至5月", "2025-03-01", "2025-06-01"),
    ("2025年3月1日至4月2日", "2025-03-01", "2025-04-03"),
    ("12月1日至1月5日", "2025-12-01", "01-06"),
    ("去年11月..今年1月", "2025-11-01", "02-01"),
    ("2026.3.1-2026.3.14", "03-01", "03-15"),
    ("2025-2026", "2025-01-01", "2027-01-01"),
    ("上月..昨天", "02-01", "03-15"),
    ("昨天..", "03-14", None),
    ("..昨天", None, "03-15"),
    ("*..昨天", None, "03-15"),
    ("*..*", None, None),
    ("<昨天", None, "03-14"),
    ("3月1日起", "03-01", None),
    ("3月1日至今", "03-01", None),
    ("自3月1日", "03-01", None),
    ("自3月1日以来", "03-01", None),
    ("3月1日之后", "03-02", None),
    ("3月1日之前", None, "03-01"),
    ("3月1日以前", None, "03-01"),
    ("3月1日前", None, "03-01"),
    ("3月1日后", "03-02", None),
    ("截至3月1日", None, "03-02"),
    ("截止到3月1日", None, "03-02"),
    ("到3月1日", None, "03-02"),
    ("不早于3月1日", "03-01", None),
    ("早于近7天", None, "03-09"),
]


@pytest.mark.parametrize(("text", "since", "until"), DATES)
def test_words_that_are_dates_wherever_they_stand(text: str, since: str | None, until: str | None) -> None:
    """A date alone and a date behind its field mean the same span; quoted it is text."""
    expected = Within(at(since), at(until))
    assert parse(text, now=NOW, zone=SHANGHAI) == expected
    assert parse(f"日期:{text}", now=NOW, zone=SHANGHAI) == expected
    assert parse(f'"{text}"', now=NOW, zone=SHANGHAI) == Term(text)
    assert parse(render(expected), now=NOW, zone=SHANGHAI) == expected


@pytest.mark.parametrize(("text", "since", "until"), NAMED)
def test_words_that_are_dates_behind_their_field(text: str, since: str | None, until: str | None) -> None:
    """What may be a word of a post is a date only where somebody says so; both names of the field do."""
    expected = Within(at(since), at(until))
    assert parse(f"日期:{text}", now=NOW, zone=SHANGHAI) == expected
    assert parse(f"date:{text}", now=NOW, zone=SHANGHAI) == expected
    assert parse(render(expected), now=NOW, zone=SHANGHAI) == expected


@pytest.mark.parametrize(
    "text",
    ["2026", "3.15", "3月15日", "03-15", "315", "3月", "today", "7d", "2026-13", "1234-05", "2026-03-01-", "昨天的",
     "近来", "近7", "最近", "近", "7天内", "3天前", "当天", "周一", "2026年", "12:30", "..", "2026..2027", "90后"],
)  # fmt: skip
def test_words_that_stay_words(text: str) -> None:
    """What a post may say in these very characters is looked for as such."""
    if text == "..":
        return
    assert parse(text, now=NOW, zone=SHANGHAI) == Term(text)


def test_several_dates_mean_any_of_them() -> None:
    """As with every field."""
    expected = AnyOf((Within(at("03-01"), at("03-02")), Within(at("03-14"), at("03-15"))))
    assert parse("日期:2026-03-01,昨天", now=NOW, zone=SHANGHAI) == expected


@pytest.mark.parametrize(
    ("now", "text", "since", "until"),
    [
        # The day it is, is the operator's and not UTC's.
        ("2026-03-14T16:30+00:00", "今天", "03-15", "03-16"),
        ("2026-03-14T15:30+00:00", "今天", "03-14", "03-15"),
        # The last day of a longer month.
        ("2026-03-31T12:00+08:00", "近一个月", "02-28", None),
        ("2024-03-31T12:00+08:00", "近一个月", "2024-02-29", None),
        ("2024-02-29T12:00+08:00", "近一年", "2023-02-28", None),
        ("2026-01-31T12:00+08:00", "上月", "2025-12-01", "01-01"),
        ("2026-01-01T00:00+08:00", "昨天", "2025-12-31", "01-01"),
        ("2026-01-01T00:00+08:00", "本周", "2025-12-29", "01-05"),
        ("2026-01-01T00:00+08:00", "12月", None, None),
        ("2026-03-16T00:00+08:00", "本周", "03-16", "03-23"),
        # A month and a day without a year lie in the nearest past.
        ("2026-01-05T12:00+08:00", "12月25日", "2025-12-25", "2025-12-26"),
        ("2026-03-15T12:00+08:00", "2月29日", "2024-02-29", "2024-03-01"),
    ],
)
def test_where_calendars_turn(now: str, text: str, since: str | None, until: str | None) -> None:
    """Ends of months, years and weeks."""
    found = parse(f"日期:{text}", now=datetime.fromisoformat(now), zone=SHANGHAI)
    expected = (at("2025-12-01"), at("2026-01-01")) if text == "12月" else (at(since), at(until))
    assert found == Within(*expected)


@pytest.mark.parametrize(
    ("zone", "now", "text", "since", "hours"),
    [
        # Clocks go forward: a day of 23 hours; back: one of 25.
        ("Europe/Berlin", "2026-03-29T12:00+02:00", "今天", "2026-03-28T23:00+00:00", 23),
        ("Europe/Berlin", "2026-10-25T12:00+01:00", "今天", "2026-10-24T22:00+00:00", 25),
        ("America/New_York", "2026-11-01T12:00-05:00", "昨天..今天", "2026-10-31T04:00+00:00", 49),
        # Midnight itself is skipped, or comes twice.
        ("America/Santiago", "2026-09-06T12:00-03:00", "今天", "2026-09-06T04:00+00:00", 23),
        ("America/Havana", "2026-11-01T12:00-05:00", "今天", "2026-11-01T04:00+00:00", 25),
        # Shanghai had summer time once.
        ("Asia/Shanghai", "2026-03-15T12:00+08:00", "1988-07-01", "1988-06-30T15:00+00:00", 24),
        # A whole day that never was.
        ("Pacific/Apia", "2026-03-15T12:00+13:00", "2011-12-30", "2011-12-30T10:00+00:00", 0),
    ],
)
def test_where_clocks_change(zone: str, now: str, text: str, since: str, hours: int) -> None:
    """A day is as long as it is, from its first moment to the next day's."""
    found = parse(f"date:{text}", now=datetime.fromisoformat(now), zone=ZoneInfo(zone))
    assert isinstance(found, Within)
    assert found.since is not None
    assert found.until is not None
    assert found.since.astimezone(UTC) == datetime.fromisoformat(since)
    assert found.until.astimezone(UTC) - found.since.astimezone(UTC) == timedelta(hours=hours)
    if hours:
        assert parse(render(found), now=NOW, zone=ZoneInfo(zone)) == found


ZONES = st.sampled_from(["Asia/Shanghai", "UTC", "Europe/Berlin", "America/Santiago", "Asia/Kolkata", "Pacific/Apia"])
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, ZONES)
@settings(max_examples=200, deadline=None)
def test_every_moment_lies_in_its_day_its_month_and_its_year(moment: datetime, name: str) -> None:
    """What was published at a moment is found by the day that the operator's calendar shows, and not by the next."""
    zone = ZoneInfo(name)
    post = Post(kind="news", site="s", native_id="1", url="", channel="news", text="甲", collected=moment)
    prepared = prepare(Mention(post=post, verdict=Verdict(id=post.id, negative=0)), zone=zone)
    local = moment.astimezone(zone)
    for text in (
        f"{local:%Y-%m-%d}",
        f"{local:%Y-%m}",
        f"日期:{local:%Y}",
        "今天",
        "本周",
        "本月",
        "今年",
        "近1天",
        "近7天",
    ):
        assert matches(parse(text, now=moment, zone=zone), prepared), text
    for text in ("昨天", "上周", "上月", "去年", f"<{local:%Y-%m-%d}", f">{local:%Y-%m-%d}", f"日期:<{local:%Y}"):
        assert not matches(parse(text, now=moment, zone=zone), prepared), text
