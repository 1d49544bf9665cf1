"""docs/adding-a-source.md does what it says: its commands run in order, in a copy of the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from tests.crawlers.board import Board
from tests.crawlers.site import Reply, Site, serving

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "adding-a-source.md"
#: What the newcomer changes lies in the copy; the rest is shared with the checkout.
OWN = ("crawlers", "tests/pages", "tests/crawlers_pages")
_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)
_CONSTANT = re.compile(r"^(_\w+) = .*$", re.M)


@dataclass(frozen=True)
class Block:
    """A fenced block: what it is, the file it is about, what it says."""

    kind: str
    file: str
    text: str


def blocks() -> list[Block]:
    return [Block(*found) for found in _BLOCK.findall(PAGE.read_text(encoding="utf-8"))]


def ordinary_forum() -> Board:
    """A Discuz! board with five threads of the last hours."""
    now = datetime.now(UTC)
    board = Board(now=now)
    for number in range(1, 6):
        board.say(number, 60 * number)
        board.say(number, 50 * number)
    return board


def car_club(path: str) -> Reply | None:
    """A site with software of its own: two threads of two posts."""
    when = (datetime.now(UTC) - timedelta(hours=2)).astimezone(ZoneInfo("Asia/Shanghai"))
    asked = urlsplit(path).path
    if asked == "/cars":
        cards = "".join(
            f'<div class="card"><a class="subject" href="/cars/{number}">{title}</a> '
            f'<i class="at">{when:%Y-%m-%d %H:%M}</i></div>'
            for number, title in ((901, "冷启动抖动，店里说正常"), (902, "换了四条胎的感受"))
        )
        return _page(f"<h2>用车</h2>{cards}")
    thread = re.fullmatch(r"/cars/(\d+)", asked)
    if thread is None:
        return None
    says = "".join(
        f'<section class="say" data-id="{int(thread[1]) * 10 - 2009 + place}"><b class="who">车友{place}</b> '
        f'<i class="at">{when:%Y-%m-%d %H:%M:%S}</i><p class="words">第 {place} 个人说：冷车起步的时候抖得厉害。</p>'
        f'<u class="up">{place}</u></section>'
        for place in (0, 1)
    )
    return _page(f"<h2>冷启动抖动，店里说正常</h2>{says}")


def _page(body: str) -> Reply:
    return Reply(
        body=f'<html><head><meta charset="utf-8"><title>车友</title></head><body>{body}</body></html>'.encode()
    )


@dataclass
class Newcomer:
    """A copy of the checkout, and somebody who types what the page says."""

    root: Path
    addresses: dict[str, str]
    club: Site

    def told(self, text: str) -> str:
        for written, real in self.addresses.items():
            text = text.replace(written, real)
        return text

    def types(self, text: str) -> str:
        """Run a block; what it printed, on both streams."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("TINGFENG_")}
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", self.told(text)],
            cwd=self.root,
            env={
                **kept,
                "PATH": f"{self.root / '.venv/bin'}:{kept['PATH']}",
                "PYTHONPATH": str(self.root),
                "COLUMNS": "240",
                "NO_COLOR": "1",
                "TINGFENG_CRAWL__DELAY": "0s",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, f"$ {text}\n{done.stdout}"
        return done.stdout

    def edits(self, file: str, text: str) -> None:
        """Put each constant of the block in the place of the file's own."""
        path = self.root / file
        source = path.read_text(encoding="utf-8")
        for line in text.splitlines():
            constant = _CONSTANT.match(line)
            assert constant, line
            source, count = re.subn(rf"^{constant[1]} = .*$", line.replace("\\", r"\\"), source, flags=re.M)
            assert count == 1, f"{file} has no constant {constant[1]}"
        path.write_text(source, encoding="utf-8")


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    root = tmp_path / "tingfeng"
    for name in OWN:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.name not in (*(name.partition("/")[0] for name in OWN), ".git", ".venv", "var") and (
            path.is_dir() or path.name == "pyproject.toml" or path.name.endswith(".example.toml")
        ):
            (root / path.name).symlink_to(path)
    for name in ("tests/conftest.py", "tests/elastic"):  # what every test may ask for
        (root / name).symlink_to(ROOT / name)
    (root / ".venv").symlink_to(sys.prefix)
    with ExitStack() as stack:
        board = ordinary_forum()
        forum = stack.enter_context(serving(Site(routes=[board.route], now=board.now)))
        club = stack.enter_context(serving(Site(routes=[car_club], now=board.now)))
        addresses = {"https://bbs.example.invalid": forum.url, "https://club.example.invalid": club.url}
        yield Newcomer(root, addresses, club)


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.e2e
@pytest.mark.timeout(600)
def test_the_page_can_be_followed(newcomer: Newcomer) -> None:
    """Every command ends well, prints what the page says it prints, and leads to a source that is crawled."""
    printed = ""
    ran = 0
    for block in blocks():
        match block.kind:
            case "sh":
                printed = newcomer.types(block.text)
                ran += 1
            case "text":
                for line in newcomer.told(block.text).splitlines():
                    assert squeezed(line) in squeezed(printed), f"{line!r} was not printed:\n{printed}"
            case "python":
                newcomer.edits(block.file, block.text)
            case "toml":
                written = (newcomer.root / "sources.toml").read_text(encoding="utf-8")
                assert block.text in written
            case "html":
                pages = "".join(newcomer.club.answer(path).body.decode() for path in ("/cars", "/cars/901"))
                for line in block.text.splitlines():
                    assert line in pages, line
            case other:
                pytest.fail(f"a block of a kind nobody follows: {other}")
    assert ran >= 10
    posts = newcomer.types("tingfeng sources health --json")
    assert '"id":"club"' in posts
    assert '"new_24h":4' in posts


def test_every_block_says_what_it_is() -> None:
    """A fence without a kind would be skipped silently."""
    fences = re.findall(r"^```.*$", PAGE.read_text(encoding="utf-8"), flags=re.M)
    assert len(fences) == 2 * len(blocks())
    assert {block.kind for block in blocks()} == {"sh", "text", "toml", "html", "python"}
    assert all(block.file for block in blocks() if block.kind == "python")
