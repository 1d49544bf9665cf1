"""Forum parsers on pages of running forum software, kept outside the project, against what was put into it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.model import Post
from crawlers.pages import PageContext, Parsed, detect, parse_page

FIXTURES = Path(__file__).resolve().parents[2].parent / "shared" / "fixtures"
SHANGHAI = ZoneInfo("Asia/Shanghai")
FORUMS = {"discuz", "phpbb", "nodebb", "threads", "xenforo", "vbulletin", "phpwind", "discourse", "flarum"}

pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the saved public pages (shared/fixtures) are not here")


def rows(folder: str) -> list[dict[str, Any]]:
    lines = (FIXTURES / "manifest.jsonl").read_text("utf-8").splitlines()
    return [row for line in lines if (row := json.loads(line))["file"].startswith(f"pages/{folder}")]


def truth(name: str) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Thread and post by post number."""
    lines = (FIXTURES / f"truth/truth_{name}.jsonl").read_text("utf-8").splitlines()
    return {str(post["pid"]): (thread, post) for thread in map(json.loads, lines) for post in thread["posts"]}


def read(row: dict[str, Any], kind: str) -> Parsed:
    page = PageContext(
        url=row["url"], now=datetime.fromisoformat(row["fetched_at"]), zone=SHANGHAI, content_type=row["content_type"]
    )
    return parse_page(kind, (FIXTURES / row["file"]).read_bytes(), page)


def squeezed(text: str) -> str:
    return "".join(text.split())


def said(wanted: dict[str, Any]) -> str:
    """A quotation is another's words."""
    return squeezed(str(wanted["text"]).split("[quote]")[0])


def is_right(post: Post, wanted: dict[str, Any]) -> bool:
    return (
        post.author.name == wanted["author"]
        and post.published == datetime.fromtimestamp(wanted["time"], UTC)
        and squeezed(post.text) == said(wanted)
    )


@pytest.mark.parametrize("kind", ["auto", "forum", "nodebb"])
def test_nodebb_topics(kind: str) -> None:
    """Page and JSON of the saved topic: every post with its author, second, text and place."""
    wanted = truth("nodebb")
    seen = []
    for row in rows("nodebb_live"):
        if "topic_" in row["file"]:
            posts = read(row, kind).posts
            seen.append([post.id for post in posts])
            assert [post.floor for post in posts] == [1, 2]
            for post in posts:
                thread, one = wanted[post.native_id.removeprefix("pid:")]
                assert is_right(post, one)
                assert post.title == (thread["subject"] if post.floor == 1 else None)
                assert post.parent == (posts[0].id if post.floor != 1 else None)
    assert len(seen) == 2
    assert seen[0] == seen[1]


def test_nodebb_lists() -> None:
    """Page, JSON and feed of /recent name the same twenty topics, each with its last reply."""
    lists = {Path(row["file"]).name: read(row, "forum") for row in rows("nodebb_live") if "recent" in row["file"]}
    assert len(lists) == 3
    titles = [{link.title for link in parsed.links if link.leads_to == "thread"} for parsed in lists.values()]
    assert all(len(one) == 20 for one in titles)
    assert titles[0] == titles[1] == titles[2]
    assert all(link.changed for parsed in lists.values() for link in parsed.links if link.leads_to == "thread")


def test_discuz_phones() -> None:
    """The JSON for phones gives the posts of the full edition, under the same names."""
    wanted = truth("discuz")
    for row in rows("discuz_live"):
        if "module-viewthread" in row["file"]:
            posts = read(row, "auto").posts
            assert len(posts) == 10
            assert all(is_right(post, wanted[post.native_id.removeprefix("pid:")][1]) for post in posts)
        if "module-forumdisplay" in row["file"]:
            links = read(row, "auto").links
            assert [bool(link.changed) for link in links if link.leads_to == "thread"] == [True] * 20


def test_discuz_archiver() -> None:
    """The plain edition: authors, seconds and texts, but for the one post whose quotation it cannot tell apart."""
    wanted = {(post["author"], post["time"]): post for _, post in truth("discuz").values()}
    for row in rows("discuz_live"):
        if "archiver" in row["file"]:
            parsed = read(row, "forum")
            right = [
                squeezed(post.text) == said(wanted[(post.author.name, round(post.published.timestamp()))])
                for post in parsed.posts
                if post.published
            ]
            assert (len(right), sum(right)) == (10, 9)
            assert [link.leads_to for link in parsed.links] == ["page"]


def test_structure_alone_reads_what_it_has_never_seen() -> None:
    """Pages of Discuz! and NodeBB without knowing either: all threads, and all posts that show exact times."""
    by_text = {said(post): post for name in ("discuz", "nodebb") for _, post in truth(name).values()}
    seen = right = 0
    for row in [*rows("discuz_live"), *rows("nodebb_live")]:
        name = Path(row["file"]).name
        if not name.endswith(".html") or "mobile" in name or "archiver" in name or name == "forum.php.html":
            continue
        parsed = read(row, "threads")
        assert parsed.state.state == "ok", (name, parsed.state.reason)
        if "thread" in name.replace("forumdisplay", "") or "topic" in name:
            seen += len(parsed.posts)
            right += sum(is_right(post, by_text[squeezed(post.text)]) for post in parsed.posts)
        else:
            threads = [link for link in parsed.links if link.leads_to == "thread"]
            assert len(threads) == 20
            assert all(link.title and link.changed for link in threads)
    assert (seen, right) == (24, 24)


def test_no_article_is_taken_for_a_forum() -> None:
    """Of all saved articles, comments below them or not, none is chosen by a forum's parser."""
    for path in sorted((FIXTURES / "pages").glob("*/gne_article*")):
        page = PageContext(url="https://news.example.test/a/1", now=datetime(2026, 11, 22, tzinfo=UTC), zone=SHANGHAI)
        assert detect(path.read_bytes(), page) not in FORUMS, path
