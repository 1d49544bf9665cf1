"""What stands beside a saved page: all that its parser finds there, as `tests/pages/*/*/expected.json` has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from core.model import Post
from core.wire import post_to_json
from crawlers.pages.base import Link, PageContext, Parsed

#: Fields that say the same for every post of a page and would only lengthen the files.
_UNSAID = {"kind", "site", "collected"}


def expected(parsed: Parsed, *, page: PageContext, said: Mapping[str, str]) -> str:
    """The text of an `expected.json`: what is unknown or empty is left out. `said` stands first ("kind")."""
    whole: dict[str, Any] = {**said, "url": page.url, "now": page.now.isoformat()}
    if page.content_type:
        whole["content_type"] = page.content_type
    if page.status != 200:
        whole["status"] = page.status
    whole |= {"state": parsed.state.state, "reason": parsed.state.reason}
    whole["posts"] = [_known(_post(post)) for post in parsed.posts]
    whole["links"] = [_known(_link(link)) for link in parsed.links]
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _post(post: Post) -> dict[str, Any]:
    return {name: value for name, value in post_to_json(post).items() if name not in _UNSAID}


def _link(link: Link) -> dict[str, Any]:
    values = {field.name: getattr(link, field.name) for field in fields(link)}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: _known(inner) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if inner not in (None, [], {})}
    return value
