"""A trial of a source in words, or as JSON Lines: page by page, field by field, the verdict last."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from core.durations import in_chinese
from core.model import CHANNEL_NAMES, SOURCE_STATE_NAMES, Post
from core.settings import Settings
from core.text import shorten
from core.wire import dumps, post_to_json

if TYPE_CHECKING:
    from crawlers.trial import SeenPage, Trial

#: What a page says must not move the terminal's cursor.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_FIELD_NAMES = {
    "title": "标题",
    "author": "作者",
    "published": "时间",
    "text": "正文",
    "counts": "计数",
    "images": "图片",
    "floor": "楼层",
    "parent": "回复谁",
}
_LEADS_TO = {"list": "列表", "thread": "主题", "page": "下一页", "article": "文章", "feed": "订阅", "status": "微博"}


def show_trial(trial: Trial, settings: Settings, *, posts: int, as_json: bool) -> None:
    """Print a trial: for people, or one JSON object a line with the state last."""
    lines = _as_json(trial, posts) if as_json else _in_words(trial, settings, posts)
    for line in lines:
        typer.echo(_CONTROL.sub("", line))


def _in_words(trial: Trial, settings: Settings, posts: int) -> Iterable[str]:
    source = trial.source
    yield f"{source.name}（{source.kind}，{CHANNEL_NAMES[source.channel]}）{source.url}"
    yield f"robots    {trial.robots}"
    yield f"Cookie    {_cookie(trial)}"
    for page in trial.pages:
        yield f"页面      {_page(page)}"
    yield f"读到      {trial.report.pages} 个页面，{len(trial.posts)} 条帖文"
    if trial.posts:
        shares = "  ".join(f"{_FIELD_NAMES[name]} {share:.0%}" for name, share in trial.filled.items())
        yield f"有值      {shares}"
    for number, post in enumerate(trial.posts[:posts], start=1):
        yield ""
        yield f"— 第 {number} 条，共 {len(trial.posts)} 条"
        yield from _post(post, settings)
    yield ""
    yield from _verdict(trial, settings)


def _page(page: SeenPage) -> str:
    raw = page.raw
    size = f"{len(raw.body) / 1000:.1f} kB"
    kind = page.content_type or "没有 Content-Type"
    claimed = f"（自称 {page.declared}）" if page.declared and page.declared.upper() != page.encoding else ""
    links = "、".join(f"{_LEADS_TO.get(name, name)} {count}" for name, count in page.links.items()) or "无"
    return (
        f"{raw.url}\n          {raw.status} · {kind} · {size} · 编码 {page.encoding}{claimed} · 解析器 {page.parser}\n"
        f"          {SOURCE_STATE_NAMES[page.state]}：{page.reason} · 帖文 {page.posts} · 链接 {links}"
    )


def _post(post: Post, settings: Settings) -> Iterable[str]:
    def local(moment: datetime | None) -> str:
        return moment.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M:%S") if moment else "—"

    author = "，".join(part for part in (post.author.name, post.author.region) if part) or "—"
    counted = zip(("浏览", "回复", "赞", "转发"), _counts(post), strict=True)
    rows = (
        ("标题", shorten(post.title or "", 80) or "—"),
        ("作者", author),
        ("时间", local(post.published) + (f"，编辑于 {local(post.edited)}" if post.edited else "")),
        ("正文", f"{shorten(post.text, 120) or '—'}（{len(post.text)} 字）"),
        ("计数", " ".join(f"{name} {count}" for name, count in counted if count is not None) or "—"),
        ("图片", f"{len(post.images)} 张" if post.images else "—"),
        ("楼层", str(post.floor) if post.floor is not None else "—"),
        ("回复谁", post.parent or "—"),
        ("网址", post.url),
        ("编号", f"{post.native_id}（{post.site}）"),
    )
    for name, value in rows:
        yield f"  {name}{'　' * (3 - len(name))}  {value}"


def _counts(post: Post) -> tuple[int | None, ...]:
    return (post.counts.views, post.counts.replies, post.counts.likes, post.counts.reposts)


def _cookie(trial: Trial) -> str:
    if trial.cookies is None:
        return "没有"
    if trial.cookies.problem:
        return trial.cookies.problem
    if trial.cookies.expires is None:
        return "有，没有写明何时到期"
    left = trial.cookies.expires - trial.report.ended
    return f"有，还有 {in_chinese(left)}到期" if left.total_seconds() > 0 else "有，已经到期"


def _verdict(trial: Trial, settings: Settings) -> Iterable[str]:
    from alerts.source_words import shown_state

    mark = "✔" if trial.ok else "✘"
    state = shown_state(trial.report.state, trial.report.reason, failed=trial.report.failed)
    yield f"{mark} {state}：{trial.reason}"
    newest, horizon = trial.newest, settings.crawl.backfill
    if trial.ok and newest is not None and trial.report.ended - newest > horizon:
        age = in_chinese(trial.report.ended - newest)
        yield f"！ 最新一条是 {age}前的：首次抓取只收 {in_chinese(horizon)}以内的内容（[crawl] backfill）"


def _as_json(trial: Trial, posts: int) -> Iterable[str]:
    for page in trial.pages:
        row = {
            "record": "page",
            "url": page.raw.url,
            "status": page.raw.status,
            "content_type": page.content_type,
            "bytes": len(page.raw.body),
            "encoding": page.encoding,
            "declared": page.declared,
            "parser": page.parser,
            "state": page.state,
            "reason": page.reason,
            "posts": page.posts,
            "links": dict(page.links),
        }
        yield dumps(row)
    for post in trial.posts[:posts]:
        yield dumps({"record": "post", **post_to_json(post)})
    expires = trial.cookies.expires if trial.cookies else None
    yield dumps(
        {
            "record": "trial",
            "source": trial.source.id,
            "kind": trial.source.kind,
            "url": trial.source.url,
            "ok": trial.ok,
            "state": trial.report.state,
            "reason": trial.reason,
            "robots": trial.robots,
            "cookie_expires": expires.isoformat() if expires else None,
            "pages": trial.report.pages,
            "posts": len(trial.posts),
            "filled": {name: round(share, 4) for name, share in trial.filled.items()},
            "newest": trial.newest.isoformat() if trial.newest else None,
        }
    )
