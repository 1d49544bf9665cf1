"""How the parsers do on pages of real sites and real forum software, kept outside the project."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.model import post_id
from crawlers.pages import PageContext, Parsed, parse_page

FIXTURES = Path(__file__).resolve().parents[2].parent / "shared" / "fixtures"
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the saved public pages (shared/fixtures) are not here")


def manifest(folder: str) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (FIXTURES / "manifest.jsonl").read_text("utf-8").splitlines()]
    return [row for row in rows if row["file"].startswith(f"pages/{folder}")]


def live(row: dict[str, Any], kind: str) -> Parsed:
    page = PageContext(
        url=row["url"], now=datetime.fromisoformat(row["fetched_at"]), zone=SHANGHAI, content_type=row["content_type"]
    )
    return parse_page(kind, (FIXTURES / row["file"]).read_bytes(), page)


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_discuz_threads() -> None:
    """Author, second and text of every post of the saved threads are those that were put into the forum."""
    truth = {
        post["pid"]: (thread, post)
        for line in (FIXTURES / "truth/truth_discuz.jsonl").read_text("utf-8").splitlines()
        for thread in [json.loads(line)]
        for post in thread["posts"]
    }
    seen = right = 0
    for row in manifest("discuz_live"):
        if (
            not row["file"].endswith(".html")
            or "mobile" in row["file"]
            or "thread" not in row["file"].replace("forumdisplay", "")
        ):
            continue
        for post in live(row, "discuz").posts:
            thread, wanted = truth[int(post.native_id.removeprefix("pid:"))]
            said = wanted["text"].split("[quote]")[0]  # a quote is another's words
            seen += 1
            right += (
                (post.author.name, post.author.id, post.floor)
                == (wanted["author"], str(wanted["uid"]), wanted["floor"])
                and post.published == datetime.fromtimestamp(wanted["time"], UTC)
                and squeezed(post.text) == squeezed(said)
                and post.title == (thread["subject"] if post.floor == 1 else None)
            )
    assert seen == 22
    assert right == seen


def test_discuz_boards() -> None:
    """Every row of the saved boards is a thread with its title and the minute of its last reply."""
    for row in manifest("discuz_live"):
        if ("forumdisplay" in row["file"] and row["file"].endswith(".html")) or "forum-41" in row["file"]:
            parsed = live(row, "auto")
            threads = [link for link in parsed.links if link.leads_to == "thread"]
            assert len(threads) == 20
            assert all(link.title and link.changed for link in threads)
            assert sum(link.leads_to == "list" for link in parsed.links) == 1


@pytest.mark.parametrize("name", ["weibo_ak_list_0", "weibo_ak_list_1", "weibo_ys_list_0", "weibo_err_profile"])
def test_weibo_lists(name: str) -> None:
    """Every card of the saved answers: number, time, text, counts, long flag, author, original."""
    wanted = json.loads((FIXTURES / f"expected/weibo_m_json__{name}.json.json").read_text("utf-8"))
    page = PageContext(url="https://m.weibo.cn/api/container/getIndex?containerid=1", now=NOW, zone=SHANGHAI)
    parsed = parse_page("auto", (FIXTURES / f"pages/weibo_m_json/{name}.json").read_bytes(), page)
    posts = {post.native_id: post for post in parsed.posts}
    cut = {link.url.rpartition("=")[2] for link in parsed.links if link.leads_to == "status"}
    assert parsed.state.state == ("ok" if wanted["ok"] else "empty")
    for row in wanted.get("posts", []):
        post = posts[row["mid"]]
        parent = post_id("weibo", "m.weibo.cn", row["retweet_mid"]) if row["retweet_mid"] else None
        assert post.published == datetime.fromisoformat(row["created_at"])
        assert (post.counts.reposts, post.counts.replies, post.counts.likes) == (
            row["reposts"],
            row["comments"],
            row["likes"],
        )
        assert (post.author.name, post.author.id) == (row["screen_name"], str(row["uid"]))
        assert (post.native_id in cut, post.parent) == (row["is_long"], parent)
        # The saved text has no emoji names; ours keeps them.
        bare = squeezed(row["text"])
        letters = iter(squeezed(post.text))
        assert all(letter in letters for letter in bare)
        assert len(squeezed(post.text)) - len(bare) <= 40


def grams(text: str) -> Counter[str]:
    plain = squeezed(text)
    return Counter(plain[place : place + 4] for place in range(max(1, len(plain) - 3)))


def f1(one: str, other: str) -> float:
    ours, theirs = grams(one), grams(other)
    return 2 * (ours & theirs).total() / (ours.total() + theirs.total())


def test_articles(record_property: Any) -> None:
    """Titles, days, minutes and bodies of the saved articles, as shares; the bars are those of the issue."""
    titles, days, minutes, bodies = [], [], [], []
    for path in sorted((FIXTURES / "expected").glob("*gne_article*")):
        wanted = json.loads(path.read_text("utf-8"))
        folder, name = path.name.removesuffix(".json").split("__")
        page = PageContext(url=f"https://{folder}.example.test/{name}", now=NOW, zone=SHANGHAI)
        parsed = parse_page("article", (FIXTURES / "pages" / folder / name).read_bytes(), page)
        post = parsed.posts[0] if parsed.posts else None
        local = post.published.astimezone(SHANGHAI) if post and post.published else None
        if wanted["title"]:
            titles.append(bool(post and post.title and squeezed(post.title) == squeezed(wanted["title"])))
        if wanted["date"]:
            days.append(bool(local and local.date().isoformat() == wanted["date"]))
        if wanted["time"]:
            minutes.append(bool(local and local.strftime("%H:%M") == wanted["time"][:5]))
        if wanted["body"]:
            bodies.append(f1(post.text, wanted["body"]) if post else 0.0)
    figures = {
        name: sum(rows) / len(rows)
        for name, rows in (("title", titles), ("day", days), ("minute", minutes), ("body", bodies))
    }
    record_property("figures", figures)
    assert figures["title"] >= 0.95, figures
    assert figures["day"] >= 0.96, figures
    assert figures["minute"] >= 0.90, figures
    assert figures["body"] >= 0.94, figures


@pytest.mark.parametrize(
    "name",
    [
        "163/gne_list_1.html",
        "netease_forum/gne_list_1.html",
        "wordpress_live/index.html",
        "weibo_cn_html/2f62165fa3ca1e85.html",
    ],
)
def test_lists_are_no_articles(name: str) -> None:
    """A list or home page is not taken for an article."""
    page = PageContext(url="https://site.example.test/list", now=NOW, zone=SHANGHAI)
    assert parse_page("article", (FIXTURES / "pages" / name).read_bytes(), page).state.state == "broken"


@pytest.mark.parametrize(
    ("name", "entries", "dated"),
    [
        ("rss/rss-ruanyifeng.xml", 3, 3),
        ("rss/rss-top5-new.xml", 4, 0),
        ("wordpress_live/feed_.xml", 20, 20),
        ("nodebb_live/recent.rss.xml", 20, 20),
        ("discuz_live/forum.php_mod-rss_fid-40.xml", 0, 0),
    ],
)
def test_feeds(name: str, entries: int, dated: int) -> None:
    """Every entry of the saved feeds is a link, with its time where the feed has one."""
    page = PageContext(url="https://feed.example.test/rss", now=NOW, zone=SHANGHAI)
    parsed = parse_page("auto", (FIXTURES / "pages" / name).read_bytes(), page)
    assert (len(parsed.links), sum(link.changed is not None for link in parsed.links)) == (entries, dated)
    assert parsed.state.state == ("ok" if entries else "empty")


def test_no_saved_page_is_called_blocked() -> None:
    """Of all saved readable pages none is mistaken for a refusal."""
    for row in manifest(""):
        if row["file"].endswith((".html", ".xml", ".json")):
            page = PageContext(url=row.get("url") or "https://site.example.test/p", now=NOW, zone=SHANGHAI)
            parsed = parse_page(
                "discuz" if row["file"].endswith(".html") else "auto", (FIXTURES / row["file"]).read_bytes(), page
            )
            assert parsed.state.state != "blocked", (row["file"], parsed.state.reason)
