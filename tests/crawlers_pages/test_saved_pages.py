"""Every self-written page under tests/pages yields exactly what stands beside it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.model import Post
from core.wire import post_to_json
from crawlers.pages import PARSERS, Link, PageContext, detect, parse_page

PAGES = Path(__file__).resolve().parents[1] / "pages"
CASES = sorted(PAGES.glob("*/*/expected.json"))
SHANGHAI = ZoneInfo("Asia/Shanghai")
#: Fields that say the same for every post of a page and would only lengthen the files.
UNSAID = {"kind", "site", "collected"}


def load(path: Path) -> tuple[dict[str, Any], bytes, PageContext]:
    wanted = json.loads(path.read_text("utf-8"))
    body = next(path.parent.glob("page.*")).read_bytes()
    page = PageContext(
        url=wanted["url"],
        now=datetime.fromisoformat(wanted["now"]),
        zone=SHANGHAI,
        content_type=wanted.get("content_type"),
        status=wanted.get("status", 200),
    )
    return wanted, body, page


def known(value: Any) -> Any:
    """Without what is unknown or empty, so that the saved files show only what a page says."""
    if isinstance(value, dict):
        kept = {name: known(inner) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if inner not in (None, [], {})}
    return value


def shown_post(post: Post) -> dict[str, Any]:
    shown: dict[str, Any] = known({name: value for name, value in post_to_json(post).items() if name not in UNSAID})
    return shown


def shown_link(link: Link) -> dict[str, Any]:
    changed = link.changed.isoformat() if link.changed else None
    row = {"url": link.url, "leads_to": link.leads_to, "title": link.title, "changed": changed}
    shown: dict[str, Any] = known({**row, "standing": link.standing})
    return shown


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.parent.name}-{path.parent.name}")
def test_saved_page(path: Path) -> None:
    """Posts, links and state of a saved page are those that a reader would write down."""
    wanted, body, page = load(path)
    parsed = parse_page(wanted["kind"], body, page)
    assert (parsed.state.state, parsed.state.reason) == (wanted["state"], wanted["reason"])
    assert [shown_post(post) for post in parsed.posts] == wanted["posts"]
    assert [shown_link(link) for link in parsed.links] == wanted["links"]


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.parent.name}-{path.parent.name}")
def test_nothing_is_never_ok(path: Path) -> None:
    """A page that yields neither post nor link says why, and only a long text may be ok without."""
    wanted, body, page = load(path)
    parsed = parse_page(wanted["kind"], body, page)
    assert parsed.posts or parsed.links or parsed.state.state != "ok" or "extend" in page.url or "longtext" in page.url
    assert parsed.state.reason


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.parent.name}-{path.parent.name}")
def test_pages_are_recognised_by_their_own_marks(path: Path) -> None:
    """Kind "auto" picks the parser of the folder a readable page lies in, if that one is ever chosen by itself."""
    wanted, body, page = load(path)
    name = path.parent.parent.name
    if wanted["state"] in ("ok", "empty") and not (name in PARSERS and PARSERS[name].looks_like is None):
        assert detect(body, page) == wanted.get("detected", name)


def test_every_parser_has_pages() -> None:
    """Each parser is shown at least one good page and one that it must not call ok."""
    for name in PARSERS:
        states = {json.loads(path.read_text("utf-8"))["state"] for path in CASES if path.parent.parent.name == name}
        assert "ok" in states
        assert states - {"ok"}
