"""A range as people write it, cut into its two halves: ">=60", "60..80", "60到80", "3月1日起", "不低于60".

What a half means, a number or a date, is the reader's business; this file knows only how ranges are written. "以上" and
"以下" include the number, as article 1259 of the Civil Code has it; "超过", "高于" and "低于" do not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from index.typed import Typed

#: Which end of the range a sign gives, and whether the value itself is in.
_Way = tuple[Literal["low", "high"], bool]
_FROM: _Way = ("low", True)
_ABOVE: _Way = ("low", False)
_TO: _Way = ("high", True)
_BELOW: _Way = ("high", False)


def _ways(*rows: tuple[str, _Way]) -> Mapping[str, _Way]:
    return {sign: way for signs, way in rows for sign in signs.split()}


_BEFORE = _ways(
    (">= => ≥ ⩾ 不低于 不少于 不小于 不早于 大于等于 大于或等于 至少", _FROM),
    ("> 高于 大于 超过 多于 晚于", _ABOVE),
    ("<= =< ≤ ⩽ 不高于 不超过 不大于 不多于 不晚于 小于等于 小于或等于 至多 最多 截至 截止 截至到 截止到", _TO),
    ("< 低于 小于 少于 不到 不足 早于", _BELOW),
)
_BEHIND = _ways(
    ("及以上 以上 以来 至今 到现在 起 开始", _FROM),
    ("之后 以后 后", _ABOVE),
    ("及以下 以下 为止", _TO),
    ("之前 以前 前", _BELOW),
)


def _one_of(signs: Mapping[str, _Way]) -> str:
    return "|".join(map(re.escape, sorted(signs, key=len, reverse=True)))


_SINCE = re.compile(r"\s*[从自]")
_PREFIX = re.compile(rf"\s*({_one_of(_BEFORE)})")
_SUFFIX = re.compile(rf"({_one_of(_BEHIND)})\s*$")
_GAP = re.compile(r"\.\.+|…+|~|—+|–|(?<!截)至|(?<!截[至止])到")
#: A hyphen between two halves that have none: "60-80", "3月1日-3月5日".
_HYPHEN = re.compile(r"[^-]+(-)[^-]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Halves:
    """Where a range begins and ends, as typed; `None` is open."""

    low: Typed | None = None
    high: Typed | None = None
    low_in: bool = True
    high_in: bool = True


def halves(typed: Typed, plain: str) -> Halves | None:
    """The halves of a range; `None` where the text is none.

    `plain` is the text with full-width marks made half-width, character for character. Raise `QuerySyntaxError` for a
    range with nothing on either side, or with a sign that points the wrong way.
    """
    start = found.end() if (found := _SINCE.match(plain)) else 0
    if suffix := _SUFFIX.search(plain, start):
        return _one(typed.part(start, suffix.start()), _BEHIND[suffix[1]])
    if gap := _GAP.search(plain, start):
        return _two(typed, plain, start, gap.span())
    if prefix := _PREFIX.match(plain, start):
        return _one(typed.part(prefix.end(), len(plain)), _BEFORE[prefix[1]])
    if hyphen := _HYPHEN.match(plain, start):
        return _two(typed, plain, start, hyphen.span(1))
    return _one(typed.part(start, len(plain)), _FROM) if start else None


def _one(half: Typed, way: _Way) -> Halves:
    end, is_in = way
    return Halves(low=half, low_in=is_in) if end == "low" else Halves(high=half, high_in=is_in)


def _two(typed: Typed, plain: str, start: int, gap: tuple[int, int]) -> Halves:
    low, low_in = _side(typed, plain, (start, gap[0]), "low")
    high, high_in = _side(typed, plain, (gap[1], len(plain)), "high")
    if not plain[start : gap[0]].strip() and not plain[gap[1] :].strip():
        raise typed.bad("范围两边都没有值", "请写出下限或上限，例如 60.. 或 ..80。")
    if high is None and plain[slice(*gap)][0] not in ".…" and not plain[gap[1] :].strip():
        raise typed.bad(
            f"“{plain[slice(*gap)]}”后面缺少值", "范围要连着写，不要空格；没有上限请写成 60.. 。", at=gap[0]
        )
    return Halves(low=low, high=high, low_in=low_in, high_in=high_in)


def _side(typed: Typed, plain: str, place: tuple[int, int], end: Literal["low", "high"]) -> tuple[Typed | None, bool]:
    """The value of one side and whether it is in; nothing and "*" are open."""
    start, is_in = place[0], True
    if prefix := _PREFIX.match(plain, *place):
        meant, is_in = _BEFORE[prefix[1]]
        if meant != end:
            wanted = "左边是下限，右边是上限"
            raise typed.bad(f"“{prefix[1]}”写在了范围的另一边", f"{wanted}，例如 60..80。", at=prefix.start(1))
        start = prefix.end()
    half = typed.part(start, place[1])
    return (None if half.text in ("", "*") else half), is_in
