"""A Discuz! look-alike: one application for both forums, which differ in version, charset and the shape of their links.

Structure follows X3.4 and X3.5 (checked November 2026 against a running X3.5): list page, thread page, robots.txt. What
needs an account (profiles, search, posting) is answered with a page that says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from markupsafe import Markup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from core.clock import Clock
from demo.growth import views
from demo.posts import SiteName, WorldPost
from demo.sites import pages, pictures, wall_time
from demo.world import World

_THREADS_PER_PAGE = 20
_POSTS_PER_PAGE = 10
_ROBOTS = """#
# robots.txt for Discuz! {version}
#

User-agent: *
Allow: /data/attachment/
Allow: /data/avatar/
Disallow: /api/
Disallow: /data/
Disallow: /source/
Disallow: /config/
Disallow: /uc_client/
Disallow: /admin.php
Disallow: /search.php
Disallow: /member.php
Disallow: /api.php
Disallow: /misc.php
Disallow: /connect.php
Disallow: /forum.php?mod=redirect*
Disallow: /forum.php?mod=post*
Disallow: /home.php?mod=spacecp*
Disallow: /*?mod=misc*
Disallow: /*?mod=attachment*
Disallow: /*mobile=yes*
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForumLook:
    """What makes one Discuz! different from another."""

    site: SiteName
    name: str
    board: str
    fid: int
    version: str
    charset: str
    colour: str
    #: Whether links have the short form thread-1-1-1.html.
    rewrite: bool


CAR_CLUB = ForumLook(
    site="forum",
    name="曜行车友会",
    board="曜行车主交流区",
    fid=2,
    version="X3.4",
    charset="gbk",
    colour="#2b65b7",
    rewrite=True,
)
CITY_FORUM = ForumLook(
    site="bbs",
    name="滨江生活网",
    board="汽车版",
    fid=40,
    version="X3.5",
    charset="utf-8",
    colour="#2e8b57",
    rewrite=False,
)


def forum_app(world: World, look: ForumLook, clock: Clock) -> Starlette:
    """The forum as a web application."""
    site = _Forum(world, look, clock)
    return Starlette(
        routes=[
            Route("/", lambda _: RedirectResponse("/forum.php")),
            Route("/robots.txt", site.robots),
            Route("/forum.php", site.php),
            Route("/forum-{fid:int}-{page:int}.html", site.short_list),
            Route("/thread-{tid:int}-{page:int}-{extra:int}.html", site.short_thread),
            Route("/data/attachment/forum/{day}/{name}.svg", site.attachment),
            Route("/uc_server/avatar.php", site.avatar),
        ]
    )


class _Forum:
    """The handlers of one forum."""

    def __init__(self, world: World, look: ForumLook, clock: Clock) -> None:
        self.world, self.look, self.clock = world, look, clock
        self.templates = pages.templates()

    def robots(self, request: Request) -> Response:
        return PlainTextResponse(_ROBOTS.format(version=self.look.version))

    def php(self, request: Request) -> Response:
        """forum.php?mod=…: the long form of all links."""
        match request.query_params.get("mod", ""):
            case "":
                return self._list(request, self.look.fid, 1)
            case "forumdisplay":
                return self._list(request, pages.number_of(request, "fid", 0), pages.number_of(request, "page"))
            case "viewthread":
                return self._thread(request, pages.number_of(request, "tid", 0), pages.number_of(request, "page"))
            case "redirect":
                return self._redirect(request)
            case _:
                return self._missing(request, "抱歉，您需要登录后才能进行此操作")

    def short_list(self, request: Request) -> Response:
        return self._list(request, request.path_params["fid"], request.path_params["page"])

    def short_thread(self, request: Request) -> Response:
        return self._thread(request, request.path_params["tid"], request.path_params["page"])

    def attachment(self, request: Request) -> Response:
        picture = pictures.photograph(request.path_params["name"])
        return pictures.svg(picture) if picture else self._missing(request, "附件不存在")

    def avatar(self, request: Request) -> Response:
        return pictures.svg(pictures.avatar(request.query_params.get("uid", "")))

    def _list(self, request: Request, fid: int, page: int) -> Response:
        if fid != self.look.fid:
            return self._missing(request, "抱歉，指定的版块不存在")
        now = self.clock()
        threads = self.world.threads(self.look.site, now)
        sticky = [thread for thread in threads if thread.sticky]
        ordinary = [thread for thread in threads if not thread.sticky]
        shown = pages.cut(ordinary, page=page, size=_THREADS_PER_PAGE)
        return self._page(
            "discuz_list.html",
            request,
            title=self.look.board,
            sticky=sticky if shown.number == 1 else [],
            shown=shown,
            total=len(threads),
            canonical=self._list_url(shown.number),
            now=now,
            page_url=self._list_url,
        )

    def _thread(self, request: Request, tid: int, page: int) -> Response:
        now = self.clock()
        thread = self.world.thread(self.look.site, tid, now)
        if thread is None:
            return self._missing(request, "抱歉，指定的主题不存在或已被删除或正在被审核")
        shown = pages.cut(thread.posts, page=page, size=_POSTS_PER_PAGE)
        return self._page(
            "discuz_thread.html",
            request,
            title=f"{thread.title} - {self.look.board}",
            thread=thread,
            shown=shown,
            canonical=self._thread_url(tid, shown.number),
            now=now,
            page_url=lambda number: self._thread_url(tid, number),
        )

    def _redirect(self, request: Request) -> Response:
        """goto=findpost (a floor's permanent address) and goto=lastpost: to the page of the thread that shows it."""
        now = self.clock()
        tid = pages.number_of(request, "ptid", 0) or pages.number_of(request, "tid", 0)
        post = self.world.post(self.look.site, request.query_params.get("pid", ""), now)
        thread = self.world.thread(self.look.site, tid or (post.thread if post and post.thread else 0), now)
        if thread is None:
            return self._missing(request, "抱歉，指定的主题不存在或已被删除或正在被审核")
        target = post if post and post.thread == thread.tid else thread.last
        page = -(-target.floor // _POSTS_PER_PAGE)
        return RedirectResponse(f"/{self._thread_url(thread.tid, page)}#pid{target.native_id}", status_code=301)

    def _page(self, template: str, request: Request, *, now: datetime, **context: object) -> Response:
        text = self.templates.get_template(template).render(
            look=self.look,
            base=pages.base_url(request),
            now_shown=wall_time.plain(now),
            year=now.year,
            views=lambda thread: views(thread, now),
            opened=lambda post: _opened(post, now),
            last_reply=lambda post: _last_reply(post, now),
            posted=lambda post: _posted(post, now),
            edited=lambda post: wall_time.plain(post.edited) if post.was_edited(now) else "",
            fresh=lambda post: (now - post.published).total_seconds() < 86_400,
            quoted=self._quoted(now),
            thread_url=self._thread_url,
            user_url=lambda name: f"home.php?mod=space&username={quote(name, encoding=self.look.charset)}",
            day=lambda post: f"{post.published.astimezone(wall_time.ZONE):%Y%m}",
            **context,
        )
        return pages.html(text, charset=self.look.charset)

    def _missing(self, request: Request, message: str) -> Response:
        text = self.templates.get_template("discuz_message.html").render(
            look=self.look, base=pages.base_url(request), title="提示信息", message=message
        )
        return pages.html(text, charset=self.look.charset, status=404)

    def _quoted(self, now: datetime) -> object:
        def find(post: WorldPost) -> WorldPost | None:
            return self.world.post(self.look.site, post.parent, now) if post.parent else None

        return find

    def _list_url(self, page: int) -> str:
        if self.look.rewrite:
            return f"forum-{self.look.fid}-{page}.html"
        return f"forum.php?mod=forumdisplay&fid={self.look.fid}" + (f"&page={page}" if page > 1 else "")

    def _thread_url(self, tid: int, page: int = 1) -> str:
        if self.look.rewrite:
            return f"thread-{tid}-{page}-1.html"
        return f"forum.php?mod=viewthread&tid={tid}&extra=page%3D1" + (f"&page={page}" if page > 1 else "")


def _opened(post: WorldPost, now: datetime) -> Markup:
    """The opening day in a list; its title holds the day only, as in Discuz."""
    shown = wall_time.relative(post.published, now)
    day = wall_time.plain_day(post.published)
    return Markup('<span title="{}">{}</span>').format(day, shown) if shown else Markup("<span>{}</span>").format(day)


def _last_reply(post: WorldPost, now: datetime) -> Markup:
    shown = wall_time.relative(post.published, now)
    exact = wall_time.plain(post.published)
    return Markup('<span title="{}">{}</span>').format(exact, shown) if shown else Markup("{}").format(exact)


def _posted(post: WorldPost, now: datetime) -> Markup:
    """For a week "发表于 3 分钟前" with the second in the title, then "发表于 2026-11-2 05:40"."""
    shown = wall_time.relative(post.published, now)
    if shown is None:
        return Markup("发表于 {}").format(wall_time.plain(post.published))
    return Markup('发表于 <span title="{}">{}</span>').format(wall_time.plain(post.published, seconds=True), shown)
