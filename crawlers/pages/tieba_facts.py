"""What all shapes of Tieba share: numbers, addresses, names, pictures and how one utterance becomes a post.

Names: an account has a unique name (`user_name`) and a nickname that changes; ours is the unique one, and the nickname
only where there is no other. Its id is the numeric one where a page shows it, else the opaque `portrait`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from core.model import Author, Counts, Post, post_id
from core.text import clean
from core.times import parse_when
from crawlers.pages.base import Link, PageContext, PageState, Parsed
from crawlers.pages.markup import Element
from crawlers.pages.urls import absolute, site_of

#: The app's hosts serve what the web site publishes: the same post must not get two identities.
_APP_HOSTS = frozenset({"tiebac.baidu.com", "c.tieba.baidu.com", "wapp.baidu.com", "wapp.tieba.baidu.com"})
_WEB = "tieba.baidu.com"
_PATH_TID = re.compile(r"/p/(\d{1,19})(?=/|$)")
#: Longer numbers are no ids.
_NUMBER = re.compile(r"\d{1,19}", re.ASCII)
_BARE_KEY = re.compile(r"([{,]\s*)([A-Za-z_]\w{0,40})\s*:")
_LONGEST_FIELD = 200_000
#: Floors, rows or sub-comments of one page; real pages have 30, 50 and a few hundred.
_MOST_BOXES = 2000
#: "8-6": the day of the last reply, without a clock. "2024-01": the month.
_MONTH_ONLY = re.compile(r"(\d{4})-(\d{1,2})", re.ASCII)
_DAY_ONLY = re.compile(r"(?:\d{4}-)?\d{1,2}-\d{1,2}", re.ASCII)
_FACE = re.compile(r"image_emoticon(\d{1,3})?(?=[._?/]|$)|/i_f(\d{1,3})\.", re.ASCII)
#: The emoticons of Tieba's own first set, by number.
_FACES = (
    "", "呵呵", "哈哈", "吐舌", "啊", "酷", "怒", "开心", "汗", "泪", "黑线", "鄙视", "不高兴", "真棒", "钱",
    "疑问", "阴险", "吐", "咦", "委屈", "花心", "呼~", "笑眼", "冷", "太开心", "滑稽", "勉强", "狂汗", "乖",
    "睡觉", "惊哭", "生气", "惊讶", "喷", "爱心", "心碎", "玫瑰", "礼物", "彩虹", "星星月亮", "太阳", "钱币",
    "灯泡", "茶杯", "蛋糕", "音乐", "haha", "胜利", "大拇指", "弱", "OK",
)  # fmt: skip
_UNNAMED_FACE = "表情"
#: What stands for a region that the site does not know.
_NOWHERE = frozenset({"未知", "未知地区", "-", "--"})

#: What the site itself says where a thread or bar is gone, closed or was never there.
NOTHING = re.compile(
    r"(?:很?抱歉[,，]?\s*)?(?:您|你)?(?:访问|查看|所访问|要访问)?的?[^。！!，,\s]{0,12}"
    r"(?:[贴帖]子?已(?:经)?被[^。！!，,\s]{0,8}(?:删除|隐藏|屏蔽)|[贴帖]子?(?:被隐藏|被删除|不存在)|[贴帖]子?无法显示|"
    r"本吧暂不开放|吧(?:还没有|尚未|未被|暂未)[^。！!，,\s]{0,6}(?:建立|创建|开放)|[贴帖]吧不存在|吧不存在|"
    r"(?:本吧|该吧|这里|暂时)?(?:暂无|还没有(?:人发)?|没有)(?:主题)?[贴帖]子?)[^。！!，,\s]{0,20}"
)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """One floor or sub-comment, before it is a post."""

    #: The post's own number (`post_id`, `spid`).
    pid: str
    text: str
    author: Author = field(default_factory=Author)
    published: datetime | None = None
    floor: int | None = None
    images: tuple[str, ...] = ()
    title: str | None = None
    counts: Counts = field(default_factory=Counts)
    #: Number of the floor below which it stands; `None` for a floor.
    under: str | None = None


def site(page: PageContext) -> str:
    """The host that publishes the page; an app host counts as the web site."""
    own = site_of(page.url)
    return _WEB if own in _APP_HOSTS else own


def origin(page: PageContext) -> str:
    """Scheme and host of what readers open; "" where the address has none."""
    own = site(page)
    scheme = "https" if own == _WEB else urlsplit(page.url).scheme
    return f"{scheme}://{own}" if own else ""


def ok(posts: list[Post], links: list[Link]) -> Parsed:
    """A page that could be read."""
    threads = sum(link.leads_to == "thread" for link in links)
    reason = f"列出 {threads} 个主题" if threads else f"读到 {len(posts)} 条帖文"
    return Parsed(state=PageState(state="ok", reason=reason), posts=tuple(posts), links=tuple(links))


def as_post(saying: Saying, page: PageContext, *, tid: str, opening: str | None) -> Post:
    """The post that a saying is. `opening` is the id of the thread's first post, if known."""
    own_site = site(page)
    thread = f"{origin(page)}/p/{tid}"
    if saying.under:
        url = f"{thread}?pid={saying.under}&cid={saying.pid}#{saying.pid}"
        parent: str | None = post_id("tieba", own_site, native_id(saying.under))
    elif saying.floor == 1:
        url, parent = thread, None
    else:
        url, parent = f"{thread}?pid={saying.pid}#{saying.pid}", opening
    return Post(
        kind="tieba",
        site=own_site,
        native_id=native_id(saying.pid),
        url=url,
        channel=page.channel or "tieba",
        title=saying.title,
        text=saying.text,
        author=saying.author,
        published=saying.published,
        collected=page.now,
        floor=saying.floor,
        parent=parent if parent != post_id("tieba", own_site, native_id(saying.pid)) else None,
        counts=saying.counts,
        images=saying.images,
    )


def native_id(pid: str) -> str:
    """The identifier under which a floor or sub-comment is kept."""
    return f"pid:{pid}"


def number(value: object) -> str | None:
    """A positive id as text, from a number or its text; `None` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    shown = str(value).strip() if isinstance(value, str) or value < 10**19 else ""
    return shown if _NUMBER.fullmatch(shown) and int(shown) > 0 else None


def amount(value: object) -> int | None:
    """A count that may be zero; `None` where it is no number."""
    if value in (0, "0"):
        return 0
    found = number(value)
    return int(found) if found else None


def data_field(element: Element, name: str = "data-field") -> Json:
    """The object in a `data-field`: JSON, or as Tieba's scripts write it ({'pid':'1'}, {total_num:2}); else empty."""
    raw = (element.get(name) or "").strip()
    if not raw.startswith("{") or len(raw) > _LONGEST_FIELD:
        return {}
    for text in (raw, _BARE_KEY.sub(r'\1"\2":', raw), _BARE_KEY.sub(r'\1"\2":', raw.replace("'", '"'))):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            continue
        return found if isinstance(found, dict) else {}
    return {}


def inner(value: object, *path: str) -> Json:
    """The object at a path of keys; empty where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def words(value: object, most: int = 200) -> str:
    """A short text of a field; "" for anything else."""
    return clean(value)[:most] if isinstance(value, str) else ""


def author_of(*, uid: object, portrait: object, name: object, nickname: object, region: str | None = None) -> Author:
    """Who said it; see the module for which name and which id."""
    opaque = words(portrait).partition("?")[0]
    return Author(
        id=number(uid) or opaque or None,
        name=words(name) or words(nickname) or None,
        region=region if region and region not in _NOWHERE else None,
    )


def tid_of(url: str) -> str | None:
    """The thread that an address names: /p/<tid>, ?kz=<tid> (touch, app), ?tid=<tid> (comments)."""
    try:
        parts = urlsplit(url)
        found = _PATH_TID.search(parts.path)
        if found:
            return found[1]
        query = parse_qs(parts.query)
    except ValueError:
        return None
    return next((tid for key in ("kz", "tid", "z") for value in query.get(key, ()) if (tid := number(value))), None)


def query_number(url: str, name: str) -> int | None:
    """A number in the query, `None` where there is none."""
    try:
        value = parse_qs(urlsplit(url).query).get(name, [""])[0]
    except ValueError:
        return None
    return int(value) if re.fullmatch(r"\d{1,12}", value, re.ASCII) else None


def last_reply(text: str, page: PageContext) -> datetime | None:
    """When a list's "16:10", "8-6" or "2024-01" was at the latest.

    A bare day counts as its last second (a month as its last day's): whoever replied at 23:50, after we looked, is on
    the next list as "yesterday" only.
    """
    shown = clean(text)
    latest = None
    month = _MONTH_ONLY.fullmatch(shown)
    if month and 1980 <= int(month[1]) <= 2100 and 1 <= int(month[2]) <= 12:
        year, number_ = int(month[1]), int(month[2])
        following = datetime(year + number_ // 12, number_ % 12 + 1, 1, tzinfo=page.zone)
        latest = following - timedelta(seconds=1)
    else:
        when = parse_when(shown, now=page.now, zone=page.zone)
        if when is None or not _DAY_ONLY.fullmatch(shown):
            return when
        latest = when.replace(hour=23, minute=59, second=59)
    return min(latest, page.now.astimezone(page.zone))


def outermost(boxes: list[Element]) -> list[Element]:
    """Those that lie in no other of them: real floors and rows are never nested, hostile ones cost a walk each."""
    kept: set[Element] = set()
    for box in boxes:
        if kept.isdisjoint(box.iterancestors()):
            kept.add(box)
    return [box for box in boxes if box in kept][:_MOST_BOXES]


def name_faces(box: Element) -> None:
    """Give each emoticon picture below `box` its name in brackets as alt text, as other platforms do themselves."""
    for image in box.iter("img"):
        source = image.get("src") or ""
        found = _FACE.search(source)
        if found is None and "BDE_Smiley" not in (image.get("class") or ""):
            continue
        shown = words(image.get("alt") or image.get("title") or image.get("text"), 20).strip("[]【】")
        image.set("alt", f"[{shown[:10] or face_name(source)}]")


def face_name(source: str) -> str:
    """The name of the emoticon that a picture's address or an app's word ("image_emoticon25") means."""
    found = _FACE.search(source)
    if found is None:
        return _UNNAMED_FACE
    index = int(found[1] or found[2] or 1)
    return _FACES[index] if 0 < index < len(_FACES) else _UNNAMED_FACE


def pictures(box: Element, page: PageContext) -> tuple[str, ...]:
    """The post's own pictures: no emoticons, no icons of names, no decoration."""
    found: dict[str, None] = {}
    for image in box.iter("img"):
        classes = (image.get("class") or "").split()
        source = image.get("bpic") or image.get("data-original") or image.get("data-src") or image.get("src") or ""
        if "BDE_Smiley" in classes or "nicknameEmoji" in classes or _FACE.search(source):
            continue
        url = absolute(page.url, source)
        if url and "/tb/editor/" not in url and "/nickemoji/" not in url and "/static-" not in url:
            found.setdefault(url)
    return tuple(found)[:50]
