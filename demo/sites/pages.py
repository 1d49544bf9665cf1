"""Templates to responses, and the slicing of long lists into numbered pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from demo.sites import wall_time

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(Generic[T]):
    """One page of a list."""

    items: Sequence[T]
    number: int
    pages: int


def cut(items: Sequence[T], *, page: int, size: int) -> Slice[T]:
    """Page `page` (counted from 1); like Discuz, a number beyond the end shows the last page."""
    pages = max(1, -(-len(items) // size))
    number = min(max(1, page), pages)
    return Slice(items=items[(number - 1) * size : number * size], number=number, pages=pages)


def number_of(request: Request, name: str, default: int = 1) -> int:
    """A whole number from the query string; the default for anything else."""
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else default


def templates() -> Environment:
    """The environment of all sites: everything escaped, an unknown name is an error."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"lines": _lines, "chinese": wall_time.in_chinese, "iso": _iso}
    return environment


def html(text: str, *, charset: str = "utf-8", status: int = 200) -> Response:
    """An HTML response; what the charset cannot hold becomes a numeric reference, as browsers post it to old forums."""
    body = text.encode(charset, "xmlcharrefreplace")
    return Response(body, status_code=status, headers={"Content-Type": f"text/html; charset={charset}"})


def base_url(request: Request) -> str:
    """The site's address as the reader sees it, with a slash at the end."""
    return f"{request.url.scheme}://{request.url.netloc}/"


def _lines(text: str) -> Markup:
    return Markup("<br />\r\n").join(escape(line) for line in text.splitlines())


def _iso(moment: datetime) -> str:
    return moment.astimezone(wall_time.ZONE).isoformat(timespec="seconds")
