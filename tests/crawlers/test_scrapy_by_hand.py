from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.wire import dumps, post_from_json, post_to_json
from tests.crawlers.board import ZONE, Board
from tests.crawlers.conftest import ROOT
from tests.crawlers.site import NOW


def _scrapy(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scrapy", *arguments], capture_output=True, text=True, cwd=ROOT, timeout=120
    )


def test_scrapy_lists_our_spiders() -> None:
    """`scrapy list` works from the repository's root."""
    kinds = ["complaint", "forum", "manual", "news", "qa", "tieba", "weibo"]
    assert _scrapy("list").stdout.split() == kinds


def test_a_crawl_by_hand_prints_the_wire_format(sites: Any, tmp_path: Path) -> None:
    """No database is touched; every line is exactly what `core.wire` writes."""
    board = Board(now=NOW - timedelta(days=400))
    board.say(1, 100, "第一条：刹车异响“严重”")
    board.say(1, 90)
    board.say(2, 80)
    site = sites(board.route)
    out = tmp_path / "out.jsonl"
    done = _scrapy("crawl", "forum", "-a", f"url={site.url}/forum-2-1.html", "-O", str(out), "-s", "DOWNLOAD_DELAY=0")
    assert done.returncode == 0, done.stderr
    lines = out.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3
    for number, line in enumerate(lines, start=1):
        post = post_from_json(json.loads(line), now=NOW, zone=ZONE, file="out.jsonl", line=number)
        assert dumps(post_to_json(post)) == line


def test_a_crawl_by_hand_without_an_address_says_what_is_missing() -> None:
    """The last line names the argument."""
    done = _scrapy("crawl", "news")
    assert done.returncode != 0
    assert "-a url=" in done.stderr.splitlines()[-1]
