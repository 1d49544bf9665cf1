"""One status, one post: Weibo shows the same status on five hosts and under two numbers.

The number (`mid`) is a decimal of up to 19 digits, kept as text everywhere; the short form (`bid`, `mblogid`) is the
same number in base 62, four characters for every seven digits. All hosts of the real Weibo are one site, `m.weibo.cn`,
the name under which posts were stored first; a look-alike on another host keeps its own name.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from crawlers.pages.base import PageContext
from crawlers.pages.urls import site_of

#: What all hosts of the real Weibo are called in a post's identity.
SITE = "m.weibo.cn"

_REAL = re.compile(r"(?:(?:m|s|www|d|overseas|huati)\.)?weibo\.(?:com|cn)|m\.weibo\.com", re.I)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_MID = re.compile(r"[1-9][0-9]{4,18}", re.ASCII)
_BID = re.compile(r"[0-9A-Za-z]{1,12}", re.ASCII)


def weibo_site(url: str) -> str:
    """The site of a post that was found at this address; "" where the address names none."""
    site = site_of(url)
    return SITE if _REAL.fullmatch(site) else site


def on_host(page: PageContext, path: str) -> str:
    """A path on the host that answered, so that mirrors and look-alikes lead to themselves."""
    parts = urlsplit(page.url)
    return f"{parts.scheme}://{parts.netloc}{path}"


def status_url(page: PageContext, mid: str) -> str:
    """The address of a status for readers: the same one, whichever of Weibo's own hosts showed it."""
    if weibo_site(page.url) == SITE:
        return f"https://{SITE}/detail/{mid}"
    return on_host(page, f"/detail/{mid}")


def is_mid(text: str) -> bool:
    """Whether the text is a decimal number that a status can have."""
    return _MID.fullmatch(text) is not None


def bid_of(mid: str) -> str:
    """The short form of a number: seven digits from the right become four characters, the rest as few as it takes."""
    groups = [mid[max(0, end - 7) : end] for end in range(len(mid), 0, -7)][::-1]
    short = [_base62(int(group)) for group in groups]
    return short[0] + "".join(one.rjust(4, "0") for one in short[1:])


def mid_of_bid(bid: str) -> str | None:
    """The number that a short form stands for; `None` where the text is no short form of one."""
    if not _BID.fullmatch(bid):
        return None
    groups = [_number(bid[max(0, end - 4) : end]) for end in range(len(bid), 0, -4)][::-1]
    if any(group >= 10**7 for group in groups):
        return None
    mid = str(groups[0]) + "".join(f"{group:07}" for group in groups[1:])
    return mid if is_mid(mid) and bid_of(mid) == bid else None


def as_mid(text: str) -> str | None:
    """The number, whichever of its two forms the text has; ten digits are more than a short form ever has."""
    if text.isascii() and text.isdigit() and (len(text) >= 10 or mid_of_bid(text) is None):
        return text if is_mid(text) else None
    return mid_of_bid(text)


def mid_in_query(url: str, *names: str) -> str | None:
    """The number of a status that an address names in one of these parameters."""
    try:
        query = parse_qs(urlsplit(url).query)
    except ValueError:
        return None
    return next((mid for name in names for text in query.get(name, ()) if (mid := as_mid(text))), None)


def _base62(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 62)
        text = _DIGITS[digit] + text
    return text or "0"


def _number(text: str) -> int:
    value = 0
    for digit in text:
        value = value * 62 + _VALUES[digit]
    return value
