"""Saved searches on the terminal: one as lines, many as a table, each as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from app.cli.tables import show_table
from core.durations import format_duration

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from alerts.search_sheets import SearchSheet

_STATES = {"waiting": "待发送", "sent": "已送达", "failed": "发送失败"}


def show_list(sheets: Sequence[SearchSheet], *, zone: ZoneInfo, now: datetime) -> None:
    """A table, one line a search."""
    from alerts.search_words import in_words

    rows = [
        (
            sheet.search.owner,
            sheet.search.name,
            in_words(sheet.search),
            "、".join(sheet.search.notify) or "—",
            format_duration(sheet.search.pause),
            _time(sheet.search.told, zone),
            str(sheet.standing.waiting),
            "；".join(remarks(sheet, now)) or "正常",
        )
        for sheet in sheets
    ]
    headings = ("订阅人", "名称", "检索", "通知", "间隔", "上次通知", "待通知", "状态")
    show_table(f"检索订阅 {len(rows)} 个", headings, rows)


def show_one(sheet: SearchSheet, *, zone: ZoneInfo, now: datetime, address: str) -> None:
    """All there is to know of one search."""
    from alerts.saved_search import address as path
    from alerts.search_words import in_words

    search, standing = sheet.search, sheet.standing
    typer.echo(f"名称：{search.name}（订阅人 {search.owner}）")
    typer.echo(f"检索：{in_words(search)}")
    to = f"{'、'.join(search.notify)}，至少间隔 {format_duration(search.pause)}" if search.notify else "不通知"
    typer.echo(f"通知：{to}")
    typer.echo(f"状态：{'；'.join(remarks(sheet, now)) or '正常'}")
    typer.echo(f"新结果：{standing.waiting} 条待通知，{standing.told} 条已通知；上次通知 {_time(search.told, zone)}")
    for sending in sheet.sendings:
        said = f"：{sending.reason}" if sending.reason else ""
        typer.echo(f"  {sending.notifier}  {_STATES[sending.state]}  {_time(sending.at, zone)}{said}")
    typer.echo(f"控制台：{address}{path(search)}")


def remarks(sheet: SearchSheet, now: datetime) -> list[str]:
    """What is not as it should be, or as one might think."""
    found = [f"失效：{sheet.problem}"] if sheet.problem else []
    found += [f"渠道 {'、'.join(sheet.missing)} 已不在设置中"] if sheet.missing else []
    found += ["已暂停通知"] if sheet.search.muted else []
    found += ["结果迟迟未通知，tingfeng run 在运行吗？"] if sheet.is_late(now) else []
    return found


def as_json_row(sheet: SearchSheet) -> dict[str, Any]:
    """The same for machines; times in ISO 8601, unknown is null."""
    search, standing = sheet.search, sheet.standing
    return {
        "id": search.id,
        "owner": search.owner,
        "name": search.name,
        "text": search.text,
        "filters": search.filters.to_json(),
        "notify": list(search.notify),
        "pause": format_duration(search.pause),
        "created": search.created.isoformat(),
        "told": search.told.isoformat() if search.told else None,
        "muted": search.muted,
        "waiting": standing.waiting,
        "told_results": standing.told,
        "problem": sheet.problem,
        "missing_notifiers": list(sheet.missing),
        "last_messages": [
            {"notifier": one.notifier, "state": one.state, "at": one.at.isoformat(), "reason": one.reason or None}
            for one in sheet.sendings
        ],
    }


def _time(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%m-%d %H:%M") if moment else "从未"
