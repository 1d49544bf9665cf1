"""Who we are to Weibo during one crawl: the operator's login, a visitor of weibo.com, or nobody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import Blocked
from crawlers.cookies import Cookies, cookies_of
from crawlers.visits import Page, Visit
from crawlers.weibo.surfaces import Surface, headers_of, surface_of
from crawlers.weibo.visitor import Visitor, become_visitor, remembered

#: How weibo.com sends an identity away that it no longer knows: to its visitors' page or to its login.
_SENT_AWAY = re.compile(r"passport\.weibo|visitor|login|signin|Sina Visitor|转到登录|ok=-100", re.I)
#: What it asks of somebody it takes for a machine; that is not ours to solve.
_PUZZLE = re.compile(rb"captcha|geetest|verify", re.I)
_LOOK = 20_000


@dataclass(slots=True, kw_only=True)
class Session:
    """Sends the requests of one crawl. Made by `open_session`."""

    visit: Visit
    surface: Surface
    own: Cookies | None
    visitor: Visitor | None = None
    #: Whether this crawl has asked for an identity: once is enough.
    _asked: bool = False

    def headers(self, below: str = "") -> dict[str, str]:
        """The headers of a request that a page at this path would make."""
        token = self.own.get("XSRF-TOKEN") if self.own else _value(self.visitor, "XSRF-TOKEN")
        # A source with a parser of its own (weibo.cn) reads pages, as a browser does, and no API.
        surface = "search" if self.visit.source.parser else self.surface
        sent = headers_of(surface, self.visit.source.url, below=below, token=token)
        return {**sent, "Cookie": self.visitor.cookie} if self.visitor else sent

    async def enter(self, url: str, kind: str) -> Page:
        """Read a page that the crawl cannot do without, with a new identity where the one we had has run out."""
        try:
            return await self.visit.enter(url, kind, headers=self.headers())
        except Blocked as refused:
            last = self.visit.last_bad
            if self.visitor is None or self._asked or not has_run_out(refused.sign, last.body if last else b""):
                raise
        await self.ask_for_identity()
        return await self.visit.enter(url, kind, headers=self.headers())

    async def look(self, url: str, kind: str, *, below: str = "") -> Page | None:
        """Read one page of many."""
        return await self.visit.look(url, kind, headers=self.headers(below))

    async def ask_for_identity(self) -> None:
        """Become a visitor. Raise `PageError` where the site does not let us."""
        self._asked = True
        self.visitor = await become_visitor(self.visit, self.visit.source.url)

    def cursor(self) -> dict[str, Any]:
        """What the next crawl should know."""
        return {"visitor": self.visitor.as_json()} if self.visitor else {}


async def open_session(visit: Visit) -> Session:
    """A session for the source of this visit. Raise `PageError` where it needs an identity and gets none."""
    surface = surface_of(visit.source)
    session = Session(visit=visit, surface=surface, own=cookies_of(visit.source, now=visit.started))
    if surface == "web" and session.own is None:
        session.visitor = remembered(visit.cursor)
        if session.visitor is None:
            await session.ask_for_identity()
    return session


def has_run_out(sign: str, body: bytes) -> bool:
    """Whether a refusal is of the identity, and not of us: then a new one may be asked for, once a crawl."""
    return bool(_SENT_AWAY.search(sign)) and not _PUZZLE.search(body[:_LOOK])


def _value(visitor: Visitor | None, name: str) -> str | None:
    pairs: Mapping[str, str] = (
        dict(part.strip().split("=", 1) for part in visitor.cookie.split(";") if "=" in part) if visitor else {}
    )
    return pairs.get(name)
