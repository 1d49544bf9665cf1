"""A table that a person keeps (CSV from Excel, WPS or a monitoring service) as posts, one a row.

The first row names the columns, in Chinese or English; each column that means nothing to us is said, none is guessed.
A cell that begins with "=" is text like any other: nothing here computes.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.errors import BadInput
from core.model import CHANNEL_NAMES, CHANNELS, Post
from core.text import fold
from core.times import parse_when
from core.wire import post_from_json
from crawlers.pages.counts import parse_count

#: Field of a post → the words for it, folded and without blanks. Fields with a dot belong to a record.
_WORDS: Mapping[str, str] = {
    "text": "内容 正文 文本 帖子内容 发帖内容 微博内容 评论内容 投诉内容 全文 原文 text content body",
    "title": "标题 主题 帖子标题 文章标题 title subject headline",
    "url": "网址 链接 地址 原文链接 帖子链接 文章链接 原文地址 url link href",
    "author.name": "作者 发布者 发布人 用户 用户名 昵称 用户昵称 博主 发帖人 账号 作者名称 author user nickname",
    "author.id": "作者id 用户id uid author_id user_id authorid",
    "author.followers": "粉丝 粉丝数 粉丝量 followers",
    "author.region": "地区 ip属地 属地 地域 region location",
    "published": "发布时间 发表时间 时间 日期 发布日期 发帖时间 发文时间 published time date "
    "publish_time published_at datetime",
    "collected": "采集时间 抓取时间 入库时间 collected",
    "edited": "编辑时间 修改时间 edited",
    "channel": "渠道 渠道类型 媒体类型 平台类型 channel",
    "site": "站点 网站 来源网站 媒体 媒体名称 来源 平台 site source media",
    "kind": "信源类型 kind",
    "native_id": "编号 帖子id 文章id 微博id id mid native_id",
    "floor": "楼层 floor",
    "counts.likes": "点赞 点赞数 赞 赞数 点赞量 likes like",
    "counts.replies": "评论 评论数 评论量 回复 回复数 回复量 跟帖数 replies comments",
    "counts.reposts": "转发 转发数 转发量 分享 分享数 reposts shares retweets",
    "counts.views": "阅读 阅读数 阅读量 浏览 浏览数 浏览量 点击 点击数 播放量 views reads",
    "images": "图片 图片链接 配图 images pictures",
}
_FIELDS = {word: field for field, words in _WORDS.items() for word in words.split()}
_CHANNELS = {name: channel for channel, name in CHANNEL_NAMES.items()} | {channel: channel for channel in CHANNELS}
_MORE_CHANNELS = {
    "网媒": "news", "媒体": "news", "报刊": "news", "客户端": "news", "app": "news", "微信": "news", "公众号": "news",
    "百度贴吧": "tieba", "知道": "qa", "知乎": "qa", "投诉": "complaint", "黑猫投诉": "complaint",
    "车质网": "complaint", "广播": "broadcast", "电视": "broadcast", "电台": "broadcast",
    "新浪微博": "weibo", "bbs": "forum",
}  # fmt: skip
_DELIMITERS = (",", "\t", ";", "\uff0c", "|")
_UNKNOWN = frozenset({"", "-", "--", "—", "/", "无", "未知", "n/a", "na", "null", "none", "nan"})
_RELATIVE = re.compile(r"前$|ago$|^刚刚|^今天|^昨天|^前天|^today|^yesterday", re.IGNORECASE)
_COUNTS = frozenset({"author.followers", "counts.likes", "counts.replies", "counts.reposts", "counts.views", "floor"})
_TIMES = frozenset({"published", "collected", "edited"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The posts of a table, and what was left out."""

    posts: tuple[Post, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """One column that means something."""

    place: int
    header: str
    field: str


def read_table(text: str, *, name: str, now: datetime, zone: ZoneInfo) -> Table:
    """All rows as posts. Raise `BadInput` naming file, line, column and value for the first that is wrong."""
    delimiter = _delimiter(text)
    rows = _rows(text, delimiter, name)
    line, header = next(rows, (1, []))
    columns, unused = _columns(header, name=name, line=line)
    posts = []
    for line, cells in rows:
        if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
            extra = next(cell for cell in cells[len(header) :] if cell.strip())
            raise BadInput(
                file=name, line=line, key="(整行)", value=extra[:60],
                fix=f"这一行有 {len(cells)} 格，表头只有 {len(header)} 格；含“{delimiter}”的内容要加双引号",
            )  # fmt: skip
        posts.append(_post(cells, columns, name=name, line=line, now=now, zone=zone))
    notes = (f"没有用到的列：{'、'.join(unused)}",) if unused else ()
    return Table(posts=tuple(posts), notes=notes)


def names_columns(line: str) -> bool:
    """Whether a line names the columns of a table of posts."""
    return any(_FIELDS.get(_key(cell.strip().strip('"'))) == "text" for cell in line.split(_delimiter(line)))


def _rows(text: str, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with the line it begins on: a cell may hold line breaks."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as bad:
            raise BadInput(
                file=name, line=begins, key="(整行)", value=_line(text, begins),
                fix=f"检查双引号是否成对（{_said(bad)}）",
            ) from None  # fmt: skip
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield begins, cells
        begins = reader.line_num + 1


def _said(bad: csv.Error) -> str:
    said = str(bad)
    if "field limit" in said:
        return "单元格超过 131072 个字符"
    return "双引号没有闭合" if "unexpected end" in said else said


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number - 1].strip()[:60] if number <= len(lines) else "…"


def _key(header: str) -> str:
    return "".join(fold(header).split()).lstrip("\ufeff")


def _delimiter(text: str) -> str:
    """What separates most words for columns in the first line that is not blank."""
    first = next((line for line in text.splitlines() if line.strip()), "")

    def known(delimiter: str) -> int:
        return sum(1 for cell in first.split(delimiter) if _key(cell.strip().strip('"')) in _FIELDS)

    best = max(_DELIMITERS, key=known)
    return best if known(best) else ","


def _columns(header: Sequence[str], *, name: str, line: int) -> tuple[list[_Column], list[str]]:
    columns: dict[str, _Column] = {}
    unused: list[str] = []
    for place, cell in enumerate(header):
        shown, field = cell.strip().lstrip("\ufeff"), _FIELDS.get(_key(cell))
        if field is None:
            unused += [shown] if shown else []
        elif field in columns:
            raise BadInput(
                file=name, line=line, key=shown, value=columns[field].header,
                fix="这两列是同一个意思，请只留一列",
            )  # fmt: skip
        else:
            columns[field] = _Column(place=place, header=shown, field=field)
    if "text" not in columns:
        shown = "、".join(cell.strip() for cell in header if cell.strip())[:80] or "(空)"
        raise BadInput(
            file=name, line=line, key="表头", value=shown,
            fix="第一行应为列名，其中要有“内容”（或“正文”、text）一列",
        )  # fmt: skip
    return list(columns.values()), unused


def _post(
    cells: Sequence[str], columns: Sequence[_Column], *, name: str, line: int, now: datetime, zone: ZoneInfo
) -> Post:
    row: dict[str, Any] = {}
    headers: dict[str, str] = {}
    for column in columns:
        cell = cells[column.place] if column.place < len(cells) else ""
        try:
            value = _value(column.field, cell, now=now, zone=zone)
        except ValueError as bad:
            raise BadInput(file=name, line=line, key=column.header, value=cell[:60], fix=str(bad)) from None
        record, _, inner = column.field.rpartition(".")
        (row.setdefault(record, {}) if record else row)[inner] = value
        headers[column.field] = column.header
    try:
        return post_from_json(row, now=now, zone=zone, file=name, line=line)
    except BadInput as bad:
        shown = headers.get(bad.key, bad.key)
        raise BadInput(file=name, line=line, key=shown, value=bad.value, fix=bad.fix) from None


def _value(field: str, cell: str, *, now: datetime, zone: ZoneInfo) -> Any:
    """What a cell means. Raise `ValueError` with what should stand there."""
    if field == "text":
        return cell.strip("\r\n")
    bare = cell.strip()
    if fold(bare) in _UNKNOWN:
        return None
    if field in _COUNTS:
        count = parse_count(bare)
        if count is None:
            raise ValueError("应为不小于 0 的整数，例如 1200 或 1.2万")
        return count
    if field in _TIMES:
        return _time(bare, now=now, zone=zone)
    if field == "channel":
        return _channel(bare)
    if field == "images":
        return [part for part in re.split(r"[\s,;|\uff0c\uff1b]+", bare) if part]
    return bare


def _time(text: str, *, now: datetime, zone: ZoneInfo) -> str:
    when = None if _RELATIVE.search(text) else parse_when(text, now=now, zone=zone)
    if when is None:
        raise ValueError("应为时间，例如 2026-03-15 20:00（“昨天”“3小时前”在文件里没有意义）")
    return when.isoformat()


def _channel(text: str) -> str:
    word = _key(text)
    channel = _CHANNELS.get(text) or _CHANNELS.get(word) or _MORE_CHANNELS.get(word)
    if channel is None:
        raise ValueError(f"可用：{'、'.join(CHANNEL_NAMES.values())}")
    return channel
