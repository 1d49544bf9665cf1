"""A search of our own making that answers like m.weibo.cn; grows while a test runs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.crawlers.board import ZONE
from tests.crawlers.site import NOW, Reply

JSON = "application/json; charset=utf-8"


def as_json(value: Any, **more: Any) -> Reply:
    return Reply(body=json.dumps(value, ensure_ascii=False).encode(), kind=JSON, **more)


@dataclass
class Status:
    mid: str
    when: datetime
    text: str
    long: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "mid": self.mid,
            "id": self.mid,
            "created_at": self.when.astimezone(ZONE).strftime("%a %b %d %H:%M:%S %z %Y"),
            "text": self.text,
            "isLongText": self.long is not None,
            "user": {"id": 7, "screen_name": "路人甲", "followers_count": "12.3万"},
            "reposts_count": "100万+",
            "comments_count": 3,
            "attitudes_count": 5,
        }


@dataclass
class Weibo:
    """Statuses of one search, newest first, `per_page` on each page."""

    statuses: list[Status] = field(default_factory=list)
    per_page: int = 4
    #: Pages that come back empty although there are more.
    gaps: set[int] = field(default_factory=set)
    long_fails: bool = False

    def say(self, minutes_ago: float, text: str, *, long: str | None = None) -> None:
        mid = str(5_000_000_000_000_000 + len(self.statuses))
        self.statuses.append(Status(mid, NOW - timedelta(minutes=minutes_ago), text, long))

    def route(self, path: str) -> Reply | None:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/statuses/extend":
            found = next(status for status in self.statuses if status.mid == query["id"])
            return Reply(status=502) if self.long_fails else as_json({"ok": 1, "data": {"longTextContent": found.long}})
        if parts.path != "/api/container/getIndex":
            return None
        assert query["containerid"] == "100103type=61&q=星辰汽车"
        number = int(query.get("page", "1"))
        newest = sorted(self.statuses, key=lambda status: status.when, reverse=True)
        shown = [] if number in self.gaps else newest[(number - 1) * self.per_page : number * self.per_page]
        if not shown:
            return as_json({"ok": 0, "msg": "这里还没有内容", "data": {"cards": []}})
        cards = [{"card_type": 9, "mblog": status.as_json()} for status in shown]
        return as_json({"ok": 1, "data": {"cards": cards, "cardlistInfo": {"page": number + 1}}})
