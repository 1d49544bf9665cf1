"""A bar of our own making, drawn with the marks by which the classical Tieba page is read; grows while a test runs."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from tests.crawlers.site import NOW, Reply

ZONE = ZoneInfo("Asia/Shanghai")
FID = 918273
CAPTCHA = Reply(
    status=403,
    body="<html><head><title>百度安全验证</title></head><body><div>网络不给力，请稍后重试</div></body></html>".encode(),
)


@dataclass
class Comment:
    spid: int
    when: datetime
    text: str


@dataclass
class Floor:
    pid: int
    no: int
    when: datetime
    text: str
    comments: list[Comment] = field(default_factory=list)


@dataclass
class Thread:
    tid: int
    floors: list[Floor] = field(default_factory=list)
    pinned: bool = False

    @property
    def said(self) -> int:
        """Replies, sub-comments included, as the list counts them."""
        return len(self.floors) - 1 + sum(len(floor.comments) for floor in self.floors)

    @property
    def changed(self) -> datetime:
        whens = [floor.when for floor in self.floors]
        return max(whens + [comment.when for floor in self.floors for comment in floor.comments])


@dataclass
class Bar:
    """Threads by number. `inline` sub-comments are shown below their floor."""

    threads: dict[int, Thread] = field(default_factory=dict)
    now: datetime = NOW
    per_list: int = 5
    per_page: int = 3
    inline: int = 0
    #: Pages that answer something else than themselves, by path and query.
    instead: dict[str, Reply] = field(default_factory=dict)
    #: Whether `/p/totalComment` is served.
    total: bool = True
    numbers: int = 150_000_000_000

    def say(self, tid: int, minutes_ago: float, text: str = "", *, pinned: bool = False) -> Floor:
        """Open a thread, or reply to it."""
        thread = self.threads.setdefault(tid, Thread(tid, pinned=pinned))
        self.numbers += 1
        no = len(thread.floors) + 1
        floor = Floor(self.numbers, no, self._ago(minutes_ago), text or f"{tid} 号主题的第 {no} 楼，说说保养的事")
        thread.floors.append(floor)
        return floor

    def comment(self, floor: Floor, minutes_ago: float, text: str = "") -> Comment:
        """Say something below a floor."""
        self.numbers += 1
        said = Comment(
            self.numbers, self._ago(minutes_ago), text or f"{floor.no} 楼下面的第 {len(floor.comments) + 1} 句"
        )
        floor.comments.append(said)
        return said

    def _ago(self, minutes: float) -> datetime:
        return self.now - timedelta(minutes=minutes)

    # -- the site ----------------------------------------------------------------------------------------------------

    def route(self, path: str) -> Reply | None:
        if path in self.instead:
            return self.instead[path]
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/f" and query.get("kw") == "星辰汽车":
            return Reply(body=self.list_page(int(query.get("pn", "0"))).encode())
        if parts.path == "/p/totalComment" and self.total:
            page = json.dumps(self.total_comments(int(query["tid"]), int(query["pn"])))
            return Reply(body=page.encode(), kind="application/json; charset=utf-8")
        if parts.path == "/p/comment":
            return Reply(body=self.comment_page(int(query["tid"]), int(query["pid"]), int(query["pn"])).encode())
        found = re.fullmatch(r"/p/(\d+)", parts.path)
        if found and int(found[1]) in self.threads:
            return Reply(body=self.thread_page(self.threads[int(found[1])], int(query.get("pn", "1"))).encode())
        return None

    def shown(self, when: datetime) -> str:
        """A clock today, else the day."""
        local, today = when.astimezone(ZONE), self.now.astimezone(ZONE)
        return f"{local:%H:%M}" if local.date() == today.date() else f"{local.month}-{local.day}"

    def list_page(self, offset: int) -> str:
        newest = sorted(self.threads.values(), key=lambda thread: thread.changed, reverse=True)
        normal = [thread for thread in newest if not thread.pinned]
        start = offset // 50 * self.per_list
        rows = "".join(self._row(thread) for thread in newest if thread.pinned and not offset)
        rows += "".join(self._row(thread) for thread in normal[start : start + self.per_list])
        more = start + self.per_list < len(normal)
        kw = "%E6%98%9F%E8%BE%B0%E6%B1%BD%E8%BD%A6"
        following = f'<a href="/f?kw={kw}&amp;ie=utf-8&amp;pn={offset + 50}" class="next pagination-item">下一页</a>'
        return (
            '<html><head><meta charset="UTF-8"><title>星辰汽车吧-百度贴吧</title></head><body>'
            '<code class="pagelet_html" id="pagelet_html_frs-list/pagelet/thread_list" style="display:none;"><!--'
            f'<ul id="thread_list">{rows}</ul><div id="frs_list_pager">{following if more else ""}</div>'
            "--></code></body></html>"
        )

    def _row(self, thread: Thread) -> str:
        first = thread.floors[0]
        field_ = {
            "id": thread.tid,
            "author_name": f"车友{first.pid}",
            "first_post_id": first.pid,
            "reply_num": thread.said,
        }
        date = "" if thread.pinned else f'<span class="threadlist_reply_date">\n {self.shown(thread.changed)} </span>'
        return (
            f'<li class=" j_thread_list {"thread_top " if thread.pinned else ""}clearfix" data-field="'
            f'{html.escape(json.dumps(field_))}" data-tid="{thread.tid}"><a href="/p/{thread.tid}" class="j_th_tit ">'
            f"主题 {thread.tid}</a>{date}</li>"
        )

    def page_of(self, thread: Thread, number: int) -> list[Floor]:
        return thread.floors[(number - 1) * self.per_page : number * self.per_page]

    def thread_page(self, thread: Thread, number: int) -> str:
        pages = (len(thread.floors) - 1) // self.per_page + 1
        floors = "".join(self._floor(thread, floor) for floor in self.page_of(thread, min(number, pages)))
        return (
            '<html><head><meta charset="UTF-8"><title>主题_星辰汽车吧_百度贴吧</title></head><body>'
            f'<ul class="l_posts_num"><li class="l_reply_num"><span class="red">{thread.said}</span>回复贴，共'
            f'<span class="red">{pages}</span>页</li></ul><h3 class="core_title_txt" title="主题 {thread.tid}"></h3>'
            f'<div id="j_p_postlist">{floors}</div></body></html>'
        )

    def _floor(self, thread: Thread, floor: Floor) -> str:
        content = {
            "post_id": floor.pid,
            "thread_id": thread.tid,
            "forum_id": FID,
            "post_no": floor.no,
            "comment_num": len(floor.comments),
        }
        field_ = {"author": {"user_id": floor.pid % 1000 + 1, "user_name": f"车友{floor.pid}"}, "content": content}
        below = "".join(
            # As the site's own script writes it, which is no JSON.
            _comment(f"{{'pid':'{floor.pid}','spid':'{comment.spid}','user_name':'层里人'}}", comment)
            for comment in floor.comments[: self.inline]
        )
        return (
            f'<div class="l_post j_l_post" data-field="{html.escape(json.dumps(field_))}">'
            f'<div id="post_content_{floor.pid}" class="d_post_content">{floor.text}</div>'
            f'<div class="post-tail-wrap"><span>IP属地:湖南</span><span class="tail-info">{floor.no}楼</span>'
            f'<span class="tail-info">{floor.when.astimezone(ZONE):%Y-%m-%d %H:%M}</span></div>'
            f'<div class="j_lzl_container"><ul class="j_lzl_m_w">{below}</ul></div></div>'
        )

    def _floor_by(self, tid: int, pid: int) -> Floor:
        return next(floor for floor in self.threads[tid].floors if floor.pid == pid)

    def comment_page(self, tid: int, pid: int, number: int) -> str:
        comments = self._floor_by(tid, pid).comments
        rows = "".join(
            _comment(json.dumps({"spid": comment.spid, "user_name": "层里人"}), comment)
            for comment in comments[(number - 1) * 10 : number * 10]
        )
        pager = html.escape(json.dumps({"total_num": len(comments), "total_page": (len(comments) + 9) // 10}))
        return f'{rows}<li class="lzl_li_pager j_lzl_l_p" data-field="{pager}"><a href="##">我也说一句</a></li>'

    def total_comments(self, tid: int, number: int) -> dict[str, object]:
        told = {
            str(floor.pid): {
                "comment_num": len(floor.comments),
                "comment_info": [
                    {
                        "comment_id": str(comment.spid),
                        "post_id": str(floor.pid),
                        "username": "层里人",
                        "user_id": "77",
                        "now_time": int(comment.when.timestamp()),
                        "content": comment.text,
                    }
                    for comment in floor.comments[:10]
                ],
            }
            for floor in self.page_of(self.threads[tid], number)
            if floor.comments
        }
        return {"errno": 0, "errmsg": "success", "data": {"comment_list": told, "user_list": {}}}

    def texts(self) -> set[str]:
        """Everything that was said."""
        floors = [floor for thread in self.threads.values() for floor in thread.floors]
        return {floor.text for floor in floors} | {one.text for floor in floors for one in floor.comments}


def _comment(data_field: str, comment: Comment) -> str:
    return (
        f'<li class="lzl_single_post" data-field="{html.escape(data_field)}"><div class="lzl_cnt">'
        f'<span class="lzl_content_main">{comment.text}</span>'
        f'<span class="lzl_time">{comment.when.astimezone(ZONE):%Y-%m-%d %H:%M}</span></div></li>'
    )
