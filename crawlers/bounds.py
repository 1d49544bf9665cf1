"""How far a page may lead us: its links and redirects are hostile, and must not turn the crawler on our own network."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from core.settings import SourceSettings
from evidence.proxy import refusal

_INSIDE_NAMES = ("localhost", ".localhost", ".local", ".internal", ".lan", ".home.arpa")


def may_follow(url: str, *, source_url: str) -> bool:
    """Whether a source may lead to this address: http(s), and nothing inside, unless the source itself lies there.

    Names are not resolved here; `crawlers.resolving` refuses those that turn out to lead inside.
    """
    return may_ask(url, homes=frozenset({_host(source_url)}))


def may_ask(url: str, *, homes: frozenset[str]) -> bool:
    """Whether an address may be asked for at all: http(s), and nothing inside but at the operator's own `homes`."""
    scheme, _, _ = url.partition(":")
    host = _host(url)
    if scheme.lower() not in ("http", "https") or not host:
        return False
    return host in homes or not is_inside(host)


def homes_of(source: SourceSettings) -> frozenset[str]:
    """The hosts that the operator named in a source: only these may lie in our own network."""
    return frozenset(host for url in (source.url, *source.also, source.canary) if (host := _host(url)))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_inside(host: str) -> bool:
    """Whether a host name or literal address belongs to this machine or a private network."""
    name = host.lower().rstrip(".")
    if f".{name}".endswith(_INSIDE_NAMES[1:]) or name == _INSIDE_NAMES[0]:
        return True
    try:
        return refusal(ipaddress.ip_address(name)) is not None
    except ValueError:
        # 127.1, 0x7f.1, 2130706433: addresses to a resolver, names to nobody.
        last = name.rpartition(".")[2]
        return last.isdigit() or last.startswith("0x")
