"""A real WordPress, watched through its feed and its sitemap as the product does it.

Takes the one that runs on 127.0.0.1:18110 (its folder named by `LIVE_RUN`), else installs it where the project's shared
folder is there and the machine lets us install packages.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.model import Post
from tests.crawlers.conftest import Crawls, row

LIVE = Path(__file__).resolve().parents[2].parent / "shared" / "live" / "wordpress" / "live.sh"
URL = "http://127.0.0.1:18110"
LIMITS: dict[str, Any] = {"backfill": "5000d", "timeout": "30s", "concurrency_per_host": 4}
ADDED = (
    "门店称“检测费”不退 多名车主再赴现场",
    "11月22日，多名车主再次来到城北一家汽车销售服务店，要求退还保养时收取的检测费。"
    "\n车主陈女士说，店方当初承诺检测无故障即免费，如今却以系统已经结算为由拒绝退款。"
    "\n记者拨打了该品牌的客服电话，工作人员表示已经记录情况，将在四十八小时内与车主联系。",
)


@dataclass(frozen=True, kw_only=True)
class WordPress:
    """The running server and what was put into it."""

    folder: Path

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "truth.jsonl").read_text("utf-8").splitlines()]

    def do(self, *words: str) -> None:
        environment = {**os.environ, "LIVE_RUN": str(self.folder), "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(
            ["bash", str(LIVE), *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=240
        )
        if done.returncode:
            pytest.fail(f"live.sh {words[0]}: {done.stdout.decode(errors='replace')[-500:]}")


def _answers() -> bool:
    try:
        with urllib.request.urlopen(f"{URL}/wp-sitemap.xml", timeout=10) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="module")
def wordpress(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WordPress]:
    if not LIVE.is_file():
        pytest.skip("the live WordPress (shared/live/wordpress) is not here")
    if _answers():
        folder = Path(os.environ.get("LIVE_RUN", ""))
        if not (folder / "truth.jsonl").is_file():
            pytest.skip("a server runs on 127.0.0.1:18110, but LIVE_RUN does not name its folder")
        yield WordPress(folder=folder)
        return
    ready = bool(shutil.which("mariadbd")) and Path("/usr/share/wordpress").is_dir()
    if os.geteuid() != 0 or not (ready or shutil.which("apt-get")):
        pytest.skip("installing WordPress needs root and apt-get")
    # Not below pytest's own folder, which only root may enter: the database runs as another user.
    folder = Path("/var/tmp") / f"tingfeng-wordpress-{os.getpid()}"
    server = WordPress(folder=folder)
    try:
        server.do("install")
        yield server
    finally:
        if (folder / "web.pid").is_file():
            server.do("stop")
        shutil.rmtree(folder, ignore_errors=True)


def plain(text: str) -> str:
    """Letters, digits and characters only: WordPress makes quotes and dashes of its own."""
    return "".join(char for char in text if char.isalnum())


def grams(text: str) -> Counter[str]:
    text = plain(text)
    return Counter(text[place : place + 4] for place in range(max(1, len(text) - 3)))


def f1(one: str, other: str) -> float:
    ours, theirs = grams(one), grams(other)
    return 2 * (ours & theirs).total() / (ours.total() + theirs.total())


def wrong(post: Post | None, told: dict[str, Any]) -> str:
    """What of an article is not as it was put in."""
    if post is None:
        return "missing"
    published = datetime.fromtimestamp(told["time"], UTC).replace(second=0)
    checks = {
        "title": plain(post.title or "") == plain(told["title"]),
        "minute": post.published is not None and post.published.replace(second=0) == published,
        "author": post.author.name == told["author"],
        "body": f1(post.text, told["text"]) >= 0.97,
    }
    return ", ".join(name for name, right in checks.items() if not right)


def test_every_article_once_and_then_only_what_is_new(wordpress: WordPress, crawls: Crawls) -> None:
    """Feed and sitemap show all articles; a later poll costs a few requests and reads none of them again."""
    source = row("wp", "news", f"{URL}/?feed=rss2", also=[f"{URL}/wp-sitemap.xml", f"{URL}/wp-admin/edit.php"])
    began = datetime.now(UTC)
    first = crawls.run(source, now=began, **LIMITS)
    state, reason = first.state("wp")
    assert state == "ok"
    assert "robots.txt 不允许" in reason, "the third entrance lies where its robots.txt forbids"
    assert "3 个子站点地图只列栏目、标签或作者" in reason
    posts = {post.url: post for post in crawls.posts()}
    told = wordpress.told()
    assert len(told) >= 57
    bad = {entry["url"]: fault for entry in told if (fault := wrong(posts.get(entry["url"]), entry))}
    assert not bad
    assert len(posts) == len(told) + 1, "and the one that every WordPress is born with"
    pages = first.reports["wp"]["pages"]

    wordpress.do("add", *ADDED)
    second = crawls.run(source, now=began + timedelta(minutes=10), **LIMITS)
    assert second.state("wp")[0] == "ok"
    assert second.reports["wp"]["new"] == 1
    assert second.reports["wp"]["pages"] <= 0.15 * pages
    fresh = {post.url: post for post in crawls.posts()}
    assert len(fresh) == len(posts) + 1
    assert wrong(fresh.get(wordpress.told()[-1]["url"]), wordpress.told()[-1]) == ""

    third = crawls.run(source, now=began + timedelta(minutes=20), **LIMITS)
    assert third.reports["wp"]["posts"] == 0
    assert third.reports["wp"]["pages"] <= second.reports["wp"]["pages"] - 1


def test_comments_of_readers_are_posts_where_the_source_asks_for_them(wordpress: WordPress, crawls: Crawls) -> None:
    """The comment that every WordPress is born with, from the article's page and from the feed of comments."""
    source = row("wp", "news", f"{URL}/?feed=rss2", comments=True)
    crawls.run(source, now=datetime.now(UTC), **LIMITS)
    comments = [post for post in crawls.posts() if post.native_id.startswith("comment:")]
    assert [post.native_id for post in comments] == ["comment:1"]
    article = next(post for post in crawls.posts() if post.url == f"{comments[0].url.partition('#')[0]}")
    assert comments[0].parent == article.id
    assert comments[0].author.name
    assert comments[0].text
    again = crawls.run(source, now=datetime.now(UTC) + timedelta(minutes=10), **LIMITS)
    assert "comments" in again.sources["wp"]["cursor"]
    assert again.reports["wp"]["new"] == again.reports["wp"]["changed"] == 0
