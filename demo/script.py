"""The drill's timeline: what happens in the live incident, second by second, as data and in words.

The texts stand in `content/incident.toml`; nothing in the programme knows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core.durations import in_chinese
from demo import library
from demo.posts import SiteName

SITE_NAMES: dict[SiteName, str] = {
    "forum": "曜行车友会",
    "bbs": "滨江生活网·汽车版",
    "weibo": "微博（仿真）",
    "news": "滨江新闻网",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One thing that happens."""

    #: After the start of the incident.
    after: timedelta
    site: SiteName
    author: str
    summary: str
    #: Whether somebody should be told; an official reply must stay quiet.
    alarming: bool


def timeline() -> tuple[Beat, ...]:
    """All beats in order."""
    beats = (
        Beat(
            after=draft.at,
            site=draft.site,
            author=draft.by,
            summary=draft.summary,
            alarming=draft.label != "official",
        )
        for draft in library.incident()
    )
    return tuple(sorted(beats, key=lambda beat: beat.after))


def describe(incident_after: timedelta) -> str:
    """The timeline for a reader, one line a beat, counted from the start of the drill."""
    lines = [f"演练时间线（从演示启动算起，事件在 {in_chinese(incident_after)} 后开始）："]
    for beat in timeline():
        when = in_chinese(incident_after + beat.after)
        quiet = "" if beat.alarming else "（不应报警）"
        lines.append(f"  {when:>6}  {SITE_NAMES[beat.site]}  {beat.author}：{beat.summary}{quiet}")
    return "\n".join(lines)
