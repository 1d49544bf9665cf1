"""What a person hands in is checked whole; a mistake is named by file, line, column and value."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.importing import HandedIn, check_urls, problem_of, read_file, saved_from
from core.errors import BadInput, ConfigError
from core.model import Author, Counts, Post

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")


def read(content: str | bytes, name: str = "周报.csv", form: str | None = None) -> HandedIn:
    body = content.encode() if isinstance(content, str) else content
    return read_file(body, name=name, form=form, now=NOW, zone=ZONE)  # type: ignore[arg-type]


FULL = (
    "标题,内容,网址,作者,粉丝数,IP属地,发布时间,渠道,点赞,评论数,转发,阅读量,备注\r\n"
    '提车记,"提车三天就漏油，\n店里不管",https://bbs.example.test/t/1,老周,1.2万,上海,2026/3/14 20:11,论坛,3,12,-,'
    '"3,456",重点\r\n'
)


def test_a_chinese_table_with_all_columns() -> None:
    """Every known column finds its field; a cell may hold a line break; an unknown column is said."""
    handed = read(FULL)
    assert handed.notes == ("没有用到的列：备注",)
    [post] = handed.posts
    assert post == Post(
        kind="manual",
        site="manual",
        native_id="https://bbs.example.test/t/1",
        url="https://bbs.example.test/t/1",
        channel="forum",
        title="提车记",
        text="提车三天就漏油，\n店里不管",
        author=Author(name="老周", followers=12000, region="上海"),
        published=datetime(2026, 3, 14, 12, 11, tzinfo=UTC),
        collected=NOW,
        counts=Counts(likes=3, replies=12, reposts=None, views=3456),
    )


@pytest.mark.parametrize(
    ("keys", "notes"),
    [
        ('"published_at": "2026-01-01"', ("没有用到的字段：published_at",)),
        ('"Url": "x", "likes": 3', ("没有用到的字段：Url、likes",)),
        ('"url": "https://a.example/1", "source": "s", "evidence": null, "verdict": {}', ()),
    ],
)
def test_a_field_that_means_nothing_is_said(keys: str, notes: tuple[str, ...]) -> None:
    """A misspelt time would date an old post today; a mention that was exported comes back without a word."""
    handed = read(f'{{"text": "好", {keys}}}\n{{"text": "坏", {keys}}}\n', name="x.jsonl")
    assert (len(handed.posts), handed.notes) == (2, notes)


WRITTEN = [
    ("utf-8", FULL.encode()),
    ("utf-8 with mark", b"\xef\xbb\xbf" + FULL.encode()),
    ("gbk, as Chinese Excel saves it", FULL.encode("gb18030")),
    ("utf-16, as Excel's Unicode text", FULL.replace(",", "\t").replace('"3\t456"', "3456").encode("utf-16")),
    ("semicolons", FULL.replace(",", ";").replace('"3;456"', "3456").encode()),
    ("tabs", FULL.replace(",", "\t").replace('"3\t456"', "3456").encode()),
    ("unix line ends", FULL.replace("\r\n", "\n").encode()),
]


@pytest.mark.parametrize("content", [row[1] for row in WRITTEN], ids=[row[0] for row in WRITTEN])
def test_a_table_reads_the_same_however_it_was_saved(content: bytes) -> None:
    """Encoding, mark and delimiter are found out."""
    [post] = read(content).posts
    assert (post.title, post.text) == ("提车记", "提车三天就漏油，\n店里不管")
    assert (post.counts.views, post.channel) == (3456, "forum")


def test_english_column_names_and_missing_cells() -> None:
    """Case and blanks in names do not matter; cells missing at the end of a row are unknown; blank rows are skipped."""
    handed = read(
        "Text , URL,Likes,Published\n a brake that squeals\n\n,,,\nsecond,https://x.example.test/2,7,2026-03-01\n"
    )
    assert [post.text for post in handed.posts] == [" a brake that squeals", "second"]
    assert [post.counts.likes for post in handed.posts] == [None, 7]
    assert handed.posts[0].channel == "other"


def test_formulas_are_text() -> None:
    """Nothing here computes; what begins with = + - @ stays as it was written."""
    cells = ['=HYPERLINK("http://evil.example.test")', "+1", "@cmd", "-5度"]
    rows = "\n".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    assert [post.text for post in read(f"内容\n{rows}\n").posts] == cells


BAD_ROWS = [
    ("no text column", "标题,作者\nx,y\n", 1, "表头", "标题、作者", "“内容”"),
    ("empty file", "", 1, "表头", "(空)", "第一行应为列名"),
    ("empty text", "内容,点赞\n好,1\n  ,2\n", 3, "内容", "'  '", "非空"),
    ("bad count", "内容,点赞\n好,1\n好,很多\n", 3, "点赞", "很多", "1.2万"),
    ("negative count", "内容,点赞\n好,-3\n", 2, "点赞", "-3", "不小于 0"),
    ("bad time", "内容,发布时间\n好,不久以前\n", 2, "发布时间", "不久以前", "2026-03-15 20:00"),
    ("a day that is none", "内容,时间\n好,2026-02-30\n", 2, "时间", "2026-02-30", "应为时间"),
    ("relative time", "内容,发布时间\n好,昨天 12:30\n", 2, "发布时间", "昨天 12:30", "没有意义"),
    ("bad channel", "内容,渠道\n好,广场\n", 2, "渠道", "广场", "论坛"),
    ("bad kind", "内容,信源类型\n好,telegram\n", 2, "信源类型", "telegram", "manual"),
    ("too many cells", "内容,点赞\n刹车响,真的,3\n", 2, "(整行)", "3", "双引号"),
    ("quote not closed", '内容,点赞\n"刹车响,3\n', 2, "(整行)", "刹车响", "没有闭合"),
    ("quote in the middle", '内容,点赞\n"刹车"响,3\n', 2, "(整行)", "刹车", "双引号"),
    ("two columns of one meaning", "内容,正文\n好,好\n", 1, "正文", "内容", "只留一列"),
    ("line counted through line breaks", '内容,点赞\n"一\n二\n三",1\n好,坏\n', 5, "点赞", "坏", "1.2万"),
    ("cell of megabytes", "内容\n" + "长" * 200_000 + "\n", 2, "(整行)", "长", "131072"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "line", "key", "value", "fix"), [row[1:] for row in BAD_ROWS], ids=[row[0] for row in BAD_ROWS]
)
def test_a_mistake_in_a_table_is_named(content: str, line: int, key: str, value: str, fix: str) -> None:
    """File, line, column, value and what should stand there, in one line."""
    with pytest.raises(BadInput) as raised:
        read(content)
    bad = raised.value
    assert (bad.file, bad.line, bad.key) == ("周报.csv", line, key)
    assert value in bad.value
    assert fix in bad.fix
    assert "\n" not in str(bad)


def test_bytes_that_are_no_text_are_named_by_line() -> None:
    """Neither UTF-8 nor GB18030."""
    with pytest.raises(BadInput, match="第2行"):
        read(b"text\n\xff\xff\xff\n")
    with pytest.raises(BadInput, match=r"第2行.*UTF-8"):
        read('{"text": "好"}\n'.encode() + '{"text": "坏"}\n'.encode("gbk"), name="x.jsonl")


@pytest.mark.parametrize("name", ["报表.xlsx", "报表.XLS", "报表.et"])
def test_a_workbook_is_refused_with_what_to_do(name: str) -> None:
    """A spreadsheet file is no CSV, whatever it is called."""
    with pytest.raises(ConfigError, match="另存为 CSV"):
        read(b"", name=name)
    with pytest.raises(ConfigError, match="另存为 CSV"):
        read(b"PK\x03\x04rest of a zip", name="改名了.csv")


FORMS = [
    ("posts.jsonl", '{"text": "好"}\n', None, 1, 0),
    ("-", '\n {"text": "好"}\n', None, 1, 0),
    ("-", "内容\n好\n", None, 1, 0),
    ("-", "# 今天看到的\nhttps://a.example.test/1\n", None, 0, 1),
    ("找到的.txt", "https://a.example.test/1\n\nhttp://b.example.test/2\nhttps://a.example.test/1\n", None, 0, 2),
    ("导出.txt", "标题\t内容\n一\t二\n", None, 1, 0),
    ("data", "内容\n好\n", "csv", 1, 0),
    ("urls.csv", "https://a.example.test/1\n", "urls", 0, 1),
    ("空.jsonl", "", None, 0, 0),
]


@pytest.mark.parametrize(("name", "content", "form", "posts", "urls"), FORMS)
def test_the_form_is_found_out(name: str, content: str, form: str | None, posts: int, urls: int) -> None:
    """What the operator says, else the ending, else the content."""
    handed = read(content, name=name, form=form)
    assert (len(handed.posts), len(handed.urls)) == (posts, urls)


NO_ADDRESSES = [
    "example.test/1", "ftp://a.example.test/", "javascript:alert(1)", "file:///etc/passwd", "http://", "http://[::1",
    "http://a.example.test:99999/", "https://a.example.test/a b", "https://a.example.test/" + "x" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("url", NO_ADDRESSES, ids=[url[:30] for url in NO_ADDRESSES])
def test_what_is_no_address_is_named_before_anything_is_fetched(url: str) -> None:
    """One bad line, and no line of the list is taken."""
    with pytest.raises(BadInput, match="第2行"):
        read(f"https://a.example.test/1\n{url}\n", name="x.urls")
    with pytest.raises(ConfigError, match="--url"):
        check_urls(["https://a.example.test/1", url])


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/a", "http://intranet/1", "https://10.0.0.5/x", "http://[::1]/"])
def test_an_address_inside_our_network_is_good(url: str) -> None:
    """A person names it; only pages from outside may not lead there."""
    assert problem_of(url) is None


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("x.html", b"<html>", None),
        ("-", b"\xef\xbb\xbf\n<!DOCTYPE html>", None),
        ("-", "<p>刹车</p>".encode("gbk"), None),
        ("answer.json", b'{"result": {}}', "page"),
    ],
)
def test_a_saved_page_is_kept_as_it_is(name: str, content: bytes, form: str | None) -> None:
    """Whatever its encoding: a parser reads it."""
    assert read(content, name=name, form=form).page == content


def test_where_a_page_was_saved_from() -> None:
    """The browser's own note, where it is an address."""
    note = b"<!-- saved from url=(0030)https://a.example.test/t/1?x=2 -->\n<html>"
    assert saved_from(note) == "https://a.example.test/t/1?x=2"
    assert saved_from(b"<!-- saved from url=(0022)about:internet -->") is None
    assert saved_from(b"<html><!-- -->") is None


def test_an_archive_of_a_page_is_refused_with_what_to_do() -> None:
    """MHTML and the like are no pages that a parser reads."""
    with pytest.raises(ConfigError, match="仅 HTML"):
        read(b"From: <Saved by Blink>", name="page.mhtml")


def test_lines_of_json_as_before() -> None:
    """Only `text` is required, and a wrong field is named with its line."""
    good = json.dumps({"text": "好", "published": "2026-03-15T20:00:00+08:00"})
    assert read(f"{good}\n", name="x.jsonl").posts[0].published == datetime(2026, 3, 15, 12, tzinfo=UTC)
    with pytest.raises(BadInput, match=r"第2行 字段=counts\.likes"):
        read(f'{good}\n{{"text": "x", "counts": {{"likes": -1}}}}\n', name="x.jsonl")
