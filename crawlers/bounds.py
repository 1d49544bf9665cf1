"""How far a page may lead us: its links and redirects are hostile, and must not turn the crawler on our own network."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

_INSIDE_NAMES = ("localhost", ".localhost", ".local", ".internal", ".lan", ".home.arpa")


def may_follow(url: str, *, source_url: str) -> bool:
    """Whether a source may lead to this address: http(s), and nothing inside, unless the source itself lies there.

    Names are not resolved: one that resolves to an inside address passes.
    """
    try:
        target, source = urlsplit(url), urlsplit(source_url)
        host, home = target.hostname or "", source.hostname or ""
    except ValueError:
        return False
    if target.scheme not in ("http", "https") or not host:
        return False
    return host == home or not is_inside(host)


def is_inside(host: str) -> bool:
    """Whether a host name or literal address belongs to this machine or a private network."""
    name = host.lower().rstrip(".")
    if f".{name}".endswith(_INSIDE_NAMES[1:]) or name == _INSIDE_NAMES[0]:
        return True
    try:
        return not ipaddress.ip_address(name).is_global
    except ValueError:
        # 127.1, 0x7f.1, 2130706433: addresses to a resolver, names to nobody.
        last = name.rpartition(".")[2]
        return last.isdigit() or last.startswith("0x")
