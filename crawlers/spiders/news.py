"""News of one site through all its entrances: feeds, sitemaps and section pages lead to articles, read once each.

An entrance is asked for only if it changed, one that fails does not stop the others, and only articles that we do not
know yet are fetched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import LayoutChanged, PageError
from core.model import Post
from crawlers.bounds import may_follow
from crawlers.cursors import KnownReading
from crawlers.cursors.entrances import Entrances
from crawlers.fetching import header
from crawlers.pages.article_pages import joined
from crawlers.pages.base import Link, PageContext
from crawlers.pages.entrance import SHAPE_NAMES, Shape, shape_of
from crawlers.pages.urls import identity, site_of
from crawlers.spiders.base import SourceSpider
from crawlers.spiders.news_shown import Shown, latest, rolled_past, wanted
from crawlers.visits import Page, Spent, Visit

#: A forum's feed leads to threads, of which the opening is the news.
_READ_AS: Mapping[str, str] = {"article": "article", "thread": "discuz"}
#: A section's list goes on for years; what is behind this is reported, not read.
_MOST_LISTS = 20
#: Indexes of indexes are against the protocol, and exist.
_DEEPEST_INDEX = 2
#: An article of more pages than this is a book.
_MOST_PAGES = 20
#: So many pages without an article and none with one: the site changed, or it lists no articles at all.
_STRAYS, _STRAYS_AT_FIRST = 10, 3
_FEED_ADDRESS = re.compile(r"rss|feed|atom|sitemap|wp-json|\.(?:xml|json|gz)(?:$|\?)", re.I)


@dataclass(slots=True, kw_only=True)
class _Walk:
    """One walk: what it goes by, and what it came across."""

    visit: Visit
    reading: KnownReading
    entrances: Entrances
    shown: Shown = field(default_factory=Shown)
    #: Entrances that could not be read.
    failed: list[PageError] = field(default_factory=list)
    entered: int = 0
    articles: int = 0
    strays: int = 0
    #: The site's feed of comments, once a page has named it.
    comments: str | None = None


class NewsSpider(SourceSpider):
    """Source url: a feed, a sitemap or a section page; `also` names further ones. `parser` reads the web pages."""

    name = "news"
    kind = "news"
    channel = "news"

    async def walk(self, visit: Visit) -> Mapping[str, Any]:
        """Every entrance, then the articles that they show and we do not know."""
        floor = visit.started - visit.limits.backfill
        walk = _Walk(
            visit=visit,
            reading=KnownReading.resume(visit.cursor, backfill_from=floor),
            entrances=Entrances.resume(visit.cursor, main=visit.source.url),
            comments=visit.cursor.get("comments") if visit.source.comments else None,
        )
        choice = None
        try:
            for url in dict.fromkeys((visit.source.url, *visit.source.also)):
                await self._enter(walk, url)
            if not walk.entered:
                raise walk.failed[0]
            if walk.comments:
                await self._read_comment_feed(walk, walk.comments)
            choice = wanted(walk.shown, walk.reading, before=visit.cursor.get("history"))
            visit.notes.extend(choice.notes)
            await visit.each(choice.links, lambda link: self._read_article(walk, link))
            left = [Link(url=url, leads_to="article") for url in walk.reading.left_over()]
            await visit.each(left, lambda link: self._read_article(walk, link))
        except Spent as spent:
            walk.reading.cut = True
            visit.notes.append(spent.sign)
        self._judge(walk)
        history = floor.isoformat() if choice and walk.shown.links else visit.cursor.get("history")
        return self._cursor(walk, history)

    def _cursor(self, walk: _Walk, history: str | None) -> dict[str, Any]:
        walk.reading.still_shown(walk.shown.links)
        if walk.reading.cut:  # what is still to be read must be shown again
            walk.entrances.forget(walk.shown.entrances_of_unread(walk.reading))
        cursor = {**walk.reading.cursor(), "entrances": walk.entrances.as_json()}
        more = {"history": history, "comments": walk.comments}
        return cursor | {name: value for name, value in more.items() if value}

    # -- entrances ---------------------------------------------------------------------------------------------------

    async def _enter(self, walk: _Walk, url: str) -> None:
        try:
            await self._read_entrance(walk, url)
            walk.entered += 1
        except PageError as bad:
            walk.failed.append(bad)
            walk.visit.notes.append(f"入口没有读到（{url}）：{bad.sign}")

    async def _read_entrance(self, walk: _Walk, url: str) -> None:
        page = await walk.visit.enter(url, self._list_parser(walk, url), headers=walk.entrances.conditions(url))
        if page.unchanged:
            return
        shape = _shape(page, walk.visit)
        before = walk.entrances.shape(url)
        if shape == "section" and before in SHAPE_NAMES and before != "section":
            raise LayoutChanged(url, f"入口原来是{SHAPE_NAMES[before]}，现在返回网页")
        await walk.visit.keep(page.parsed.posts, page)
        walk.entrances.learned(url, {"shape": shape, **_validators(page)})
        walk.shown.add(page, entrance=url, loose=shape in ("sitemap", "section"), home=walk.visit.source.url)
        if before in ("feed", "jsonfeed") and not walk.visit.source.also and rolled_past(page, walk.reading):
            walk.visit.notes.append("订阅里全是没见过的条目，更早的可能已经滚出，其间或有遗漏")
        if shape == "sitemap":
            await self._read_index(walk, url, [link for link in page.parsed.links if link.leads_to == "feed"])
        elif shape in ("section", "jsonfeed"):
            await self._read_further(walk, url, page)

    def _list_parser(self, walk: _Walk, url: str) -> str:
        own = walk.visit.source.parser
        return own if own and not _FEED_ADDRESS.search(url) else "entrance"

    async def _read_index(self, walk: _Walk, url: str, children: list[Link], depth: int = 1) -> None:
        """The sitemaps of an index that changed since they were last read."""
        if not children:
            return
        allowed = [link for link in children if may_follow(link.url, source_url=url)]
        chosen, by_name, beyond = walk.entrances.to_read(allowed)
        if by_name and not walk.entrances.shape(url):  # said once
            walk.visit.notes.append(f"{by_name} 个子站点地图只列栏目、标签或作者，没有读取")
        if beyond:
            walk.visit.notes.append(f"子站点地图太多，{beyond} 个较旧的没有读取")
        read = 0
        problem: PageError | None = None
        for child in chosen:
            try:
                page = await walk.visit.enter(child.url, "sitemap", headers=walk.entrances.conditions(child.url))
            except PageError as bad:
                problem = bad
                walk.visit.notes.append(f"子站点地图没有读到（{child.url}）：{bad.sign}")
                continue
            read += 1
            changed = child.changed.isoformat() if child.changed else None
            if not page.unchanged:
                walk.entrances.learned(child.url, {"changed": changed, **_validators(page)}, index=url)
                walk.shown.add(page, entrance=child.url, loose=True, home=walk.visit.source.url)
                inner = [link for link in page.parsed.links if link.leads_to == "feed"]
                if depth < _DEEPEST_INDEX:
                    await self._read_index(walk, child.url, inner, depth + 1)
                elif inner:
                    walk.visit.notes.append(f"站点地图索引嵌套过深，没有继续读取：{child.url}")
        if problem is not None or beyond:
            walk.entrances.forget([url])
        if problem is not None and not read:
            raise problem

    async def _read_further(self, walk: _Walk, url: str, page: Page) -> None:
        """Down the list's next pages, as long as they show something new."""
        walked = {identity(url)}
        while (following := _following(page)) and identity(following) not in walked:
            listed = [link for link in page.parsed.links if link.leads_to in _READ_AS]
            if not any(walk.reading.wants(identity(link.url), latest(link.changed)) for link in listed):
                return
            if len(walked) >= _MOST_LISTS:
                walk.visit.notes.append(f"列表只读了 {_MOST_LISTS} 页：{url}")
                return
            walked.add(identity(following))
            try:
                page = await walk.visit.enter(following, self._list_parser(walk, following))
            except PageError as bad:  # the last page's "next" may lead nowhere
                walk.visit.notes.append(f"列表的下一页没有读到（{following}）：{bad.sign}")
                return
            walk.shown.add(page, entrance=url, loose=True, home=walk.visit.source.url)

    async def _read_comment_feed(self, walk: _Walk, url: str) -> None:
        try:
            page = await walk.visit.enter(url, "comments", headers=walk.entrances.conditions(url))
        except PageError as bad:
            walk.visit.notes.append(f"评论没有读到（{url}）：{bad.sign}")
            return
        if not page.unchanged:
            await walk.visit.keep(page.parsed.posts, page)
            walk.entrances.learned(url, {"shape": "comments", **_validators(page)})

    # -- articles ----------------------------------------------------------------------------------------------------

    async def _read_article(self, walk: _Walk, link: Link) -> None:
        visit, reading, key = walk.visit, walk.reading, identity(link.url)
        kind = visit.source.parser or _READ_AS.get(link.leads_to, "article")
        page = await visit.look(link.url, kind, may_be_other=True)
        if page is None or (page.parsed.state.state == "broken" and not walk.shown.is_loose(key)):
            if page is not None:
                self._stray(walk)
            if reading.missed(key, link.url):
                visit.notes.append(f"文章多次无法读取，不再尝试：{link.url}")
            return
        if page.parsed.state.state == "broken":  # a sitemap or section lists what it likes: known, and never a post
            self._stray(walk)
            reading.done(key)
            return
        posts, whole = await self._whole(walk, page)
        await visit.keep(posts, page)
        walk.articles += bool(posts)
        if visit.source.comments and walk.comments is None:
            walk.comments = next((found.url for found in page.parsed.links if found.leads_to == "feed"), None)
        if whole or reading.missed(key, link.url):
            reading.done(key)

    async def _whole(self, walk: _Walk, page: Page) -> tuple[tuple[Post, ...], bool]:
        """The posts of an article's page, the article with the text of its further pages; whether all were read."""
        posts = page.parsed.posts
        if not walk.visit.source.comments and posts and posts[0].kind == "news":
            posts = posts[:1]
        texts = [posts[0].text] if posts else []
        images = list(posts[0].images) if posts else []
        walked = {page.raw.url}
        while posts and (following := _following(page, "page")) and following not in walked:
            if len(walked) >= _MOST_PAGES:
                walk.visit.notes.append(f"长文只读了 {_MOST_PAGES} 页：{posts[0].url}")
                break
            walked.add(following)
            further = await walk.visit.look(following, "article", may_be_other=True)
            if further is None or not further.parsed.posts:
                walk.visit.notes.append(f"文章共多页，只读到第 {len(walked) - 1} 页：{posts[0].url}")
                return _with(posts, texts, images), further is not None
            page = further
            texts.append(page.parsed.posts[0].text)
            images += page.parsed.posts[0].images
        return _with(posts, texts, images), True

    def _stray(self, walk: _Walk) -> None:
        walk.strays += 1
        walk.visit.read -= 1

    def _judge(self, walk: _Walk) -> None:
        """Pages that hold no article are normal in a sitemap; nothing but such pages is a site that changed."""
        if not walk.strays:
            return
        if not walk.articles and walk.strays >= (_STRAYS if walk.visit.proven else _STRAYS_AT_FIRST):
            raise LayoutChanged(walk.visit.source.url, f"列表可读，但 {walk.strays} 个页面都读不出文章，页面可能已改版")
        walk.visit.notes.append(f"{walk.strays} 个页面读不出文章")


def _with(posts: tuple[Post, ...], texts: list[str], images: list[str]) -> tuple[Post, ...]:
    if len(texts) < 2:
        return posts
    return (replace(posts[0], text=joined(texts), images=tuple(dict.fromkeys(images))), *posts[1:])


def _shape(page: Page, visit: Visit) -> Shape:
    context = PageContext(
        url=page.raw.url, now=page.raw.fetched, zone=visit.zone, content_type=header(page.raw, "Content-Type")
    )
    return shape_of(page.raw.body, context)


def _following(page: Page, leads_to: str = "list") -> str | None:
    site = site_of(page.raw.url)
    links = (link.url for link in page.parsed.links if link.leads_to == leads_to)
    return next((url for url in links if site_of(url) == site), None)


def _validators(page: Page) -> dict[str, str | None]:
    return {"etag": header(page.raw, "ETag"), "last_modified": header(page.raw, "Last-Modified")}
