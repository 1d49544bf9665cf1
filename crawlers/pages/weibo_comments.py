"""Comments below a Weibo status: the JSON of m.weibo.cn and of weibo.com, as posts that answer the status.

- m.weibo.cn `/comments/hotflow?id=<mid>&mid=<mid>&max_id_type=0`: `data.data[]`, `data.max_id` (0 is the end) and
  `data.max_id_type`, both carried back; a few answers lie inside `comments` (`false` where there are none), all of them
  behind `/comments/hotFlowChild?cid=`. Older: `/api/comments/show?id=&page=` with `hot_data` beside `data`.
- weibo.com `/ajax/statuses/buildComments?id=<mid>&is_mix=0`: `data[]` and `max_id` at the top; the answers to one
  comment with `is_mix=1&fetch_level=1&id=<comment>`.
- The end without a comment: `{"ok":0,"msg":"还没有人评论哦~快来抢沙发！"}`, or an empty list with `total_number` 0.

A comment's number is not a status's: its native id is `comment:<id>`. It answers the status, or the comment above it.
Read in public code (2019 to 2026) and on one saved answer of 2019; not verified against the live site.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from core.model import Counts, Post, post_id
from crawlers.pages.base import Link, PageContext, PageParser, PageState, Parsed, stopped
from crawlers.pages.counts import parse_count
from crawlers.pages.markup import html_to_text
from crawlers.pages.refusals import refusal
from crawlers.pages.urls import absolute, site_of
from crawlers.pages.weibo_answers import load, looks_like_comment, message_of
from crawlers.pages.weibo_ids import is_mid, mid_in_query, on_host, status_url, weibo_site
from crawlers.pages.weibo_posts import Json, author_of, id_text, region_of, when_of

_NOBODY = re.compile(
    r"还没有人?评论|抢沙发|暂无(?:评论|数据|内容)|没有更多|还没有内容|没有评论|评论已关闭|不存在|已被?删除"
)
_ADDRESS = re.compile(r"/comments?/|buildComments|hotflow", re.I)
#: "mid:4891234567890123" among the notes that weibo.com adds to a comment.
_NOTED_MID = re.compile(r"(?:^|\|)mid:(\d{5,19})(?:\||$)", re.ASCII)
_MOST_ROWS = 2000
_MOST_ANSWERS = 200


def parse(body: bytes, page: PageContext) -> Parsed:
    """The comments of one answer in the order shown, answers to them right behind; never raises."""
    if (refused := refusal(body, page, expects="json")) is not None:
        return refused
    answer = load(body)
    if not isinstance(answer, dict) or not site_of(page.url):
        return stopped("broken", "响应不是微博评论接口的 JSON")
    rows = list(_rows(answer))
    links: list[Link] = []
    posts: dict[str, Post] = {}
    for row in rows:
        _keep(row, page, None, posts, links)
    following = _next_page(answer, page)
    if following:
        links.append(following)
    if posts and all(post.published is None for post in posts.values()):
        state = PageState(state="broken", reason="所有评论都读不出发布时间，接口可能改版")
        return Parsed(posts=tuple(posts.values()), state=state)
    if posts:
        state = PageState(state="ok", reason=f"读到 {len(posts)} 条评论")
        return Parsed(posts=tuple(posts.values()), links=tuple(links), state=state)
    if rows:
        return stopped("broken", f"有 {len(rows)} 条评论，但都缺少编号或正文，接口可能改版")
    if following:  # a page whose comments are all hidden; the next one may show some
        return Parsed(links=tuple(links), state=PageState(state="ok", reason="这一页的评论都不展示"))
    return _without_comments(answer)


def _without_comments(answer: Mapping[str, Json]) -> Parsed:
    said = message_of(answer)
    if said and _NOBODY.search(said):
        return stopped("empty", f"微博接口提示：{said}")
    place = _place(answer)
    if answer.get("ok") == 1 and place is not None and isinstance(place.get("data"), list):
        hidden = parse_count(place.get("total_number"))
        return stopped("empty", f"共 {hidden} 条评论，接口没有展示" if hidden else "还没有评论")
    return stopped("broken", f"微博接口提示：{said}" if said else "没有读到评论，接口可能改版")


def _place(answer: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """The object that holds `data[]`, `max_id` and `total_number`: inside `data`, or the answer itself."""
    data = answer.get("data")
    if isinstance(data, dict):
        return data
    return answer if isinstance(data, list) else None


def _rows(answer: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    place = _place(answer) or {}
    for name in ("hot_data", "data"):
        rows = place.get(name)
        for row in rows[:_MOST_ROWS] if isinstance(rows, list) else []:
            if isinstance(row, dict) and (looks_like_comment(row) or not _is_status(row)):
                yield row


def _is_status(row: Mapping[str, Json]) -> bool:
    return any(name in row for name in ("reposts_count", "attitudes_count", "mblog", "mblogid", "retweeted_status"))


def _keep(
    row: Mapping[str, Json], page: PageContext, above: str | None, posts: dict[str, Post], links: list[Link]
) -> None:
    number = _number(row)
    post = _post(row, number, above, page) if number else None
    if number is None or post is None:
        return
    posts.setdefault(post.native_id, post)
    answers = row.get("comments")
    shown = [one for one in answers[:_MOST_ANSWERS] if isinstance(one, dict)] if isinstance(answers, list) else []
    if above is None:  # answers to answers are listed flat, below the comment that they hang from
        for one in shown:
            _keep(one, page, number, posts, links)
        if (parse_count(row.get("total_number")) or 0) > len(shown):
            links.append(Link(url=on_host(page, _answers_path(number, page)), leads_to="thread"))


def _number(row: Mapping[str, Json]) -> str | None:
    texts = (id_text(row.get(name)) for name in ("id", "idstr", "mid"))
    return next((text for text in texts if text and is_mid(text)), None)


def _post(row: Mapping[str, Json], number: str, above: str | None, page: PageContext) -> Post | None:
    markup = row.get("text") or row.get("text_raw")
    text = html_to_text(markup) if isinstance(markup, str) else ""
    if not text:
        return None
    status = _status_of(row, page)
    likes = next((row[name] for name in ("like_count", "like_counts") if name in row), None)
    author = author_of(row)
    source = row.get("source")
    if author.region is None and isinstance(source, str) and source.startswith("来自"):
        author = author_of({**row, "region_name": region_of(source)})
    return Post(
        kind="weibo",
        site=weibo_site(page.url),
        native_id=f"comment:{number}",
        url=f"{status_url(page, status)}#comment-{number}" if status else page.url,
        channel=page.channel or "weibo",
        text=text,
        author=author,
        published=when_of(row.get("created_at"), page),
        collected=page.now,
        parent=_parent(row, number, above, status, page),
        counts=Counts(likes=parse_count(likes), replies=parse_count(row.get("total_number"))),
        images=_images(row, page),
    )


def _status_of(row: Mapping[str, Json], page: PageContext) -> str | None:
    """The status below which the comment stands: by the address, or by weibo.com's note on the comment."""
    told = row.get("analysis_extra")
    noted = _NOTED_MID.search(told[:2000]) if isinstance(told, str) else None
    if noted:
        return noted[1]
    query = dict(parse_qsl(urlsplit(page.url).query))
    if query.get("fetch_level") == "1":  # there, `id` is the comment whose answers are listed
        return None
    return mid_in_query(page.url, "mid", "id")


def _parent(
    row: Mapping[str, Json], number: str, above: str | None, status: str | None, page: PageContext
) -> str | None:
    site = weibo_site(page.url)
    answered = row.get("reply_comment")
    candidates = (
        _number(answered) if isinstance(answered, dict) else None,
        id_text(row.get("reply_id")),
        above,
        id_text(row.get("rootid")) or id_text(row.get("rootidstr")),
    )
    for one in candidates:
        if one and one != number and is_mid(one) and one != status:
            return post_id("weibo", site, f"comment:{one}")
    return post_id("weibo", site, status) if status else None


def _images(row: Mapping[str, Json], page: PageContext) -> tuple[str, ...]:
    picture = row.get("pic")
    large = picture.get("large") if isinstance(picture, dict) else None
    source = (large.get("url") if isinstance(large, dict) else None) or (
        picture.get("url") if isinstance(picture, dict) else None
    )
    url = absolute(page.url, source) if isinstance(source, str) else None
    return (url,) if url else ()


def _answers_path(number: str, page: PageContext) -> str:
    if "/ajax/" in urlsplit(page.url).path:
        query = {
            "is_reload": "1",
            "id": number,
            "is_show_bulletin": "2",
            "is_mix": "1",
            "fetch_level": "1",
            "max_id": "0",
        }
        return f"/ajax/statuses/buildComments?{urlencode({**query, 'count': '20'})}"
    return f"/comments/hotFlowChild?{urlencode({'cid': number, 'max_id': '0', 'max_id_type': '0'})}"


def _next_page(answer: Mapping[str, Json], page: PageContext) -> Link | None:
    place = _place(answer) or {}
    parts = urlsplit(page.url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    max_id = id_text(place.get("max_id"))
    if max_id is None or max_id in ("0", query.get("max_id")):
        return None
    query["max_id"] = max_id
    kind = place.get("max_id_type")
    if isinstance(kind, int | str) and not isinstance(kind, bool) and "/ajax/" not in parts.path:
        query["max_id_type"] = str(kind)
    return Link(url=urlunsplit(parts._replace(query=urlencode(query), fragment="")), leads_to="page")


def looks_like_comments(body: bytes, page: PageContext) -> bool:
    """Whether it is an answer with comments, or one that says at a comments' address that there are none."""
    if not body[:400].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return False
    answer = load(body)
    if not isinstance(answer, dict):
        return False
    if any(looks_like_comment(row) and "created_at" in row for row in _rows(answer)):
        return True
    place = _place(answer) or {}
    by_fields = place.get("data") == [] and "max_id" in place
    return by_fields or (bool(_NOBODY.search(message_of(answer))) and bool(_ADDRESS.search(page.url)))


PARSER = PageParser(name="weibo_comments", parse=parse, expects="json", looks_like=looks_like_comments, rank=80)
