"""What people read about a source that fails, works again, or whose cookie ends: facts in, a rendered message out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alerts.card import shown
from alerts.compose import templates
from alerts.outages import Recovery
from core.durations import in_chinese
from core.model import CHANNEL_NAMES, SOURCE_STATE_NAMES, SourceState
from core.settings import Settings, SourceSettings
from core.text import shorten
from crawlers.history import OVERDUE, Episode

_ADVICE: Mapping[SourceState, str] = {
    "blocked": "系统会自行放慢并重试，不必催促。若持续不恢复：在浏览器中打开该信源核实；需要登录的，更新它的 Cookie；"
    "过于频繁的，调大 every 与 delay。",
    "broken": "用 tingfeng sources test {id} 逐字段查看读到了什么；网站改版的，需要更新页面解析器。"
    "期间读到的帖文照常入库，恢复后会重新读取。",
    "down": "先确认本机网络，再确认该网站能否打开；系统会自行重试。",
    "empty": "在浏览器中打开该信源核实是否真的没有内容；为它设置 canary（一个必有内容的页面）后，系统可以自行判断。",
}
#: Reasons that are ours, whatever state of the source they are filed under: how they are called, and what to do.
_OURS: Mapping[str, tuple[str, str]] = {
    OVERDUE: ("未采集", "检查 tingfeng run 与 tingfeng doctor：采集可能已停止或卡住。"),
    "本机没能保存": ("本机故障", "检查磁盘空间、权限与数据库：tingfeng doctor。"),
    "采集程序出错": ("程序出错", "日志中的 visit_crashed 有详情；请连同日志报告给开发者。"),
    "今天对": ("达到当日请求上限", "明天自动继续；需要更多请求时调大 [crawl] daily_requests，或减少该网站的信源。"),
}


def overdue(due: datetime | None, zone: ZoneInfo) -> str:
    """Why a source that nobody crawls is as good as down."""
    return f"{OVERDUE}（应于 {shown(due, zone)}）" if due else f"{OVERDUE}（加入后从未采集）"


def failing(
    source: SourceSettings, episode: Episode, row: Mapping[str, Any] | None, *, settings: Settings
) -> dict[str, Any]:
    """A source that cannot be read, or not be believed. `row` is its row in the catalogue."""
    state = state_name(episode.state, episode.reason)
    advice = next((advice for sign, (_, advice) in _OURS.items() if episode.reason.startswith(sign)), "")
    advice = advice or _ADVICE.get(episode.state, "")
    last_ok, next_run = (row["last_ok"], row["next_run"]) if row else (None, None)
    lines = {
        "信源": _name(source),
        "状态": state,
        "自": shown(episode.since, settings.zone),
        "依据": shorten(episode.reason, 300),
        "影响": f"最近一次正常采集：{shown(last_ok, settings.zone) if last_ok else '从未'}；此后的内容可能缺失，"
        f"不能理解为无事发生。恢复后补采最近 {in_chinese(settings.crawl.backfill)}。",
        "处理": advice.format(id=source.id),
        "下次重试": shown(next_run, settings.zone) if next_run else "尽快",
        "负责人": source.owner or "未指定",
    }
    facts = {"state": episode.state, "since": episode.since.isoformat(), "reason": episode.reason}
    return _body(f"【信源异常】{source.name}：{state}", lines, source, facts, settings)


def recovered(source: SourceSettings, works: Recovery, now_in: Episode, *, settings: Settings) -> dict[str, Any]:
    """A source that can be read again."""
    zone = settings.zone
    lines = {
        "信源": _name(source),
        "状态": f"已恢复（{SOURCE_STATE_NAMES[now_in.state]}）",
        "中断": f"{shown(works.since, zone)} 至 {shown(works.until, zone)}，共 {in_chinese(works.until - works.since)}",
        "此前": f"{state_name(works.told.state, works.told.reason)}：{shorten(works.told.reason, 200)}",
        "恢复时": shorten(now_in.reason, 300),
    }
    facts = {
        "state": now_in.state,
        "since": works.since.isoformat(),
        "until": works.until.isoformat(),
        "recovered_from": works.told.state,
    }
    return _body(f"【信源已恢复】{source.name}", lines, source, facts, settings)


def cookie_ends(source: SourceSettings, ends: datetime, *, now: datetime, settings: Settings) -> dict[str, Any]:
    """A cookie that ends soon or has ended."""
    left = f"还有 {in_chinese(ends - now)}" if ends > now else f"已过期 {in_chinese(now - ends)}"
    lines = {
        "信源": _name(source),
        "Cookie 到期": f"{shown(ends, settings.zone)}（{left}）",
        "影响": "到期后该网站可能要求登录，采集会被拦截。",
        "处理": "在浏览器中登录该网站，导出新的 Cookie 并更新它所在的文件或环境变量。",
        "负责人": source.owner or "未指定",
    }
    return _body(
        f"【信源提醒】{source.name}：Cookie {left}", lines, source, {"cookie_expires": ends.isoformat()}, settings
    )


def state_name(state: SourceState, reason: str) -> str:
    """What the state of a failing source is called: not the source's name for what is our own fault."""
    ours = next((name for sign, (name, _) in _OURS.items() if reason.startswith(sign)), None)
    return ours or ("没有内容，存疑" if state == "empty" else SOURCE_STATE_NAMES[state])


def shown_state(state: SourceState, reason: str, *, failed: bool) -> str:
    """What readers are told that a source's state is: an emptiness that nobody believes is not called a true one."""
    return state_name(state, reason) if failed and state != "paused" else SOURCE_STATE_NAMES[state]


def _name(source: SourceSettings) -> str:
    return f"{source.name}（{CHANNEL_NAMES[source.channel]}，{source.id}）"


def _body(
    title: str, lines: Mapping[str, str], source: SourceSettings, facts: Mapping[str, object], settings: Settings
) -> dict[str, Any]:
    link = f"{settings.web.address}/sources"
    values = {"title": title, "lines": lines, "link": link}
    pages = templates()
    return {
        "title": title,
        "text": pages.get_template("source.txt").render(values),
        "html": pages.get_template("source.html").render(values),
        "link": link,
        "facts": {"source": source.id, "source_name": source.name, "url": source.url, **facts},
    }
