"""A local newspaper's site: section pages, articles in the usual Chinese layout, RSS that answers 304, a sitemap."""

from __future__ import annotations

import hashlib
from datetime import datetime
from email.utils import parsedate_to_datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from core.clock import Clock
from demo.posts import WorldPost
from demo.sites import pages, pictures, wall_time
from demo.world import World

_PER_PAGE = 10
_FEED_ITEMS = 30


def news_app(world: World, clock: Clock) -> Starlette:
    """The site as a web application."""
    site = _News(world, clock)
    return Starlette(
        routes=[
            Route("/", lambda _: RedirectResponse("/auto/")),
            Route("/robots.txt", site.robots),
            Route("/sitemap.xml", site.sitemap),
            Route("/rss/auto.xml", site.feed),
            Route("/auto/", site.section),
            Route("/auto/index_{page:int}.html", site.section),
            Route("/auto/{year:int}/{day}/{number}.shtml", site.article),
            Route("/images/{name}.svg", site.picture),
        ]
    )


class _News:
    """The handlers."""

    def __init__(self, world: World, clock: Clock) -> None:
        self.world, self.clock = world, clock
        self.templates = pages.templates()

    def robots(self, request: Request) -> Response:
        base = pages.base_url(request)
        return PlainTextResponse(f"User-agent: *\nDisallow: /admin/\nDisallow: /search\n\nSitemap: {base}sitemap.xml\n")

    def feed(self, request: Request) -> Response:
        """RSS 2.0. Its bytes depend on the articles alone, so that ETag and Last-Modified tell the truth."""
        shown = self._newest()[:_FEED_ITEMS]
        changed = shown[0].published if shown else self.world.epoch
        known = " ".join(post.native_id for post in shown)
        etag = f'"{hashlib.sha256(known.encode()).hexdigest()[:20]}"'
        headers = {"ETag": etag, "Last-Modified": wall_time.http_date(changed), "Cache-Control": "max-age=0"}
        if _unchanged(request, etag, changed):
            return Response(status_code=304, headers=headers)
        text = self._render("news_feed.xml", request, articles=shown, built=wall_time.rfc2822(changed))
        return Response(text, media_type="application/rss+xml; charset=utf-8", headers=headers)

    def sitemap(self, request: Request) -> Response:
        text = self._render("news_sitemap.xml", request, articles=self._newest())
        return Response(text, media_type="application/xml")

    def section(self, request: Request) -> Response:
        shown = pages.cut(self._newest(), page=request.path_params.get("page", 1), size=_PER_PAGE)
        return pages.html(self._render("news_section.html", request, shown=shown, title="汽车频道"))

    def article(self, request: Request) -> Response:
        post = self.world.post("news", request.path_params["number"], self.clock())
        if post is None or _path(post) != request.url.path.lstrip("/"):
            text = self._render("news_missing.html", request, title="页面不存在")
            return pages.html(text, status=404)
        related = [other for other in self._newest() if other is not post][:5]
        return pages.html(self._render("news_article.html", request, post=post, related=related, title=post.title))

    def picture(self, request: Request) -> Response:
        picture = pictures.photograph(request.path_params["name"])
        return pictures.svg(picture) if picture else PlainTextResponse("图片不存在", status_code=404)

    def _newest(self) -> list[WorldPost]:
        found = self.world.published(self.clock(), "news")
        return sorted(found, key=lambda post: (post.published, post.native_id), reverse=True)

    def _render(self, template: str, request: Request, **context: object) -> str:
        page = self.templates.get_template(template)
        return page.render(base=pages.base_url(request), path=_path, mailed=wall_time.rfc2822, **context)


def _path(post: WorldPost) -> str:
    """The address of an article: "auto/2026/1122/102655.shtml"."""
    local = post.published.astimezone(wall_time.ZONE)
    return f"auto/{local:%Y}/{local:%m%d}/{post.native_id}.shtml"


def _unchanged(request: Request, etag: str, changed: datetime) -> bool:
    """Whether the reader has this version; as RFC 9110 says, the date counts only where no ETag is given."""
    given = request.headers.get("if-none-match")
    if given is not None:
        return given.strip() == "*" or etag in {part.strip().removeprefix("W/") for part in given.split(",")}
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except ValueError:
        return False
    return since.utcoffset() is not None and changed.replace(microsecond=0) <= since
