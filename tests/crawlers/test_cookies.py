from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.secret import Secret
from crawlers.cookies import Cookies, read_cookies

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
SOON = int((NOW + timedelta(days=2)).timestamp())
LATER = int((NOW + timedelta(days=30)).timestamp())
PAST = int((NOW - timedelta(days=1)).timestamp())

FILE = "\n".join(
    (
        "# Netscape HTTP Cookie File",
        "",
        f"#HttpOnly_.weibo.cn\tTRUE\t/\tTRUE\t{LATER}\tSUB\t_2A25xyz",
        f".weibo.cn\tTRUE\t/\tFALSE\t{SOON}\tSCF\tAbc%3D.",
        f"m.weibo.cn\tFALSE\t/\tFALSE\t{int(NOW.timestamp()) + 600}\tXSRF-TOKEN\tab12cd",
        f".weibo.cn\tTRUE\t/\tFALSE\t{PAST}\tOLD\tgone",
        f".weibo.com\tTRUE\t/\tTRUE\t{SOON}\tSUB\tother-site",
        "weibo.cn\tFALSE\t/\tFALSE\t0\tONLY_PARENT\t1",
        "this is no row",
    )
)


def _read(text: str, host: str = "m.weibo.cn") -> Cookies:
    return read_cookies(Secret(text), host=host, now=NOW)


def test_only_rows_of_the_host_that_live_are_sent() -> None:
    """A cookies.txt of many sites: rows of the host and its parents' wide ones, without the expired."""
    cookies = _read(FILE)
    assert cookies.header == "SUB=_2A25xyz; SCF=Abc%3D.; XSRF-TOKEN=ab12cd"
    assert cookies.get("XSRF-TOKEN") == "ab12cd"
    assert cookies.get("OLD") is None
    assert cookies.problem is None
    assert cookies.secure


def test_the_login_ends_with_its_first_cookie_not_with_a_form_token() -> None:
    """A token that lives ten minutes says nothing about the login; SCF is the first of the login's own."""
    assert _read(FILE).expires == datetime.fromtimestamp(SOON, UTC)


@pytest.mark.parametrize(
    ("text", "header", "expires"),
    [
        ("SUB=_2A; SUBP=0033W", "SUB=_2A; SUBP=0033W", None),
        ("Cookie: SUB=_2A;SUBP=0033W;", "SUB=_2A; SUBP=0033W", None),
        (f"cookie:\nSUB=_2A;\n ALF={SOON}\n", f"SUB=_2A; ALF={SOON}", SOON),
        (f"ALF=02_{SOON}; SUB=x", f"ALF=02_{SOON}; SUB=x", SOON),
        ("ALF=soon; SUB=x", "ALF=soon; SUB=x", None),
        ("\ufeffBDUSS=a=b==; BAIDUID=1:FG=1", "BDUSS=a=b==; BAIDUID=1:FG=1", None),
        ('name="quoted, with comma"; x=', 'name="quoted, with comma"; x=', None),
        ("a=1; Path=/; =3; broken; b=2", "a=1; Path=/; b=2", None),
        (".weibo.cn TRUE / FALSE 0 SUB from-a-terminal", "SUB=from-a-terminal", None),
        (f".weibo.cn\tTRUE\t/\tFALSE\t{SOON}.25\tSUB\tx\r\n", "SUB=x", SOON),
        (f".weibo.cn\tTRUE\t/\tFALSE\t{LATER}\tALF\t02_{SOON}", f"ALF=02_{SOON}", SOON),
        (".weibo.cn\tTRUE\t/\tFALSE\t99999999999999999\tSUB\tx", "SUB=x", None),
    ],
)
def test_every_way_to_paste_a_cookie(text: str, header: str, expires: int | None) -> None:
    """Headers with and without their name, over several lines, and files from browsers and terminals."""
    cookies = _read(text)
    assert cookies.header == header
    assert cookies.expires == (None if expires is None else datetime.fromtimestamp(expires, UTC))
    assert cookies.problem is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "无法识别"),
        ("just some words", "无法识别"),
        ("\x00\x01=\x02", "无法识别"),
        (f".weibo.com\tTRUE\t/\tTRUE\t{SOON}\tSUB\tx", "没有属于 m.weibo.cn"),
        (f".evilweibo.cn\tTRUE\t/\tTRUE\t{SOON}\tSUB\tx", "没有属于"),
        (f"weibo.cn\tFALSE\t/\tTRUE\t{SOON}\tSUB\tx", "没有属于"),
        (f".weibo.cn\tTRUE\t/\tFALSE\t{PAST}\tSUB\tx", "已全部过期"),
    ],
)
def test_a_cookie_that_is_no_use_says_so(text: str, word: str) -> None:
    """Nothing is sent, and the operator reads why."""
    cookies = _read(text)
    assert cookies.header == ""
    assert word in (cookies.problem or "")
    assert not cookies.may_go_to("https://m.weibo.cn/", source_url="https://m.weibo.cn/")


def test_an_expired_login_still_says_when_it_ended() -> None:
    """The countdown of an operator goes below zero, it does not vanish."""
    assert _read(f".weibo.cn\tTRUE\t/\tFALSE\t{PAST}\tSUB\tx").expires == datetime.fromtimestamp(PAST, UTC)


def test_a_new_line_in_a_value_makes_no_second_header() -> None:
    """What follows a line break is another cookie at most, never another header."""
    assert "\n" not in _read("a=1\r\nX-Evil: 1; b=2").header


def test_the_longest_path_wins() -> None:
    """Of two rows with one name the more special one counts, as in a browser."""
    rows = ".weibo.cn\tTRUE\t/\tFALSE\t0\tauth\tgeneral\n.weibo.cn\tTRUE\t/bbs/\tFALSE\t0\tauth\tspecial"
    assert _read(rows).header == "auth=special"


def test_no_text_of_it_shows_a_value() -> None:
    """Logs and tracebacks print values with repr and str."""
    cookies = _read("SUB=very-secret")
    assert "very-secret" not in f"{cookies!r} {cookies} {[cookies]}"


@pytest.mark.parametrize(
    ("url", "source", "may"),
    [
        ("https://m.weibo.cn/api?x=1", "https://m.weibo.cn/", True),
        ("https://M.WEIBO.CN/api", "https://m.weibo.cn/", True),
        ("https://m.weibo.cn:443/api", "https://m.weibo.cn/", True),
        ("https://m.weibo.cn/api", "http://m.weibo.cn/", True),
        ("http://m.weibo.cn/api", "https://m.weibo.cn/", False),
        ("https://m.weibo.cn:8443/api", "https://m.weibo.cn/", False),
        ("https://img.m.weibo.cn/", "https://m.weibo.cn/", False),
        ("https://weibo.cn/", "https://m.weibo.cn/", False),
        ("https://m.weibo.cn.evil.test/", "https://m.weibo.cn/", False),
        ("https://m.weibo.cn@evil.test/", "https://m.weibo.cn/", False),
        ("https://evil.test/m.weibo.cn", "https://m.weibo.cn/", False),
        ("https://m.weibo.cn:99999/", "https://m.weibo.cn/", False),
        ("http://[bad/", "https://m.weibo.cn/", False),
    ],
)
def test_they_go_to_their_own_server_only(url: str, source: str, may: bool) -> None:
    """No other host, no subdomain, no other port, no step down to http."""
    assert _read("SUB=x").may_go_to(url, source_url=source) is may


def test_secure_cookies_never_travel_in_the_clear() -> None:
    """A cookie that its site marked as secure is kept back from a source that is read without encryption."""
    assert not _read(FILE).may_go_to("http://m.weibo.cn/x", source_url="http://m.weibo.cn/")
    assert _read(FILE).may_go_to("https://m.weibo.cn/x", source_url="http://m.weibo.cn/")
