"""Title, time and author of an article, each from several claims that must fit together.

A page's <title> carries the site's name, its meta tags may be another page's, and "related" lists are full of
titles and dates, so a claim counts when another part of the page supports it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from htmldate import find_date
from lxml import etree

from core.text import clean, fold
from core.times import find_when, from_unix, parse_when
from crawlers.pages.article_data import PageData
from crawlers.pages.base import PageContext
from crawlers.pages.markup import Element, text_of

_META_TITLES = ("og:title", "twitter:title", "articletitle", "article:title", "headline")
_META_DATES = (
    "article:published_time", "og:published_time", "og:release_date", "publishdate", "pubdate",
    "publish_date", "publishtime", "publish-date", "datepublished", "dc.date.issued", "dc.date",
    "weibo: article:create_at", "apub:time", "firstpublishtime", "sailthru.date", "releasedate", "_pubtime",
    "article_date_original", "og:time", "date", "firstpublishedtime", "publishedtime",
)  # fmt: skip
_SUFFIX = re.compile(r"\s*(?:[_|｜丨]|\s[-–—]+\s|[-–—]{1,3}|\s·\s|\s>\s)\s*")
_SPLIT_KEEP = re.compile(r"(\s*[_|｜丨]\s*|\s+[-–—]+\s+|[-–—]+)")
_SITE_NAME = re.compile(
    r"(?:网|网站|新闻|频道|资讯|日报|晚报|时报|早报|商报|汽车报|论坛|门户|门户网站|在线|之家|通讯社|电视台|博客|客户端|官网|首页|中心)$|"
    r"\.(?:com|cn|net|org)$",
    re.I,
)
_SITE_WORD = re.compile(r"网|新闻|频道|资讯|报|论坛|门户|首页|号|中心|在线|社$|站$|博客|客户端|[a-z]{2,}", re.I)
_STAMP = r"(\d{10}(?:\d{3})?|\d{4}-\d{1,2}-\d{1,2}[T ]\d{1,2}:\d{2}(?::\d{2})?(?:[+-]\d\d:?\d\d|Z)?)"
#: WeChat's own variables: the page shows only "昨天".
_WECHAT_DATE = re.compile(rf"\b(?:var\s+ct|oriCreateTime|ori_create_time)\s*[:=]\s*[\"']{_STAMP}[\"']")
_SCRIPT_DATE = re.compile(
    rf"\b(?:publish_?(?:time|date)|pub_?(?:time|date)|create_?time)[\"']?\s*[:=]\s*[\"']{_STAMP}[\"']", re.IGNORECASE
)
_UPDATED = ("dateupdate", "datemodified", "article:modified_time", "og:updated_time", "lastmodified")
_TIME_NAMES = (
    "//time[@datetime]/@datetime",
    "//*[@itemprop='datePublished']/@content|//*[@itemprop='datePublished']/@datetime",
    "//*[@id='pubtime' or @id='pubtime_baidu' or @id='publish_time' or @id='pub_date' or @id='post-date']//text()",
    "//*[contains(@class,'pubtime') or contains(@class,'pub-time') or contains(@class,'pub_time')"
    " or contains(@class,'publish-time') or contains(@class,'pub_date') or contains(@class,'publish_time')]//text()",
)
_LEAD_LINES, _TAIL_LINES = 3, 14
_AHEAD = timedelta(days=1)


def squeezed(text: str) -> str:
    """The text for comparing: folded, without blanks."""
    return "".join(fold(clean(text)).split())


def read_title(root: Element, data: PageData) -> str | None:
    """The headline without the site's name; `None` where the page has none."""
    page_title = clean(root.xpath("string(//head/title|//title)"))
    claims = [clean(data.meta.get(name, "")) for name in _META_TITLES] + [clean(title) for title in data.titles[:2]]
    claims = [claim for claim in claims if claim]
    headings = list(_headings(root))
    if len(page_title) <= 12 and _SITE_NAME.search(page_title):  # one title for the whole site
        site = squeezed(page_title)
        claims, headings = ([line for line in lines if squeezed(line) != site] for lines in (claims, headings))
        page_title = "" if claims or headings else page_title
    return _agreed(page_title, claims, headings) or next(iter([*claims, *headings]), None)


def _agreed(page_title: str, claims: list[str], headings: list[str]) -> str | None:
    """The headline that two parts of the page support; the page's own title, cut, where none does."""
    whole = squeezed(page_title)
    # A heading that the page's title repeats is the headline; the longest such, as site names are short.
    shared = [line for line in headings if len(squeezed(line)) >= 4 and squeezed(line) in whole]
    if shared:
        best = max(shared[:3], key=len)
        if len(squeezed(best)) * 3 >= len(squeezed(_without_site(page_title, claims))):
            return best
    for claim in claims:
        if any(squeezed(claim) == squeezed(line) for line in headings):
            return claim
    for claim in claims:
        stripped = _without_site(claim, [])
        if whole and squeezed(stripped) in whole:
            return stripped
    return _without_site(page_title, claims) if page_title else None


def _headings(root: Element) -> Iterator[str]:
    """Texts of the page that look like a headline, h1 first."""
    for path in (
        "//h1",
        "//*[@id='activity-name' or @itemprop='headline']",
        "//h2[position()<4]|//*[contains(@class,'title') and not(self::a) and not(ancestor::a)][position()<6]",
    ):
        for node in root.xpath(path)[:6]:
            text = " ".join(text_of(node).split())
            if 2 <= len(text) <= 120:
                yield text


def _without_site(title: str, claims: list[str]) -> str:
    """Cut site and section names off the end, the last one first, as long as a headline stays."""
    for claim in claims:
        if claim and title.startswith(claim) and _SUFFIX.match(title[len(claim) :]):
            return claim
    parts = _SPLIT_KEEP.split(title)
    cut = False
    while len(parts) > 2:
        head, mark, tail = "".join(parts[:-2]), parts[-2], parts[-1]
        if len(squeezed(head)) < 5 or len(tail) > 24:
            break
        # "秦PLUS-DMi", "维权记-第三天": a bare hyphen separates only what is plainly a site's name.
        clear = mark.strip() in ("_", "|", "｜", "丨") or mark != mark.strip()
        named = _SITE_NAME.search(tail) or (clear and (_SITE_WORD.search(tail) or len(tail) <= 10))
        brand = mark == "-" and len(squeezed(head)) >= 12 and 2 * len(tail) <= len(head) and len(tail) <= 12
        if not (named or brand or (cut and len(tail) <= 4)):
            break
        parts, cut = parts[:-2], True
    return "".join(parts).strip()


def read_published(
    root: Element, data: PageData, page: PageContext, *, title: str | None, body: str
) -> datetime | None:
    """When the article appeared, to the minute where the page tells; naive times are local to the page's zone."""
    claims = [when for when in _claims(root, data, page) if when]
    near = _near_title(root, page, title=title, body=body)
    best = claims[0] if claims else near
    # A bare day near the headline may be a neighbour's; the address is the article's own.
    if not claims and (near is None or _is_bare_day(near, page)):
        best = _in_address(page) or near
    if best is None:
        return _by_library(root, page)
    day = best.astimezone(page.zone).date()
    same_day = [when for when in (near, *claims) if when and when.astimezone(page.zone).date() == day]
    exact = [when for when in same_day if not _is_bare_day(when, page)]
    # Publication comes before the update that some pages claim in its place.
    return min(near, best) if near in exact and best in exact and near else exact[0] if exact else best


def declares_article(root: Element, data: PageData) -> bool:
    """Whether the page tells machines that it is one article."""
    dated = bool(data.dates) or any(name in data.meta for name in _META_DATES)
    return dated or "article" in data.meta.get("og:type", "") or bool(root.xpath("//*[@id='js_content']"))


_ADDRESS_DAY = re.compile(
    r"[/_t](?P<y>20[0-3]\d)(?:[-/]?(?P<m>0[1-9]|1[0-2])[-/]?)(?P<d>0[1-9]|[12]\d|3[01])(?=[/_.-]|$)", re.ASCII
)


def _in_address(page: PageContext) -> datetime | None:
    """The day that Chinese news sites put into an article's address: /2026/1120/, /20261120/, /t20261120_1.html."""
    found = _ADDRESS_DAY.search(urlsplit(page.url).path)
    text = f"{found['y']}-{found['m']}-{found['d']}" if found else ""
    return _sane(parse_when(text, now=page.now, zone=page.zone), page) if text else None


def _is_bare_day(when: datetime, page: PageContext) -> bool:
    local = when.astimezone(page.zone)
    return local.hour == local.minute == local.second == 0


def _claims(root: Element, data: PageData, page: PageContext) -> Iterator[datetime | None]:
    """What the page tells machines, most trusted first; the future is not believed."""
    texts = [*data.dates[:2], *(data.meta[name] for name in _META_DATES if name in data.meta)]
    texts += _in_scripts(root, _WECHAT_DATE)
    for path in _TIME_NAMES:
        texts += [str(text) for text in root.xpath(path)[:4]]
    texts += _in_scripts(root, _SCRIPT_DATE)
    texts += [data.meta[name] for name in _UPDATED if name in data.meta]
    for text in texts:
        yield _sane(_any_time(text, page), page)


def _in_scripts(root: Element, pattern: re.Pattern[str]) -> list[str]:
    found = (pattern.search((script.text or "")[:400_000]) for script in root.iter("script"))
    return [match[1] for match in found if match]


def _any_time(text: str, page: PageContext) -> datetime | None:
    if text.isascii() and text.isdigit() and len(text) in (10, 13):
        when = from_unix(text)
        return when.astimezone(page.zone) if when else None
    return parse_when(text, now=page.now, zone=page.zone) or find_when(text[:100], now=page.now, zone=page.zone)


def _sane(when: datetime | None, page: PageContext) -> datetime | None:
    return when if when and when <= page.now + _AHEAD and when.year >= 1995 else None


def _near_title(root: Element, page: PageContext, *, title: str | None, body: str) -> datetime | None:
    """The date in the lines around the headline, where a byline stands; a clock beats a bare day."""
    top = root.find("body")
    lines = text_of(top if top is not None else root).split("\n")[:3000]
    wanted, opening = squeezed(title or ""), squeezed(body)[:30]
    places = [place for place, line in enumerate(lines) if wanted and wanted in squeezed(line)]
    places += [place for place, line in enumerate(lines) if opening and opening in squeezed(line)][:1]
    fallback: datetime | None = None
    for place in places:
        for line in lines[place : place + _TAIL_LINES] + lines[max(0, place - _LEAD_LINES) : place][::-1]:
            if len(line) > 200:
                continue
            when = _sane(find_when(line, now=page.now, zone=page.zone) or _short(line, page), page)
            if when and not _is_bare_day(when, page):
                return when
            fallback = fallback or when
    return fallback


_SHORT_DATE = re.compile(
    r"(?<![\d-])(\d{2}-\d{2}-\d{2}(?:\s*\d{2}:\d{2})?|\d{1,2}[-月]\d{1,2}日?\s*\d{1,2}:\d{2})(?!\d)|"
    r"([昨前今]天\s*\d{1,2}:\d{2}|\d{1,2}\s*(?:分钟|小时)前)"
)


def _short(line: str, page: PageContext) -> datetime | None:
    """A byline's date without a year ("09-24 08:00"), only in a short line."""
    found = _SHORT_DATE.search(line) if len(line) < 60 else None
    return parse_when(found[1] or found[2], now=page.now, zone=page.zone) if found else None


def _by_library(root: Element, page: PageContext) -> datetime | None:
    """The day, from the library that knows many more places; a last resort."""
    try:
        found = find_date(
            root, original_date=True, outputformat="%Y-%m-%d", max_date=(page.now + _AHEAD).strftime("%Y-%m-%d")
        )
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError, etree.LxmlError):
        return None
    # A first of January is what the library makes of a lone year, such as that of the copyright line.
    return parse_when(found, now=page.now, zone=page.zone) if found and not found.endswith("-01-01") else None
