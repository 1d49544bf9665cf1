"""The daily digest (日报): one day counted, laid out as text and as a page that prints, filed and sent."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from alerts import counting, following
from alerts.card import shown
from alerts.cases import CaseBook
from alerts.compose import safe_link, templates
from alerts.daily import Digest, Outage, Tally, Window
from alerts.messages import MessageRows
from alerts.source_words import shown_state, state_name
from core.database import Database
from core.durations import in_chinese
from core.errors import NotFound
from core.model import CORRECTION_NAMES, GRADE_NAMES
from core.settings import Settings
from core.text import shorten


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedDigest:
    """A digest in every form it is read in."""

    window: Window
    #: Stable for a finished day; one a minute for a day that is not over.
    key: str
    title: str
    text: str
    html: str
    link: str
    facts: dict[str, object]


def build(day: date, *, database: Database, settings: Settings, now: datetime) -> Digest:
    """Count one local day. Today is counted up to `now`; raise `NotFound` for a day that has not begun."""
    window = window_of(day, settings, now)
    negative_from = settings.risk.negative_from
    with database.read() as connection:
        rows = counting.day_rows(connection, window)
        days, means = counting.usual(connection, window, settings.zone, negative_from)
        opened, ended, still_open = following.case_counts(connection, window)
        old, gravest_old = following.left_to_digest(connection, window)
        return Digest(
            window=window,
            made=now,
            posts=counting.count_posts(connection, window),
            total=counting.total(rows, days, means, negative_from),
            days_compared=days,
            channels=counting.by_channel(rows, days, means, negative_from),
            categories=counting.by_words(rows, "categories", negative_from),
            subjects=counting.by_words(rows, "subjects", negative_from),
            events=counting.top_events(connection, rows),
            speed=following.speed(connection, window),
            cases_opened=opened,
            cases_ended=ended,
            cases_open=still_open,
            overdue=tuple(CaseBook(database, settings).overdue(now)),
            corrections=following.corrected(connection, window),
            false_alarms=counting.false_alarms(connection, rows),
            old=old,
            gravest_old=gravest_old,
            unmatched=following.unmatched(connection, window),
            sources=following.source_lines(connection, settings.sources, window),
        )


def window_of(day: date, settings: Settings, now: datetime) -> Window:
    """The local day in absolute times, ending now where it is today."""
    since = datetime.combine(day, time.min, tzinfo=settings.zone)
    until = datetime.combine(day + timedelta(days=1), time.min, tzinfo=settings.zone)
    if since > now:
        raise NotFound(f"{day} 还没有到，没有日报")
    return Window(day=day, since=since, until=min(until, now), partial=now < until)


def render(digest: Digest, *, settings: Settings) -> RenderedDigest:
    """The digest as text and as one page without any outside resource."""
    zone, window = settings.zone, digest.window
    host = settings.web.address
    up_to = f"（截至 {window.until.astimezone(zone):%H:%M}）" if window.partial else ""
    most = max((line.mentions for line in (*digest.channels, *digest.categories, *digest.subjects)), default=0)
    pages = templates()
    values = {
        "digest": digest,
        "title": f"舆情日报 {window.day}{up_to}",
        "host": host,
        "grades": GRADE_NAMES,
        "kinds": CORRECTION_NAMES,
        "state_of": lambda line: shown_state(line.state, line.reason, failed=line.failed),
        "most": most,
        "moment": lambda moment: shown(moment, zone) if moment else "未知",
        "outage": lambda outage: outage_line(outage, zone),
        "span": lambda length: in_chinese(length) if length is not None else "无数据",
        "against": against,
        "safe_link": safe_link,
    }
    return RenderedDigest(
        window=window,
        key=f"digest:{window.day}" + (f":{window.until.astimezone(zone):%H:%M}" if window.partial else ""),
        title=f"【日报】{window.day}{up_to}：负面 {digest.total.negative} 条，预警 {digest.speed.alerts} 次",
        text=pages.get_template("digest.txt").render(values),
        html=pages.get_template("digest.html").render(values),
        link=host,
        facts=_facts(digest),
    )


def against(count: int, usual: float | None) -> str:
    """A count beside what is usual, in words."""
    if usual is None:
        return "尚无可比数据"
    if usual == 0:
        return "此前日均 0"
    # Beyond twice the usual, percentages stop telling anything.
    change = f"为其 {count / usual:.1f} 倍" if count > 2 * usual else f"{(count - usual) / usual:+.0%}"
    return f"此前日均 {usual:.1f}，{change}"


def outage_line(outage: Outage, zone: ZoneInfo) -> str:
    """One outage, within one day: 09:12–14:40 被拦截（验证码）."""
    since = f"{outage.since.astimezone(zone):%H:%M}"
    # The end of a finished day is written as people write it.
    until = f"{outage.until.astimezone(zone):%H:%M}"
    until = "24:00" if until == "00:00" and outage.until > outage.since else until
    name = state_name(outage.state, outage.reason)
    return f"{since}–{until}{'（仍未恢复）' if outage.lasts else ''} {name}（{shorten(outage.reason, 120)}）"


def write(rendered: RenderedDigest, *, folder: Path) -> Path:
    """File the page as `<folder>/<day>.html`; a later run of the same day replaces it whole."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{rendered.window.day}.html"
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(rendered.html, encoding="utf-8", errors="replace")
    draft.replace(path)
    return path


def enqueue(rendered: RenderedDigest, *, database: Database, settings: Settings, now: datetime) -> int:
    """Put the digest into the outbox for `[digest] to`, once a day and notifier; returns how many were new."""
    body = {
        "title": rendered.title,
        "text": rendered.text,
        "html": rendered.html,
        "link": rendered.link,
        "facts": rendered.facts,
    }
    with database.write() as connection:
        rows = MessageRows(database)
        return rows.put(connection, rendered.key, settings.digest.to, kind="digest", due=now, now=now, body=body)


def _facts(digest: Digest) -> dict[str, object]:
    """The digest's numbers for machines."""

    def numbers(tally: Tally) -> dict[str, object]:
        return {"name": tally.name, "mentions": tally.mentions, "negative": tally.negative}

    return {
        "day": digest.window.day.isoformat(),
        "partial": digest.window.partial,
        "until": digest.window.until.isoformat(),
        "posts": digest.posts,
        "mentions": digest.total.mentions,
        "negative": digest.total.negative,
        "usual_mentions": digest.total.usual_mentions,
        "usual_negative": digest.total.usual_negative,
        "days_compared": digest.days_compared,
        "channels": [numbers(line) for line in digest.channels],
        "categories": [numbers(line) for line in digest.categories],
        "subjects": [numbers(line) for line in digest.subjects],
        "alerts": digest.speed.alerts,
        "alerts_reached": digest.speed.reached,
        "messages_failed": digest.speed.failed,
        "cases_open": digest.cases_open,
        "cases_overdue": len(digest.overdue),
        "corrections": dict(digest.corrections),
        "false_alarms": digest.false_alarms,
        "old": digest.old,
        "unmatched": digest.unmatched,
        "sources_troubled": [line.name for line in digest.troubled],
        "outages": [
            {
                "source": line.name,
                "state": outage.state,
                "since": outage.since.isoformat(),
                "until": outage.until.isoformat(),
                "lasts": outage.lasts,
            }
            for line in digest.sources
            for outage in line.outages
        ],
    }
