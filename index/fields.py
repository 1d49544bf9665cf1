"""What a mention has in each field that one can search and count by."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from core.model import Mention
from core.text import clean, fold


def values_of(mention: Mention, zone: ZoneInfo) -> dict[str, tuple[str, ...]]:
    """What a mention has in each field; empty where unknown."""
    post, verdict = mention.post, mention.verdict
    return {
        "subject": verdict.subjects,
        "channel": (post.channel,),
        "category": verdict.categories,
        "grade": (verdict.grade,) if verdict.grade else (),
        "author": (post.author.name,) if post.author.name else (),
        "site": (post.site,),
        "event": (verdict.event,) if verdict.event else (),
        "day": (post.when.astimezone(zone).date().isoformat(),),
        "source": (mention.source,) if mention.source else (),
        "has": tuple(name for name, there in has_of(mention).items() if there),
    }


def has_of(mention: Mention) -> dict[str, bool]:
    """What `has:` asks for. Evidence is a capture that shows the page, whole or in part."""
    return {"evidence": mention.evidence in ("complete", "partial"), "image": bool(mention.post.images)}


def same_value(value: str) -> str:
    """The form in which two values of a field are compared: folded, cleaned."""
    return fold(clean(value))
