"""A news site with every kind of entrance, that a test changes while it runs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlsplit

from tests.crawlers.board import ZONE
from tests.crawlers.site import NOW, Reply, Site

SENTENCES = (
    "本报讯，{title}。记者昨日在现场看到，多位车主聚集在门店前，要求给出说法。",
    "门店负责人表示，已经安排技术人员逐一检测，检测结果将在三个工作日内公布，期间可以提供代步车。",
    "有车主告诉记者，同样的问题在保养之后反复出现，维修记录可以证明，希望厂家尽快给出处理方案。",
)
XML = '<?xml version="1.0" encoding="UTF-8"?>'
NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
MENU = '<div><a href="/">首页</a><a href="/about.html">关于我们</a></div>'


def page(title: str, *paragraphs: str, when: datetime | None = None, below: str = "") -> Reply:
    """An article's page."""
    text = "".join(f"<p>{line}</p>" for line in paragraphs)
    shown = f"<span>{when.astimezone(ZONE):%Y-%m-%d %H:%M}</span>" if when else ""
    head = f'<meta charset="utf-8"><title>{title}</title>'
    head += '<meta property="og:type" content="article">' if when else ""
    body = f"{MENU}<h1>{title}</h1>{shown}<article>{text}</article>{below}"
    return Reply(body=f"<html><head>{head}</head><body>{body}</body></html>".encode())


def tag_page(name: str) -> Reply:
    """A page that a sitemap lists, but that is no article."""
    return Reply(body=f"<html><head><title>{name}</title></head><body>{MENU}<h1>{name}</h1></body></html>".encode())


@dataclass
class NewsSite:
    """Articles by address, and pages by path; a page with an ETag answers 304 to whoever knows it."""

    site: Site
    #: When each article appeared.
    articles: dict[str, datetime] = field(default_factory=dict)
    pages: dict[str, Callable[[], Reply]] = field(default_factory=dict)

    @classmethod
    def at(cls, site: Site) -> NewsSite:
        """Take over an empty server."""
        news = cls(site=site)
        site.routes.append(news.route)
        return news

    def publish(self, *numbers: int, minutes_ago: float = 60) -> None:
        for number in numbers:
            self.articles[f"/a/2026/0315/{number}.html"] = NOW - timedelta(minutes=minutes_ago)

    def route(self, path: str) -> Reply | None:
        if path in self.pages:
            return self._unless_known(self.pages[path]())
        when = self.articles.get(path)
        title = f"某品牌汽车遭车主集体投诉第{path.rpartition('/')[2].removesuffix('.html')}期"
        return page(title, *(line.format(title=title) for line in SENTENCES), when=when) if when else None

    def _unless_known(self, reply: Reply) -> Reply:
        etag = next((value for name, value in reply.headers if name == "ETag"), None)
        known = self.site.headers[-1].get("If-None-Match")
        return Reply(status=304, headers=reply.headers) if etag and etag == known else reply

    # -- entrances ---------------------------------------------------------------------------------------------------

    def feed(self, etag: bool = True) -> Reply:
        items = "".join(
            f"<item><title>新闻{path}</title><link>{self.site.url}{path}</link><pubDate>{format_datetime(when)}</pubDate></item>"
            for path, when in self.articles.items()
        )
        return _xml(f'<rss version="2.0"><channel><title>某报</title>{items}</channel></rss>', etag=etag)

    def json_feed(self, *paths: str, following: str | None = None) -> Reply:
        items = [
            {"id": path, "url": self.site.url + path, "title": f"新闻{path}", "date_published": when.isoformat()}
            for path, when in self.articles.items()
            if path in paths
        ]
        feed = {"version": "https://jsonfeed.org/version/1.1", "title": "某报", "items": items}
        more = {"next_url": self.site.url + following} if following else {}
        return Reply(body=json.dumps(feed | more).encode(), kind="application/feed+json")

    def sitemap(self, *paths: str, dated: bool = False, zipped: bool = False) -> Reply:
        rows = "".join(
            f"<url><loc>{self.site.url}{path}</loc>"
            + (f"<lastmod>{self.articles[path].isoformat()}</lastmod>" if dated and path in self.articles else "")
            + "</url>"
            for path in paths
        )
        xml = _xml(f"<urlset {NAMESPACE}>{rows}</urlset>")
        return Reply(body=gzip.compress(xml.body, mtime=0), kind="application/gzip") if zipped else xml

    def index(self, children: dict[str, str | None], etag: bool = False) -> Reply:
        """Child sitemaps by path, with their last change where the index shows one."""
        rows = "".join(
            f"<sitemap><loc>{self.site.url}{path}</loc>" + (f"<lastmod>{at}</lastmod>" if at else "") + "</sitemap>"
            for path, at in children.items()
        )
        return _xml(f"<sitemapindex {NAMESPACE}>{rows}</sitemapindex>", etag=etag)

    def section(self, *paths: str, following: str | None = None) -> Reply:
        rows = "".join(
            f'<li><a href="{path}">某品牌汽车遭车主集体投诉{path[-7:]}</a>'
            f"<span>{self.articles[path].astimezone(ZONE):%Y-%m-%d %H:%M}</span></li>"
            for path in paths
        )
        more = f'<a href="{following}">下一页</a>' if following else ""
        return Reply(body=f"<html><body>{MENU}<ul>{rows}</ul>{more}</body></html>".encode())

    def asked(self) -> list[str]:
        """Paths asked for since the last call, without the host's robots.txt, queries kept."""
        return [urlsplit(path)._replace(scheme="", netloc="").geturl() for path in self.site.pages()]


def _xml(text: str, *, etag: bool = False) -> Reply:
    body = (XML + text).encode()
    headers = (("ETag", f'"{len(body)}-{hash(body) & 0xFFFF}"'),) if etag else ()
    return Reply(body=body, kind="application/xml", headers=headers)
