"""What a person hands in becomes posts: a JSON Lines file, a table, a saved page, or a list of addresses to fetch.

A file is checked whole before anything of it is taken: half an import is worse than none, nobody knows which half.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from core.errors import BadInput, ConfigError
from core.model import Post
from core.wire import post_from_json, read_lines, unread_keys

# Imports stand inside the functions: every command loads this module, and the page parsers take half a second.

Format = Literal["jsonl", "csv", "urls", "page"]

#: A larger file is better split: all of it is held in memory while it is checked.
LARGEST_FILE = 200_000_000
_BY_ENDING: dict[str, Format] = {
    ".jsonl": "jsonl", ".json": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv", ".urls": "urls",
    ".html": "page", ".htm": "page", ".xhtml": "page", ".shtml": "page",
}  # fmt: skip
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LONGEST_URL = 2000
#: Browsers write where a page came from at its top when they save it.
_SAVED_FROM = re.compile(rb"<!--\s*saved from url=\(\d{1,6}\)(https?://[^\s>]{1,2000}?)\s*-->", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """What a file holds: posts, addresses to fetch, or one saved page."""

    posts: tuple[Post, ...] = ()
    urls: tuple[str, ...] = ()
    #: A page or an answer of an interface, as it was saved; a parser reads it.
    page: bytes | None = None
    #: Sentences about what was left out (columns that mean nothing to us).
    notes: tuple[str, ...] = ()


def read_file(content: bytes, *, name: str, form: Format | None, now: datetime, zone: ZoneInfo) -> HandedIn:
    """Read a file whole. `form` is what it is said to be; else its ending or its content tells.

    Raise `BadInput` naming file, line, field and value, or `ConfigError` for what is no such file at all.
    """
    if content.startswith(_WORKBOOKS) or name.lower().endswith((".xlsx", ".xls", ".et")):
        raise ConfigError(
            file="命令行",
            key="FILE",
            value=name,
            problem="这是电子表格，不是 CSV",
            fix="请在表格软件里另存为 CSV（UTF-8）",
        )
    if name.lower().endswith((".mht", ".mhtml", ".pdf", ".docx", ".doc")):
        raise ConfigError(
            file="命令行", key="FILE", value=name, problem="读不了这种格式", fix="请在浏览器里另存为“网页，仅 HTML”"
        )
    form = form or _BY_ENDING.get(PurePath(name).suffix.lower()) or _by_content(content, name)
    if form == "page":
        return HandedIn(page=content)
    text = decode_strictly(content, name=name, may_be_gbk=form != "jsonl")
    if form == "urls":
        return HandedIn(urls=read_urls(text.splitlines(), name=name))
    if form == "csv":
        from app.importing_csv import read_table

        table = read_table(text, name=name, now=now, zone=zone)
        return HandedIn(posts=table.posts, notes=table.notes)
    posts: list[Post] = []
    unread: dict[str, None] = {}
    for line, row in read_lines(io.StringIO(text), file=name):
        posts.append(post_from_json(row, now=now, zone=zone, file=name, line=line))
        unread.update(dict.fromkeys(unread_keys(row)))
    # A misspelt "published_at" would date old posts today without a word.
    notes = (f"没有用到的字段：{'、'.join(list(unread)[:20])}",) if unread else ()
    return HandedIn(posts=tuple(posts), notes=notes)


def _by_content(content: bytes, name: str) -> Format:
    """What the first line that says something is: an object, column names, or an address."""
    from app.importing_csv import names_columns

    if content.lstrip(codecs.BOM_UTF8).lstrip()[:1] == b"<":
        return "page"
    lines = decode_strictly(content, name=name, may_be_gbk=True).splitlines()
    first = next((line.strip() for line in lines if line.strip() and not line.startswith("#")), "")
    if first.startswith("{"):
        return "jsonl"
    addresses = "://" in first or name.lower().endswith(".txt")
    return "csv" if names_columns(first) or not addresses else "urls"


def decode_strictly(content: bytes, *, name: str, may_be_gbk: bool) -> str:
    """The text of a file that a person wrote: marked, UTF-8, or (tables and lists) GB18030, as Chinese Excel saves it.

    Raise `BadInput` with the line of the first byte that is neither.
    """
    for mark, charset in _BOMS:
        if content.startswith(mark):
            return content.decode(charset, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as bad:
        wrong = bad.start
    if may_be_gbk:
        try:
            return content.decode("gb18030")
        except UnicodeDecodeError as bad:
            wrong = bad.start
    line = content[:wrong].count(b"\n") + 1
    fix = "文件应为 UTF-8 或 GB18030" if may_be_gbk else "文件应为 UTF-8"
    raise BadInput(file=name, line=line, key="(整行)", value="…", fix=fix) from None


def read_urls(lines: Iterable[str], *, name: str) -> tuple[str, ...]:
    """One address a line; blank lines and those that begin with # are skipped, repeated ones are taken once."""
    found: dict[str, None] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        problem = problem_of(text)
        if problem:
            raise BadInput(file=name, line=number, key="网址", value=text[:80], fix=problem)
        found[text] = None
    return tuple(found)


def saved_from(content: bytes) -> str | None:
    """Where a saved page came from, as the browser noted at its top."""
    found = _SAVED_FROM.search(content[:4096])
    url = found[1].decode("utf-8", "replace") if found else ""
    return url if url and problem_of(url) is None else None


def check_urls(urls: Sequence[str]) -> tuple[str, ...]:
    """The addresses of the command line. Raise `ConfigError` for the first that is none."""
    for url in urls:
        problem = problem_of(url.strip())
        if problem:
            raise ConfigError(file="命令行", key="--url", value=url[:80], problem="不是网址", fix=problem)
    return tuple(dict.fromkeys(url.strip() for url in urls))


def problem_of(url: str) -> str | None:
    """Why a text cannot be fetched; `None` for an address. One inside our network is good: a person names it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return "主机名或端口写错了"
    if parts.scheme not in ("http", "https"):
        return "应以 http:// 或 https:// 开头"
    if not host:
        return "缺少主机名"
    if len(url) > _LONGEST_URL or any(char.isspace() for char in url):
        return f"网址里不能有空白，不能超过 {_LONGEST_URL} 个字符"
    return None
