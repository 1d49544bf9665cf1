"""The encoding table: what the bytes are, what header and page claim, and what a reader must get."""

from __future__ import annotations

import codecs

import pytest

from crawlers.pages.encoding import decode

SIMPLE = "<html><title>提车记</title><body><p>刹车踏板变软，售后说一切正常，车主不认可这种说法。</p></body></html>"
LONG = (
    "<html><body>" + "<p>变速箱顿挫，店里让再观察观察，工单上一个字也没写，电话也没人回。</p>" * 20 + "</body></html>"
)
TRADITIONAL = (
    "<html><body>" + "<p>車輛召回公告與維修說明，請車主儘速與經銷商聯絡，謝謝您的配合。</p>" * 8 + "</body></html>"
)
ENGLISH = (
    "<html><body>"
    + "<p>The dealer’s answer – “normal wear” – isn’t one; café by the Renault garage.</p>" * 5
    + "</body></html>"
)

READ = [
    # bytes as they should be, under every label
    ("utf-8, no label", SIMPLE, "utf-8", None),
    ("utf-8 called gbk by the header", SIMPLE, "utf-8", "text/html; charset=gbk"),
    ("utf-8 called iso-8859-1", SIMPLE, "utf-8", "text/html; charset=ISO-8859-1"),
    ("utf-8 with its mark", SIMPLE, "utf-8-sig", "text/html; charset=gb2312"),
    ("gbk, no label", SIMPLE, "gbk", None),
    ("gbk called utf-8", SIMPLE, "gbk", "text/html; charset=utf-8"),
    ("gbk called big5", LONG, "gbk", "text/html; charset=big5"),
    ("gbk called windows-1252", LONG, "gbk", "text/html; charset=windows-1252"),
    ("gb2312, long", LONG, "gb2312", "text/html"),
    ("gb18030 with four bytes", SIMPLE.replace("车主", "㐀𠮷车主"), "gb18030", "text/html; charset=gb2312"),
    ("big5, no label", TRADITIONAL, "big5", None),
    ("big5 called utf-8", TRADITIONAL, "big5", "text/html; charset=utf-8"),
    ("big5 called gb2312", TRADITIONAL, "big5", "text/html; charset=gb2312"),
    ("big5-hkscs called big5", TRADITIONAL, "big5hkscs", "text/html; charset=big5"),
    ("utf-8 traditional called big5", TRADITIONAL, "utf-8", "text/html; charset=big5"),
    ("gbk traditional", TRADITIONAL, "gbk", "text/html; charset=gbk"),
    ("utf-16 with its mark", SIMPLE, "utf-16", None),
    ("utf-16 called gbk", SIMPLE, "utf-16", "text/html; charset=gbk"),
    ("windows-1252 that says so", ENGLISH, "windows-1252", "text/html; charset=windows-1252"),
    ("plain ascii", "<p>ok</p>", "ascii", "text/html; charset=gb2312"),
    ("nothing", "", "utf-8", "text/html; charset=gbk"),
]


@pytest.mark.parametrize(("text", "real", "label"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_the_bytes_are_asked_first(text: str, real: str, label: str | None) -> None:
    """Whatever the label says, what the author wrote is read."""
    assert decode(text.encode(real), label) == text


@pytest.mark.parametrize("meta", ["utf-8", "gbk", "gb2312", "big5", "iso-8859-1", "x-unheard-of", "base64"])
@pytest.mark.parametrize("real", ["utf-8", "gb18030"])
def test_a_wrong_meta_is_not_believed(real: str, meta: str) -> None:
    """A charset in the page is the last to be asked, and a nonsensical one never."""
    text = f'<html><head><meta charset="{meta}"></head><body><p>售后说一切正常，车主不认可这种说法。</p></body></html>'
    assert decode(text.encode(real)) == text


@pytest.mark.parametrize("real", ["utf-16-le", "utf-16-be"])
def test_utf_16_with_a_mark_of_its_own(real: str) -> None:
    """Both byte orders, when they announce themselves."""
    mark = codecs.BOM_UTF16_LE if real == "utf-16-le" else codecs.BOM_UTF16_BE
    assert decode(mark + SIMPLE.encode(real)) == SIMPLE


@pytest.mark.parametrize("real", ["utf-8", "gb18030", "utf-16", "big5"])
@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_tail_that_was_cut(real: str, cut: int) -> None:
    """A download that ends inside a character costs that character and no more."""
    whole = (TRADITIONAL if real == "big5" else LONG) + "車" * 3
    read = decode(whole.encode(real)[:-cut])
    assert len(read) >= len(whole) - cut - 1
    assert whole.startswith(read.rstrip("\ufffd"))


@pytest.mark.parametrize("real", ["utf-8", "gb18030"])
def test_a_damaged_byte_costs_a_character_not_the_page(real: str) -> None:
    """A byte that was lost in the middle leaves the rest readable."""
    body = bytearray(LONG.encode(real))
    del body[len(body) // 2]
    assert decode(bytes(body), f"text/html; charset={real}").count("变速箱顿挫") >= 19


@pytest.mark.parametrize(
    "body", [b"\xff", b"\xff\xfe", b"\x80" * 50, bytes(range(256)), b"\x00" * 9, b"\xef\xbb\xbf", b"\xd6"]
)
def test_bytes_that_are_no_text(body: bytes) -> None:
    """Never an error: what cannot be read becomes a mark for it, or nothing."""
    assert isinstance(decode(body, "text/html; charset=utf-8"), str)
