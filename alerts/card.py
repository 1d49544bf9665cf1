"""What a card says, as plain Chinese lines: facts in, wording out. The templates only lay them out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.dedup import REASON_NAMES, Reason
from alerts.letters import Letter
from core.durations import in_chinese
from core.model import (
    CHANNEL_NAMES,
    EXHIBIT_STATE_NAMES,
    GRADE_NAMES,
    Event,
    Exhibit,
    Mention,
    Post,
)
from core.text import clean, shorten

HONESTY = "哈希与时间戳只证明证据在此之后未被改动，不证明内容属实；请先核实事实，再作回应。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One alert in words. Every field is one line without line breaks."""

    grade: str
    headline: str
    why_now: str
    deadline: str
    owner: str
    excerpt: str
    subjects: str
    origin: str
    published: str
    judgement: str
    reasons: tuple[str, ...]
    event: str
    evidence: str
    evidence_files: tuple[str, ...]
    manifest: str
    original: str
    console: str
    case: str
    honesty: str = HONESTY


def headline(mention: Mention) -> str:
    """What happened in one line: the post's title, or the beginning of its text."""
    return shorten(clean(mention.post.title or mention.post.text), 60) or "（无文字内容）"


def card_of(letter: Letter, *, now: datetime, zone: ZoneInfo, console: str) -> Card:
    """The card as it reads at `now`, the moment of sending."""
    mention, alert, case = letter.mention, letter.alert, letter.case
    return Card(
        grade=GRADE_NAMES[alert.grade],
        headline=headline(mention) if mention else "（帖文已不在库中）",
        why_now=REASON_NAMES[Reason(alert.reason)],
        deadline=f"{shown(case.due, zone)}（{_left(case.due, now)}）" if case else "未立案",
        owner=(case.owner if case else None) or "未指定",
        excerpt=shorten(clean(mention.post.text), 200) if mention else "",
        subjects="、".join(mention.verdict.subjects) if mention and mention.verdict.subjects else "未识别",
        origin=_origin(mention.post) if mention else "",
        published=_published(mention.post, now, zone) if mention else "",
        judgement=_judgement(mention) if mention else "",
        reasons=tuple(_points(why.points, clean(why.text)) for why in mention.verdict.reasons) if mention else (),
        event=_event(letter.event, letter.first, zone),
        evidence=evidence_line(letter.exhibit, zone),
        evidence_files=_files(letter.exhibit),
        manifest=(letter.exhibit.manifest if letter.exhibit else None) or "",
        original="".join(clean(mention.post.url).split()) if mention else "",
        console=console,
        case=case.id if case else "",
    )


def shown(moment: datetime, zone: ZoneInfo) -> str:
    """A moment as people read it, in the settings' zone."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def evidence_line(exhibit: Exhibit | None, zone: ZoneInfo) -> str:
    """What the evidence is worth now, in one sentence."""
    if exhibit is None:
        return "未取证"
    if exhibit.state == "pending":
        return f"{EXHIBIT_STATE_NAMES['pending']}（{shown(exhibit.requested, zone)} 开始），完成后另行补发"
    when = f"，取证时间 {shown(exhibit.captured, zone)}" if exhibit.captured else ""
    why = f"：{shorten(exhibit.reason, 120)}" if exhibit.reason else ""
    name = EXHIBIT_STATE_NAMES[exhibit.state]
    if exhibit.state in ("blocked", "deleted_before_capture"):
        name = f"无法取证（{name}）"
    return f"{name}{why}{when}"


def _files(exhibit: Exhibit | None) -> tuple[str, ...]:
    if exhibit is None or exhibit.folder is None:
        return ()
    return tuple(f"{exhibit.folder}/{name}" for name in exhibit.pictures) or (exhibit.folder,)


def _left(due: datetime, now: datetime) -> str:
    return f"剩余 {in_chinese(due - now)}" if due > now else f"已超时 {in_chinese(now - due)}"


def _origin(post: Post) -> str:
    parts = [CHANNEL_NAMES[post.channel], _site(post), _author(post)]
    if post.author.followers is not None:
        parts.append(f"粉丝 {post.author.followers}")
    if post.author.region:
        parts.append(f"IP属地 {shorten(clean(post.author.region), 20)}")
    return " · ".join(parts)


def _published(post: Post, now: datetime, zone: ZoneInfo) -> str:
    if post.published is None:
        late = in_chinese(now - post.collected)
        return f"来源未显示发布时间；{shown(post.collected, zone)} 采集，采集后 {late}发出本卡"
    seconds = round((now - post.published).total_seconds())
    late = f"发布后 {in_chinese(now - post.published)}发出本卡" if seconds >= 0 else "来源显示的时间在未来"
    return f"{shown(post.published, zone)}（{late}）"


def _judgement(mention: Mention) -> str:
    verdict = mention.verdict
    kinds = f"；类别：{'、'.join(verdict.categories)}" if verdict.categories else ""
    return f"风险 {verdict.risk}/100；负面概率 {verdict.negative:.0%}{kinds}"


def _points(points: int, text: str) -> str:
    return f"{points:+d}　{shorten(text, 120)}" if points else f"　　{shorten(text, 120)}"


def _event(event: Event | None, first: Post | None, zone: ZoneInfo) -> str:
    if event is None:
        return "目前只有这一帖"
    names = "、".join(CHANNEL_NAMES[channel] for channel in event.channels)
    line = f"共 {event.size} 帖，{len(event.channels)} 个渠道（{names}）"
    if first is None:
        return f"{line}；最早 {shown(event.first_published, zone)}"
    where = f"{CHANNEL_NAMES[first.channel]} · {_site(first)}"
    return f"{line}；首发 {_author(first)}（{where}），{shown(first.when, zone)}"


def _site(post: Post) -> str:
    return shorten(clean(post.site), 80)


def _author(post: Post) -> str:
    return shorten(clean(post.author.name or "作者未知"), 40)
