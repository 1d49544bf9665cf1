"""Mentions to export, an index that answers from a list and can fail, and readers of the files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import openpyxl

from core.model import Author, Mention, Post, Verdict
from index.base import Hit, Page, Query, SearchIndex
from index.export import Exported, Format, export_file
from index.export_cells import COLUMNS, Names
from index.export_pages import batches

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")


def mention(number: int, text: str = "刹车异响", **changes: object) -> Mention:
    """The newest has the lowest number."""
    post = Post(
        kind="forum",
        site="bbs.example",
        native_id=str(number),
        url=f"https://bbs.example/t/{number}",
        channel="forum",
        title="城东店的事",
        text=text,
        author=Author(name="李先生"),
        published=NOW - timedelta(minutes=number),
        collected=NOW,
    )
    post = replace(post, **changes)  # type: ignore[arg-type]
    verdict = Verdict(
        id=post.id,
        negative=0.91234,
        subjects=("星辰汽车", "城东店"),
        categories=("质量",),
        event="e1",
        risk=86,
        grade="A",
        model="m",
    )
    return Mention(post=post, verdict=verdict, source="board", evidence="complete")


class ListedIndex:
    """Pages through mentions by their place; `before_page` may add to them or raise."""

    def __init__(self, mentions: Sequence[Mention], before_page: Callable[[int], None] | None = None) -> None:
        self.mentions = sorted(mentions, key=lambda one: one.post.when, reverse=True)
        self.before_page = before_page or (lambda number: None)
        self.asked: list[Query] = []

    def search(self, query: Query) -> Page:
        self.before_page(len(self.asked))
        self.asked.append(query)
        last = datetime.fromisoformat(query.after) if query.after else None
        left = [one for one in self.mentions if last is None or one.post.when < last]
        hits = [Hit(mention=one, highlight="") for one in left[: query.limit]]
        more = len(left) > len(hits)
        return Page(
            hits=tuple(hits),
            total=len(self.mentions),
            next=hits[-1].mention.post.when.isoformat() if more else None,
            notice="来自内置索引" if len(self.asked) == 2 else None,
        )


def listed(mentions: Sequence[Mention], before_page: Callable[[int], None] | None = None) -> SearchIndex:
    return ListedIndex(mentions, before_page)  # type: ignore[return-value]


FORMATS: tuple[Format, ...] = get_args(Format)
TITLES = [column.title for column in COLUMNS]
NAMES = Names(sources={"board": "车友论坛"}, titles=lambda ids: dict.fromkeys(ids, "刹车异响一事"))


def exported(index: SearchIndex, target: Path, form: Format, *, size: int = 3, **wishes: Any) -> Exported:
    limit = wishes.pop("limit", None)
    pages = batches(index, Query(), limit=limit, size=size)
    return export_file(target, pages, form=form, names=NAMES, zone=ZONE, **wishes)


def read_csv(path: Path) -> list[list[str]]:
    body = path.read_bytes()
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))


def workbook(path: Path) -> Any:
    return openpyxl.load_workbook(io.BytesIO(path.read_bytes()))  # which asks for no ending of the name


def read_xlsx(path: Path) -> list[tuple[Any, ...]]:
    book = workbook(path)
    return [row for sheet in book.worksheets for row in sheet.iter_rows(values_only=True)]


def numbers_in(path: Path, form: Format) -> list[int]:
    """The native ids of the posts in a file, in order."""
    if form == "jsonl":
        return [int(json.loads(line)["native_id"]) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = read_csv(path) if form == "csv" else read_xlsx(path)
    at = TITLES.index("网址")
    return [int(str(row[at]).rpartition("/")[2]) for row in rows[1:]]
