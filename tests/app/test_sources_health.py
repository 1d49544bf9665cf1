"""`tingfeng sources list|pause|resume|health`: whether the silence of each source can be trusted."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.conftest import Desk
from tests.crawlers.board import Board
from tests.crawlers.site import Reply, Site, at

WALL = Reply(
    status=403,
    body="<html><head><title>安全验证</title></head><body>请完成安全验证\x1b[2J</body></html>".encode(),
    headers=(("X-Gate", "cap\x1btcha"),),
)


@pytest.fixture
def watched(desk: Desk, site: Callable[..., Site]) -> Desk:
    """Three sources: one that was read, one that refuses us, one that was never crawled."""
    board = Board()
    board.say(1, 5)
    desk.environment["TINGFENG_CRAWL__BACKFILL"] = "5000d"
    for name, address in (("good", site(board.route).url), ("walled", site(at("/", WALL)).url)):
        desk.run("sources", "add", f"{address}/forum-2-1.html", "--kind", "forum", "--id", name, "--owner", "小李")
    desk.run("sources", "add", "https://bbs.example.invalid/forum-2-1.html", "--kind", "forum", "--id", "fresh")
    assert desk.run("crawl", "good", "walled", "--quiet").code == 0
    return desk


def test_health_tells_states_apart(watched: Desk) -> None:
    """One that refuses us makes the whole not fine; its reason, its proof and its next try are there."""
    done = watched.run("sources", "health")
    assert done.code == 1
    for said in ("good", "正常", "✘ 被拦截", "安全验证", "尚未抓取", "1 / —", "遵守"):
        assert said in done.out, said
    good, walled, fresh = watched.lines("sources", "health")
    assert (good["fine"], good["state"], good["new_24h"], good["usual_day"]) == (True, "ok", 1, None)
    assert (walled["fine"], walled["state"], walled["last_ok"]) == (False, "blocked", None)
    assert walled["next_run"] > walled["since"]
    assert re.fullmatch("[0-9a-f]{64}", walled["proof"])
    assert (fresh["fine"], fresh["state"], fresh["proof"]) == (False, None, None)


def test_health_is_fine_where_all_is(watched: Desk) -> None:
    """A source that the operator paused is his own wish, and no fault; one that was never crawled says nothing."""
    assert watched.run("sources", "pause", "walled", "--because", "等站方答复").code == 0
    assert watched.run("sources", "health").code == 1
    assert watched.run("sources", "pause", "fresh", "--because", "尚未谈妥").code == 0
    done = watched.run("sources", "health")
    assert done.code == 0
    assert "已暂停" in done.out
    assert "等站方答复" in done.out


def test_the_response_that_decided_can_be_read(watched: Desk) -> None:
    """Headers and first lines as plain text: what the site sends cannot move the terminal's cursor."""
    done = watched.run("sources", "health", "--proof", "walled")
    assert done.code == 0
    for said in ("状态码 403", "X-Gate", "<title>安全验证</title>", "http://127.0.0.1:"):
        assert said in done.out, said
    assert "\x1b" not in done.out


def test_the_response_can_be_had_whole_and_overwrites_nothing(watched: Desk, tmp_path: Path) -> None:
    """`--out` writes the very bytes, into a new file only."""
    out = tmp_path / "proof.html"
    assert watched.run("sources", "health", "--proof", "walled", "--out", str(out)).code == 0
    assert out.read_bytes() == WALL.body
    done = watched.run("sources", "health", "--proof", "walled", "--out", str(out))
    assert done.code == 2
    assert "文件已存在" in done.err
    assert watched.run("sources", "health", "--out", str(out)).code == 2


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("nobody", "没有信源 nobody"),
        ("fresh", "还没有抓取过"),
        ("good", "原始响应库中没有"),
        ("walled", "不是由某份响应决定"),
    ],
)
def test_a_proof_that_is_not_there_is_said(watched: Desk, source: str, said: str) -> None:
    """Unknown, never crawled, taken by retention, decided by a person: four sentences."""
    if source == "good":
        for path in (watched.data / "vault").rglob("*"):
            if path.is_file():
                path.unlink()
    if source == "walled":
        watched.run("sources", "pause", "walled", "--because", "x")
    done = watched.run("sources", "health", "--proof", source)
    assert done.code == 1
    assert said in done.err


def test_a_paused_source_is_left_alone_until_it_is_resumed(watched: Desk) -> None:
    """The pause holds for the schedule; afterwards it is the source's turn at once."""
    watched.run("sources", "pause", "good", "--because", "站点维护  到周五")
    [good, *_] = watched.lines("sources", "list")
    assert (good["state"], good["reason"], good["next_run"]) == ("paused", "站点维护 到周五", None)
    assert "good" not in watched.run("crawl", "--due").out
    assert "已恢复" in watched.run("sources", "resume", "good").out
    assert "good\t正常\t新 0" in watched.run("crawl", "good", "--due").out
    assert "无需恢复" in watched.run("sources", "resume", "good").out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("pause", "nobody", "--because", "x"), "nobody"),
        (("pause", "good"), "--because"),
        (("pause", "good", "--because", "  "), "--because"),
        (("pause",), "ID"),
        (("resume", "nobody"), "可用：good、walled、fresh"),
    ],
)
def test_mistakes(watched: Desk, arguments: tuple[str, ...], named: str) -> None:
    """A pause without a reason would be a silence nobody understands next week."""
    done = watched.run("sources", *arguments)
    assert done.code == 2
    assert named in done.err


def test_the_list_shows_whose_turn_is_when(watched: Desk) -> None:
    """One line a source, with the person who answers for it."""
    done = watched.run("sources", "list")
    assert done.code == 0
    for said in ("信源 3 个", "小李", "10m", "论坛", "未指定", "尚未抓取", "即将", "后"):
        assert said in done.out, said


def test_a_cookie_that_ended_is_not_fine(desk: Desk) -> None:
    """Nobody crawls well with a login that is over, whatever the last crawl said."""
    (desk.folder / "c.txt").write_text("SUB=geheim; ALF=1600000000", encoding="utf-8")
    add = ("sources", "add", "https://m.weibo.cn", "--kind", "weibo", "--id", "wb", "--keyword", "车")
    assert desk.run(*add, "--cookie", "file:c.txt").code == 0
    done = desk.run("sources", "health")
    assert done.code == 1
    assert "已到期" in done.out
    assert "geheim" not in done.out


def test_no_source_at_all(desk: Desk) -> None:
    """An empty catalogue is a table without rows, not an error."""
    assert desk.run("sources", "health").code == 0
    assert desk.run("sources", "list").code == 0
    assert desk.lines("sources", "list") == []
