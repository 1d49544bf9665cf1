"""How values read on a page: local times, spans, links that are safe to click, text with its matches marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from alerts.dedup import REASON_NAMES, Reason
from alerts.source_words import shown_state
from alerts.transitions import ACTION_NAMES
from core.durations import in_chinese
from core.model import (
    CASE_STATE_NAMES,
    CHANNEL_NAMES,
    EXHIBIT_STATE_NAMES,
    GRADE_NAMES,
    Mention,
)
from core.model import Reason as WhyRisky
from core.text import clean, shorten
from index.highlight import MARK, UNMARK
from index.verdicts_replaced import WHY_NAMES

#: Longer texts are cut on the page; the whole is in the store and in the exhibit.
LONGEST_TEXT = 20_000
_MESSAGE_STATES = {"waiting": "待发送", "sent": "已送达", "failed": "发送失败"}
_MESSAGE_KINDS = {"alert": "预警", "evidence": "证据补发", "digest": "日报", "source": "信源", "search": "订阅"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `why` says what it counts for, "" for plain text."""

    text: str
    why: str = ""


def templates(zone: ZoneInfo) -> Environment:
    """The console's pages. Everything is escaped; there is no way around it but `marked`."""
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names: dict[str, Any] = {
        "channel_names": CHANNEL_NAMES,
        "grade_names": GRADE_NAMES,
        "case_state_names": CASE_STATE_NAMES,
        "exhibit_state_names": EXHIBIT_STATE_NAMES,
        "source_state": shown_state,
        "message_states": _MESSAGE_STATES,
        "message_kinds": _MESSAGE_KINDS,
        "action_names": ACTION_NAMES,
        "why_replaced": WHY_NAMES,
        "headline": headline,
        "why_now": why_now,
        "zone_name": str(zone),
    }
    pages.globals.update(names)
    pages.filters.update(
        {
            "local": lambda moment: local(moment, zone),
            "span": in_chinese,
            "marked": marked,
            "safe_link": safe_link,
            "clean": lambda text: clean(text or ""),
            "shorten": lambda text, limit: shorten(clean(text or ""), limit),
        }
    )
    return pages


def local(moment: datetime | None, zone: ZoneInfo) -> str:
    """A moment as people read it."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if moment else "未知"


def headline(mention: Mention | None) -> str:
    """What happened in one line."""
    if mention is None:
        return "（帖文已不在库中）"
    return shorten(clean(mention.post.title or mention.post.text), 60) or "（无文字内容）"


def why_now(code: str) -> str:
    """An alert's reason in words; a code of a newer program is shown as it is."""
    return REASON_NAMES[Reason(code)] if code in {reason.value for reason in Reason} else code


def safe_link(url: str) -> bool:
    """Whether an address may become a link: only the web, never `javascript:` and its kin."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def marked(highlight: str) -> Markup:
    """A hit's line as HTML: escaped first, then the marks become `<mark>`."""
    escaped = str(escape(highlight))
    return Markup(escaped.replace(MARK, "<mark>").replace(UNMARK, "</mark>"))  # noqa: S704  # escaped above


def pieces(text: str, reasons: Sequence[WhyRisky]) -> list[Piece]:
    """The text cut where reasons point at it. Overlapping spans count for the reason that begins first."""
    shown, at = text[:LONGEST_TEXT], 0
    found: list[Piece] = []
    pointed = [(*reason.span, reason.text) for reason in reasons if reason.span]
    for start, end, why in sorted(pointed):
        start, end = max(start, at), min(end, len(shown))
        if start >= end:
            continue
        found += [Piece(shown[at:start]), Piece(shown[start:end], why)]
        at = end
    return [piece for piece in (*found, Piece(shown[at:])) if piece.text]
