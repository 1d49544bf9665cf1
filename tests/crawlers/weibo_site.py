"""A search, a user's list and comments of our own making that answer like m.weibo.cn; they grow while a test runs."""

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
    comments: int = 3
    edited: datetime | None = None
    pinned: bool = False

    def as_json(self) -> dict[str, Any]:
        marks = {"title": {"text": "置顶", "base_color": 1}, "isTop": 1} if self.pinned else {}
        if self.edited:
            when = self.edited.astimezone(ZONE).strftime("%a %b %d %H:%M:%S %z %Y")
            marks |= {"edit_count": 1, "edit_at": when}
        return marks | {
            "mid": self.mid,
            "id": self.mid,
            "created_at": self.when.astimezone(ZONE).strftime("%a %b %d %H:%M:%S %z %Y"),
            "text": self.text,
            "isLongText": self.long is not None,
            "user": {"id": 7, "screen_name": "路人甲", "followers_count": "12.3万"},
            "reposts_count": "100万+",
            "comments_count": self.comments,
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
    #: The texts of the comments below a status, in the order shown, two a page; a nested list answers the one before.
    comments: dict[str, list[Any]] = field(default_factory=dict)
    #: What the comments' address answers instead.
    no_comments: Reply | None = None
    #: What the lists answer after so many requests.
    lasts: int = 10_000
    shut: Reply = field(default_factory=lambda: Reply(status=432))

    def say(self, minutes_ago: float, text: str, *, long: str | None = None) -> None:
        mid = str(5_000_000_000_000_000 + len(self.statuses))
        self.statuses.append(Status(mid, NOW - timedelta(minutes=minutes_ago), text, long))

    def route(self, path: str) -> Reply | None:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/statuses/extend":
            found = next(status for status in self.statuses if status.mid == query["id"])
            return Reply(status=502) if self.long_fails else as_json({"ok": 1, "data": {"longTextContent": found.long}})
        if parts.path == "/comments/hotflow":
            return self.no_comments or self._hotflow(query)
        if parts.path == "/comments/hotFlowChild":
            return self.no_comments or self._answers(query["cid"])
        if parts.path != "/api/container/getIndex":
            return None
        self.lasts -= 1
        if self.lasts < 0:
            return self.shut
        if query["containerid"].startswith("107603"):
            return self._timeline(query)
        assert query["containerid"] == "100103type=61&q=星辰汽车"
        number = int(query.get("page", "1"))
        newest = sorted(self.statuses, key=lambda status: status.when, reverse=True)
        shown = [] if number in self.gaps else newest[(number - 1) * self.per_page : number * self.per_page]
        if not shown:
            return as_json({"ok": 0, "msg": "这里还没有内容", "data": {"cards": []}})
        cards = [{"card_type": 9, "mblog": status.as_json()} for status in shown]
        return as_json({"ok": 1, "data": {"cards": cards, "cardlistInfo": {"page": number + 1}}})

    def _timeline(self, query: dict[str, str]) -> Reply:
        """One user's statuses, the pinned one first; further down by `since_id`."""
        assert query["value"] == "7"
        newest = sorted(self.statuses, key=lambda status: (status.pinned, status.when), reverse=True)
        start = int(query.get("since_id", "0"))
        shown = newest[start : start + self.per_page]
        cards = [{"card_type": 9, "mblog": status.as_json()} for status in shown]
        further = {"since_id": start + self.per_page} if start + self.per_page < len(newest) else {}
        return as_json({"ok": 1, "data": {"cards": cards, "cardlistInfo": {"total": len(newest), **further}}})

    def _hotflow(self, query: dict[str, str]) -> Reply:
        """`max_id_type` of the answer before must come back with `max_id`."""
        assert query["id"] == query["mid"]
        rows = self.comments.get(query["mid"], [])
        start = int(query.get("max_id", "0"))
        assert query["max_id_type"] == ("1" if start else "0")
        if not rows:
            return as_json({"ok": 0, "msg": "还没有人评论哦~快来抢沙发！"})
        shown = [_comment(query["mid"], place, text) for place, text in list(enumerate(rows))[start : start + 2]]
        more = start + 2 if start + 2 < len(rows) else 0
        data = {"data": shown, "total_number": len(rows), "max_id": more, "max_id_type": 1 if more else 0}
        return as_json({"ok": 1, "data": data})

    def _answers(self, cid: str) -> Reply:
        """Everything that answers one comment."""
        for mid, rows in self.comments.items():
            for place, row in enumerate(rows):
                shown = _comment(mid, place, row)
                if shown["id"] == cid:
                    answers = [_answer(cid, number, text) for number, text in enumerate(row[1:])]
                    return as_json({"ok": 1, "data": answers, "total_number": len(answers), "max_id": 0})
        return Reply(status=404)


def _comment(mid: str, place: int, row: str | list[str]) -> dict[str, Any]:
    """A comment; of the answers to it only the first lies inside."""
    cid = str(int(mid) + 10**15 + place * 100)
    texts = [row] if isinstance(row, str) else row
    shown = {"id": cid, "rootid": cid, "text": texts[0], "created_at": "Sun Mar 15 19:30:00 +0800 2026"}
    inner = [_answer(cid, 0, texts[1])] if len(texts) > 1 else False
    counts = {"total_number": len(texts) - 1, "like_count": 1, "comments": inner, "source": "来自湖南"}
    return {**shown, **counts, "user": {"id": 8, "screen_name": "车友"}}


def _answer(cid: str, number: int, text: str) -> dict[str, Any]:
    shown = {"id": str(int(cid) + 1 + number), "rootid": cid, "text": text, "like_count": 0}
    return {**shown, "created_at": "Sun Mar 15 19:40:00 +0800 2026", "user": {"id": 9, "screen_name": "路人"}}
