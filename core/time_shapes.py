"""The date table: every shape in which a Chinese page was seen to say when, each with a text as it was seen.

Texts come folded (half-width, lower case), in simplified characters, with single blanks.
"""

from __future__ import annotations

import re

from core.moments import (
    Build,
    absolute,
    ago,
    both_ago,
    by_month_name,
    clock_only,
    day_back,
    day_first,
    english,
    just_now,
    unambiguous,
    weekday,
    weibo,
    without_year,
)

CLOCK = (
    r"(?:(?P<half>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|am|pm)\s*)?"
    r"(?P<h>\d{1,2})(?:(?::|\s?时|\s?点)\s?(?P<i>\d{2})\s?分?(?::?(?P<s>\d{2})(?:[.,]\d+)?秒?)?|\s?[时点]整?)"
    r"(?:\s*(?P<tail>am|pm|a\.m\.|p\.m\.|上午|下午))?"
)
OFFSET = r"(?:\s*(?P<zone>z|utc|gmt|[+-]\d{2}(?::?\d{2})?))?"
WEEKDAY = r"(?:[\s,]*[(\[]?(?:星期|周|礼拜)[一二三四五六日天][)\]]?)?"
DATE = r"(?P<y>\d{4})(?:\s*年\s*|[-/.]|\s?(?=\d{2}/\d{2}(?!\d)))(?P<m>\d{1,2})(?:\s*月\s*|[-/.])(?P<d>\d{1,2})\s*日?"
_OPTIONAL_CLOCK = rf"(?:\s*{CLOCK})?"

_GAP = r"[\s,·|»-]*(?:at\s+)?"
_MONTH = (
    r"(?P<b>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\.?"
)
_ENGLISH_DAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_NTH = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
_BEFORE = r"\s*[以之]?前"
_UNIT = r"秒钟?|分钟?|小时|钟头|天|日|周|星期|月|年"


def _shape(pattern: str, build: Build) -> tuple[re.Pattern[str], Build]:
    return re.compile(pattern, re.ASCII), build


#: Every shape once; each row carries a text as it was seen on a page.
SHAPES: tuple[tuple[re.Pattern[str], Build], ...] = (
    _shape(  # 刚刚 | 几秒前 | 不到1分钟前 | just now | less than a minute ago
        r"刚刚|刚才|片刻前|几秒(?:钟?前|内)|不到\s?(?:一|1)\s?分钟(?:以?前)?|(?:just |right )?now|(?:a )?moments? ago|"
        r"(?:a )?few seconds ago|seconds ago|less than (?:a|1) minute ago",
        just_now,
    ),
    _shape(  # 3分钟前 | 1个小时前 | 半小时前 | 3 天前 | 1个半小时前 | 十五分钟前 | 约 2 小时前
        rf"(?:大约|约)?\s*(?P<n>\d{{1,6}}|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九半])"
        rf"\s*个?(?P<and_half>半)?(?P<unit>{_UNIT}){_BEFORE}",
        ago,
    ),
    _shape(  # 1小时20分钟前 | 2 天 3 小时前
        rf"(?P<n>\d{{1,4}})\s*个?(?P<unit>{_UNIT})\s*零?(?P<n2>\d{{1,4}})\s*个?(?P<unit2>{_UNIT}){_BEFORE}", both_ago
    ),
    _shape(  # 5 minutes ago | an hour ago | about 2 hours ago
        r"(?:about |over |almost )?(?P<n>\d{1,6}|an?)\s*"
        r"(?P<unit>sec|second|min|minute|hr|hour|day|week|month|year)s? ago",
        ago,
    ),
    _shape(  # 今天12:30 | 昨天 12:30 | 前天 上午 10:20 | 昨天 | Yesterday at 9:30 am | Today, 09:30
        rf"(?P<day>今天|今日|昨天|昨日|大前天|前天|前日|today|yesterday)(?:{_GAP}{CLOCK})?", day_back
    ),
    _shape(  # 周五 12:30 | 星期五 上午9:30 | Friday at 9:30 AM
        rf"(?:(?:星期|周|礼拜)(?P<w>[一二三四五六日天])){_GAP}{CLOCK}", weekday
    ),
    _shape(rf"(?P<w>mon|tue|wed|thu|fri|sat|sun)(?:[a-z]{{0,3}}day)?{_GAP}{CLOCK}", weekday),
    _shape(  # 2025年11月20日 09:30:15 | 2018-10-4 19:09 | 2007.08.20 | 2024/8/5 | 2026-11-22T05:00:00+08:00
        rf"{DATE}{WEEKDAY}(?:[\st,·|]*{CLOCK}{OFFSET})?", absolute
    ),
    _shape(rf"{CLOCK}[\s,]+{DATE}{WEEKDAY}", absolute),  # 09:30 2026-11-20
    _shape(  # 20190918 | 201909180623 | 20190918T062310Z
        rf"(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)(?:t?(?P<half>)(?P<tail>)(?P<h>\d\d)(?P<i>\d\d)(?P<s>\d\d)?{OFFSET})?",
        absolute,
    ),
    _shape(rf"(?P<y>\d\d)-(?P<m>\d{{1,2}})-(?P<d>\d{{1,2}}){_OPTIONAL_CLOCK}", absolute),  # 21-6-8 09:35
    _shape(rf"(?P<y>\d\d)年(?P<m>\d{{1,2}})月(?P<d>\d{{1,2}})日{_OPTIONAL_CLOCK}", absolute),  # 26年11月20日
    _shape(rf"(?P<d>\d{{1,2}})[-.](?P<m>\d{{1,2}})[-.](?P<y>\d{{4}})(?:{_GAP}{CLOCK})?", day_first),  # 20-11-2026
    _shape(rf"(?P<a>\d{{1,2}})/(?P<b>\d{{1,2}})/(?P<y>\d{{4}})(?:{_GAP}{CLOCK})?", unambiguous),  # 11/20/2026
    _shape(rf"(?P<m>\d{{1,2}})[-/](?P<d>\d{{1,2}}){_OPTIONAL_CLOCK}", without_year),  # 06-27 | 11-20 09:30
    _shape(
        rf"(?P<m>\d{{1,2}})\s*月\s*(?P<d>\d{{1,2}})\s*[日号]{WEEKDAY}(?:[\s,]*{CLOCK})?", without_year
    ),  # 11月20日 09:30
    _shape(  # 周五 11月 20, 2026 9:30 上午, as phpBB fills an English pattern with Chinese words
        rf"(?:(?:星期|周|礼拜)?[一二三四五六日天][\s,]*)?(?P<m>\d{{1,2}})\s*月\s*(?P<d>\d{{1,2}})日?,?\s+(?P<y>\d{{4}})年?"
        rf"(?:[\s,]*{CLOCK})?",
        absolute,
    ),
    _shape(r"(?P<half>)(?P<h>\d{1,2}):(?P<i>\d\d)(?::(?P<s>\d\d))?(?:\s*(?P<tail>am|pm))?", clock_only),  # 16:10
    _shape(  # 下午4:10 | 上午9点
        rf"(?=凌|清|早|上|中|下|傍|晚){CLOCK}", clock_only
    ),
    _shape(  # Nov 20, 2026 9:30 am | Fri Nov 20, 2026 9:30 am | November 20th, 2026, 09:30:15 AM | Nov 20
        rf"{_ENGLISH_DAY}{_MONTH}\s+{_NTH}(?:,?\s+(?P<y>\d{{4}}))?(?:{_GAP}{CLOCK}{OFFSET})?", by_month_name
    ),
    _shape(  # 20 Nov 2026, 09:30 | Fri, 20 Nov 2026 08:15:00 +0800 | 20-Nov-2026 | 20 November
        rf"{_ENGLISH_DAY}{_NTH}[\s-]*{_MONTH}(?:,?[\s-]*(?P<y>\d{{4}}))?(?:{_GAP}{CLOCK}{OFFSET})?", by_month_name
    ),
    _shape(  # Fri Nov 20 08:15:00 2026
        rf"{_ENGLISH_DAY}{_MONTH}\s+{_NTH}\s+{CLOCK}\s+(?P<y>\d{{4}})", by_month_name
    ),
    _shape(  # Tue Jun 08 09:35:04 +0800 2021 | Fri Nov 20 08:15:00 CST 2026
        r"[a-z]{3} (?P<b>[a-z]{3}) +(?P<d>\d{1,2}) (?P<t>\d\d:\d\d:\d\d) (?P<z>[+-]\d{4}|gmt|utc|cst) (?P<y>\d{4})",
        weibo,
    ),
    _shape(  # Sat, 21 Nov 2026 21:45:50 +0000
        r"(?:[a-z]{3,9},? *)?\d{1,2} [a-z]{3,9} \d{4} \d{1,2}:\d\d(?::\d\d)?"
        r"(?: *(?:(?:gmt|utc)?[+-]\d{1,2}(?::?\d{2})?|[a-z]{1,4}))?",
        english,
    ),
)
