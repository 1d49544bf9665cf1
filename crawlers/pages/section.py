"""A site's section or channel page: the news list of sites that have no feed."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from core.text import clean
from crawlers.pages import article, feed
from crawlers.pages.base import LARGEST_BODY, Link, PageContext, PageParser, PageState, Parsed, stopped
from crawlers.pages.markup import Element, parse_html, short_text
from crawlers.pages.refusals import refusal
from crawlers.pages.section_links import read_listed
from crawlers.pages.urls import absolute, canonical, identity, site_of

#: So many links of one shape make a list; fewer are an article's "related" box.
_FEWEST = 5
#: For a page that does not say what it is: an article page may show many links besides.
_FEWEST_UNASKED = 8
#: The largest portal front pages have 15,000.
_MOST_ELEMENTS = 40_000
_NEXT = re.compile(
    r"(?:下一?页|下页|后一页|next(?:\s*page)?|older(?:\s*posts)?|更早的?文章|较早的?文章)?\s*[>›»→]{0,3}", re.I
)
_NOTHING = re.compile(
    r"(?:暂无|没有)(?:相关)?(?:内容|数据|文章|新闻|信息|资讯|记录)|暂时没有(?:内容|文章|新闻)|共\s*0\s*条"
)


def parse(body: bytes, page: PageContext) -> Parsed:
    """Links to the articles of a list page and to its next page; `broken` where no rows are alike; never raises."""
    if (refused := refusal(body, page, expects="html")) is not None:
        return refused
    if page.status in (404, 410):
        return stopped("broken", f"栏目页不存在（状态码 {page.status}）")
    root = _tree(body, page)
    if root is None:
        return stopped("broken", "响应不是可读的网页")
    listed = read_listed(root, page)
    if len(listed) < _FEWEST:
        words = clean(root.text_content())[:20_000]
        if not listed and _NOTHING.search(words) and len(words) < 3000:
            return stopped("empty", "栏目页可读，页面显示暂无内容")
        return stopped("broken", f"没有找到文章列表（形状相同的链接只有 {len(listed)} 个）")
    links = [Link(url=one.url, leads_to=feed.leads_to(one.url), title=one.title, changed=one.changed) for one in listed]
    following = _following(root, page)
    if following is not None:
        links.append(Link(url=following, leads_to="list"))
    return Parsed(links=tuple(links), state=PageState(state="ok", reason=f"栏目页读到 {len(listed)} 篇文章的链接"))


def looks_like_section(body: bytes, page: PageContext) -> bool:
    """Whether the page is rows of headlines; an article's page may be that too, besides its article."""
    if body.count(b"<a") + body.count(b"<A") < _FEWEST_UNASKED:
        return False
    root = _tree(body, page)
    if root is None or root.xpath("//meta[@property='og:type' and starts-with(@content,'article')]"):
        return False
    return len(read_listed(root, page)) >= _FEWEST_UNASKED and article.parse(body, page).state.state == "broken"


def _tree(body: bytes, page: PageContext) -> Element | None:
    if len(body) > LARGEST_BODY or not site_of(page.url):
        return None
    root = parse_html(body, page.content_type)
    if root is None:
        return None
    return root if sum(1 for _ in zip(root.iter(), range(_MOST_ELEMENTS + 1), strict=False)) <= _MOST_ELEMENTS else None


def _following(root: Element, page: PageContext) -> str | None:
    """The list's next page, where the page names it."""
    here = identity(page.url)
    named = root.xpath("//link[@rel='next']/@href|//a[@rel='next']/@href")
    worded = [
        anchor.get("href") for anchor in root.iter("a") if (text := short_text(anchor, 12)) and _NEXT.fullmatch(text)
    ]
    for reference in [*named, *worded]:
        url = absolute(page.url, reference)
        if url and site_of(url) == site_of(page.url) and identity(canonical(url)) != here and _deeper(url, page.url):
            return url
    return None


def _deeper(url: str, here: str) -> bool:
    """Whether the address differs in a number: a carousel's arrow leads anywhere."""
    ours, theirs = urlsplit(here), urlsplit(url)
    return (
        re.sub(r"\d+", "", theirs.path + theirs.query) != ""
        and bool(re.search(r"\d", theirs.path + theirs.query))
        and (theirs.path.split("/")[1:2] == ours.path.split("/")[1:2] or theirs.path.startswith(ours.path.rstrip("/")))
    )


PARSER = PageParser(name="section", parse=parse, looks_like=looks_like_section, rank=95)
