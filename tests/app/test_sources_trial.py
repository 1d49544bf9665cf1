"""`tingfeng sources test` and `guess`: what would be collected, how it would end, and nothing left behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.wire import dumps
from tests.app.conftest import Desk
from tests.crawlers.board import CAPTCHA, HEAD, Board
from tests.crawlers.site import Reply, Route, Site, at

PAGE = "text/html; charset=gbk"


def board() -> Board:
    """Five threads; the newest has two pages."""
    made = Board()
    for number in range(1, 6):
        made.say(number, 100 - number)
    for minute in range(4):
        made.say(5, 9 - minute, "刹车片换了还是<b>异响</b>")
    return made


def html(text: str, **more: object) -> Reply:
    return Reply(body=f"<html><head><title>车友之家</title></head><body>{text}</body></html>".encode(), **more)  # type: ignore[arg-type]


LIST = board().list_page(1).encode()
#: What the site does, the state it leads to, and the sign by which the operator can check.
OUTCOMES: dict[str, tuple[tuple[Route, ...], str, str]] = {
    "captcha with 403": ((at("/", CAPTCHA),), "blocked", "安全验证"),
    "status 418": ((at("/", html("I'm a teapot", status=418)),), "blocked", "418"),
    "login wall": ((at("/", html('<div id="messagetext"><p>请先登录后继续访问</p></div>')),), "blocked", "登录"),
    "redirect to a passport": (
        (at("/", Reply(status=302, headers=(("Location", "https://passport.example.invalid/login"),))),),
        "blocked", "passport.example.invalid",
    ),
    "changed layout": ((at("/", html("<div class=grid>新版上线</div>" * 300)),), "broken", "改版"),
    "nothing at all": ((at("/", Reply(status=404)),), "broken", "404"),
    "server in trouble": ((at("/", Reply(status=503, headers=(("Retry-After", "3600"),))),), "down", "503"),
    "broken off": ((at("/", Reply(body=b"<html>", claims=50_000)),), "down", "断开"),
    "empty board": (
        (at("/", Reply(body=f'{HEAD}<div id="messagetext"><p>本版块尚无主题</p></div></body>'.encode())),),
        "empty", "尚无主题",
    ),
    "a list whose threads are all refused": (
        (lambda path: Reply(body=LIST) if path.startswith("/forum") else CAPTCHA,), "blocked", "没有取到",
    ),
}  # fmt: skip


def test_a_trial_shows_what_a_crawl_would_collect(desk: Desk, site: Callable[..., Site]) -> None:
    """Entrance and three pages below it; each field with its value, each field's share, and the verdict."""
    forum = site(board().route)
    done = desk.run("sources", "test", "--url", f"{forum.url}/forum-2-1.html", "--kind", "forum", "--posts", "1")
    assert done.code == 0, done.err
    for said in ("robots    允许", "Cookie    没有", "编码 UTF-8", "解析器 discuz", "主题 5", "标题　  主题 5",
                 "作者　  网友500", "时间　  2026-03-15 18:25:00", "第 1 条，共 ", "作者 100%", "图片 0%", "✔ 正常",
                 "读到      4 个页面",
                 "首次抓取只收 7天以内的内容"):  # fmt: skip
        assert said in done.out, said
    assert "上限" not in done.out
    assert "没有读到" not in done.out
    assert len(forum.pages()) == 4


def test_a_trial_leaves_nothing_behind(desk: Desk, site: Callable[..., Site]) -> None:
    """No database, no vault, no cursor: afterwards the source is as unknown as before."""
    forum = site(board().route)
    url = f"{forum.url}/forum-2-1.html"
    assert desk.run("sources", "add", url, "--kind", "forum", "--id", "club").code == 0
    before = sorted(path for path in desk.folder.rglob("*"))
    assert desk.run("sources", "test", "club").code == 0
    assert sorted(path for path in desk.folder.rglob("*")) == before
    assert not desk.data.exists()
    assert desk.lines("sources", "list")[0]["state"] is None


def test_a_trial_is_no_part_of_the_crawls(desk: Desk, site: Callable[..., Site]) -> None:
    """After a crawl a trial still sees everything, and the next crawl still knows what it had read."""
    forum = site(board().route)
    url = f"{forum.url}/forum-2-1.html"
    desk.run("sources", "add", url, "--kind", "forum", "--id", "club")
    desk.environment["TINGFENG_CRAWL__BACKFILL"] = "5000d"
    assert "正常" in desk.run("crawl", "club").out
    [before] = desk.lines("sources", "health")
    assert desk.lines("sources", "test", "club")[-1]["posts"] > 0
    assert desk.lines("sources", "health") == [before]
    forum.pages()
    desk.run("crawl", "club")
    assert len(forum.pages()) == 1


@pytest.mark.parametrize(("routes", "state", "sign"), list(OUTCOMES.values()), ids=list(OUTCOMES))
def test_a_source_that_cannot_be_read_fails_its_trial(
    desk: Desk, site: Callable[..., Site], routes: tuple[Route, ...], state: str, sign: str
) -> None:
    """State and sign are those that a crawl would record; the exit code says no."""
    desk.environment["TINGFENG_CRAWL__TIMEOUT"] = "2s"
    url = f"{site(*routes).url}/forum-2-1.html"
    done = desk.run("sources", "test", "--url", url, "--kind", "forum", "--json")
    last = json.loads(done.out.splitlines()[-1])
    assert (last["state"], last["ok"], last["posts"]) == (state, False, 0), last["reason"]
    assert sign in last["reason"]
    assert done.code == 1


@pytest.mark.parametrize(
    ("robots", "options", "code", "said"),
    [
        ("User-agent: *\nDisallow: /", (), 1, "不允许"),
        ("User-agent: *\nDisallow: /thread", (), 1, "入口允许，下面的页面不允许"),
        ("User-agent: *\nDisallow: /", ("--ignore-robots-because", "自有站点"), 0, "不遵守，理由：自有站点"),
        ("User-agent: *\nAllow: /", (), 0, "允许"),
    ],
    ids=["all forbidden", "threads forbidden", "overridden", "allowed"],
)  # fmt: skip
def test_what_robots_says_is_shown(
    desk: Desk, site: Callable[..., Site], robots: str, options: tuple[str, ...], code: int, said: str
) -> None:
    """A trial obeys as a crawl does, and shows the operator's own exception with its reason."""
    forum = site(board().route, robots=Reply(body=robots.encode(), kind="text/plain"))
    desk.run("sources", "add", f"{forum.url}/forum-2-1.html", "--kind", "forum", "--id", "club", *options)
    done = desk.run("sources", "test", "club")
    assert done.code == code, done.out
    assert f"robots    {said}\n" in done.out


def test_a_page_s_encoding_is_told_from_its_claim(desk: Desk, site: Callable[..., Site]) -> None:
    """A page that lies about its charset is read right, and the lie is shown."""
    forum = board()

    def route(path: str) -> Reply | None:
        reply = forum.route(path)
        return reply and Reply(body=reply.body.decode().encode("gb18030"), kind="text/html; charset=utf-8")

    url = f"{site(route).url}/forum-2-1.html"
    done = desk.run("sources", "test", "--url", url, "--kind", "forum")
    assert "编码 GB18030（自称 utf-8）" in done.out
    assert "刹车片换了还是异响" in done.out


@pytest.mark.parametrize(
    ("cookie", "said"),
    [("SUB=geheim; ALF=4102416000", "天"), ("SUB=geheim; ALF=1600000000", "已经到期"),
     ("SUB=geheim", "没有写明何时到期"), ("geheim", "无法识别")],
)  # fmt: skip
def test_a_cookie_s_end_is_shown_and_never_its_value(
    desk: Desk, site: Callable[..., Site], cookie: str, said: str
) -> None:
    """The operator sees whether his login holds."""
    (desk.folder / "cookie.txt").write_text(cookie, encoding="utf-8")
    forum = site(board().route)
    desk.run(
        "sources", "add", f"{forum.url}/forum-2-1.html", "--kind", "forum", "--id", "c", "--cookie", "file:cookie.txt"
    )
    done = desk.run("sources", "test", "c")
    [line] = [line for line in done.out.splitlines() if line.startswith("Cookie")]
    assert said in line
    assert "geheim" not in done.out + done.err


def test_what_a_page_says_cannot_move_the_cursor(desk: Desk, site: Callable[..., Site]) -> None:
    """Escape sequences in a page are the page's, not the terminal's."""
    nasty = Board()
    nasty.say(1, 5, "正常的话\x1b[2J\x1b]0;标题\x07\x9b31m")
    url = f"{site(nasty.route).url}/forum-2-1.html"
    done = desk.run("sources", "test", "--url", url, "--kind", "forum")
    assert done.code == 0
    assert not {char for char in done.out if char != "\n" and (char < " " or "\x7f" <= char <= "\x9f")}


def test_saved_pages_are_read_again_without_network(desk: Desk, site: Callable[..., Site], tmp_path: Path) -> None:
    """`--save` keeps the bytes and what is known of them; `tingfeng parse` finds the same posts there."""
    forum = site(board().route)
    url = f"{forum.url}/forum-2-1.html"
    done = desk.run("sources", "test", "--url", url, "--kind", "forum", "--save", "pages", "--json", "--posts", "99")
    folder = desk.folder / "pages"
    names = sorted(path.name for path in folder.glob("*.html"))
    assert names == ["page-1.html", "page-2.html", "page-3.html", "page-4.html"]
    assert (folder / "page-1.html").read_bytes() == LIST
    found = {row["id"] for row in map(json.loads, done.out.splitlines()) if row["record"] == "post"}
    again = set()
    for name in names:
        meta = json.loads((folder / name.replace(".html", ".meta.json")).read_text(encoding="utf-8"))
        parsed = desk.run("parse", f"pages/{name}", "--url", meta["url"], "--now", meta["now"])
        rows = map(json.loads, parsed.out.splitlines())
        again |= {row["id"] for row in rows if row["record"] == "post"}
    assert again == found
    desk.run("sources", "test", "--url", url, "--kind", "forum", "--save", "pages")
    assert (folder / "page-5.html").exists()
    assert (folder / "page-1.html").read_bytes() == LIST


MISTAKES = [
    ((), 2, "--url"),
    (("club", "--url", "http://127.0.0.1:9/"), 2, "--url"),
    (("--url", "http://127.0.0.1:9/"), 2, "--kind"),
    (("nobody",), 2, "nobody"),
    (("--url", "javascript:alert(1)", "--kind", "forum"), 2, "http://"),
    (("--url", "http://127.0.0.1:9/", "--kind", "weibo"), 2, "关键词"),
    (("--url", "http://127.0.0.1:9/", "--kind", "forum", "--parser", "acme"), 2, "acme"),
    (("--url", "http://127.0.0.1:9/", "--kind", "blog"), 2, "blog"),
    (("--url", "http://127.0.0.1:9/", "--kind", "forum"), 1, "无法连接"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "code", "named"), MISTAKES)
def test_mistakes_of_a_trial(desk: Desk, arguments: tuple[str, ...], code: int, named: str) -> None:
    """What is wrong is said before anything is fetched; what the world refuses is a verdict."""
    done = desk.run("sources", "test", *arguments)
    assert done.code == code
    assert named in done.out + done.err


def test_a_parser_nobody_wrote_stops_crawl_test_and_doctor(desk: Desk) -> None:
    """A name in the catalogue that means nothing is one line with the names there are."""
    row = {"id": "x", "name": "x", "kind": "forum", "url": "http://127.0.0.1:9/", "channel": "forum", "parser": "acme"}
    text = "[[source]]\n" + "".join(f"{key} = {dumps({'v': value})[5:-1]}\n" for key, value in row.items())
    desk.sources.write_text(text, encoding="utf-8")
    commands = (
        ("crawl",),
        ("run",),
        ("schedule",),
        ("sources", "test", "x"),
        ("sources", "list"),
        ("sources", "health"),
    )
    for command in commands:
        done = desk.run(*command)
        assert done.code == 2, command
        for named in (str(desk.sources), "source[x].parser", "acme", "discuz"):
            assert named in done.err, command
    assert "没有这个页面解析器" in desk.run("doctor").out


def test_guess_says_what_gave_it_away(desk: Desk, site: Callable[..., Site]) -> None:
    """A kind comes with its sign; without one it is an error."""
    forum = site(board().route)
    assert desk.run("sources", "guess", f"{forum.url}/forum-2-1.html").out == "forum（页面（discuz）列出 5 个主题）\n"
    done = desk.run("sources", "guess", f"{forum.url}/thread-1-1-1.html")
    assert done.code == 1
    assert "没有主题或文章的列表" in done.err
    assert desk.run("sources", "guess", "nonsense").code == 2


def test_an_address_can_be_tried_before_anything_is_set_up(desk: Desk, site: Callable[..., Site]) -> None:
    """The first question of a newcomer needs no settings file."""
    (desk.folder / "monitor.toml").unlink()
    desk.environment["TINGFENG_CONFIG"] = "monitor.toml"
    url = f"{site(at('/', CAPTCHA)).url}/forum-2-1.html"
    done = desk.run("sources", "test", "--url", url, "--kind", "forum")
    assert done.code == 1
    assert "没有 monitor.toml" in done.err
    assert "✘ 被拦截" in done.out
