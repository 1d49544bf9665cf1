"""The three editions of Weibo that are read, and the addresses of each; pure.

- mobile, m.weibo.cn: search, user lists, long texts, comments as JSON. Wants a login's cookie of m.weibo.cn itself
  since 2025, and refuses with 432 where it is missing or worn out.
- web, weibo.com: user lists, long texts, comments as JSON. The cookie of a visitor is enough for many public statuses.
- search, s.weibo.com: the search as HTML, with windows of time. Wants a login's cookie.

Read in public code and threads (2025, 2026); not verified against the live sites.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote, urlencode, urlsplit

from core.settings import SourceSettings
from crawlers.pages.weibo_ids import SITE, bid_of, weibo_site
from crawlers.weibo.windows import Window

Surface = Literal["mobile", "web", "search"]

#: Only the search that shows its newest first: type 61 is "实时".
_SEARCH = "100103type=61&q={keyword}"
_BY_HOST: dict[str, Surface] = {"weibo.com": "web", "www.weibo.com": "web", "s.weibo.com": "search"}
_COMMENTS_A_PAGE = 20


def surface_of(source: SourceSettings) -> Surface:
    """The edition that the operator named, or that the source's address belongs to; m.weibo.cn's for any other host."""
    match source.surface:
        case "mobile" | "web" | "search":
            return source.surface
    return _BY_HOST.get(urlsplit(source.url).hostname or "", "mobile")


def origin(url: str) -> str:
    """Scheme and host of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def passport(base: str) -> str:
    """Where visitors get their identity: Weibo's own passport, for a look-alike the look-alike itself."""
    return "https://passport.weibo.com" if weibo_site(base) == SITE else origin(base)


def search_url(base: str, keyword: str, page: int) -> str:
    """One page of m.weibo.cn's search; `containerid` is one value, so its `&` and `=` are escaped."""
    container = quote(_SEARCH.format(keyword=keyword), safe="")
    address = f"{base.rstrip('/')}/api/container/getIndex?containerid={container}&page_type=searchall"
    return address if page == 1 else f"{address}&page={page}"


def desktop_search_url(base: str, keyword: str, *, window: Window | None = None, page: int = 1) -> str:
    """One page of s.weibo.com's search, of all time or of one window."""
    query = {"q": keyword}
    if window is not None:
        query |= {"typeall": "1", "suball": "1", "timescope": window.timescope}
        if window.region is not None:
            query["region"] = window.region
    if page > 1:
        query["page"] = str(page)
    return f"{origin(base)}/weibo?{urlencode(query, safe=':')}"


def timeline_url(surface: Surface, base: str, uid: str) -> str:
    """The first page of what one user published."""
    if surface == "web":
        return f"{origin(base)}/ajax/statuses/mymblog?{urlencode({'uid': uid, 'page': 1, 'feature': 0})}"
    query = {"type": "uid", "value": uid, "containerid": f"107603{uid}"}
    return f"{origin(base)}/api/container/getIndex?{urlencode(query)}"


def comments_url(surface: Surface, base: str, mid: str) -> str:
    """The first page of the comments below a status: on weibo.com newest first, on m.weibo.cn by their heat."""
    if surface == "web":
        shown = {"flow": 1, "is_reload": 1, "id": mid, "is_show_bulletin": 2, "is_mix": 0, "count": _COMMENTS_A_PAGE}
        return f"{origin(base)}/ajax/statuses/buildComments?{urlencode(shown)}"
    return f"{origin(base)}/comments/hotflow?{urlencode({'id': mid, 'mid': mid, 'max_id_type': 0})}"


def status_json_url(surface: Surface, base: str, mid: str) -> str:
    """One status, whole."""
    if surface == "web":
        shown = {"id": bid_of(mid), "locale": "zh-CN", "isGetLongText": "true"}
        return f"{origin(base)}/ajax/statuses/show?{urlencode(shown)}"
    return f"{origin(base)}/statuses/show?{urlencode({'id': mid})}"


def headers_of(surface: Surface, base: str, *, below: str = "", token: str | None = None) -> dict[str, str]:
    """What the site's own pages send: where they are (`below` is a path), and the token against forgery they got.

    `token` is the cookie XSRF-TOKEN, which the site wants to see a second time.
    """
    referer = {"Referer": f"{origin(base)}/{below}"}
    if surface == "search":
        return referer
    asking = {"Accept": "application/json, text/plain, */*", "X-Requested-With": "XMLHttpRequest"}
    return {**asking, **referer, **({"X-XSRF-TOKEN": token} if token else {})}
