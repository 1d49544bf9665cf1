"""Where else a Discuz! board can be read: its plain edition ("archiver") and its feed, from any form of its address.

Shapes seen on X3.4 and X3.5; those of 6 and 7 follow their public code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit, urlunsplit

from crawlers.pages.urls import thread_number

_REWRITTEN = re.compile(r"(?P<folder>.*/)forum-(?P<fid>\d{1,9})-\d{1,6}\.html$")
_DISPLAY = re.compile(r"(?P<folder>.*/)(?P<script>forum|forumdisplay)\.php$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A board and how its site writes addresses."""

    root: str
    fid: str
    #: "rewritten" (thread-6-1-1.html), "x" (forum.php?mod=…), "old" (viewthread.php).
    form: str

    @property
    def archiver(self) -> str:
        """The plain edition of its list."""
        return f"{self.root}archiver/?fid-{self.fid}.html"

    @property
    def feed(self) -> str:
        """Its twenty newest threads."""
        return f"{self.root}{'rss.php?' if self.form == 'old' else 'forum.php?mod=rss&'}fid={self.fid}"

    def thread(self, tid: str) -> str:
        """The full edition of a thread."""
        if self.form == "rewritten":
            return f"{self.root}thread-{tid}-1-1.html"
        return f"{self.root}{'viewthread.php?' if self.form == 'old' else 'forum.php?mod=viewthread&'}tid={tid}"


def board_of(url: str) -> Board | None:
    """The board that an address names by number; `None` for any other address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    rewritten = _REWRITTEN.match(parts.path)
    if rewritten:
        root = urlunsplit((parts.scheme, parts.netloc, rewritten["folder"], "", ""))
        return Board(root=root, fid=rewritten["fid"], form="rewritten")
    display = _DISPLAY.match(parts.path)
    asked = parse_qs(parts.query)
    fid = asked.get("fid", [""])[0]
    if display is None or not (fid.isascii() and fid.isdigit() and len(fid) < 10):
        return None
    if display["script"] == "forum" and asked.get("mod", [""])[0] != "forumdisplay":
        return None
    root = urlunsplit((parts.scheme, parts.netloc, display["folder"], "", ""))
    return Board(root=root, fid=fid, form="x" if display["script"] == "forum" else "old")


def archived_thread(url: str) -> str | None:
    """The plain edition of a thread's first page; `None` for an address that names no Discuz! thread."""
    thread = thread_number(url)
    if thread is None:
        return None
    parts = urlsplit(url)
    folder = parts.path.rpartition("/")[0].removesuffix("/archiver")
    return urlunsplit((parts.scheme, parts.netloc, f"{folder}/archiver/", f"tid-{thread[0]}.html", ""))
