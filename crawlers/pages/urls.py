"""One page, one address: what makes two URLs the same, with the rules of each platform.

`canonical` can still be fetched; `identity` is for comparing only. Nothing here decodes a percent escape: old Tieba
links carry GBK in them. `canonical` keeps the order of parameters: robots.txt rules ("/forum.php?mod=redirect*") are
prefixes, and a sorted address would slip past them.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url, safe_url_string

#: Parameters that name how a reader came, not what the page is.
_NOISE = re.compile(
    r"utm_.*|spm|spm_id_from|from|fromid|isappinstalled|refer_flag|refer|ref|extra|cre|mod_from|rfunc|wfr|"
    r"share_token|share_source|sharer.*|shareuid|scene|srcid|luicode|lfid|uicode|gclid|fbclid|msclkid|yclid|"
    r"formhash|hmsr|hmpl|hmcu|hmkw|hmci|highlight|chksm|mpshare|ascene|devicetype|nsukey|pass_ticket|exportkey|wx_header|"
    r"tt_from|share_did|share_uid|share_medium|share_plat|share_session_id|fromuid|from_source|pvareaid|sudaref|cmpid",
    re.IGNORECASE,
)
#: Sessions that forums put into the links of visitors without cookies; a short `sid` may be an article's number.
_SESSION = re.compile(r"(?:sid|s|phpsessid|jsessionid)=[0-9a-f]{32}|(?:phpsessid|jsessionid)=.*", re.IGNORECASE)
_THREAD_PATH = re.compile(
    r"(?P<folder>.*/)thread-(?P<tid>\d{1,12})(?:-(?P<page>\d{1,6}))?(?:-(?P<extra>\d{1,6}))?\.html$"
)
_BOARD_PATH = re.compile(r"(?P<folder>.*/)forum-(?P<fid>[\w-]+?)-(?P<page>\d{1,6})\.html$")
_ARCHIVED = re.compile(r"tid-(\d{1,12})(?:-page-(\d{1,6}))?\.html")
_QUERY_NUMBER = re.compile(r"(?:^|&)(?P<name>tid|ptid|page|fid)=(?P<number>\d{1,12})(?=&|$)")
_LONGEST = 2000


def site_of(url: str) -> str:
    """Host in lower case, with the port where it is unusual; "" where the address has none."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return ""
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return host if port in (None, usual) else f"{host}:{port}"


def absolute(base: str, reference: str | None) -> str | None:
    """The http(s) address a link on `base` leads to, without its fragment; `None` for scripts, mail and nonsense."""
    reference = (reference or "").strip()
    if not reference or len(reference) > _LONGEST:
        return None
    try:
        parts = urlsplit(urljoin(base, reference))
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    return urlunsplit(parts._replace(fragment=""))


def canonical(url: str) -> str:
    """The address without tracking, session and list-position noise; still good to fetch."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    static = _THREAD_PATH.match(parts.path)
    path = parts.path
    if static:
        path = f"{static['folder']}thread-{static['tid']}-{static['page'] or 1}-1.html"
    kept = [pair for pair in parts.query.split("&") if pair and not _NOISE.fullmatch(pair.partition("=")[0])]
    kept = [pair for pair in kept if not _SESSION.fullmatch(pair)]
    # The first page of a list or thread is the thread itself.
    kept = [pair for pair in kept if pair != "page=1"]
    plain = urlunsplit((parts.scheme.lower(), parts.netloc, path, "&".join(kept), ""))
    try:
        return str(safe_url_string(plain))
    except (ValueError, UnicodeError):
        return plain


def thread_number(url: str) -> tuple[str, int] | None:
    """The Discuz thread and page that any of its address forms names, from version 6 to X3.5 and the archiver."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    static = _THREAD_PATH.match(parts.path)
    if static:
        return static["tid"], int(static["page"] or 1)
    archived = _ARCHIVED.match(parts.query) or _ARCHIVED.match(parts.path.rpartition("/")[2])
    if archived:
        further = re.search(r"&page=(\d{1,6})(?=&|$)", parts.query)
        return archived[1], int(archived[2] or (further[1] if further else 1))
    if not parts.path.endswith((".php", "/")):
        return None
    numbers = {found["name"]: found["number"] for found in _QUERY_NUMBER.finditer(parts.query)}
    tid = numbers.get("tid") or numbers.get("ptid")
    return (tid, int(numbers.get("page", "1"))) if tid else None


def is_board(url: str) -> bool:
    """Whether the address is a Discuz list of threads."""
    parts = urlsplit(url)
    return bool(_BOARD_PATH.match(parts.path)) or "forumdisplay" in parts.path + parts.query


def identity(url: str) -> str:
    """A key that is equal for all addresses of one page: no scheme, one form for a thread. Not an address."""
    thread = thread_number(url)
    if thread:
        folder = urlsplit(url).path.rpartition("/")[0].removesuffix("/archiver")
        return f"{site_of(url)}{folder}/thread-{thread[0]}-{thread[1]}"
    try:
        parts = urlsplit(canonicalize_url(canonical(url)))
    except (ValueError, UnicodeError):
        return url
    return site_of(url) + (parts.path or "/").removesuffix("/") + (f"?{parts.query}" if parts.query else "")
