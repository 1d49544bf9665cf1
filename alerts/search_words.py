"""What people read of a saved search's new results: facts in, a rendered message out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment

from alerts.card import shown
from alerts.compose import safe_link
from alerts.saved_search import SavedSearch, address
from core.model import CHANNEL_NAMES, GRADE_NAMES, Mention
from core.settings import Settings
from core.text import clean, shorten
from index.base import Node
from index.highlight import MARK, UNMARK, highlight

#: Results that a message names; the others are counted, and stand in the console.
LINES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One result in words. Every field is one line without line breaks."""

    grade: str
    channel: str
    site: str
    when: str
    risk: int
    #: Cut where a match begins and ends: every second piece is a match.
    pieces: tuple[str, ...]
    #: "" where the post's address is no link.
    url: str

    @property
    def excerpt(self) -> str:
        """The line around the first match."""
        return "".join(self.pieces) or "（无文字内容）"


def in_words(search: SavedSearch) -> str:
    """Everything the search asks for, on one line: "刹车；等级 特急；风险 ≥ 60"."""
    asked = search.filters
    chosen = (
        ("等级", [GRADE_NAMES[value] for value in asked.grades]),
        ("渠道", [CHANNEL_NAMES[value] for value in asked.channels]),
        ("监测对象", asked.subjects),
        ("类别", asked.categories),
    )
    parts = [shorten(search.text, 200)] if search.text else []
    parts += [f"{name} {'、'.join(shorten(value, 40) for value in values)}" for name, values in chosen if values]
    parts += [f"风险 ≥ {asked.min_risk}"] if asked.min_risk is not None else []
    parts += [f"负面概率 ≥ {asked.min_negative:g}"] if asked.min_negative is not None else []
    return "；".join(parts)


def line_of(mention: Mention, where: Node | None, zone: ZoneInfo) -> Line:
    """One result as it reads now."""
    post, verdict = mention.post, mention.verdict
    url = "".join(clean(post.url).split())
    return Line(
        grade=GRADE_NAMES[verdict.grade] if verdict.grade else "未定级",
        channel=CHANNEL_NAMES[post.channel],
        site=shorten(clean(post.site), 80),
        when=shown(post.when, zone),
        risk=verdict.risk,
        pieces=tuple(highlight(post, where).replace(UNMARK, MARK).split(MARK)),
        url=url if safe_link(url) else "",
    )


def news(
    search: SavedSearch,
    where: Node | None,
    found: Sequence[Mention],
    *,
    total: int,
    settings: Settings,
    pages: Environment,
) -> dict[str, Any]:
    """The message's body: `found` are the gravest of `total` new results, `where` is what the search text asks for.

    `pages` are `alerts.compose.templates()`, which a round of telling reads once.
    """
    link = settings.web.address + address(search)
    title = f"「检索订阅：{search.name}」新增 {total} 条"
    values = {
        "title": title,
        "search": search,
        "asked": in_words(search),
        "lines": [line_of(mention, where, settings.zone) for mention in found],
        "more": total - len(found),
        "link": link,
    }
    return {
        "title": title,
        "text": pages.get_template("search.txt").render(values),
        "html": pages.get_template("search.html").render(values),
        "link": link,
        "facts": _facts(search, found, total=total),
    }


def _facts(search: SavedSearch, found: Sequence[Mention], *, total: int) -> dict[str, object]:
    """The same for machines; times in ISO 8601, unknown is null."""
    return {
        "search": search.id,
        "name": search.name,
        "owner": search.owner,
        "query": search.text,
        "filters": search.filters.to_json(),
        "new": total,
        "results": [
            {
                "post": mention.id,
                "url": mention.post.url,
                "channel": mention.post.channel,
                "site": mention.post.site,
                "when": mention.post.when.isoformat(),
                "grade": mention.verdict.grade,
                "risk": mention.verdict.risk,
                "negative": round(mention.verdict.negative, 4),
                "subjects": list(mention.verdict.subjects),
                "categories": list(mention.verdict.categories),
            }
            for mention in found
        ],
    }
