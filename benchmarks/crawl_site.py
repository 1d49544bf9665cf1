"""A board of the size of a real one on loopback, for `crawl.py`: its own process, so that it costs the crawler nothing.

Pages have the weight and the marks of a Discuz! X3.5 (lists of 40 threads in 45 kB, threads of 10 posts in 64 kB); the
sentences are our own and differ from post to post.

Run: .venv/bin/python benchmarks/crawl_site.py THREADS   (prints its port)
"""

# ruff: noqa: E501 - lines of markup, as a forum's templates have them

from __future__ import annotations

import asyncio
import random
import re
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

PER_LIST = 40
PER_THREAD = 10
_ZONE = ZoneInfo("Asia/Shanghai")
_CLAUSES = (
    "周末去看了新车，", "昨天做完首保回来，", "跑了一万公里，", "朋友推荐的这家店，", "群里都在说，", "开了三个月，",
    "空间比想的大，", "油耗比说明书低一点，", "刹车偶尔有异响，", "销售态度一般，", "等了两月才交车，", "漏油三次，",
    "大家觉得怎么样？", "先写到这里，", "值得再等等，", "有同款车主吗？", "冬天要注意胎压，", "座椅加热很实用，",
)  # fmt: skip
_HEAD = (
    '<!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head><meta charset="utf-8" />'
    '<title>{title} - 星辰车友论坛</title><meta name="generator" content="Discuz! X3.5" />'
    '<link rel="stylesheet" type="text/css" href="data/cache/style_1_common.css?x1Y" />'
    "<script>var STYLEID = '1', STATICURL = 'static/', IMGDIR = 'static/image/common', charset = 'utf-8';</script>"
    '</head><body id="nv_forum" class="pg_viewthread"><div id="hd"><div class="wp"><div id="nv"><ul>'
)
_MENU = "".join(
    f'<li id="mn_F{number}" onmouseover="showMenu({{\'ctrlid\':this.id}})"><a href="forum-{number}-1.html" hidefocus='
    f'"true" title="版块 {number}">版块 {number}<span>Board</span></a></li>'
    for number in range(60)
)
_FOOT = (
    '</ul></div></div></div><div id="ft" class="wp cl"><p>Powered by <strong><a href="https://www.discuz.vip/">Discuz!'
    "</a></strong> <em>X3.5</em></p></div></body></html>"
)
_BADGES = "".join(
    f'<img src="static/image/common/medal{number}.gif" alt="勋章 {number}" title="勋章 {number}" class="vm" />'
    f'<dt><em><a href="home.php?mod=space&amp;do=profile&amp;x={number}" target="_blank">{number * 37}</a></em>项 {number}'
    "</dt><dd>&nbsp;</dd>"
    for number in range(22)
)


class Board:
    """All pages of the site, made when they are asked for and the same each time."""

    def __init__(self, threads: int, now: datetime) -> None:
        self.threads, self.now = threads, now

    def page(self, path: str) -> bytes | None:
        """The page at this path; `None` for one that is not there."""
        if found := re.fullmatch(r"/forum-2-(\d+)\.html", path):
            return self._list(int(found[1])).encode()
        if (found := re.fullmatch(r"/thread-(\d+)-1-1\.html", path)) and int(found[1]) <= self.threads:
            return self._thread(int(found[1])).encode()
        return None

    def _said(self, tid: int, floor: int) -> datetime:
        """Thread 1 has the latest reply; a thread's posts are a minute apart."""
        return (self.now - timedelta(seconds=20 * tid + 60 * (PER_THREAD - floor))).astimezone(_ZONE)

    def _list(self, number: int) -> str:
        first = (number - 1) * PER_LIST + 1
        tids = range(first, min(first + PER_LIST, self.threads + 1))
        more = first + PER_LIST <= self.threads
        pager = f'<a href="forum-2-{number + 1}.html" class="nxt">下一页</a>' if more else ""
        return (
            f'{_HEAD.format(title="车主作业")}{_MENU}<table summary="forum_2" cellspacing="0" id="threadlisttableid">'
            f'{"".join(map(self._row, tids))}</table><span id="fd_page_bottom"><div class="pg">{pager}</div></span>{_FOOT}'
        )

    def _row(self, tid: int) -> str:
        opened, changed = self._said(tid, 1), self._said(tid, PER_THREAD)
        return (
            f'<tbody id="normalthread_{tid}"><tr><td class="icn"><a href="thread-{tid}-1-1.html" title="新窗口打开" '
            f'target="_blank"><img src="static/image/common/folder_common.gif" /></a></td><th class="common">'
            f'<a href="javascript:;" id="content_{tid}" class="showcontent y" title="更多操作"></a>'
            f'<em>[<a href="forum.php?mod=forumdisplay&amp;fid=2&amp;filter=typeid&amp;typeid=3">保养</a>]</em> '
            f'<a href="thread-{tid}-1-1.html" onclick="atarget(this)" class="s xst">{self._title(tid)}</a></th>'
            f'<td class="by"><cite><a href="space-uid-{tid}.html" c="1">车主{tid}</a></cite><em><span>{opened:%Y-%m-%d}'
            f'</span></em></td><td class="num"><a href="thread-{tid}-1-1.html" class="xi2">{PER_THREAD - 1}</a>'
            f'<em>{tid * 7}</em></td><td class="by"><cite><a href="space-username-x.html" c="1">某人{tid}</a></cite><em>'
            f'<a href="forum.php?mod=redirect&tid={tid}&goto=lastpost#lastpost"><span title="{changed:%Y-%m-%d %H:%M}">'
            "刚才</span></a></em></td></tr></tbody>"
        )

    def _title(self, tid: int) -> str:
        chance = random.Random(tid)
        return f"{chance.choice(_CLAUSES)}{chance.choice(_CLAUSES)}记录 {tid}"

    def _thread(self, tid: int) -> str:
        boxes = "".join(self._box(tid, floor) for floor in range(1, PER_THREAD + 1))
        return (
            f'{_HEAD.format(title=self._title(tid))}{_MENU}<div id="ct" class="wp cl"><div id="postlist" class="pl bm">'
            '<table cellspacing="0" cellpadding="0"><tr><td class="pls ptn pbn"><div class="hm ptn"><span class="xg1">查看:'
            f'</span> <span class="xi1">{tid * 7}</span><span class="pipe">|</span><span class="xg1">回复:</span> <span class='
            f'"xi1">{PER_THREAD - 1}</span></div></td><td class="plc ptm pbn vwthd"><h1 class="ts"><span id="thread_subject">'
            f"{self._title(tid)}</span></h1></td></tr></table>{boxes}</div></div>{_FOOT}"
        )

    def _box(self, tid: int, floor: int) -> str:
        pid = tid * 100 + floor
        chance = random.Random(pid)
        text = "".join(chance.choice(_CLAUSES) for _ in range(chance.randrange(4, 14)))
        return (
            f'<div id="post_{pid}"><table id="pid{pid}" class="plhin" summary="pid{pid}" cellspacing="0"><tr>'
            f'<td class="pls" rowspan="2"><div class="pls favatar"><div class="pi"><div class="authi"><a href="space-uid-'
            f'{pid}.html" target="_blank" class="xw1">车主{pid}</a></div></div><dl class="pil cl">{_BADGES}</dl></div></td>'
            f'<td class="plc"><div class="pi"><strong><a href="thread-{tid}-1-1.html#pid{pid}" id="postnum{pid}"><em>'
            f'{floor}</em><sup>#</sup></a></strong><div class="pti"><div class="authi"><em id="authorposton{pid}">发表于 '
            f'{self._said(tid, floor):%Y-%m-%d %H:%M:%S}</em><span class="pipe">|</span><a href="thread-{tid}-1-1.html">'
            f'只看该作者</a></div></div></div><div class="pct"><div class="pcb"><div class="t_fsz"><table cellspacing="0">'
            f'<tr><td class="t_f" id="postmessage_{pid}">{text}<br />\n第 {pid} 楼记录</td></tr></table></div></div></div>'
            "</td></tr></table></div>"
        )


class _Answering(asyncio.Protocol):
    """As much HTTP/1.1 as a client with kept-alive connections needs."""

    def __init__(self, board: Board) -> None:
        self._board, self._received = board, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, self._received = self._received.split(b"\r\n\r\n", 1)
            body = self._board.page(head.split(b" ", 2)[1].decode("latin-1"))
            status = "404 Not Found" if body is None else "200 OK"
            body = body or b"<html><body>404</body></html>"
            lines = (
                f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            self._transport.write(lines.encode() + body)


async def _serve(threads: int) -> None:
    board = Board(threads, datetime.now(UTC))
    server = await asyncio.get_running_loop().create_server(lambda: _Answering(board), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until whoever started us is gone


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
