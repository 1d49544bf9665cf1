"""The app's interface, crawled: real protobuf questions and answers over a real connection."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crawlers.tieba.app import installed
from tests.crawlers.conftest import Crawls, drive, row
from tests.crawlers.site import NOW, Reply, at

# Before anything else imports the codec: it changes the logging of the whole program, and `installed` changes it back.
if not installed():
    pytest.skip("the extra tingfeng[tieba] is not installed", allow_module_level=True)

from tests.crawlers.tieba_app_site import AppServer, asked
from tests.crawlers.tieba_site import CAPTCHA, Bar

BAR = "/c/f/frs/page?cmd=301001&kw=%E6%98%9F%E8%BE%B0%E6%B1%BD%E8%BD%A6&pn="


def thread(tid: int, page: int = 1) -> str:
    return f"/c/f/pb/page?cmd=302001&kz={tid}&pn={page}"


def source(site: Any, **more: Any) -> dict[str, Any]:
    return row("bar", "tieba", site.url, keyword="星辰汽车", surface="app", **more)


def test_posts_of_the_app_are_those_of_the_bar(crawls: Crawls, sites: Any) -> None:
    """Every floor and sub-comment with its second, author and place; then nothing; then one reply."""
    bar = Bar(inline=4)
    for tid in range(9001, 9008):
        bar.say(tid, 600 - tid % 10 * 10 + 0.5)
        bar.say(tid, 300 - tid % 10 * 10)
    floor = bar.threads[9002].floors[1]
    for number in range(13):
        bar.comment(floor, 200 - number)
    site = sites(AppServer(bar).route)
    assert crawls.run(source(site)).state("bar")[0] == "ok"
    below = f"/c/f/pb/floor?cmd=302002&kz=9002&pid={floor.pid}&pn="
    assert site.pages() == [
        f"{BAR}1",
        *(thread(tid) for tid in (9002,)),
        f"{below}1",
        f"{below}2",
        *(thread(tid) for tid in (9007, 9006, 9005, 9004)),
        f"{BAR}2",
        *(thread(tid) for tid in (9003, 9001)),
    ]
    posts = {post.native_id: post for post in crawls.posts()}
    assert {post.text for post in posts.values()} == bar.texts()
    for one in (floor for told in bar.threads.values() for floor in told.floors):
        post = posts[f"pid:{one.pid}"]
        assert (post.published, post.floor) == (one.when.replace(microsecond=0), one.no)
        assert (post.author.name, post.author.id, post.author.region) == (
            f"车友{one.pid}",
            str(one.pid % 1000 + 1),
            "湖南",
        )
        assert post.title == (f"主题 {post.url.rsplit('/', 1)[1]}" if one.no == 1 else None)
    under = posts[f"pid:{floor.pid}"].id
    assert {posts[f"pid:{comment.spid}"].parent for comment in floor.comments} == {under}

    site.pages()
    later = NOW + timedelta(minutes=10)
    assert crawls.run(source(site), now=later).state("bar")[1].startswith("没有新内容")
    assert site.pages() == [f"{BAR}1"]
    bar.say(9003, -11, "刚刚又抖了")
    assert crawls.run(source(site), now=later + timedelta(minutes=10)).reports["bar"]["new"] == 1
    assert site.pages() == [f"{BAR}1", thread(9003)]


def test_what_the_server_is_asked(crawls: Crawls, sites: Any) -> None:
    """The bar's name, the thread and the page stand in the message; no account, no signature, our own user agent."""
    bar = Bar(per_page=1)
    bar.comment(bar.say(9001, 100), 90)
    bar.say(9001, 80)
    site = sites(AppServer(bar).route)
    crawls.run(source(site))
    paths = site.pages()
    questions = [asked(body, path) for body, path in zip(site.bodies, paths, strict=True)]
    assert (questions[0].kw, questions[0].sort_type) == ("星辰汽车", 6)
    assert [(one.kz, one.pn, one.lz) for one in questions if hasattr(one, "lz")] == [(9001, 1, 0), (9001, 2, 0)]
    floors = [one for one in questions if "floor" in type(one).__module__.lower()]
    assert [(one.kz, one.pid, one.pn) for one in floors] == [(9001, bar.threads[9001].floors[0].pid, 1)]
    assert not any(one.common.BDUSS or one.common.stoken for one in questions)
    calls = [headers for headers in site.headers if "x_bd_data_type" in {name.lower() for name in headers}]
    assert len(calls) == len(paths)
    assert all("Tingfeng" in headers["User-Agent"] and "Cookie" not in headers for headers in calls)
    assert all(b"sign" not in body for body in site.bodies)


def test_a_deleted_thread_is_gone_and_the_others_are_not(crawls: Crawls, sites: Any) -> None:
    """The app answers 200 with an error code: that thread's posts are noted as gone, nobody else's."""
    bar = Bar()
    for tid in (9001, 9002):
        bar.say(tid, 100 + tid % 10)
    site = sites(AppServer(bar).route)
    crawls.run(source(site))
    deleted = bar.threads.pop(9001)
    server = AppServer(bar)
    gone = server.floors(9001, 1).SerializeToString()
    bar.instead[thread(9001)] = Reply(body=gone, kind="application/octet-stream")
    bar.threads[9001] = deleted
    bar.say(9001, -1)
    state, reason = crawls.run(source(site), now=NOW + timedelta(minutes=10)).state("bar")
    assert (state, "1 条已删除或隐藏" in reason) == ("ok", True)


@pytest.mark.parametrize(
    ("errorno", "errmsg", "state"),
    [(340001, "贴吧不存在", "empty"), (110001, "请升级到最新版本", "blocked"), (999999, "unknown", "broken")],
)
def test_an_error_code_of_the_bar(crawls: Crawls, sites: Any, errorno: int, errmsg: str, state: str) -> None:
    """Code and words of the answer are the reason; only where they say so is the bar empty."""
    site = sites(AppServer(Bar(), errorno=errorno, errmsg=errmsg).route)
    told, reason = crawls.run(source(site)).state("bar")
    assert (told, f"{errorno}：{errmsg}" in reason) == (state, True)
    assert crawls.posts() == []


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (CAPTCHA, "blocked"),
        (Reply(body="<html><body>请完成安全验证</body></html>".encode()), "blocked"),
        (Reply(body=b"\xff\xff\xff not protobuf"), "broken"),
        (Reply(status=502), "down"),
        (Reply(body=b""), "broken"),
    ],
)
def test_other_answers(crawls: Crawls, sites: Any, reply: Reply, state: str) -> None:
    """A gate, a page, rubbish and silence are told apart, and none is an empty bar."""
    site = sites(at("/c/f/frs/page", reply))
    assert crawls.run(source(site)).state("bar")[0] == state


def test_robots_hold_for_the_app_too(crawls: Crawls, sites: Any) -> None:
    """Nothing is asked that robots.txt of the app's host forbids."""
    bar = Bar()
    bar.say(9001, 100)
    site = sites(AppServer(bar).route, robots=Reply(body=b"User-agent: *\nDisallow: /c/\n", kind="text/plain"))
    state, reason = crawls.run(source(site)).state("bar")
    assert (state, "robots.txt" in reason) == ("blocked", True)
    assert site.pages() == []


def test_without_the_codec_the_source_says_what_to_install(
    tmp_path: Path, sites: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra is not installed: one broken source with the command in its reason, and no request."""
    package = tmp_path / "without" / "aiotieba"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('not installed')\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    bar = Bar()
    bar.say(9001, 100)
    site = sites(AppServer(bar).route)
    driver = drive()
    try:
        (tmp_path / "data").mkdir()
        state, reason = Crawls(tmp_path / "data", driver).run(source(site)).state("bar")
    finally:
        driver.communicate()
    assert state == "broken"
    assert 'pip install "tingfeng[tieba]"' in reason
    assert site.pages() == []
