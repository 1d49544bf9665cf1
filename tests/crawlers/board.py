"""A board of our own making, with the marks by which a Discuz! X page is read; grows while a test runs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.crawlers.site import NOW, Reply

ZONE = ZoneInfo("Asia/Shanghai")
HEAD = '<html><head><meta name="generator" content="Discuz! X3.5"><title>星辰车友论坛</title></head><body>'


@dataclass
class Saying:
    pid: int
    when: datetime
    text: str


@dataclass
class Thread:
    tid: int
    sayings: list[Saying]
    sticky: bool = False

    @property
    def changed(self) -> datetime:
        return self.sayings[-1].when


@dataclass
class Board:
    """Threads by number; a list page holds `per_list` of them, a thread page `per_page` sayings."""

    threads: dict[int, Thread] = field(default_factory=dict)
    now: datetime = NOW
    per_list: int = 5
    per_page: int = 3
    #: Threads that answer something else than themselves.
    instead: dict[int, Reply] = field(default_factory=dict)

    def say(self, tid: int, minutes_ago: float, text: str = "", *, sticky: bool = False) -> Saying:
        """Open a thread, or reply to it."""
        when = self.now - timedelta(minutes=minutes_ago)
        thread = self.threads.setdefault(tid, Thread(tid, [], sticky))
        pid = tid * 100 + len(thread.sayings)
        saying = Saying(pid, when, text or f"{tid} 号主题的第 {len(thread.sayings) + 1} 楼，在维修站遇到的事情")
        thread.sayings.append(saying)
        return saying

    def route(self, path: str) -> Reply | None:
        board = re.fullmatch(r"/forum-2-(\d+)\.html", path)
        if board:
            return Reply(body=self.list_page(int(board[1])).encode())
        thread = re.fullmatch(r"/thread-(\d+)-(\d+)-\d+\.html", path)
        if thread and int(thread[1]) in self.instead:
            return self.instead[int(thread[1])]
        if thread and int(thread[1]) in self.threads:
            return Reply(body=self.thread_page(self.threads[int(thread[1])], int(thread[2])).encode())
        return None

    def list_page(self, number: int) -> str:
        newest = sorted(self.threads.values(), key=lambda thread: thread.changed, reverse=True)
        normal = [thread for thread in newest if not thread.sticky]
        start = (number - 1) * self.per_list
        shown = [
            *(thread for thread in newest if thread.sticky and number == 1),
            *normal[start : start + self.per_list],
        ]
        rows = "".join(self._row(thread) for thread in shown)
        more = start + self.per_list < len(normal)
        pager = f'<div class="pg"><a href="forum-2-{number + 1}.html" class="nxt">下一页</a></div>' if more else ""
        return f'{HEAD}<table id="threadlisttableid">{rows}</table>{pager}</body></html>'

    def _row(self, thread: Thread) -> str:
        kind = "stickthread" if thread.sticky else "normalthread"
        opened, changed = (when.astimezone(ZONE) for when in (thread.sayings[0].when, thread.changed))
        return (
            f'<tbody id="{kind}_{thread.tid}"><tr><th><a href="thread-{thread.tid}-1-1.html" class="s xst">'
            f"主题 {thread.tid}</a></th>"
            f'<td class="by"><cite><a href="space-uid-1.html">楼主</a></cite><em><span>{opened:%Y-%m-%d}</span></em>'
            f'</td><td class="by"><cite>某人</cite><em><span title="{changed:%Y-%m-%d %H:%M}">刚才</span></em>'
            "</td></tr></tbody>"
        )

    def thread_page(self, thread: Thread, number: int) -> str:
        last = (len(thread.sayings) - 1) // self.per_page + 1
        number = min(number, last)  # as Discuz does with a page that is no more
        start = (number - 1) * self.per_page
        boxes = "".join(
            self._box(saying, floor)
            for floor, saying in enumerate(thread.sayings[start : start + self.per_page], start=start + 1)
        )
        following = f'<div class="pg"><a href="thread-{thread.tid}-{number + 1}-1.html" class="nxt">下一页</a></div>'
        return (
            f'{HEAD}<h1><span id="thread_subject">主题 {thread.tid}</span></h1><div id="postlist">{boxes}</div>'
            f"{following if number < last else ''}</body></html>"
        )

    def _box(self, saying: Saying, floor: int) -> str:
        when = saying.when.astimezone(ZONE)
        return (
            f'<div id="post_{saying.pid}"><table id="pid{saying.pid}"><tr><td class="pls"><div class="authi">'
            f'<a href="space-uid-{saying.pid}.html" class="xw1">网友{saying.pid}</a></div></td><td class="plc">'
            f'<a id="postnum{saying.pid}"><em>{floor}</em></a><em id="authorposton{saying.pid}">'
            f"发表于 {when:%Y-%m-%d %H:%M:%S}</em><table><tr>"
            f'<td class="t_f" id="postmessage_{saying.pid}">{saying.text}</td></tr></table>'
            "</td></tr></table></div>"
        )


#: A page as a forum shows it when it takes us for a machine.
CAPTCHA = Reply(
    status=403,
    body="<html><head><title>安全验证</title></head><body>请完成安全验证后继续访问</body></html>".encode(),
)
