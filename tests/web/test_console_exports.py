"""A search as a download: the same question, no formula, never half a file that looks whole."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import openpyxl
import pytest

from core.errors import IndexUnavailable
from core.model import Author, Mention
from index.base import Page, Query
from tests.web.conftest import Browser
from web.console import Console
from web.exports import Exports

FORMS = ("csv", "xlsx", "jsonl")
Make = Callable[..., Mention]


def rows_in(form: str, body: bytes) -> list[tuple[Any, ...]]:
    """The rows below the heading."""
    if form == "jsonl":
        return [tuple(json.loads(line).values()) for line in body.decode().splitlines()]
    if form == "csv":
        return list(map(tuple, csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)))[1:]
    return list(openpyxl.load_workbook(io.BytesIO(body)).worksheets[0].iter_rows(values_only=True))[1:]


@pytest.mark.parametrize("form", FORMS)
def test_what_the_page_shows_can_be_taken_along(browser: Browser, console: Console, a_mention: Make, form: str) -> None:
    """The links carry the whole question; the file is named by its time and kept nowhere on the way."""
    console.index.add_many([a_mention(number, channel="weibo" if number % 2 else "forum") for number in range(30)])
    page = browser.get("/search", params={"q": "刹车", "channel": "weibo", "since": "2026-03-15"}).text
    [address] = re.findall(rf'href="(/export\.{form}\?[^"]*)"', page)
    answer = browser.get(address.replace("&amp;", "&"))
    assert answer.status_code == 200
    assert len(rows_in(form, answer.content)) == 15
    assert answer.headers["content-disposition"] == f'attachment; filename="tingfeng-20260315-200000.{form}"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "hostile", ["=1+1", "@SUM(A1)", "　＝cmd()", "\t=cmd()", "<script>alert(1)</script>", '"\r\n=1']
)
def test_no_post_reaches_the_computer_of_who_opens_the_file(
    browser: Browser, console: Console, a_mention: Make, hostile: str
) -> None:
    console.index.add_many([a_mention(1, text=hostile, title=hostile, author=Author(name=hostile))])
    [row] = rows_in("csv", browser.get("/export.csv").content)
    assert not [cell for cell in row if cell.lstrip("\u3000 ").startswith(("=", "@", "＝", "\t"))]
    book = openpyxl.load_workbook(io.BytesIO(browser.get("/export.xlsx").content))
    assert {cell.data_type for cell in list(book.worksheets[0].iter_rows())[1]} <= {"s", "n", "d"}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_is_cut_says_so(console: Console, a_mention: Make, form: str) -> None:
    """By its name, and in its last row where a person reads it."""
    console.index.add_many([a_mention(number) for number in range(5)])
    answer = Exports(console, most=3).answer(form, [])
    assert f"-first-3.{form}" in answer.headers["content-disposition"]
    body = b"".join(iterate(answer))
    rows = rows_in(form, body)
    assert len(rows) == (3 if form == "jsonl" else 4)
    if form != "jsonl":
        assert "共 5 条，只导出了前 3 条" in rows[-1][0]


def iterate(answer: Any) -> list[bytes]:
    import asyncio

    async def read() -> list[bytes]:
        return [piece async for piece in answer.body_iterator]

    return asyncio.run(read())


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/export.pdf", 404, "没有导出格式"),
        ("/export.", 404, "没有"),
        ("/export.csv?q=(刹车", 400, "括号没有闭合"),
        ("/export.csv?grade=Z", 400, "没有grade"),
        ("/export.xlsx?since=昨天", 400, "开始日期有误"),
        ("/export.jsonl?risk=abc", 400, "风险应为"),
        ("/export.csv?like=abcd", 400, "相似的帖文不能导出"),
    ],
)
def test_an_address_that_makes_no_sense_gives_no_file(browser: Browser, path: str, status: int, said: str) -> None:
    """A page drops a senseless filter and says so; a file could not say it."""
    answer = browser.get(path)
    assert answer.status_code == status
    assert said in answer.text
    assert "content-disposition" not in answer.headers


def failing(console: Console, at: int) -> None:
    """Let the index fail when its page number `at` is asked for."""
    search, asked = console.index.search, [0]

    def search_or_fail(query: Query) -> Page:
        asked[0] += 1
        if asked[0] > at:
            raise IndexUnavailable("检索服务没有应答。")
        return search(replace(query, limit=2))

    console.index.search = search_or_fail  # type: ignore[method-assign]


@pytest.mark.parametrize("form", FORMS)
def test_an_index_that_is_down_is_a_page(browser: Browser, console: Console, a_mention: Make, form: str) -> None:
    console.index.add_many([a_mention(number) for number in range(5)])
    failing(console, 0)
    answer = browser.get(f"/export.{form}")
    assert answer.status_code == 503
    assert "检索服务没有应答" in answer.text


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_index_that_fails_midway_breaks_the_download_off(console: Console, a_mention: Make, form: str) -> None:
    """No end that looks like an end: the stream raises, and the server closes the connection."""
    console.index.add_many([a_mention(number) for number in range(5)])
    failing(console, 1)
    with pytest.raises(IndexUnavailable):
        iterate(Exports(console).answer(form, []))


def test_a_workbook_that_fails_midway_is_a_page(browser: Browser, console: Console, a_mention: Make) -> None:
    """It is sent only when it is complete."""
    console.index.add_many([a_mention(number) for number in range(5)])
    failing(console, 1)
    assert browser.get("/export.xlsx").status_code == 503


def test_by_relevance_is_exported_by_time(browser: Browser, console: Console, a_mention: Make) -> None:
    console.index.add_many([a_mention(number) for number in range(3)])
    assert len(rows_in("csv", browser.get("/export.csv?q=刹车&sort=relevance").content)) == 3
