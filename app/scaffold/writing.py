"""Writes the files of a new parser into the checkout: all of them or, where one would stand in the way, none."""

from __future__ import annotations

import importlib
import re
from datetime import datetime
from importlib.resources import files
from string import Template
from typing import Literal
from urllib.parse import urlsplit

from app.scaffold.cases import SavedPage, Written, write_case
from app.scaffold.checkout import Checkout

NewKind = Literal["forum", "qa", "complaint", "news", "tieba"]

#: What the saved pages count from; their own times lie just before.
_NOW = datetime.fromisoformat("2026-03-15T10:00:00+08:00")
#: Suffixes of lines and of parts of lines in the template that belong to one shape of page only.
_MARK = re.compile(r"§(thread|article)$")


def write_parser(
    name: str, kind: NewKind, *, url: str, page: SavedPage | None, listing: SavedPage | None, checkout: Checkout
) -> list[Written]:
    """Write the parser and its three saved pages; return what it finds on each. Nothing that exists is touched.

    `page` and `listing` take the place of the made-up thread and list. `name` has been checked.
    """
    from crawlers.pages.urls import site_of

    site, path = site_of(url), urlsplit(url).path or "/"
    parts = {"name": name, "kind": kind, "channel": kind, "site": site, "path": path, **_words(kind, url)}
    home = urlsplit(url)._replace(path="/topic/1", query="", fragment="").geturl()
    thing = page or _example(kind, home)
    made = {
        "example": thing,
        "list": listing or SavedPage(body=_filled("list.html", parts).encode(), url=url, now=_NOW),
        "changed": SavedPage(body=_filled("changed.html", parts).encode(), url=url, now=_NOW),
    }
    with (checkout.parsers / f"{name}.py").open("x", encoding="utf-8") as file:
        file.write(_source(kind, parts))
    importlib.invalidate_caches()
    parser = importlib.import_module(f"crawlers.pages.{name}").PARSER
    return [write_case(name, case, saved, parser=parser, checkout=checkout) for case, saved in made.items()]


def _example(kind: NewKind, url: str) -> SavedPage:
    reply = "" if kind == "news" else _text("reply.html")
    body = Template(_text("thing.html")).substitute(reply=reply, path=urlsplit(url).path)
    return SavedPage(body=body.encode(), url=url, now=_NOW)


def _words(kind: NewKind, url: str) -> dict[str, str]:
    title = f"Pages of {(urlsplit(url).hostname or '')[:80]}"
    if kind == "news":
        return {
            "title": title, "leads_to": "article", "things": "articles", "a_thing": "an article",
            "name_of_thing": "文章",
        }  # fmt: skip
    return {"title": title, "leads_to": "thread", "things": "threads", "a_thing": "a thread", "name_of_thing": "主题"}


def _source(kind: NewKind, parts: dict[str, str]) -> str:
    """The parser's source: lines and ends of lines that are marked for another shape of page are left out."""
    shape = "article" if kind == "news" else "thread"
    lines = []
    for line in _text("parser").splitlines():
        marked = _MARK.search(line)
        if marked is None:
            lines.append(line)
            continue
        rest, _, optional = line[: marked.start()].partition("§")
        if marked[1] == shape:
            lines.append(rest + optional)
        elif optional:
            lines.append(rest)
    return Template("\n".join(lines) + "\n").substitute(parts)


def _filled(template: str, parts: dict[str, str]) -> str:
    return Template(_text(template)).substitute(parts)


def _text(template: str) -> str:
    return (files("app.scaffold") / "templates" / f"{template}.tmpl").read_text(encoding="utf-8")
