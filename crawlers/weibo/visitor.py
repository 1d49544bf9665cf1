"""The identity that weibo.com gives to every browser which comes for the first time, without a login.

Two requests, the same that the site's own "Sina Visitor System" page makes: POST `genvisitor2` answers JSONP with a
number and the cookies SUB and SUBP, GET `visitor?a=crossdomain` confirms them. There is no signature, no secret and no
puzzle in it; where the site asks for one (a captcha, `ok:-100`, 418, 432), nothing is tried: the source is blocked.

The adapter is used for weibo.com only, and only where the operator gave no cookie: with an own cookie it is off. It
obeys robots.txt of the passport host, counts into the same budgets, and one identity is kept until it is sent away.
Read in gallery-dl (2026) and other public code; not verified against the live site.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from core.errors import Blocked, Down, LayoutChanged, PageError
from crawlers.pages.encoding import decode
from crawlers.visits import Visit
from crawlers.weibo.surfaces import passport

#: The version of the visitor page whose requests these are.
_VERSION = "20250916"
_CALLBACK = "visitor_gray_callback"
_JSONP = re.compile(r"visitor_gray_callback\s*\(", re.ASCII)
_GIVEN = 20000000
#: What may stand in a cookie's value.
_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{1,2000}")
_KEPT = ("SUB", "SUBP", "XSRF-TOKEN", "WBPSESS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """An identity without a person behind it."""

    #: The text of a Cookie header.
    cookie: str
    #: When the site gave it.
    since: datetime

    def as_json(self) -> dict[str, str]:
        """What a cursor keeps."""
        return {"cookie": self.cookie, "since": self.since.isoformat()}


def remembered(cursor: Mapping[str, Any]) -> Visitor | None:
    """The identity that an earlier crawl was given."""
    kept = cursor.get("visitor")
    if not isinstance(kept, Mapping) or not kept.get("cookie"):
        return None
    return Visitor(cookie=str(kept["cookie"]), since=datetime.fromisoformat(str(kept["since"])))


async def become_visitor(visit: Visit, base: str) -> Visitor:
    """Ask the site for an identity. Raise `PageError` where it gives none."""
    try:
        given = await _given(visit, base)
        cookies = {"SUB": given["sub"], "SUBP": given["subp"], **await _confirmed(visit, base, given)}
    except PageError as bad:
        raise type(bad)(bad.url, f"没有取得微博访客身份：{bad.sign}") from bad
    return Visitor(cookie="; ".join(f"{name}={value}" for name, value in cookies.items()), since=visit.clock())


async def _given(visit: Visit, base: str) -> dict[str, str]:
    url = f"{passport(base)}/visitor/genvisitor2"
    asked = {
        "cb": _CALLBACK,
        "ver": _VERSION,
        "tid": "",
        "from": "weibo",
        "webdriver": "false",
        "return_url": f"{base.rstrip('/')}/",
    }
    headers = {
        "Accept": "*/*",
        "Content-Type": "application/x-www-form-urlencoded",
        "Referer": f"{passport(base)}/visitor/visitor?entry=miniblog&a=enter",
    }
    raw = await visit.ask(url, expects="html", headers=headers, body=urlencode(asked).encode())
    return read_given(raw.body, url)


def read_given(body: bytes, url: str) -> dict[str, str]:
    """`tid`, `sub` and `subp` of the JSONP answer. Raise `Blocked` for a refusal, `LayoutChanged` for anything else."""
    text = decode(body[:100_000])
    start = _JSONP.search(text)
    try:
        answer, _ = json.JSONDecoder().raw_decode(text[start.end() :] if start else text)
    except (ValueError, RecursionError):
        raise LayoutChanged(url, "访客接口的回答无法识别") from None
    told = answer if isinstance(answer, dict) else {}
    if told.get("retcode") != _GIVEN:
        said = str(told.get("msg") or told.get("retcode") or "没有说明原因")[:60]
        raise Blocked(url, f"访客接口拒绝：{said}")
    data = told.get("data")
    given = {name: data.get(name) if isinstance(data, dict) else None for name in ("tid", "sub", "subp")}
    if not all(isinstance(value, str) and _VALUE.fullmatch(value) for value in given.values()):
        raise LayoutChanged(url, "访客接口没有给出身份")
    return {name: str(value) for name, value in given.items()}


async def _confirmed(visit: Visit, base: str, given: Mapping[str, str]) -> dict[str, str]:
    """The cookies as the site sets them. What was given already holds where it sets none, or cannot say just now."""
    query = {"a": "crossdomain", "t": given["tid"], "s": given["sub"], "sp": given["subp"], "from": "weibo"}
    url = f"{passport(base)}/visitor/visitor?{urlencode(query)}"
    try:
        raw = await visit.ask(url, expects="html", headers={"Referer": f"{base.rstrip('/')}/"})
    except Down:
        return {}
    return cookies_set(value for name, value in raw.headers if name.lower() == "set-cookie")


def cookies_set(lines: Iterable[str]) -> dict[str, str]:
    """The cookies that make up a visitor, out of the values of Set-Cookie headers; the last of a name holds."""
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(";")[0].strip().partition("=")
        if name in _KEPT and _VALUE.fullmatch(value) and value != "deleted":
            found[name] = value
    return found
