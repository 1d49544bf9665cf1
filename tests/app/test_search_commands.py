"""`tingfeng search` and `tingfeng export` on a real archive: what is found, proposed, alike, and taken elsewhere."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from app.cli.mistakes import pointed
from app.cli.search_words import show_facets
from core.errors import QuerySyntaxError
from tests.app.conftest import ROOT, Desk, new_desk

POSTS = [
    {"text": "示例汽车刹车失灵，售后推诿不给说法", "channel": "forum", "published": "2026-03-15T10:00:00+08:00"},
    {"text": "示例汽车刹车失灵，售后推诿不给说法！转", "channel": "weibo", "published": "2026-03-15T23:30:00+08:00"},
    {"text": "失灵的是示例汽车城东店的刹车", "channel": "weibo", "published": "2026-03-16T00:30:00+08:00"},
    {"text": "=1+1 今天天气真好", "channel": "news", "published": "2026-03-10T10:00:00+08:00"},
]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, forks: subprocess.Popen[str]) -> Desk:
    """Never changed by a test."""
    desk = new_desk(tmp_path_factory.mktemp("searching") / "desk", forks)
    file = desk.folder / "posts.jsonl"
    rows = ({**post, "url": f"https://bbs.example/t/{number}"} for number, post in enumerate(POSTS))
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert desk.run("import", str(file)).code == 0
    assert desk.run("work", "--once").code == 0
    return desk


def found(archive: Desk, *arguments: str) -> list[int]:
    return [int(row["url"].rpartition("/")[2]) for row in archive.lines("search", *arguments)]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("刹车",), [2, 1, 0]),
        (("刹车", "--channel", "微博"), [2, 1]),
        (("--store", "示例汽车城东店"), [2]),
        (("--source", "elsewhere"), []),
        (("--min-risk", "101"), None),
        (("--min-risk", "1", "刹车"), [2, 1, 0]),
        (("--until", "2026-03-15"), [1, 0, 3]),
        (("--until", "2026-03-15T12:00"), [0, 3]),
        (("--since", "2026-03-16"), [2]),
        (("--since", "2026-03-15", "--until", "2026-03-15"), [1, 0]),
        (("--category", "没有的类别"), []),
    ],
)
def test_what_is_found(archive: Desk, arguments: tuple[str, ...], wanted: list[int] | None) -> None:
    """Every filter narrows; a last day counts in whole, a last moment does not."""
    if wanted is None:
        assert archive.run("search", *arguments).code == 2
    else:
        assert found(archive, *arguments) == wanted


def test_pages_follow_one_another(archive: Desk) -> None:
    first = archive.run("search", "--limit", "3")
    cursor = first.out.rpartition("--after ")[2].strip()
    assert found(archive, "--limit", "3", "--after", cursor) == [3]
    assert archive.run("search", "--after", "没有这一页").code == 1


def test_a_text_that_begins_with_a_minus_follows_two_dashes(archive: Desk) -> None:
    assert "今天天气真好" in archive.run("search", "--json", "--", "-刹车").out


def test_facets_are_counted(archive: Desk) -> None:
    out = archive.run("search", "刹车", "--facets").out
    assert "渠道：微博 2　论坛 1" in out
    assert "门店：示例汽车城东店 1" in out
    [*_, facets] = archive.lines("search", "刹车", "--facets")
    assert facets["record"] == "facets"
    assert facets["facets"]["channel"] == {"weibo": 2, "forum": 1}


def test_facets_that_are_cut_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Ten values a line, the most frequent; an event is named by its title and the id that can be searched for."""
    show_facets({"site": {f"s{at}.example": 12 - at for at in range(11)}, "event": {"e1": 2, "e2": 1}}, {"e1": "漏油"})
    sites, events = capsys.readouterr().out.splitlines()
    assert "s9.example 3" in sites
    assert "s10.example" not in sites
    assert sites.endswith("…（最多的 10 个；全部见 --json）")
    assert events == "事件：漏油（e1） 2　e2 1"


@pytest.mark.parametrize(
    ("arguments", "proposed", "command"),
    [
        (("失灵刹车",), "把“失灵刹车”拆成“失灵”“刹车”有 3 条", """tingfeng search '"失灵" AND "刹车"'"""),
        (("刹车", "--channel", "qa"), "去掉“渠道:问答”有 3 条", """tingfeng search '"刹车"'"""),
        (("天气 近7天",), "不限日期有 1 条，最近的在 2026-03-10", """tingfeng search '"天气"'"""),
    ],
)
def test_nothing_found_is_answered_by_proposals(
    archive: Desk, arguments: tuple[str, ...], proposed: str, command: str
) -> None:
    done = archive.run("search", *arguments)
    assert done.code == 0
    assert proposed in done.out
    assert command in done.out


@pytest.mark.parametrize(("text", "told"), [("刹车 近7天", "理解为：含“刹车”，且"), ("刹车 失灵", ""), ("", "")])
def test_how_a_search_was_understood(archive: Desk, text: str, told: str) -> None:
    """Said where the words alone do not say it; never among lines for programs."""
    assert ("理解为" in archive.run("search", text).out) is bool(told)
    assert told in archive.run("search", text).out
    assert "理解为" not in archive.run("search", text, "--json").out


def test_where_nothing_helps_that_is_said(archive: Desk) -> None:
    assert "没有找到" in archive.run("search", "子虚乌有").out
    assert archive.lines("search", "子虚乌有") == []


def test_more_like_a_post(archive: Desk) -> None:
    """By its address or the beginning of its id; the copy first, the weather never."""
    [first, *_] = archive.lines("search", "--like", "https://bbs.example/t/0")
    assert first["url"].endswith("/1")
    assert first["likeness"] > 0.8
    assert "几乎同文" in archive.run("search", "--like", first["id"][:8]).out
    assert found(archive, "--like", "https://bbs.example/t/0", "--channel", "weibo", "NOT 转") == [2]
    assert archive.run("search", "--like", "https://elsewhere.example/").code == 1


@pytest.mark.parametrize(
    ("text", "position", "caret"),
    [
        ("(异响", 0, 0),
        ("异响 (刹车", 3, 5),
        ("ab （刹车", 3, 3),
        ("刹车\t\n(", 4, 6),
        ("长" * 100 + "(" + "尾" * 100, 100, 81),
        ("刹车", 2, 4),
    ],
)
def test_the_caret_stands_under_the_mistake(text: str, position: int, caret: int) -> None:
    """A Chinese character is two columns wide; a long text is shown around the mistake, on one line."""
    [_, shown, below] = pointed(QuerySyntaxError(text, position, "有误", "请改。")).splitlines()
    assert below == " " * (2 + caret) + "^"
    assert len(shown) < 90


def test_a_mistake_is_shown_where_it_is(archive: Desk) -> None:
    done = archive.run("search", "刹车 （异响")
    assert done.code == 1
    assert "第4个字符处括号没有闭合" in done.err
    assert done.err.splitlines()[1:] == ["  刹车 （异响", "       ^"]


@pytest.mark.parametrize("command", [("search", "--json", "--limit", "10000"), ("export", "--format", "jsonl")])
def test_a_reader_that_has_enough_is_no_failure(archive: Desk, command: tuple[str, ...]) -> None:
    """`tingfeng search … --json | head -1` ends with 0 and without a word."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TINGFENG_")}
    reads, writes = os.pipe()
    os.close(reads)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "app", *command, "--config", str(archive.folder / "monitor.toml")],
            stdout=writes,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=environment,
            timeout=120,
            check=False,
        )
    finally:
        os.close(writes)
    assert (done.returncode, done.stderr) == (0, b"")


def rows_of(path: Path) -> list[tuple[Any, ...]]:
    if path.suffix == ".xlsx":
        return list(openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True))
    return list(map(tuple, csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))))


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "A.XLSX", "a.txt"])
def test_an_export_for_people(archive: Desk, tmp_path: Path, name: str) -> None:
    """The format follows the name, or the option; every hit is a row, none a formula."""
    options = ("--format", "csv") if name == "a.txt" else ()
    done = archive.run("export", "--output", str(tmp_path / name), *options)
    assert (done.code, done.err) == (0, "")
    assert "已导出 4 条" in done.out
    path = tmp_path / name
    title, *rows = rows_of(path.rename(path.with_suffix(".xlsx")) if path.suffix == ".XLSX" else path)
    assert title[0] == "时间"
    assert len(rows) == 4
    texts = [row[13] for row in rows]
    assert [text for text in texts if "天气" in text] == [
        "=1+1 今天天气真好" if "sx" in name.lower() else "'=1+1 今天天气真好"
    ]


def test_an_export_for_programs(archive: Desk, tmp_path: Path) -> None:
    """The wire form in a file and in a pipe; what `import` reads back."""
    archive.run("export", "刹车", "--output", str(tmp_path / "a.jsonl"))
    piped = archive.run("export", "刹车", "--format", "jsonl").out
    assert (tmp_path / "a.jsonl").read_text(encoding="utf-8") == piped
    assert [json.loads(line)["url"][-1] for line in piped.splitlines()] == ["2", "1", "0"]


def test_an_export_with_a_limit_says_so(archive: Desk, tmp_path: Path) -> None:
    """On standard error, in a file and in a pipe; the options of the search hold."""
    for target in (str(tmp_path / "a.csv"), "-"):
        done = archive.run("export", "--output", target, "--limit", "2", "--sort", "risk")
        assert "共 4 条，只导出了前 2 条" in done.err
    assert len(rows_of(tmp_path / "a.csv")) == 3
    assert archive.run("export", "--until", "2026-03-10", "--quiet", "--output", str(tmp_path / "b.csv")).out == ""
    assert len(rows_of(tmp_path / "b.csv")) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (("--output", "a.pdf"), 2, "--format csv、xlsx 或 jsonl"),
        (("--format", "pdf"), 2, "--format"),
        (("--format", "xlsx"), 2, "xlsx 只能写到文件"),
        (("--format", "xlsx", "--output", "/dev/null"), 2, "xlsx 只能写到文件"),
        (("--sort", "relevance"), 2, "导出不能按相关度排序"),
        (("--output", "gone/a.csv"), 1, "不存在"),
        (("--output", "var", "--format", "csv"), 1, "是一个文件夹"),
        (("--output", "/dev/full", "--format", "csv"), 1, "磁盘已满"),
        (("(刹车",), 1, "第1个字符处"),
        (("--grade", "S"), 2, "--grade"),
    ],
)
def test_what_cannot_be_exported_is_said(archive: Desk, arguments: tuple[str, ...], code: int, named: str) -> None:
    before = sorted(archive.folder.iterdir())
    done = archive.run("export", *arguments)
    assert done.code == code
    assert named in done.err
    assert sorted(archive.folder.iterdir()) == before


@pytest.fixture
def slow_archive(tmp_path: Path, forks: subprocess.Popen[str]) -> Desk:
    """An index that cannot be read."""
    desk = new_desk(tmp_path / "desk", forks)
    desk.data.mkdir()
    (desk.data / "index.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 100)
    return desk


def test_an_index_that_cannot_be_read_leaves_no_file(slow_archive: Desk) -> None:
    done = slow_archive.run("export", "--output", "a.csv")
    assert done.code == 1
    assert "index rebuild" in done.err
    assert not (slow_archive.folder / "a.csv").exists()


def test_ctrl_c_leaves_no_file_and_says_so(archive: Desk, tmp_path: Path) -> None:
    """Between two rows as well as before the first: exit code 130, one line, nothing under the name."""
    code = (
        "import os, signal, sys\n"
        "import index.export_pages as pages\n"
        "read = pages.batches\n"
        "def interrupted(*a, **k):\n"
        "    for batch in read(*a, **k):\n"
        "        yield batch\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "pages.batches = interrupted\n"
        "sys.argv = ['tingfeng', *sys.argv[1:]]\n"
        "from app.cli import main\n"
        "main()\n"
    )
    target = tmp_path / "a.xlsx"
    done = subprocess.run(
        [sys.executable, "-c", code, "export", "-o", str(target), "--config", str(archive.folder / "monitor.toml")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert done.returncode == 130
    assert f"已中断，没有写出 {target}" in done.stderr
    assert list(tmp_path.iterdir()) == []
