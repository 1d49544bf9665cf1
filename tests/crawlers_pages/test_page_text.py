"""Bytes to text, markup to what a reader sees, words to counts, addresses to one identity."""

from __future__ import annotations

import pytest

from crawlers.pages.counts import parse_count
from crawlers.pages.encoding import declared_charset, decode
from crawlers.pages.markup import html_to_text, visible_text
from crawlers.pages.urls import absolute, canonical, identity, site_of, thread_number

CHINESE = "<html><body><p>刹车踏板变软，售后说一切正常，车主不认可。</p></body></html>"
TRADITIONAL = (
    "<html><head><meta charset=big5></head><body><p>"
    + "車輛召回公告與維修說明，請車主儘速與經銷商聯絡。" * 5
    + "</p></body></html>"
)


@pytest.mark.parametrize(
    "label", [None, "text/html; charset=gb2312", "text/html; charset=utf-8", "text/html; charset=iso-8859-1"]
)
@pytest.mark.parametrize("real", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_the_bytes_win_over_the_label(real: str, label: str | None) -> None:
    """UTF-8 and GB text is read whatever header or page claim."""
    assert decode(CHINESE.encode(real), label) == CHINESE


def test_characters_beyond_gb2312() -> None:
    """Pages labelled gb2312 use GBK and GB18030 characters: names of people above all."""
    text = '<meta charset="gb2312">' + "镕喆㛃𬭎" + CHINESE
    assert decode(text.encode("gb18030"), "text/html; charset=gb2312") == text


def test_big5_is_told_from_gb() -> None:
    """Big5 bytes are valid GB18030 too; the text that makes sense wins."""
    assert decode(TRADITIONAL.encode("big5"), None) == TRADITIONAL


@pytest.mark.parametrize("name", ["utf-8", "gb18030"])
def test_a_cut_tail_is_dropped(name: str) -> None:
    """A download that ends inside a character costs that character only."""
    assert decode(CHINESE.encode(name) + "车".encode(name)[:1], None) == CHINESE


def test_one_damaged_character_does_not_change_the_charset() -> None:
    """CMSes cut descriptions by bytes; the rest of the page is still UTF-8."""
    body = CHINESE.encode() * 5 + "车".encode()[:2] + CHINESE.encode()
    assert decode(body, "text/html; charset=gbk").count("刹车踏板变软") == 6


@pytest.mark.parametrize(
    ("body", "header", "expected"),
    [
        (b'<meta charset="GB2312">', None, "gb18030"),
        (b'<meta content="text/html; charset=gbk">', None, "gb18030"),
        (b'<?xml version="1.0" encoding="Big5"?>', None, "big5"),
        (b'<meta charset="gbk">', "text/html; charset=UTF-8", "utf-8"),
        (b"", None, None),
    ],
)
def test_declared_charset(body: bytes, header: str | None, expected: str | None) -> None:
    """The header speaks before the page; all GB labels mean GB18030."""
    assert declared_charset(body, header) == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p>一</p><p>二</p>", "一\n二"),
        ("一<br/>二<br><br>三", "一\n二\n三"),
        ("上半句\n下半句", "上半句\n下半句"),
        ("<div>上半句\n下半句</div>", "上半句 下半句"),
        ("好气<img alt='[怒]' src=x><img alt='一张图片的说明' src=y>", "好气[怒]"),
        ("a<script>b</script><style>c</style><!-- d -->e", "ae"),
        ("看<span style='display: none'>水印</span>得见<i style='font-size:0px'>乱</i>", "看得见"),
        ("5 &lt; 6 &amp;&nbsp;7", "5 < 6 & 7"),
        ("零\u200b宽\ufeff字符", "零宽字符"),
        ("<table><tr><td>甲</td><td>乙</td></tr></table>", "甲 乙"),
        ("", ""),
    ],
)
def test_what_a_reader_sees(markup: str, expected: str) -> None:
    """Paragraphs stay, emoji keep their name, scripts and hidden noise go."""
    assert html_to_text(markup) == expected


def test_visible_text_is_linear_and_tolerant() -> None:
    """Unclosed scripts and comments end the page; the text before them counts."""
    assert visible_text("<title>t</title><p>甲</p><script>x</script>乙<!-- 丙") == "甲 乙"
    assert visible_text("甲<script>" * 50_000) == "甲"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100万+", 1_000_000),
        ("1.2万", 12_000),
        ("12.3万", 123_000),
        ("1.5亿", 150_000_000),
        ("3,456", 3456),
        ("３４", 34),
        (" 12 ", 12),
        ("2w", 20_000),
        ("0", 0),
        (0, 0),
        (37053, 37053),
        ("转发", None),
        ("", None),
        ("-1", None),
        (-1, None),
        ("1.5", None),
        ("1e9", None),
        (True, None),
        (None, None),
        (1.5, None),
        ([], None),
        ("9" * 300, None),
        (10**30, None),
    ],
)
def test_counts(text: object, expected: int | None) -> None:
    """Counts in words become numbers; what is no count stays unknown."""
    assert parse_count(text) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a.example/x?utm_source=1&id=5&spm=a.b&from=feed&isappinstalled=0", "http://a.example/x?id=5"),
        ("http://a.example/x?refer_flag=1&cre=tianyi&mod_from=x#top", "http://a.example/x"),
        (
            "http://b.example/forum.php?mod=viewthread&tid=6&extra=page%3D1&page=1",
            "http://b.example/forum.php?mod=viewthread&tid=6",
        ),
        (
            "http://b.example/forum.php?mod=redirect&goto=lastpost&tid=6",
            "http://b.example/forum.php?mod=redirect&goto=lastpost&tid=6",
        ),
        ("http://b.example/thread-6-2-17.html", "http://b.example/thread-6-2-1.html"),
        ("http://t.example/f?kw=%B3%A4%B0%B2&ie=gbk&pn=50", "http://t.example/f?kw=%B3%A4%B0%B2&ie=gbk&pn=50"),
        ("http://a.example/文?词=字", "http://a.example/%E6%96%87?%E8%AF%8D=%E5%AD%97"),
        (
            "https://mp.w.example/s?__biz=MzA&mid=26&idx=1&sn=ab&chksm=9&scene=21&mpshare=1&pass_ticket=x#rd",
            "https://mp.w.example/s?__biz=MzA&mid=26&idx=1&sn=ab",
        ),
        ("https://n.example/s?id=18&wfr=spider&for=pc", "https://n.example/s?id=18&for=pc"),
        ("https://car.example/news/1.html?pvareaid=3311701#x", "https://car.example/news/1.html"),
        ("https://m.t.example/i71/?tt_from=weixin&share_did=1&group_id=71", "https://m.t.example/i71/?group_id=71"),
        (
            "http://p.example/viewtopic.php?f=3&t=9&sid=0123456789abcdef0123456789abcdef",
            "http://p.example/viewtopic.php?f=3&t=9",
        ),
        ("http://n.example/show.asp?sid=77", "http://n.example/show.asp?sid=77"),
        ("http://n.example/a.html?PHPSESSID=abc&aid=5", "http://n.example/a.html?aid=5"),
        ("http://n.example/show.php?fid=2&tid=5&pn=50&kw=a", "http://n.example/show.php?fid=2&tid=5&pn=50&kw=a"),
        ("HTTP://N.example/A/?formed=1&fromage=2", "http://n.example/A/?formed=1&fromage=2"),
    ],
)
def test_canonical_addresses(url: str, expected: str) -> None:
    """Tracking goes, what names the page stays in its order; GBK escapes are not touched."""
    assert canonical(url) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://b.example/thread-6-1-1.html",
        "https://b.example/thread-6-1-3.html",
        "http://b.example/forum.php?mod=viewthread&tid=6",
        "http://b.example/forum.php?tid=6&mod=viewthread&extra=page%3D2",
        "http://b.example/viewthread.php?tid=6&extra=page%3D1",
        "http://b.example/archiver/?tid-6.html",
    ],
)
def test_one_thread_has_one_identity(url: str) -> None:
    """Every address form of a Discuz thread is the same thread."""
    assert identity(url) == "b.example/thread-6-1"


def test_different_pages_differ() -> None:
    """Page, board and parameters keep pages apart; scheme, order and slash do not."""
    assert identity("http://b.example/thread-6-2-1.html") != identity("http://b.example/thread-6-1-1.html")
    assert identity("http://a.example/n?id=1&p=2") == identity("https://a.example/n?p=2&id=1&utm_term=x")
    assert identity("http://a.example/n/") == identity("http://a.example/n")
    assert identity("http://a.example/n?id=1") != identity("http://a.example/n?id=2")
    # GBK escapes: 长安 and 长城.
    assert identity("http://t.example/f?kw=%B3%A4%B0%B2") != identity("http://t.example/f?kw=%B3%A4%B3%C7")
    assert "%B3%A4%B0%B2" in identity("http://t.example/f?kw=%B3%A4%B0%B2")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://b.example/thread-6-2-1.html", ("6", 2)),
        ("http://b.example/bbs/viewthread.php?tid=9&page=3", ("9", 3)),
        ("http://b.example/forum.php?mod=redirect&ptid=4&pid=5", ("4", 1)),
        ("http://b.example/forum-7-1.html", None),
        ("http://news.example/2026/101.html?tid=5", None),
        ("http://[bad", None),
    ],
)
def test_thread_numbers(url: str, expected: tuple[str, int] | None) -> None:
    """The thread and page of an address, `None` where it names no thread."""
    assert thread_number(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://B.Example:80/x", "b.example"),
        ("https://b.example:443/x", "b.example"),
        ("http://127.0.0.1:18101/forum.php", "127.0.0.1:18101"),
        ("http://[bad", ""),
        ("x", ""),
    ],
)
def test_site(url: str, expected: str) -> None:
    """The site is the host, with the port only where it is unusual."""
    assert site_of(url) == expected


@pytest.mark.parametrize(
    "reference", ["javascript:;", "mailto:a@b", "#x y", "data:,x", None, "", "http://[bad", "x" * 5000]
)
def test_what_is_no_link(reference: str | None) -> None:
    """Scripts, mail and nonsense lead nowhere; a bare fragment leads back to the page."""
    assert absolute("http://a.example/p", reference) in (None, "http://a.example/p")
