"""A search as a file: what stands in it, what nobody can put into it, and that it is whole or not there."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from core.model import Author, Mention
from core.wire import mention_to_json
from index.base import Query
from index.export import Exported, Format, export_file, export_lines
from index.export_cells import COLUMNS, Names
from index.export_pages import batches
from index.export_xlsx import write_xlsx
from index.sqlite import SqliteIndex
from tests.index.export_world import (
    FORMATS,
    NAMES,
    TITLES,
    ZONE,
    ListedIndex,
    exported,
    listed,
    mention,
    numbers_in,
    read_csv,
    read_xlsx,
    workbook,
)


@pytest.mark.parametrize("form", FORMATS)
def test_every_hit_once_newest_first(tmp_path: Path, form: Format) -> None:
    """Over many pages, from an index that gives its hits a few at a time."""
    target, heard = tmp_path / "找到的", list[tuple[int, int]]()
    mentions = [mention(number) for number in range(10)]
    done = exported(listed(mentions), target, form, progress=lambda at, of: heard.append((at, of)))
    assert numbers_in(target, form) == list(range(10))
    assert done == Exported(rows=10, total=10, notice="来自内置索引")
    assert heard == [(3, 10), (6, 10), (9, 10), (10, 10)]
    assert [path.name for path in tmp_path.iterdir()] == ["找到的"]


def test_a_row_says_what_people_want_to_read(tmp_path: Path) -> None:
    """Local times, names instead of codes, numbers as numbers; the same in CSV and in a workbook."""
    index = listed([mention(1, "4S店推脱\r\n“责任”, 逗号")])
    exported(index, tmp_path / "a.csv", "csv")
    exported(index, tmp_path / "a.xlsx", "xlsx")
    titles, row = read_csv(tmp_path / "a.csv")
    assert titles == TITLES
    assert (
        " ".join(TITLES)
        == "时间 采集时间 渠道 站点 信源 等级 风险 负面概率 监测对象 类别 事件 作者 标题 正文 网址 证据 编号"
    )
    assert row == [
        "2026-03-15 19:59:00", "2026-03-15 20:00:00", "论坛", "bbs.example", "车友论坛", "A 特急", "86", "0.9123",
        "星辰汽车、城东店", "质量", "刹车异响一事（e1）", "李先生", "城东店的事", "4S店推脱\n“责任”, 逗号",
        "https://bbs.example/t/1", "证据完整", mention(1).id,
    ]  # fmt: skip
    cells = dict(zip(TITLES, read_xlsx(tmp_path / "a.xlsx")[1], strict=True))
    assert cells["时间"] == datetime.fromisoformat("2026-03-15T19:59")
    assert (cells["风险"], cells["负面概率"]) == (86, 0.9123)
    assert [cells[title] for title in TITLES[8:]] == row[8:]


def test_what_is_unknown_stays_empty(tmp_path: Path) -> None:
    bare = mention(1, title=None, author=Author(), published=None, url="")
    verdict = replace(bare.verdict, subjects=(), categories=(), event=None, grade=None)
    index = listed([Mention(post=bare.post, verdict=verdict)])
    exported(index, tmp_path / "a.csv", "csv")
    exported(index, tmp_path / "a.xlsx", "xlsx")
    for row in (read_csv(tmp_path / "a.csv")[1], read_xlsx(tmp_path / "a.xlsx")[1]):
        cells = dict(zip(TITLES, row, strict=True))
        empty = ["信源", "等级", "监测对象", "类别", "事件", "作者", "标题", "网址", "证据"]
        assert [cells[title] or "" for title in empty] == [""] * len(empty)


def test_a_source_or_event_without_a_name_keeps_its_id(tmp_path: Path) -> None:
    pages = batches(listed([mention(1)]), Query())
    export_file(tmp_path / "a.csv", pages, form="csv", names=Names(), zone=ZONE)
    cells = dict(zip(TITLES, read_csv(tmp_path / "a.csv")[1], strict=True))
    assert (cells["信源"], cells["事件"]) == ("board", "e1")


def test_jsonl_is_the_wire_form(tmp_path: Path) -> None:
    exported(listed([mention(1, "=1+1\ud800")]), tmp_path / "a.jsonl", "jsonl")
    [line] = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {**mention_to_json(mention(1, "=1+1?"))}


HOSTILE = [
    "=1+1",
    "=HYPERLINK(\"http://evil.example\",\"点我\")",
    "+cmd|' /C calc'!A0",
    "@SUM(1)",
    "－1+1",
    "　＝cmd()",
    "\u200b=cmd()",
    "\t=cmd()",
    "\r=cmd()",
    '";=cmd();"',
    "a;=cmd()\tb,=cmd()",
    "a\n=cmd()\r=cmd()",
    "http://evil.example/",
    "javascript:alert(1)",
    "internal:Sheet1!A1",
    "1e5",
    "007",
    "<c><f>1+1</f></c>",
    "]]>&lt;_x0041_&#61;",
    "\x00\x0b\ufffe\ud800末",
    "{=1+1}",
]  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_post_puts_a_formula_into_a_file(tmp_path: Path, hostile: str) -> None:
    """In whichever cell it stands: an apostrophe before it in CSV, a text cell in a workbook, one cell in both."""
    evil = mention(1, hostile, title=hostile, author=Author(name=hostile), url=hostile, site=hostile)
    verdict = replace(evil.verdict, subjects=(hostile,), categories=(hostile,), event=hostile)
    index = listed([Mention(post=evil.post, verdict=verdict, source=hostile, evidence="complete")])
    for form in FORMATS:
        export_file(tmp_path / form, batches(index, Query()), form=form, names=Names(), zone=ZONE)
    [_, row] = read_csv(tmp_path / "csv")
    assert len(row) == len(COLUMNS)
    for cell in row:
        assert not cell.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n"))
    with zipfile.ZipFile(tmp_path / "xlsx") as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "<hyperlink" not in sheet
        assert not [name for name in parts.namelist() if "rels" in name and "sheet" in name]
    [_, cells] = workbook(tmp_path / "xlsx").worksheets[0].iter_rows()
    assert [cell.data_type for cell in cells] == list("ddssssnnsssssssss")
    assert len((tmp_path / "jsonl").read_text(encoding="utf-8").splitlines()) == 1


@pytest.mark.parametrize("text", ["普通的话", "=1+1", "_x0041_", "a\tb\nc", '“引号”和"直的"', " 前后空格 "])
def test_a_workbook_gives_back_what_was_said(tmp_path: Path, text: str) -> None:
    """The text itself: no apostrophe in it, nothing decoded, no blank lost."""
    exported(listed([mention(1, text)]), tmp_path / "a.xlsx", "xlsx")
    [cell] = [row[TITLES.index("正文")] for row in read_xlsx(tmp_path / "a.xlsx")[1:]]
    assert cell.replace("_x005F_", "_") == text


def test_a_cell_is_cut_where_excel_ends_and_says_so(tmp_path: Path) -> None:
    exported(listed([mention(1, "长" * 40_000)]), tmp_path / "a.xlsx", "xlsx")
    exported(listed([mention(1, "长" * 40_000)]), tmp_path / "a.csv", "csv")
    cell = read_xlsx(tmp_path / "a.xlsx")[1][TITLES.index("正文")]
    assert len(cell) == 32_767
    assert cell.endswith("…（已截断，全文 40000 字）")
    assert len(read_csv(tmp_path / "a.csv")[1][TITLES.index("正文")]) == 40_000


def test_more_rows_than_a_sheet_holds_go_on_the_next(tmp_path: Path) -> None:
    from index.export_xlsx import ExcelFile

    with ExcelFile(tmp_path / "a.xlsx", zone=ZONE, sheet_rows=4) as book:
        for batch in batches(listed([mention(number) for number in range(7)]), Query(), size=2):
            book.add(batch, names=NAMES)
    sheets = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets
    assert [sheet.title for sheet in sheets] == ["检索结果", "检索结果 2", "检索结果 3"]
    assert [sheet.max_row for sheet in sheets] == [4, 4, 2]
    assert {sheet.cell(1, 1).value for sheet in sheets} == {"时间"}
    assert {sheet.freeze_panes for sheet in sheets} == {"A2"}


@pytest.mark.parametrize(
    "when", ["0001-01-01T00:00:00+00:00", "1899-12-31T00:00:00+00:00", "9999-12-31T23:59:59+00:00"]
)
@pytest.mark.parametrize("form", FORMATS)
def test_a_senseless_time_is_a_text(tmp_path: Path, form: Format, when: str) -> None:
    """Of an import, say: it must not stop the export of all others."""
    index = ListedIndex([])
    index.mentions = [mention(1, published=datetime.fromisoformat(when))]
    done = export_file(tmp_path / "a", batches(index, Query()), form=form, names=NAMES, zone=ZONE)  # type: ignore[arg-type]
    assert done.rows == 1
    assert numbers_in(tmp_path / "a", form) == [1]


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_found_is_a_file_too(tmp_path: Path, form: Format) -> None:
    done = exported(listed([]), tmp_path / "a", form)
    assert (done.rows, done.total) == (0, 0)
    assert numbers_in(tmp_path / "a", form) == []


@pytest.mark.parametrize("form", FORMATS)
def test_a_limit_is_kept_and_told(tmp_path: Path, form: Format) -> None:
    """The summary says it always, the file where it is asked to; programs get no sentence among their lines."""
    index = listed([mention(number) for number in range(10)])
    done = exported(index, tmp_path / "a", form, limit=4, tell_cut=True)
    assert (done.rows, done.total) == (4, 10)
    assert done.left_out is not None
    assert "共 10 条，只导出了前 4 条" in done.left_out
    if form == "jsonl":
        assert numbers_in(tmp_path / "a", form) == [0, 1, 2, 3]
        return
    rows = read_csv(tmp_path / "a") if form == "csv" else read_xlsx(tmp_path / "a")
    assert len(rows) == 6
    assert rows[-1][0] == done.left_out


def test_a_limit_that_leaves_nothing_out_says_nothing(tmp_path: Path) -> None:
    index = listed([mention(number) for number in range(4)])
    assert exported(index, tmp_path / "a", "csv", limit=4, tell_cut=True).left_out is None
    assert len(read_csv(tmp_path / "a")) == 5


@pytest.mark.parametrize("form", FORMATS)
def test_posts_that_come_in_meanwhile_move_nothing(tmp_path: Path, form: Format) -> None:
    """On the real index: new posts arrive and others go between the pages; each of the others is there once."""
    index = SqliteIndex(tmp_path / "index.sqlite", zone=ZONE)
    index.add_many([mention(number) for number in range(100, 120)])

    class Busy:
        asked = 0

        def search(self, query: Query) -> Any:
            self.asked += 1
            if self.asked > 1:
                index.add_many([mention(self.asked), mention(1000 + self.asked)])
                index.delete([mention(99 + self.asked).id])  # of a page that was read already
            return index.search(query)

    exported(Busy(), tmp_path / "a", form, size=6)  # type: ignore[arg-type]
    index.close()
    found = numbers_in(tmp_path / "a", form)
    assert len(found) == len(set(found))
    assert [number for number in found if 100 <= number < 120] == list(range(100, 120))
    assert not [number for number in found if number < 100]


@pytest.mark.parametrize("sort", ["time", "risk"])
def test_the_order_is_that_of_the_query(sort: Any) -> None:
    index = ListedIndex([mention(1)])
    list(batches(index, Query(sort=sort, after="x" if sort == "never" else None)))  # type: ignore[arg-type]
    assert [query.sort for query in index.asked] == [sort]


def test_by_relevance_is_exported_by_time() -> None:
    """Relevance shifts while posts come in: its pages could miss some and double others."""
    index = ListedIndex([mention(1)])
    list(batches(index, Query(sort="relevance")))  # type: ignore[arg-type]
    assert [query.sort for query in index.asked] == ["time"]


def test_a_stream_reads_page_by_page() -> None:
    """The first bytes come before the last page is asked for."""
    index = ListedIndex([mention(number) for number in range(10)])
    pages = batches(index, Query(), size=2)  # type: ignore[arg-type]
    stream = export_lines(pages, form="jsonl", names=NAMES, zone=ZONE)
    next(stream)
    assert len(index.asked) == 1
    assert sum(piece.count(b"\n") for piece in stream) == 8


def test_the_workbook_says_which_search_it_answers(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", batches(listed([]), Query()), names=NAMES, zone=ZONE, about="检索式：刹车")
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").properties.description == "检索式：刹车"
