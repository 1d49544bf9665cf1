"""News articles of any site: no per-site selectors, so that a redesign costs a little accuracy and not the source."""

from __future__ import annotations

import re
from datetime import datetime

from core.model import Author, Post
from core.text import clean, shorten
from core.times import parse_when
from crawlers.pages.article_body import read_body
from crawlers.pages.article_data import PageData, read_page_data
from crawlers.pages.article_edges import trimmed
from crawlers.pages.article_facts import declares_article, read_published, read_title
from crawlers.pages.article_pages import page_links
from crawlers.pages.article_signed import read_author
from crawlers.pages.base import LARGEST_BODY, Link, PageContext, PageParser, PageState, Parsed, stopped
from crawlers.pages.comments import read_comments
from crawlers.pages.markup import Element, parse_html, text_of
from crawlers.pages.refusals import refusal
from crawlers.pages.urls import absolute, canonical, identity, site_of

#: Below this the extractors contradict each other: a list, a home page or a page of another kind.
_AGREEMENT = 0.25
#: Below this the page itself must say that it is an article.
_CLEAR_AGREEMENT = 0.6
_SHORTEST_BODY = 40
#: A page of fewer characters than this needs a date or a headline claim to count as an article.
_SHORT_BODY = 120
_MOST_IMAGES = 60
#: So many teasers are no "related" box.
_MANY_TEASERS = 4
#: Sites that answer 200 for a page they no longer have.
_GONE = re.compile(
    r"^\s*404\b|(?:页面|文章|内容|网页|信息)(?:不存在|未找到|没有找到|找不到|已被?删除|走丢)|"
    r"找不到(?:页面|网页|文章)|not found",
    re.I,
)
#: WeChat, and CMSes that show a sentence where the article was.
_GONE_WORDS = re.compile(
    r"(?:该|此|本)?(?:内容|文章|信息|新闻|页面|帖子)已?(?:被|经)?(?:发布者|作者|管理员|投诉|举报)?(?:并经审核)?[^，。]{0,6}"
    r"(?:删除|下架|下线|不存在|无法查看|不可见)|(?:链接|文章)已(?:过期|失效)|此内容(?:因违规|被投诉)[^。]{0,12}|该公众号已(?:迁移|注销|冻结)"
)
#: A row of a table of titles, on one line.
_ROW_END = re.compile(r"\S\s+\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:\s+\d{1,2}:\d\d(?::\d\d)?)?$")
_COMMENT_FEED = re.compile(r"/comments/feed(?:/(?:atom|rss2?)?)?/?$|[?&]feed=comments-|/feed/comments/?$")
#: The largest article page seen has 3,200; the extraction libraries take minutes over a page made to be large.
_MOST_ELEMENTS = 20_000
#: Sum of all elements' depths: 60,000 on a large article page.
_MOST_DEPTHS = 600_000


def parse(body: bytes, page: PageContext) -> Parsed:
    """The article of a page, then the comments below it; `broken` for a page without an article; never raises."""
    if (refused := refusal(body, page, expects="html")) is not None:
        return refused
    if page.status in (404, 410):
        return stopped("broken", f"文章不存在（状态码 {page.status}）")
    if len(body) > LARGEST_BODY:
        return stopped("broken", "网页超过 5 MB，不作为文章解析")
    root = parse_html(body, page.content_type)
    if root is None or not site_of(page.url):
        return stopped("broken", "响应不是可读的网页")
    if _is_trap(root):
        return stopped("broken", "网页元素过多或嵌套过深，不作为文章解析")
    return _article(root, page)


def _is_trap(root: Element) -> bool:
    """Whether there are so many elements, or so many so deep, that the libraries would not come to an end."""
    depths: dict[Element, int] = {}
    total = 0
    for count, element in enumerate(root.iter()):
        depths[element] = depth = depths.get(element.getparent(), 0) + 1
        total += depth
        if count >= _MOST_ELEMENTS or total > _MOST_DEPTHS:
            return True
    return False


def _article(root: Element, page: PageContext) -> Parsed:
    data = read_page_data(root)
    title = read_title(root, data)
    found = read_body(root, said=data.bodies)
    short = found is None or len(found.text) < _SHORT_BODY
    if short and title is not None and _GONE.search(title):
        return stopped("broken", f"文章不存在（页面标题是“{shorten(title, 40)}”）")
    if short and not data.dates and (gone := _GONE_WORDS.search(clean(root.text_content())[:2000])) is not None:
        return stopped("broken", f"文章不存在（页面提示“{gone[0]}”）")
    if found is None:
        return stopped("broken", "没有找到文章正文")
    if title is None:
        return stopped("broken", "没有找到文章标题")
    published = read_published(root, data, page, title=title, body=found.text)
    flash = found.chosen == "marked" and len(found.text) < _SHORTEST_BODY and published is not None
    supported = found.agreement >= _AGREEMENT or found.chosen in ("marked", "data")
    clear = flash or found.agreement >= _CLEAR_AGREEMENT or (supported and declares_article(root, data))
    if not clear or (len(found.text) < _SHORT_BODY and published is None):
        return stopped("broken", f"几种方法提取的正文不一致（一致度 {found.agreement:.0%}），可能不是文章页")
    if _is_list(root, found.text, page) and not declares_article(root, data):
        return stopped("broken", "像是文章列表，不是文章页")
    post = _post(root, page, data, text=trimmed(found.text, title), title=title, published=published)
    comments = read_comments(root, page)
    links = page_links(root, page) + _comment_feed(root, page)
    how = f"正文一致度 {found.agreement:.0%}" if found.agreement >= _AGREEMENT else "正文取自页面自身的标记"
    how += f"，{len(comments)} 条评论" if comments else ""
    return Parsed(posts=(post, *comments), links=links, state=PageState(state="ok", reason=f"读到 1 篇文章，{how}"))


def _comment_feed(root: Element, page: PageContext) -> tuple[Link, ...]:
    """The feed of all comments on the site, that blog systems name in the head of every page."""
    for node in root.xpath("//link[@rel='alternate' and contains(@type,'xml')]")[:20]:
        url = absolute(page.url, node.get("href"))
        if url and site_of(url) == site_of(page.url) and _COMMENT_FEED.search(url):
            return (Link(url=url, leads_to="feed"),)
    return ()


def _is_list(root: Element, text: str, page: PageContext) -> bool:
    """Whether the body is teasers in a row: a line for each one's date, or the words below linked headings."""
    lines = [line for line in text.split("\n")[:200] if len(line) <= 20]
    dated = sum(1 for line in lines if parse_when(line, now=page.now, zone=page.zone))
    if dated >= (_MANY_TEASERS if root.xpath("//h1") else 3):
        return True
    rows = [line for line in text.split("\n")[:200] if line]
    if sum(len(line) <= 120 and _ROW_END.search(line) is not None for line in rows) >= max(3, 0.4 * len(rows)):
        return True
    plain = "".join(text.split())
    below = root.xpath(
        "//*[self::h2 or self::h3 or self::h4][count(.//a)=1 and normalize-space(string())=normalize-space(.//a)]"
        "/following-sibling::*[1]"
    )
    said = ("".join(text_of(node).split())[:24] for node in below[:60])
    return sum(1 for words in said if len(words) == 24 and words in plain) >= _MANY_TEASERS


def _post(
    root: Element, page: PageContext, data: PageData, *, text: str, title: str, published: datetime | None
) -> Post:
    return Post(
        kind="news",
        site=site_of(page.url),
        native_id=identity(page.url),
        url=canonical(page.url),
        channel=page.channel or "news",
        title=title,
        text=text,
        author=Author(name=read_author(root, data, title=title, body=text)),
        published=published,
        collected=page.now,
        images=_images(root, page, data),
    )


def _images(root: Element, page: PageContext, data: PageData) -> tuple[str, ...]:
    """The lead picture that the page names, then pictures set among paragraphs."""
    sources = [data.meta.get("og:image", "")]
    for image in root.xpath("//p//img|//article//img|//*[@id='js_content']//img"):
        sources.append(image.get("data-src") or image.get("data-original") or image.get("src") or "")
    urls = (absolute(page.url, source) for source in sources if not source.startswith("data:"))
    return tuple(dict.fromkeys(url for url in urls if url))[:_MOST_IMAGES]


#: What a page is that no other parser claims.
PARSER = PageParser(name="article", parse=parse)
