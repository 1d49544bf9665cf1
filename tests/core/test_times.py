"""The time table: every shape a Chinese page was seen to use, and texts that are no time at all."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.times import find_when, from_unix, parse_when

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 14, 30, 20, tzinfo=SHANGHAI)

SHAPES = [
    ("刚刚", "2026-11-22T14:30:20"),
    ("30秒前", "2026-11-22T14:29:50"),
    ("3分钟前", "2026-11-22T14:27:20"),
    ("3\xa0分钟前", "2026-11-22T14:27:20"),
    ("1个小时前", "2026-11-22T13:30:20"),
    ("两小时前", "2026-11-22T12:30:20"),
    ("半小时前", "2026-11-22T14:00:20"),
    ("发表于 半小时前", "2026-11-22T14:00:20"),
    ("1个半小时前", "2026-11-22T13:00:20"),
    ("5 minutes ago", "2026-11-22T14:25:20"),
    ("3天前", "2026-11-19T14:30:20"),
    ("4\xa0天前", "2026-11-18T14:30:20"),
    ("今天12:30", "2026-11-22T12:30:00"),
    ("今天 12:30", "2026-11-22T12:30:00"),
    ("昨天 12:30", "2026-11-21T12:30:00"),
    ("昨天\xa017:41", "2026-11-21T17:41:00"),
    ("前天 08:00", "2026-11-20T08:00:00"),
    ("16:10", "2026-11-21T16:10:00"),
    ("09:10", "2026-11-22T09:10:00"),
    ("06-27", "2026-06-27T00:00:00"),
    ("12-30", "2025-12-30T00:00:00"),
    ("11-23", "2026-11-23T00:00:00"),
    ("11-24", "2025-11-24T00:00:00"),
    ("8-6", "2026-08-06T00:00:00"),
    ("02-29", "2024-02-29T00:00:00"),
    ("11-20 09:30", "2026-11-20T09:30:00"),
    ("11月20日 09:30", "2026-11-20T09:30:00"),
    ("12月1日 09:30", "2025-12-01T09:30:00"),
    ("2025年11月20日 09:30", "2025-11-20T09:30:00"),
    ("2025年11月20日 09:30:59", "2025-11-20T09:30:59"),
    ("2025年11月20日 星期四 09:30", "2025-11-20T09:30:00"),
    ("2025年11月20日 下午3时05分", "2025-11-20T15:05:00"),
    ("2019年09月11日 18:05", "2019-09-11T18:05:00"),
    ("２０１９年９月１１日　１８：０５", "2019-09-11T18:05:00"),
    ("2019-5-18", "2019-05-18T00:00:00"),
    ("2018-10-4 19:09", "2018-10-04T19:09:00"),
    ("发表于 2018-10-4 19:09", "2018-10-04T19:09:00"),
    ("发布时间：2018-10-04 19:09:08", "2018-10-04T19:09:08"),
    ("2007.08.20", "2007-08-20T00:00:00"),
    ("2024/8/5", "2024-08-05T00:00:00"),
    ("2024/8/5 7:05", "2024-08-05T07:05:00"),
    ("21-6-8 09:35", "2021-06-08T09:35:00"),
    ("發表於 2026-11-20 08:15:10", "2026-11-20T08:15:10"),
    ("Post time 20-11-2026 08:15:10", "2026-11-20T08:15:10"),
    ("Posted on 2026-11-20 08:15 PM", "2026-11-20T20:15:00"),
    ("2026 11/20 08:15:33", "2026-11-20T08:15:33"),
    ("1小时前 来自iPhone客户端", "2026-11-22T13:30:20"),
    ("Fri Nov 20 08:15:00 CST 2026", "2026-11-20T08:15:00"),
    ("Fri, 20 Nov 2026 08:15:00 CST", "2026-11-20T08:15:00"),
    ("Fri, 20 Nov 2026 08:15:00 GMT+8", "2026-11-20T08:15:00"),
    ("Fri,20 Nov 2026 08:15:00 +0800", "2026-11-20T08:15:00"),
    ("星期五, 20 十一月 2026 08:15:00 +0800", "2026-11-20T08:15:00"),
    ("20190918", "2019-09-18T00:00:00"),
    ("201909180623", "2019-09-18T06:23:00"),
    ("2026-11-22T05:00:00+08:00", "2026-11-22T05:00:00"),
    ("2026-11-22T05:00:00", "2026-11-22T05:00:00"),
    ("2026-11-22T05:00:00Z", "2026-11-22T13:00:00"),
    ("2026-11-22T05:00:00.123Z", "2026-11-22T13:00:00"),
    ("2026-11-21T21:00:00-0500", "2026-11-22T10:00:00"),
    ("Sat, 21 Nov 2026 21:45:50 +0000", "2026-11-22T05:45:50"),
    ("Sat, 21 Nov 2026 21:45:50 GMT", "2026-11-22T05:45:50"),
    ("21 Nov 2026 21:45 +0800", "2026-11-21T21:45:00"),
    ("Tue Jun 08 09:35:04 +0800 2021", "2021-06-08T09:35:04"),
]

GARBAGE = [
    "", " ", "发表于", "来自 北京", "全文", "06-32", "13-01", "2019-02-30", "25:61", "2019-13-01", "1234-05-06", "3.5",
    "1.2", "1695283200", "1695283200000", "2024-01", "99999999年前", "共 3 页", "昨天 25:00", "2019年",
    "12345678901234567890",
    "2026-11-22 12:30 并且还有很长的话", "\x00", "Tue Foo 08 09:35:04 +0800 2021", "x" * 10_000,
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SHAPES)
def test_every_shape_is_read(text: str, expected: str) -> None:
    """Each time text seen on a real page names the moment a reader would name."""
    assert parse_when(text, now=NOW, zone=SHANGHAI) == datetime.fromisoformat(expected).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize("text", GARBAGE)
def test_what_is_no_time_is_none(text: str) -> None:
    """A text that is no time, or an impossible one, is `None` and never a guess."""
    assert parse_when(text, now=NOW, zone=SHANGHAI) is None


def test_now_in_another_zone_still_means_the_local_day() -> None:
    """ "Today" is the reader's day in the page's zone, not the day of the clock that `now` was given in."""
    late = datetime(2026, 11, 21, 16, 30, tzinfo=UTC)
    assert parse_when("今天 00:10", now=late, zone=SHANGHAI) == datetime(2026, 11, 22, 0, 10, tzinfo=SHANGHAI)


@given(st.text(max_size=60))
def test_any_text_is_survived(text: str) -> None:
    """No text raises, and every answer is aware."""
    when = parse_when(text, now=NOW, zone=SHANGHAI)
    assert when is None or when.utcoffset() is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("来源：本地晚报　2019-09-26 10:56:28　作者：甲", "2019-09-26T10:56:28"),
        ("第 2019-99-99 号文，发布于2019年9月26日10:56", "2019-09-26T10:56:00"),
        ("预计 2031-01-01 开业，2026-01-05 公告", "2026-01-05T00:00:00"),
    ],
)
def test_a_date_is_found_inside_text(text: str, expected: str) -> None:
    """The first possible date of a line is found; impossible and future ones are passed over."""
    assert find_when(text, now=NOW, zone=SHANGHAI) == datetime.fromisoformat(expected).replace(tzinfo=SHANGHAI)


def test_no_date_inside_text() -> None:
    """A line without a full date has none."""
    assert find_when("电话 0731-8888-9999，编号 20190926105628123", now=NOW, zone=SHANGHAI) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1623116104, datetime(2021, 6, 8, 1, 35, 4, tzinfo=UTC)),
        ("1623116104", datetime(2021, 6, 8, 1, 35, 4, tzinfo=UTC)),
        (1623116104000, datetime(2021, 6, 8, 1, 35, 4, tzinfo=UTC)),
        ("x", None),
        ("nan", None),
        ("inf", None),
        (5, None),
        (1e30, None),
    ],
)
def test_unix_times_are_read_on_request_only(value: int | float | str, expected: datetime | None) -> None:
    """Seconds and milliseconds are told apart by size; what is neither is `None`."""
    assert from_unix(value) == expected
