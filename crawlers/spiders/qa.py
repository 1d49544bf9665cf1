"""Questions and answers: a list or a search of a question site, then what was asked or answered there since."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

from core.errors import LayoutChanged
from core.settings import SourceSettings
from crawlers.spiders.listed import ListedSpider

#: Where a source's keyword goes in its address, and how it is encoded there.
_PLACES = {"{keyword}": "utf-8", "{keyword_gbk}": "gb18030"}


class QaSpider(ListedSpider):
    """Source url: a list of questions, or a search with `{keyword}` in it (`{keyword_gbk}` where the site wants GBK).

    For Baidu Zhidao the base address is enough (`https://zhidao.baidu.com/`). A search is sorted by relevance, so its
    first three pages are always looked at. Not verified against live sites.
    """

    name = "qa"
    kind = "qa"
    channel = "qa"
    parser = "qa"
    least_pages = 3

    def entrance(self, source: SourceSettings) -> str:
        """The list, or the search for the source's keyword. Raise `LayoutChanged` where the two do not fit."""
        return search_url(source.url, source.keyword)


def search_url(url: str, keyword: str) -> str:
    """The address of the search's first page; the address itself where there is nothing to search for.

    Raise `LayoutChanged`, whose sign says what the operator should write.
    """
    if any(place in url for place in _PLACES):
        if not keyword:
            raise LayoutChanged(url, "网址里有 {keyword}，但该信源没有写 keyword")
        for place, charset in _PLACES.items():
            url = url.replace(place, quote(keyword.encode(charset, "ignore"), safe=""))
        return url
    if not keyword:
        return url
    parts = urlsplit(url)
    if (parts.hostname or "").startswith("zhidao.") and parts.path in ("", "/", "/search"):
        if "word" in parse_qs(parts.query):
            raise LayoutChanged(url, "网址里已有搜索词，不能再写 keyword")
        query = f"word={quote(keyword, safe='')}&ie=utf-8"
        return urlunsplit((parts.scheme, parts.netloc, "/search", query, ""))
    raise LayoutChanged(url, "写了 keyword，但网址里没有 {keyword}，不知道搜索词该放在哪里")
