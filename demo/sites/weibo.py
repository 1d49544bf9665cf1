"""A look-alike of Weibo's mobile site: realtime search, one status, long texts, and the page of a status.

The page of a status is rendered on the server and also carries `$render_data`, so that a browser's picture and a parser
of the real site both find the post.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from markupsafe import Markup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from core.clock import Clock
from core.text import fold
from demo.posts import WorldPost
from demo.sites import pages, pictures, wall_time, weibo_json
from demo.world import World

_PER_PAGE = 10
_NOTHING = {"ok": 0, "msg": "这里还没有内容", "data": {"cards": []}}
#: The search forgives these spellings, as the real one does.
_SAME = {"耀行": "曜行", "yaoxing": "曜行"}
_ROBOTS = "User-agent: Baiduspider\r\nDisallow: /settings\nUser-agent: *\r\nDisallow: /settings\nDisallow: /login\r\n"
_FACE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="11" fill="#ffcc4d"/>'
    '<circle cx="8" cy="10" r="1.6"/><circle cx="16" cy="10" r="1.6"/>'
    '<path d="M7 15q5 4 10 0" fill="none" stroke="#664500" stroke-width="1.6"/></svg>'
)


def weibo_app(world: World, clock: Clock) -> Starlette:
    """The site as a web application."""
    site = _Weibo(world, clock)
    return Starlette(
        routes=[
            Route("/", site.home),
            Route("/robots.txt", lambda _: PlainTextResponse(_ROBOTS)),
            Route("/api/container/getIndex", site.index),
            Route("/statuses/show", site.show),
            Route("/statuses/extend", site.extend),
            Route("/detail/{mid}", site.page),
            Route("/status/{mid}", site.page),
            Route("/avatar/{uid}.svg", site.avatar),
            Route("/face.svg", lambda _: pictures.svg(_FACE)),
        ]
    )


class _Weibo:
    """The handlers."""

    def __init__(self, world: World, clock: Clock) -> None:
        self.world, self.clock = world, clock
        self.templates = pages.templates()

    def home(self, request: Request) -> Response:
        now = self.clock()
        newest = sorted(self.world.published(now, "weibo"), key=lambda post: post.published, reverse=True)[:20]
        return self._html("weibo_home.html", posts=newest, title="微博", now=now)

    def index(self, request: Request) -> Response:
        """`getIndex`: only the search containers 100103 are built; anything else is empty, as for a stranger."""
        container = request.query_params.get("containerid", "")
        fields = parse_qs(container.partition("type=")[1] + container.partition("type=")[2])
        # Some clients encode the whole container, others leave `q` as a parameter of its own.
        keyword = (fields.get("q") or [request.query_params.get("q", "")])[0]
        if not container.startswith("100103") or not keyword.strip():
            return JSONResponse(_NOTHING)
        found = self._search(keyword)
        page = pages.number_of(request, "page")
        shown = found[(page - 1) * _PER_PAGE : page * _PER_PAGE] if page else []
        if not shown:
            return JSONResponse(_NOTHING)
        return JSONResponse({"ok": 1, "data": self._result(container, shown, page, len(found))})

    def show(self, request: Request) -> Response:
        post = self._post(request.query_params.get("id", ""))
        if post is None:
            return JSONResponse({"ok": 0, "msg": "微博不存在或暂无查看权限!", "errno": "20101"})
        return JSONResponse({"ok": 1, "data": self._mblog(post, whole=True)})

    def extend(self, request: Request) -> Response:
        post = self._post(request.query_params.get("id", ""))
        if post is None:
            return JSONResponse({"ok": 0, "msg": "微博不存在或暂无查看权限!", "errno": "20101"})
        record = self._mblog(post, whole=True)
        counts = {key: record[key] for key in ("reposts_count", "comments_count", "attitudes_count")}
        return JSONResponse({"ok": 1, "data": {"ok": 1, "longTextContent": record["text"], **counts}})

    def page(self, request: Request) -> Response:
        post = self._post(request.path_params["mid"])
        if post is None:
            return self._html("weibo_gone.html", status=404, title="微博正文")
        record = self._mblog(post, whole=True)
        # "<" must not end the script: an own escape, valid in JSON.
        data = json.dumps([{"status": record, "call": 1}], ensure_ascii=False).replace("<", "\\u003c")
        return self._html(
            "weibo_detail.html",
            post=post,
            record=record,
            original=self._post(post.parent) if post.parent else None,
            render_data=Markup(data),  # noqa: S704  escaped above, and the texts are our own
            title=f"{post.author.name}的微博",
            now=self.clock(),
        )

    def avatar(self, request: Request) -> Response:
        return pictures.svg(pictures.avatar(request.path_params["uid"]))

    def _html(self, template: str, *, status: int = 200, **context: object) -> Response:
        page = self.templates.get_template(template)
        text = page.render(rich=lambda text: Markup(weibo_json.rich(text)), shown=wall_time.in_chinese, **context)  # noqa: S704
        return pages.html(text, status=status)

    def _post(self, native: str) -> WorldPost | None:
        return self.world.post("weibo", native, self.clock())

    def _mblog(self, post: WorldPost, *, whole: bool = False) -> dict[str, Any]:
        return weibo_json.mblog(post, self.clock(), self._post, whole=whole)

    def _search(self, keyword: str) -> list[WorldPost]:
        """Newest first; every word must stand in the text, the author's name or the reposted text."""
        words = [_same(word) for word in keyword.split()]
        found = []
        for post in self.world.published(self.clock(), "weibo"):
            original = self._post(post.parent) if post.parent else None
            hay = _same(f"{post.text} {post.author.name} {original.text if original else ''}")
            if all(word in hay for word in words):
                found.append(post)
        return sorted(found, key=lambda post: (post.published, post.native_id), reverse=True)

    def _result(self, container: str, shown: list[WorldPost], page: int, total: int) -> dict[str, Any]:
        cards = [self._card(post) for post in shown]
        if page == 1:
            # As on the real first page: a box that is no post, and the first posts in a group of their own.
            hint = {"card_type": 11, "card_group": [{"card_type": 4, "desc": "相关搜索", "scheme": ""}]}
            cards = [hint, {"card_type": 11, "show_type": 1, "card_group": cards[:3]}, *cards[3:]]
        more = page + 1 if page * _PER_PAGE < total else None
        info = {"v_p": 42, "containerid": container, "show_style": 1, "total": total, "page": more}
        return {"cardlistInfo": info, "cards": cards, "scheme": "", "showAppTips": 0}

    def _card(self, post: WorldPost) -> dict[str, Any]:
        return {
            "card_type": 9,
            "itemid": f"seqid:{post.native_id}|type:61",
            "scheme": f"/status/{post.native_id}",
            "mblog": self._mblog(post),
        }


def _same(text: str) -> str:
    folded = fold(text)
    for spelling, canonical in _SAME.items():
        folded = folded.replace(spelling, canonical)
    return folded
