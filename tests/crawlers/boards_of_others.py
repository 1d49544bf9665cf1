"""The board of `board.py` as others show it: phpBB, NodeBB, software nobody knows, the other editions of Discuz!."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from tests.crawlers.board import ZONE, Board, Saying, Thread
from tests.crawlers.site import Reply, Route


def _newest(board: Board) -> list[Thread]:
    return sorted(board.threads.values(), key=lambda thread: thread.changed, reverse=True)


def _number(asked: dict[str, list[str]], name: str, otherwise: int) -> int:
    return int(asked.get(name, [str(otherwise)])[0])


def _page(head: str, body: str) -> Reply:
    return Reply(body=f'<html><head><meta charset="utf-8">{head}</head><body>{body}</body></html>'.encode())


# -- phpBB -----------------------------------------------------------------------------------------------------------


def phpbb(board: Board) -> Route:
    """/viewforum.php and /viewtopic.php, with a session in every link."""
    session = "sid=0123456789abcdef0123456789abcdef"

    def when(moment: datetime) -> str:
        return f'<time datetime="{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+00:00">某时</time>'

    def row(thread: Thread) -> str:
        return (
            f'<li class="row"><dl><dt><a class="topictitle" href="./viewtopic.php?f=2&amp;t={thread.tid}&amp;'
            f'{session}">'
            f"主题 {thread.tid}</a></dt><dd class='lastpost'><span>由 某人<br>{when(thread.changed)}</span></dd></dl>"
            "</li>"
        )

    def post(saying: Saying) -> str:
        return (
            f'<div id="p{saying.pid}" class="post"><dl class="postprofile"><dt><a class="username" '
            f'href="./memberlist.php?mode=viewprofile&amp;u={saying.pid}&amp;{session}">网友{saying.pid}</a></dt></dl>'
            f'<div class="postbody"><p class="author">{when(saying.when)}</p><div class="content">{saying.text}</div>'
            '<div class="signature">签名</div></div></div>'
        )

    def pager(script: str, start: int, size: int, total: int) -> str:
        link = f"./{script}&amp;start={start + size}&amp;{session}"
        return f'<div class="pagination"><a rel="next" href="{link}">下一页</a></div>' if start + size < total else ""

    def answer(path: str) -> Reply | None:
        parts = urlsplit(path)
        asked = parse_qs(parts.query)
        start = _number(asked, "start", 0)
        foot = 'Powered by <a href="https://www.phpbb.com/">phpBB</a>'
        if parts.path == "/viewforum.php":
            shown = _newest(board)[start : start + board.per_list]
            rows = "".join(map(row, shown))
            bar = pager("viewforum.php?f=2", start, board.per_list, len(board.threads))
            return _page("", f'<div id="phpbb"><ul class="topiclist topics">{rows}</ul>{bar}{foot}</div>')
        thread = board.threads.get(_number(asked, "t", 0)) if parts.path == "/viewtopic.php" else None
        if thread is None:
            return None
        posts = "".join(map(post, thread.sayings[start : start + board.per_page]))
        bar = pager(f"viewtopic.php?f=2&amp;t={thread.tid}", start, board.per_page, len(thread.sayings))
        heading = f'<h2 class="topic-title"><a href="./viewtopic.php?t={thread.tid}">主题 {thread.tid}</a></h2>'
        return _page("", f'<div id="phpbb">{heading}{posts}{bar}{foot}</div>')

    return answer


# -- NodeBB ----------------------------------------------------------------------------------------------------------


def nodebb(board: Board) -> Route:
    """/category/2 and /topic/N/slug."""

    def iso(moment: datetime) -> str:
        return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"

    def row(thread: Thread) -> str:
        return (
            f'<li component="category/topic" data-tid="{thread.tid}"><h3 component="topic/header">'
            f'<a href="/topic/{thread.tid}/主题-{thread.tid}">主题 {thread.tid}</a></h3><div component="topic/teaser">'
            f'<a class="timeago" href="/topic/{thread.tid}/x/9" title="{iso(thread.changed)}"></a></div></li>'
        )

    def post(saying: Saying, index: int) -> str:
        return (
            f'<li component="post" data-index="{index}" data-pid="{saying.pid}" data-uid="{saying.pid}" '
            f'data-username="网友{saying.pid}" data-timestamp="{round(saying.when.timestamp() * 1000)}">'
            f'<div component="post/content"><p>{saying.text}</p></div></li>'
        )

    def following(path: str, page: int, size: int, total: int) -> str:
        return f'<link rel="next" href="{path}?page={page + 1}">' if page * size < total else ""

    def answer(path: str) -> Reply | None:
        parts = urlsplit(path)
        page = _number(parse_qs(parts.query), "page", 1)
        if parts.path == "/category/2":
            shown = _newest(board)[(page - 1) * board.per_list : page * board.per_list]
            head = following(parts.path, page, board.per_list, len(board.threads))
            return _page(head, f'<ul component="category">{"".join(map(row, shown))}</ul>')
        topic = re.match(r"/topic/(\d+)/", parts.path)
        thread = board.threads.get(int(topic[1])) if topic else None
        if thread is None:
            return None
        first = (page - 1) * board.per_page
        posts = "".join(
            post(saying, first + place) for place, saying in enumerate(thread.sayings[first : first + board.per_page])
        )
        head = following(parts.path, page, board.per_page, len(thread.sayings))
        title = f'<span component="topic/title">主题 {thread.tid}</span>'
        return _page(head, f'{title}<ul component="topic" data-tid="{thread.tid}">{posts}</ul>')

    return answer


# -- unknown ---------------------------------------------------------------------------------------------------------


def unknown(board: Board, *, in_list: str = "%Y-%m-%d %H:%M") -> Route:
    """/b/2 and /t/N: a table and boxes of somebody's own making; `in_list` is how the table tells the last reply."""

    def shown(moment: datetime) -> str:
        return f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M}"

    def row(thread: Thread) -> str:
        opening = thread.sayings[0]
        return (
            f'<tr><td><a href="/t/{thread.tid}">说说 {thread.tid} 号车的事</a></td>'
            f'<td><a href="/user/{opening.pid}">网友'
            f"{opening.pid}</a></td><td>{len(thread.sayings) - 1}</td>"
            f"<td>{thread.changed.astimezone(ZONE):{in_list}}</td></tr>"
        )

    def box(saying: Saying) -> str:
        return (
            f'<div class="tie" id="tie_{saying.pid}"><a href="/user/{saying.pid}">网友{saying.pid}</a> '
            f"<i>{shown(saying.when)}</i><div class='txt'>{saying.text}</div><a href='#'>举报</a></div>"
        )

    def bar(path: str, page: int, size: int, total: int) -> str:
        return (
            f'<p class="pages"><b>{page}</b> <a href="{path}?page={page + 1}">下一页</a></p>'
            if page * size < total
            else ""
        )

    def answer(path: str) -> Reply | None:
        parts = urlsplit(path)
        page = _number(parse_qs(parts.query), "page", 1)
        if parts.path == "/b/2":
            rows = "".join(map(row, _newest(board)[(page - 1) * board.per_list : page * board.per_list]))
            return _page("", f"<table>{rows}</table>{bar('/b/2', page, board.per_list, len(board.threads))}")
        topic = re.fullmatch(r"/t/(\d+)", parts.path)
        thread = board.threads.get(int(topic[1])) if topic else None
        if thread is None:
            return None
        boxes = "".join(map(box, thread.sayings[(page - 1) * board.per_page : page * board.per_page]))
        more = bar(parts.path, page, board.per_page, len(thread.sayings))
        return _page("", f"<h1>说说 {thread.tid} 号车的事</h1>{boxes}{more}")

    return answer


# -- the other editions of Discuz! -----------------------------------------------------------------------------------


def archiver(board: Board) -> Route:
    """/archiver/?fid-2.html and /archiver/?tid-N.html, in pages of the board's own size."""

    def row(thread: Thread) -> str:
        return f'<li><a href="?tid-{thread.tid}.html">主题 {thread.tid}</a> ({len(thread.sayings) - 1} 篇回复)</li>'

    def post(saying: Saying, *, title: str) -> str:
        when = f"{saying.when.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"
        byline = f'<p class="author"><strong>网友{saying.pid}</strong>发表于 {when}</p>'
        return f"{byline}<h3>{title}</h3>{saying.text}"

    def answer(path: str) -> Reply | None:
        base = '<base href="/archiver/">'
        if path == "/archiver/?fid-2.html":
            rows = "".join(map(row, _newest(board)))
            return _page(base, f'<div id="content"><ul>{rows}</ul></div><div id="end">查看完整版本</div>')
        found = re.fullmatch(r"/archiver/\?tid-(\d+)\.html(?:&page=(\d+))?", path)
        thread = board.threads.get(int(found[1])) if found else None
        if found is None or thread is None:
            return None
        page = int(found[2] or 1)
        shown = thread.sayings[(page - 1) * board.per_page : page * board.per_page]
        posts = "".join(
            post(saying, title=f"主题 {thread.tid}" if page == 1 and place == 0 else "")
            for place, saying in enumerate(shown)
        )
        more = f'<a href="?tid-{thread.tid}.html&page={page + 1}">{page + 1}</a>'
        more = more if page * board.per_page < len(thread.sayings) else ""
        bar = f'<div class="page"><strong>[{page}]</strong>{more}</div>'
        return _page(base, f'<div id="content">{posts}{bar}</div><div id="end">查看完整版本</div>')

    return answer


def feed(board: Board) -> Route:
    """/forum.php?mod=rss&fid=2: when threads began, newest first."""

    def answer(path: str) -> Reply | None:
        if path != "/forum.php?mod=rss&fid=2":
            return None
        begun = sorted(board.threads.values(), key=lambda thread: thread.sayings[0].when, reverse=True)
        items = "".join(
            f"<item><title>主题 {thread.tid}</title><link>/forum.php?mod=viewthread&amp;tid={thread.tid}</link>"
            f"<pubDate>{thread.sayings[0].when:%a, %d %b %Y %H:%M:%S} +0000</pubDate></item>"
            for thread in begun[:20]
        )
        body = f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{items}</channel></rss>'
        return Reply(body=body.encode(), kind="application/xml")

    return answer


SOFTWARE: Sequence[tuple[str, Callable[[Board], Route], str]] = (
    ("phpbb", phpbb, "/viewforum.php?f=2"),
    ("nodebb", nodebb, "/category/2"),
    ("unknown", unknown, "/b/2"),
)
