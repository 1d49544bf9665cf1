"""Baidu Tieba: bars, threads and sub-comments, in every shape in which they are served.

- [V] the bar's list of the classical web site: one saved public page, all 50 rows.
- [R] threads, sub-comments and the lists inside comments (`<code><!-- … -->`) of the classical site, the touch
  edition, the new site's JSON and drawn pages: from public readers' source and from pages saved in their repositories.
- Not verified on the live site, which cannot be reached from where this was written.

[R 2026-09] For visitors without a login the live server draws only the touch edition (/mo/q/m?kw=, ?kz=); /f and /p
answer with an empty shell for scripts. A shell is no empty bar: it is reported as blocked, with the ways out.

Quirks: GBK in `kw` of old links; advertisements that look like threads and floors; times as "16:10", "8-6" or
"2024-01"; author names cut in lists ("专业祖安..."); data in `data-field`, as JSON or in the site's own lax notation.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from core.model import Post
from core.text import clean, shorten
from crawlers.pages.base import LARGEST_BODY, Link, PageContext, PageParser, Parsed, stopped
from crawlers.pages.encoding import decode
from crawlers.pages.markup import Element, parse_markup, released, visible_text
from crawlers.pages.refusals import refusal
from crawlers.pages.tieba_answers import parse_answer
from crawlers.pages.tieba_comments import comment_boxes, next_comments, read_comment
from crawlers.pages.tieba_drawn import drawn_cards, drawn_floors, read_drawn_list, read_drawn_thread
from crawlers.pages.tieba_facts import NOTHING, as_post, ok, query_number, site, tid_of
from crawlers.pages.tieba_lists import list_rows, read_list, read_search
from crawlers.pages.tieba_threads import floor_boxes, read_thread
from crawlers.pages.tieba_touch import (
    pager_in,
    read_touch_list,
    read_touch_thread,
    touch_floors,
    touch_rows,
)

_Found = tuple[list[Post], list[Link]]
_TITLE = re.compile(r"<title[^<>]{0,200}>([^<]{0,200})", re.IGNORECASE)
_NO_THREADS = re.compile(r"共有主题数\s*0\s*个")
_SHELL_TITLES = re.compile(r"\s*(?:贴吧小程序|百度贴吧|百度贴吧——全球领先的中文社区)\s*")
_GATES = re.compile(r"(?:^|\.)(?:wappass|passport|seccaptcha)\.baidu\.com$", re.IGNORECASE)
_MARKS = re.compile(
    rb"j_thread_list|j_th_tit|j_d_post_content|\bd_post_content\b|lzl_single_post|pagelet_html_frs-|PageData\.(?:forum|thread)|"
    rb"\btl_shadow|post_title_embed|\bpb-comment-item\b|\btb_icon_author\b|data-lzl-author"
)
_MARKS_JSON = (
    (b'"comment_list"', b'"comment_info"'),
    (b'"page_data"', b'"feed_list"'),
    (b'"first_floor"', b'"post_list"'),
    (b'"post_list"', b'"sub_post_number"'),
    (b'"thread_list"', b'"last_time_int"'),
    (b'"comment_list"', b'"user_list"'),
    (b'"subpost_list"', b'"post"'),
)
#: Where the site says that a page is not what was hoped for.
_NOTICES = (
    "//*[contains(@class,'main-title')]",
    "//*[contains(@class,'icon-attention')]",
    "//*[@id='errorText']",
    "//*[contains(@class,'page404')]",
)
_LOOK, _SHORT = 600_000, 5000


def parse(body: bytes, page: PageContext) -> Parsed:
    """Posts and links of any page of Tieba; never raises."""
    refused = refusal(body, page, expects="html")
    if refused:
        return refused
    if _GATES.search(urlsplit_host(page.url)):
        return stopped("blocked", f"请求被转到登录或验证页面：{urlsplit_host(page.url)}")
    if not site(page):
        return stopped("broken", "网址没有主机名，无法确定帖文的来源")
    text = decode(body[:LARGEST_BODY], page.content_type)
    if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        return parse_answer(text, page)
    return _parse_page(text, page)


def urlsplit_host(url: str) -> str:
    """The host of an address, "" where it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _parse_page(text: str, page: PageContext) -> Parsed:
    text = released(text)
    root = parse_markup(text)
    if root is None:
        return stopped("broken", "不是网页，也不是贴吧的数据")
    posts, links = _read(root, text, page)
    if posts or links:
        return ok(posts, links)
    return _nothing(text, root, page)


def _read(root: Element, script: str, page: PageContext) -> _Found:
    """Whatever the page is: floors outrank rows, because a thread's page may show a list beside it."""
    if "/p/comment" in page.url or (not floor_boxes(root) and comment_boxes(root)):
        return _read_comments(root, page)
    if floors := floor_boxes(root):
        return read_thread(floors, root, page, script=script)
    if rows := list_rows(root):
        return read_list(rows, root, page)
    if floors := touch_floors(root):
        return read_touch_thread(floors, root, page, pager_in(script))
    if rows := touch_rows(root):
        return read_touch_list(rows, page, pager_in(script))
    if floors := drawn_floors(root):
        return read_drawn_thread(floors, root, page)
    if cards := drawn_cards(root):
        return read_drawn_list(cards, page)
    return read_search(root, page)


def _read_comments(root: Element, page: PageContext) -> _Found:
    tid = tid_of(page.url)
    floor = query_number(page.url, "pid")
    if tid is None:
        return [], []
    told = [read_comment(box, page, floor=str(floor) if floor else None) for box in comment_boxes(root)]
    posts = {said.pid: as_post(said, page, tid=tid, opening=page.opening) for said in told if said}
    links = list(next_comments(root, page, tid=tid, pid=str(floor))) if floor else []
    return list(posts.values()), links


def _nothing(text: str, root: Element, page: PageContext) -> Parsed:
    """Why a page holds neither rows nor floors."""
    seen = visible_text(text[:_LOOK])
    boxes = (box for path in _NOTICES for box in root.xpath(path)[:1])
    notice = next((told for box in boxes if (told := clean(box.xpath("string()"))[:300])), "").removesuffix("返回首页")
    if NOTHING.search(notice):
        return stopped("empty", f"贴吧提示：{shorten(notice, 60)}")
    found = NOTHING.search(seen) if len(seen) < _SHORT else None
    if found:
        return stopped("empty", f"贴吧提示：{shorten(found[0], 60)}")
    if _NO_THREADS.search(seen):
        return stopped("empty", "该吧共有主题数 0 个")
    if page.status in (404, 410):
        return stopped("empty", f"贴吧返回状态码 {page.status}：贴子或吧不存在")
    if "/p/comment" in page.url and root.xpath("//li[contains(@class,'lzl_li_pager')]"):
        return stopped("empty", "这一楼没有楼中楼回复")
    title = _TITLE.search(text)
    if title and "贴吧404" in title[1]:
        return stopped("empty", f"贴吧提示：{shorten(notice, 60) or '贴吧404'}")
    if title and _SHELL_TITLES.fullmatch(title[1]) and len(seen) < 600:
        return stopped(
            "blocked",
            "贴吧只给出由脚本绘制的空壳页，没有帖文；"
            '可改用移动版网址（/mo/q/m?kw=吧名）、surface = "app"，或 browser = true',
        )
    return stopped("broken", "没有找到贴吧的主题列表或楼层，页面可能已改版")


def looks_like(body: bytes, page: PageContext) -> bool:
    """Whether a page is one of Tieba's, by its host or its own marks."""
    host = urlsplit_host(page.url)
    if host == "tieba.baidu.com" or host.endswith(".tieba.baidu.com"):
        return True
    look = body[:_LOOK]
    if look.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return any(one in look and other in look for one, other in _MARKS_JSON)
    return _MARKS.search(look) is not None


PARSER = PageParser(name="tieba", parse=parse, looks_like=looks_like, rank=15)
