"""Which statuses' comments are to be read: those of new statuses, and of known ones that have got more.

Comments come last: they never cost a status its place, and a site that refuses them is asked no more in this crawl.
A status that is no longer on the pages that a crawl reads is not looked at again for new comments, and of a status with
very many comments only the first pages are read: on m.weibo.cn the hottest, on weibo.com the newest. That is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import Blocked, PageError
from core.model import Post
from crawlers.budget import Spent
from crawlers.pages.urls import identity
from crawlers.pages.weibo_ids import SITE, weibo_site
from crawlers.visits import Page
from crawlers.weibo.session import Session
from crawlers.weibo.surfaces import comments_url, origin

#: Of one status, in one crawl.
_MOST_PAGES = 5
#: Bounds of what a cursor remembers.
_MOST_REMEMBERED = 2000
_MOST_WAITING = 300
#: So many failures of the site, one after the other, end the reading of comments for this crawl.
_MOST_FAILURES = 2


@dataclass(slots=True, kw_only=True)
class CommentReading:
    """What one crawl notices and reads of the comments below statuses."""

    wanted: bool
    #: How many comments a status showed when they were last read.
    read: dict[str, int] = field(default_factory=dict)
    #: How many it shows now, by status, those that waited longest first.
    waiting: dict[str, int] = field(default_factory=dict)
    #: How many statuses had more pages of comments than are read.
    _too_many: int = 0

    @classmethod
    def resume(cls, cursor: Mapping[str, Any], *, wanted: bool) -> CommentReading:
        """Go on where the cursor says."""
        kept = cursor.get("comments", {}) if wanted else {}
        return cls(wanted=wanted, read=dict(kept.get("read", {})), waiting=dict(kept.get("waiting", {})))

    def notice(self, statuses: Iterable[Post]) -> None:
        """A page shows these statuses with the numbers of their comments."""
        for status in statuses if self.wanted else ():
            shown = status.counts.replies
            if shown is not None and shown > self.read.get(status.native_id, 0):
                self.waiting[status.native_id] = shown

    def cursor(self) -> dict[str, Any]:
        """Where the next crawl goes on."""
        if not self.wanted:
            return {}
        kept = {"read": _last(self.read, _MOST_REMEMBERED), "waiting": _last(self.waiting, _MOST_WAITING)}
        return {"comments": kept}

    async def read_all(self, session: Session) -> None:
        """Read the comments of every status that waits, as far as site and budget allow; never raise for the site."""
        await self._read_waiting(session)
        if self._too_many:
            session.visit.notes.append(f"{self._too_many} 条微博的评论很多，只读了前 {_MOST_PAGES} 页")
        if len(self.waiting) > _MOST_WAITING:
            session.visit.notes.append(f"等待读评论的微博超过 {_MOST_WAITING} 条，较早的不再读评论")

    async def _read_waiting(self, session: Session) -> None:
        failures = 0
        for mid, shown in list(self.waiting.items()):
            if failures >= _MOST_FAILURES:
                break
            try:
                done = await self._read(session, mid, shown)
            except Spent as spent:
                session.visit.notes.append(f"{len(self.waiting)} 条微博的评论没有读完：{spent.sign}")
                return
            except PageError as bad:
                session.visit.notes.append(f"评论接口连续失败，本次不再读评论：{bad.sign}")
                return
            if done:
                failures = 0
                self.waiting.pop(mid, None)
                self.read.pop(mid, None)
                self.read[mid] = shown
                continue
            failures += 1
            last = session.visit.missed[-1] if session.visit.missed else None
            if isinstance(last, Blocked):
                session.visit.notes.append(f"评论被拦截，本次不再读评论：{last.sign}")
                return

    async def _read(self, session: Session, mid: str, shown: int) -> bool:
        """The comments below one status, answers to them after them. Returns whether they could be read."""
        base = session.visit.source.url
        todo = [comments_url(session.surface, base, mid)]
        walked: set[str] = set()
        expected = shown - self.read.get(mid, 0)
        while todo and len(walked) < _MOST_PAGES:
            url = todo.pop(0)
            if identity(url) in walked:
                continue
            walked.add(identity(url))
            page = await session.look(url, "weibo_comments", below=_below(session, mid))
            if page is None:
                return len(walked) > 1  # some were read, and what is missing shows again when there are more
            posts = [_below_status(post, mid, page, base) for post in page.parsed.posts]
            await session.visit.keep(posts, page)
            expected -= len(posts)
            following = [link.url for link in page.parsed.links if link.leads_to == "page"]
            # weibo.com shows the newest first: there, older pages hold nothing new.
            if session.surface == "web" and expected <= 0:
                following = []
            todo = following + todo + [link.url for link in page.parsed.links if link.leads_to == "thread"]
        self._too_many += bool(todo)
        return True


def _below(session: Session, mid: str) -> str:
    return f"detail/{mid}" if session.surface == "mobile" else ""


def _below_status(post: Post, mid: str, page: Page, base: str) -> Post:
    """An answer to a comment does not say below which status it stands; we know."""
    if post.url != page.raw.url:
        return post
    home = f"https://{SITE}" if weibo_site(base) == SITE else origin(base)
    return replace(post, url=f"{home}/detail/{mid}#{post.native_id.replace(':', '-')}")


def _last(entries: Mapping[str, int], most: int) -> dict[str, int]:
    return dict(list(entries.items())[-most:])
