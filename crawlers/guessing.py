"""What kind of source an address is: by the few platforms known by name, else by what its page turns out to be.

An operator pastes an address; a wrong guess costs him more than a question, so what is not certain is not guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from core.model import WATCHED_KINDS, WatchedKind
from crawlers.pages import parse_page
from crawlers.pages.base import LeadsTo, PageContext

#: Links of a page tell what it lists.
_LISTS: dict[LeadsTo, WatchedKind] = {"thread": "forum", "article": "news", "feed": "news", "status": "weibo"}
_NAMES: dict[LeadsTo, str] = {"thread": "主题", "article": "文章", "feed": "订阅", "status": "微博"}
_NEWS_PARSERS = ("feed", "jsonfeed", "sitemap", "section", "article")
_TIEBA = re.compile(r"(?:^|\.)tieba\.baidu\.com$")
_WEIBO = re.compile(r"(?:^|\.)weibo\.(?:com|cn)$")
_QA = re.compile(r"(?:^|\.)(?:zhidao\.baidu\.com|zhihu\.com|wukong\.com)$")
_COMPLAINT = re.compile(r"(?:^|\.)12365auto\.com$")
_WEIBO_USER = re.compile(r"/(?:u|profile)/(\d{5,20})(?:/|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What a row of the catalogue should say."""

    kind: WatchedKind
    #: One Chinese phrase: what gave it away.
    because: str
    keyword: str = ""
    user: str = ""
    #: What to write as the source's address, where it is not the address that was given; else "".
    url: str = ""


def guess_by_address(url: str) -> Guess | None:
    """The kind of a platform that is known by its host; `None` for all others."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host = (parts.hostname or "").rstrip(".")
    if _TIEBA.search(host):
        bar = _parameter(parts.query, "kw") or _parameter(parts.query, "word")
        base = f"https://{host}/mo/q/m" if parts.path.startswith("/mo/") else f"https://{host}"
        return Guess(kind="tieba", because="百度贴吧的网址", keyword=bar, url=base if bar else "")
    if _WEIBO.search(host):
        return _weibo(host, parts.path, parts.query)
    if _QA.search(host):
        return Guess(kind="qa", because="问答站的网址")
    if _COMPLAINT.search(host):
        return Guess(kind="complaint", because="车质网的网址")
    return None


def _weibo(host: str, path: str, query: str) -> Guess:
    base = f"https://{host}"
    found = _WEIBO_USER.search(path)
    if found:
        return Guess(kind="weibo", because="微博用户的网址", user=found[1], url=base)
    words = _parameter(query, "q") or _parameter(_parameter(query, "containerid"), "q")
    if not words and path.startswith("/weibo/"):
        words = unquote(path.removeprefix("/weibo/").partition("/")[0])
    return Guess(kind="weibo", because="微博的网址", keyword=words, url=base if words else "")


def _parameter(query: str, name: str) -> str:
    """One value of a query; old links carry GBK in their percent escapes."""
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        if key == name:
            raw = unquote_to_bytes(value.replace("+", " "))
            try:
                return raw.decode("utf-8").strip()
            except UnicodeDecodeError:
                return raw.decode("gb18030", "replace").strip()
    return ""


def guess_by_page(body: bytes, page: PageContext, *, parser: str) -> Guess | None:
    """The kind of a source whose entrance is this page, read by `parser`; `None` where the page is no entrance."""
    links = Counter(link.leads_to for link in parse_page(parser, body, page).links)
    listed = [(leads_to, count) for leads_to, count in links.most_common() if leads_to in _LISTS]
    if not listed:
        return None
    leads_to, count = listed[0]
    platform = next((kind for kind in WATCHED_KINDS if parser.partition("_")[0] == kind), None)
    kind = "news" if parser in _NEWS_PARSERS else platform or _LISTS[leads_to]
    return Guess(kind=kind, because=f"页面（{parser}）列出 {count} 个{_NAMES[leads_to]}")
