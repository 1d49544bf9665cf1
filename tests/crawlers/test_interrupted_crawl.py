from __future__ import annotations

import os
import signal
import subprocess
import threading
from typing import Any

import pytest

from tests.crawlers.board import Board
from tests.crawlers.conftest import Crawls, drive, row
from tests.crawlers.site import Reply, Site


class Gate:
    """Holds the nth thread page back until it is opened, and says when it was asked for."""

    def __init__(self, board: Board, nth: int) -> None:
        self.board, self.nth = board, nth
        self.reached, self.open = threading.Event(), threading.Event()

    def route(self, path: str) -> Reply | None:
        if path == f"/thread-{self.nth}-1-1.html":
            self.reached.set()
            self.open.wait(60)
        return self.board.route(path)


def _board() -> Board:
    board = Board(per_list=6)
    for tid in range(1, 13):
        board.say(tid, 100 + tid)
        board.say(tid, 50 + tid)
    return board


def _interrupted(crawls: Crawls, site: Site, gate: Gate, number: int) -> subprocess.Popen[str]:
    process = drive()
    assert process.stdin
    process.stdin.write(crawls.order(row("board", "forum", f"{site.url}/forum-2-1.html")) + "\n")
    process.stdin.flush()
    assert gate.reached.wait(60)
    os.killpg(process.pid, number)
    return process


@pytest.mark.parametrize("nth", [2, 9])
def test_a_crawl_killed_at_any_page_loses_and_doubles_nothing(crawls: Crawls, sites: Any, nth: int) -> None:
    """kill -9 while the nth thread is on its way: what was handed over is kept, and the next crawl gets the rest."""
    board = _board()
    gate = Gate(board, nth)
    site = sites(gate.route)
    killed = _interrupted(crawls, site, gate, signal.SIGKILL)
    killed.communicate()
    gate.open.set()
    assert len(crawls.posts()) == 2 * (nth - 1)

    outcome = crawls.run(row("board", "forum", f"{site.url}/forum-2-1.html"))
    assert outcome.state("board")[0] == "ok"
    assert outcome.reports["board"]["new"] == 24 - 2 * (nth - 1)
    posts = crawls.posts()
    assert len(posts) == len({post.id for post in posts}) == 24
    assert all(crawls.raw_of(post).status == 200 for post in posts)
    site.pages()
    crawls.run(row("board", "forum", f"{site.url}/forum-2-1.html"))
    assert site.pages() == ["/forum-2-1.html"]


def test_a_polite_stop_ends_in_time_and_leaves_the_cursor_alone(crawls: Crawls, sites: Any) -> None:
    """SIGTERM in the middle: no report, no cursor, exit status 0, and the posts so far are kept."""
    board = _board()
    gate = Gate(board, 4)
    site = sites(gate.route)
    process = drive()
    assert process.stdin
    assert process.stdout
    process.stdin.write(crawls.order(row("board", "forum", f"{site.url}/forum-2-1.html")) + "\n")
    process.stdin.flush()
    assert gate.reached.wait(60)
    child = int(subprocess.check_output(["pgrep", "-P", str(process.pid)], text=True))
    os.kill(child, signal.SIGTERM)
    assert int(process.stdout.readline()) == 0, (crawls.data / "log.txt").read_text()
    gate.open.set()
    process.communicate()
    log = (crawls.data / "log.txt").read_text()
    assert "crawl_interrupted" in log
    assert "Traceback" not in log, log
    assert len(site.pages()) == 5, "nothing was asked for after the signal"
    assert len(crawls.posts()) == 6
    outcome = crawls.run(row("board", "forum", f"{site.url}/forum-2-1.html"))
    assert outcome.reports["board"]["new"] == 18
