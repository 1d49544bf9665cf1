"""`tingfeng sources add`: a checked row below the others; what would not load is never written."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.settings import SourceSettings
from tests.app.conftest import Desk
from tests.app.test_cli import COMMANDS
from tests.crawlers.board import CAPTCHA, Board
from tests.crawlers.site import Reply, Site, at

BOARD = "https://bbs.example.invalid/forum-2-1.html"
FORUM = ("sources", "add", BOARD, "--kind", "forum")
WEIBO = ("sources", "add", "https://m.weibo.cn", "--kind", "weibo", "--id", "wb")
BEFORE = """# 我的信源：先看这里
[[source]]
id = "old"            # 编号不要改
name = '老论坛'
kind   =   "forum"
url = "https://old.example.invalid/forum-1-1.html"
channel = "forum"
"""

MISTAKES = [
    ("id in capitals", (*FORUM, "--id", "City"), ["source[第2行 City].id", "City"]),
    ("id that is taken", (*FORUM, "--id", "old"), ["source.id", "old", "重复"]),
    ("name too long", (*FORUM, "--name", "长" * 61), [".name"]),
    ("no address", ("sources", "add", "bbs.example.invalid", "--kind", "forum"), ["url", "http://"]),
    ("another scheme", ("sources", "add", "ftp://x.invalid/", "--kind", "forum"), ["url", "ftp://x.invalid/"]),
    ("interval without unit", (*FORUM, "--every", "10"), [".every", "10m"]),
    ("delay in words", (*FORUM, "--delay", "三秒"), [".delay", "三秒"]),
    ("weibo without words", WEIBO, ["source[wb].keyword", "缺少关键词"]),
    ("user that is a name", (*WEIBO, "--user", "某人"), [".user", "某人"]),
    ("user on a forum", (*FORUM, "--user", "123456"), [".user", "这类信源没有这个设置"]),
    ("edition of another site", (*WEIBO, "--keyword", "车", "--surface", "app"), [".surface", "mobile、web、search"]),
    ("tieba without a bar", ("sources", "add", "https://tieba.baidu.com", "--kind", "tieba"), ["缺少吧名"]),
    ("comments on a forum", (*FORUM, "--comments"), [".comments"]),
    ("second entrance of a forum", (*FORUM, "--also", "https://x.invalid/rss"), [".also"]),
    ("canary that is no address", (*FORUM, "--canary", "首页"), [".canary", "首页"]),
    ("cookie itself", (*FORUM, "--cookie", "SUB=_2A25geheim"), ["--cookie", "***", "env:变量名"]),
    ("cookie that is not set", (*FORUM, "--cookie", "env:NO_SUCH"), ["cookie", "NO_SUCH", "export"]),
    ("cookie file that is missing", (*FORUM, "--cookie", "file:none.txt"), ["cookie", "none.txt", "无法读取"]),
    ("parser nobody wrote", (*FORUM, "--parser", "acme"), [".parser", "acme", "discuz", "new-source acme"]),
    ("parser that is a path", (*FORUM, "--parser", "../x"), [".parser"]),
]


@pytest.fixture
def full(desk: Desk) -> Desk:
    """A desk whose catalogue has one row and a comment."""
    desk.sources.write_text(BEFORE, encoding="utf-8")
    return desk


def rows(desk: Desk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(desk.sources.read_text(encoding="utf-8"))["source"]
    return found


@pytest.mark.parametrize(("arguments", "named"), [case[1:] for case in MISTAKES], ids=[case[0] for case in MISTAKES])
def test_what_would_not_load_is_refused_in_one_line(full: Desk, arguments: tuple[str, ...], named: list[str]) -> None:
    """The line names file or argument, key, value and fix; the catalogue stays as it was, and nothing lies about."""
    before = sorted(full.folder.iterdir())
    done = full.run(*arguments)
    assert done.code == 2, done.err
    [line] = done.err.strip().splitlines()
    for part in named:
        assert part in line, line
    assert "geheim" not in done.err + done.out
    assert full.sources.read_text(encoding="utf-8") == BEFORE
    assert [path for path in sorted(full.folder.iterdir()) if path.name != "var"] == before


@pytest.mark.parametrize("name", ["id in capitals", "interval without unit", "weibo without words", "id that is taken"])
def test_adding_and_loading_say_the_same(full: Desk, name: str) -> None:
    """A row typed into the file by hand is refused in the very words of `add`."""
    arguments = next(case[1] for case in MISTAKES if case[0] == name)
    said = full.run(*arguments).err
    assert str(full.sources) in said
    keys = {"--kind": "kind", "--id": "id", "--every": "every"}
    row = {"id": "bbs-example-invalid", "name": "x", "url": arguments[2]}
    row |= {keys[option]: value for option, value in zip(arguments[3::2], arguments[4::2], strict=True)}
    row["channel"] = row["kind"]
    text = "\n[[source]]\n" + "".join(f'{key} = "{value}"\n' for key, value in row.items())
    full.sources.write_text(BEFORE + text, encoding="utf-8")
    assert full.run("sources", "list").err == said


def test_what_stood_in_the_file_stays_to_the_byte(full: Desk) -> None:
    """Comments, quotes and blanks of the operator are his; the new row stands below, with only what was said."""
    done = full.run(*FORUM, "--id", "city", "--name", '城市 "汽车"\\版\t块', "--owner", "市场部")
    assert done.code == 0, done.err
    text = full.sources.read_bytes()
    assert text.startswith(BEFORE.encode())
    assert rows(full)[1] == {
        "id": "city", "name": '城市 "汽车"\\版\t块', "kind": "forum", "url": BOARD, "channel": "forum",
        "owner": "市场部",
    }  # fmt: skip
    assert [row["id"] for row in full.lines("sources", "list")] == ["old", "city"]


def test_every_key_of_a_source_can_be_said(full: Desk) -> None:
    """A key without an option would send the operator back to the editor."""
    (full.folder / "cookies.txt").write_text("SUB=x", encoding="utf-8")
    options = {param.name for param in COMMANDS["sources", "add"].params}
    assert set(SourceSettings.model_fields) <= options
    done = full.run(
        "sources", "add", "https://news.example.invalid/rss", "--id", "n", "--name", "新闻", "--kind", "news",
        "--channel", "broadcast", "--also", "https://news.example.invalid/map", "--also", "https://news.example.invalid/b",
        "--comments", "--parser", "article", "--every", "30m", "--owner", "李", "--delay", "5s", "--cookie",
        "file:cookies.txt", "--browser", "--canary", "https://news.example.invalid/top", "--ignore-robots-because",
        "自有站点", "--may-be-empty",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert rows(full)[1] == {
        "id": "n", "name": "新闻", "kind": "news", "url": "https://news.example.invalid/rss",
        "also": ["https://news.example.invalid/map", "https://news.example.invalid/b"], "comments": True,
        "parser": "article", "channel": "broadcast", "every": "30m", "owner": "李", "delay": "5s",
        "cookie": "file:cookies.txt", "browser": True, "canary": "https://news.example.invalid/top",
        "ignore_robots_because": "自有站点", "never_empty": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("before", "gap"),
    [
        (b"", b""),
        (b"# \xe4\xbf\xa1\xe6\xba\x90\r\n", b"\r\n"),
        (BEFORE.rstrip("\n").encode(), b"\n\n"),
    ],
    ids=["empty", "windows", "no last line end"],
)
def test_line_ends_are_kept(desk: Desk, before: bytes, gap: bytes) -> None:
    """The file reads as if one hand had written it."""
    desk.sources.write_bytes(before)
    assert desk.run(*FORUM, "--id", "city").code == 0
    after = desk.sources.read_bytes()
    assert after.startswith(before + gap + b"[[source]]")
    assert (b"\r\n" in before) == (b"\r\n" in after)
    assert after.count(b"\n") == after.count(b"\r\n") or b"\r\n" not in before


def test_an_address_may_be_an_option(full: Desk) -> None:
    """`--url` as in `test` and `new-source`; none or two of them are a question."""
    assert full.run("sources", "add", "--url", BOARD, "--kind", "forum", "--id", "city").code == 0
    assert rows(full)[1]["url"] == BOARD
    for arguments in ((), (BOARD, "--url", BOARD)):
        done = full.run("sources", "add", *arguments, "--kind", "forum")
        assert done.code == 2
        assert "写出信源的网址" in done.err
    assert len(rows(full)) == 2


def test_a_link_and_its_rights_are_kept(full: Desk) -> None:
    """The file may be a link into a folder under version control; its target is replaced, not the link."""
    target = full.folder / "shared.toml"
    full.sources.rename(target)
    target.chmod(0o640)
    full.sources.symlink_to(target)
    assert full.run(*FORUM, "--id", "city").code == 0
    assert full.sources.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert len(rows(full)) == 2


def test_rows_in_another_form_are_not_broken(desk: Desk) -> None:
    """`source = []` cannot be appended to; the way out is said."""
    desk.sources.write_text("source = []\n", encoding="utf-8")
    done = desk.run(*FORUM, "--id", "city")
    assert done.code == 2
    assert "[[source]]" in done.err
    assert desk.sources.read_text(encoding="utf-8") == "source = []\n"


def test_two_who_add_at_once_lose_nothing(full: Desk) -> None:
    """Each command takes its turn at the file."""
    commands = [
        [sys.executable, "-m", "app", *FORUM, "--id", f"s{number}", "--config", str(full.folder / "monitor.toml")]
        for number in range(4)
    ]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands]
    assert [one.wait(120) for one in running] == [0] * 4
    assert {row["id"] for row in rows(full)} == {"old", "s0", "s1", "s2", "s3"}


def test_a_kind_is_read_from_the_page(desk: Desk, site: Callable[..., Site]) -> None:
    """Left out, the kind is what the page shows; id and name come from the address. One polite look, then the trial."""
    board = Board()
    for number in range(1, 4):
        board.say(number, number * 10)
    forum = site(board.route)
    done = desk.run("sources", "add", f"{forum.url}/forum-2-1.html", "--test", "--every", "30m")
    assert done.code == 0, done.err
    assert "种类：forum" in done.out
    assert "✔ 正常" in done.out
    assert rows(desk) == [
        {"id": "127-0-0-1", "name": "127.0.0.1", "kind": "forum", "url": f"{forum.url}/forum-2-1.html",
         "channel": "forum", "every": "30m"},
    ]  # fmt: skip
    assert "/robots.txt" in forum.asked


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (CAPTCHA, "被拦截"),
        (Reply(body="<html><body><h1>公司简介</h1><p>本公司成立于二零零一年。</p></body></html>".encode()), "没有主题"),
        (Reply(status=500), "无法连接"),
    ],
    ids=["captcha", "no list", "down"],
)
def test_a_page_that_tells_nothing_is_not_guessed(
    desk: Desk, site: Callable[..., Site], reply: Reply, said: str
) -> None:
    """A wrong guess would cost more than the question; nothing is written."""
    before = desk.sources.read_bytes()
    done = desk.run("sources", "add", f"{site(at('/', reply)).url}/list", "--id", "x")
    assert done.code == 1
    assert said in done.err
    assert "--kind" in done.err
    assert desk.sources.read_bytes() == before


def test_a_platform_is_known_by_its_address(desk: Desk) -> None:
    """No page is fetched, and what the address says becomes a key of its own."""
    assert desk.run("sources", "add", "https://tieba.baidu.com/f?kw=%C6%FB%B3%B5", "--id", "bar").code == 0
    [row] = rows(desk)
    assert (row["kind"], row["keyword"], row["url"]) == ("tieba", "汽车", "https://tieba.baidu.com")


def test_a_source_that_fails_its_test_is_not_written(desk: Desk, site: Callable[..., Site]) -> None:
    """`--test` is a condition, and the reason is shown."""
    before = desk.sources.read_bytes()
    url = f"{site(at('/', CAPTCHA)).url}/forum-2-1.html"
    done = desk.run("sources", "add", url, "--kind", "forum", "--id", "x", "--test")
    assert done.code == 1
    assert "✘ 被拦截" in done.out
    assert "没有写入" in done.err
    assert desk.sources.read_bytes() == before


def test_a_dry_run_shows_the_row_and_writes_nothing(full: Desk) -> None:
    """What is printed is TOML that could be pasted."""
    done = full.run(*FORUM, "--id", "city", "--dry-run")
    assert tomllib.loads(done.out)["source"][0]["id"] == "city"
    assert full.sources.read_text(encoding="utf-8") == BEFORE


def test_no_settings_no_catalogue(tmp_path: Path, full: Desk) -> None:
    """Without `monitor.toml` there is nothing to add to, and the first step is named."""
    (full.folder / "monitor.toml").unlink()
    done = full.run(*FORUM)
    assert done.code == 2
    assert "monitor.example.toml" in done.err
