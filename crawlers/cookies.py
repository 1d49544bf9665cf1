"""The operator's own login of a site, as a browser exports it: what may be sent where, and until when it holds.

Nothing here logs in, refreshes or invents a cookie. Which cookies keep a login is known for Weibo (`SUB`, `ALF` with
the end of the login in it), Baidu, Zhihu, Discuz!, phpBB, NodeBB and WordPress [read in public code, not checked
against the live sites]; for others by the usual names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import SplitResult, urlsplit

from core.secret import Secret
from core.settings import SourceSettings

_LOGIN = re.compile(
    r"SUB|SUBP|ALF|SSOLoginState|SCF|BDUSS(?:_BFESS)?|STOKEN|PTOKEN|z_c0|d_c0|express\.sid|wordpress_logged_in_\w+|"
    r"phpbb3?_\w+_(?:k|u|sid)|(?:\w+_)?auth|(?:PHP)?SESS(?:ION)?_?ID|JSESSIONID|\w*(?:session|login|remember)\w*|sid|token",
    re.I,
)
#: "ALF=1767225600", "ALF=02_1767225600": when a Weibo login ends.
_ALF = re.compile(r"(?:\d{1,3}_)?(\d{9,10})")
#: A name and a value as RFC 6265 lets a header carry them, generous to quotes, commas and backslashes.
_PAIR = re.compile(r"([!#-'*+.^_`|~0-9A-Za-z-]{1,200})\s*=\s*([\x20-:<-\x7e\x80-\uffff]*)")
_MOST = 16_000


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Cookies:
    """Cookies for one host. Its text hides all values."""

    host: str
    #: What follows `Cookie: `; "" where nothing can be sent.
    header: str
    #: The end of the login, by the earliest cookie that it needs; `None` where the cookies do not say.
    expires: datetime | None = None
    #: One Chinese sentence about a cookie that is no use.
    problem: str | None = None
    #: Whether they may only travel encrypted.
    secure: bool = False

    def get(self, name: str) -> str | None:
        """The value of one cookie."""
        return next((value for key, value in _pairs(self.header) if key == name), None)

    def may_go_to(self, url: str, *, source_url: str) -> bool:
        """Whether a request may carry them: only to the very server of the source, and never less encrypted.

        Subdomains and other ports are other servers; only the step from http to https on the usual ports is allowed.
        """
        if not (self.header and is_same_server(url, source_url)):
            return False
        target = urlsplit(url)
        return target.hostname == self.host and (target.scheme == "https" or not self.secure)

    def __repr__(self) -> str:
        return f"Cookies(host={self.host!r}, ***)"


def cookies_of(source: SourceSettings, *, now: datetime) -> Cookies | None:
    """The cookies of a source that has some."""
    if source.cookie is None:
        return None
    return read_cookies(source.cookie, host=urlsplit(source.url).hostname or "", now=now)


def read_cookies(secret: Secret, *, host: str, now: datetime | None = None) -> Cookies:
    """The cookies for `host` in what an operator pasted: the text of a Cookie header, or a Netscape cookies.txt.

    Of a cookies.txt only the rows that belong to the host count, and with `now` only those that have not expired.
    Never raises: what cannot be used is a `problem`.
    """
    text = secret.reveal().strip("\ufeff \t\r\n")
    rows = list(_rows(text))
    if not rows:
        return _from_header(text, host)
    mine = sorted((row for row in rows if row.belongs_to(host)), key=lambda row: -len(row.path))
    if not mine:
        return Cookies(host=host, header="", problem=f"Cookie 文件中没有属于 {host} 的 Cookie")
    by_name: dict[str, _Row] = {}
    for row in mine:
        by_name.setdefault(row.name, row)
    sent = [row for row in by_name.values() if now is None or row.expires is None or row.expires > now]
    ends = _ends((row.name, row.value, row.expires) for row in by_name.values())
    return Cookies(
        host=host,
        header="; ".join(f"{row.name}={row.value}" for row in sent),
        expires=ends,
        problem=None if sent else f"Cookie 文件中属于 {host} 的 Cookie 已全部过期",
        secure=any(row.secure for row in sent),
    )


def is_same_server(url: str, home_url: str) -> bool:
    """Whether `url` leads to the server of `home_url`, by the same scheme or a step up from http to https."""
    try:
        target, home = urlsplit(url), urlsplit(home_url)
        ports = _port(home), _port(target)
    except ValueError:
        return False
    if not target.hostname or target.hostname != home.hostname:
        return False
    if target.scheme == home.scheme:
        return ports[0] == ports[1]
    return (home.scheme, target.scheme) == ("http", "https") and ports == (80, 443)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Row:
    """One line of a cookies.txt."""

    domain: str
    subdomains: bool
    path: str
    secure: bool
    expires: datetime | None
    name: str
    value: str

    def belongs_to(self, host: str) -> bool:
        domain = self.domain.lstrip(".").lower()
        return host == domain or (self.subdomains and host.endswith(f".{domain}"))


def _rows(text: str) -> Iterator[_Row]:
    # ".weibo.cn TRUE / TRUE 1767225600 SUB _2A25…", split by tabs; "#HttpOnly_" in front belongs to the format.
    for line in text.splitlines():
        line = line.removeprefix("#HttpOnly_").strip()
        cells = line.split("\t") if "\t" in line else line.split()
        if len(cells) != 7 or line.startswith("#") or {cells[1], cells[3]} - {"TRUE", "FALSE"}:
            continue
        domain, subdomains, path, secure, expires, name, value = (cell.strip() for cell in cells)
        if not _PAIR.fullmatch(f"{name}={value}"):
            continue
        yield _Row(
            domain=domain,
            subdomains=subdomains == "TRUE" or domain.startswith("."),
            path=path,
            secure=secure == "TRUE",
            expires=_unix(expires.partition(".")[0]),
            name=name,
            value=value,
        )


def _from_header(text: str, host: str) -> Cookies:
    line = re.sub(r"^cookie\s*:", "", text[:_MOST], flags=re.I)
    pairs = list(_pairs(line))
    if not pairs:
        return Cookies(host=host, header="", problem="Cookie 的内容无法识别：应是 Cookie 请求头的文本或 cookies.txt")
    header = "; ".join(f"{name}={value}" for name, value in pairs)
    return Cookies(host=host, header=header, expires=_ends((name, value, None) for name, value in pairs))


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    for part in re.split(r"[;\r\n]", line):
        found = _PAIR.fullmatch(part.strip())
        if found:
            yield found[1], found[2].strip()


def _ends(cookies: Iterable[tuple[str, str, datetime | None]]) -> datetime | None:
    """The earliest end among those that keep a login."""
    known: list[datetime] = []
    for name, value, column in cookies:
        said = _ALF.fullmatch(value) if name == "ALF" else None
        both = (column if _LOGIN.fullmatch(name) else None, _unix(said[1]) if said else None)
        known.extend(end for end in both if end is not None)
    return min(known, default=None)


def _unix(text: str) -> datetime | None:
    """0 is a cookie of the browser's session: it has no end that we know."""
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) < 253_402_300_800:
        return None
    return datetime.fromtimestamp(int(text), UTC)


def _port(parts: SplitResult) -> int | None:
    return parts.port or {"http": 80, "https": 443}.get(parts.scheme)
