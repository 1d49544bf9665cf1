"""Saved pages of parsers: a page as it came, and beside it what its parser finds there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from app.saved_trial import ending_of
from app.scaffold.checkout import Checkout
from core.errors import ConfigError

if TYPE_CHECKING:
    from crawlers.pages.base import PageParser

_ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPage:
    """A page that someone saved, and what is known of how it came."""

    body: bytes
    url: str
    now: datetime
    content_type: str | None = None
    status: int = 200
    #: What else its `expected.json` says by a person's wish ("kind", "detected"); empty for a new one.
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A saved page in its folder, and what the parser finds there."""

    folder: Path
    state: str
    reason: str
    posts: int
    links: int


def write_case(
    name: str, case: str, saved: SavedPage, *, parser: PageParser, checkout: Checkout, again: bool = False
) -> Written:
    """Put a saved page with what the parser finds on it into the parser's folder.

    Raise `ConfigError` where the case exists, unless `again`: then its `expected.json` is written anew.
    """
    from app.scaffold.expectation import expected
    from crawlers.pages.base import PageContext

    folder = checkout.pages / name / case
    if folder.exists() and not again:
        place = str(folder.relative_to(checkout.root))
        raise ConfigError(
            file="命令行", key="CASE", value=case, problem=f"已有 {place}", fix="换一个名字，或用 --again"
        )
    context = PageContext(
        url=saved.url, now=saved.now, zone=_ZONE, content_type=saved.content_type, status=saved.status
    )
    parsed = parser.parse(saved.body, context)
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.glob("page.*")):
        (folder / f"page.{ending_of(saved.body)}").write_bytes(saved.body)
    text = expected(parsed, page=context, said=saved.said or {"kind": name})
    (folder / "expected.json").write_text(text, encoding="utf-8")
    return Written(
        folder=folder.relative_to(checkout.root),
        state=parsed.state.state,
        reason=parsed.state.reason,
        posts=len(parsed.posts),
        links=len(parsed.links),
    )


def read_case(name: str, case: str, checkout: Checkout) -> SavedPage:
    """The saved page of a case that exists, with the address and time its `expected.json` names."""
    folder = checkout.pages / name / case
    try:
        facts = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
        body = next(folder.glob("page.*")).read_bytes()
        said = {key: str(facts[key]) for key in ("kind", "detected") if key in facts}
        return replace(_saved(body, facts), said=said)
    except (OSError, StopIteration, ValueError, KeyError, TypeError) as bad:
        place = str(folder.relative_to(checkout.root))
        raise ConfigError(
            file="命令行", key="CASE", value=case, problem=f"{place} 里没有可读的 page.* 与 expected.json", fix=str(bad)
        ) from None


def read_page(file: Path, *, url: str, now: datetime) -> SavedPage:
    """A page file; where `tingfeng sources test --save` wrote it, the facts beside it win over the arguments."""
    try:
        body = file.read_bytes()
    except OSError as bad:
        raise ConfigError(
            file="命令行", key="--page", value=str(file), problem=f"无法读取（{bad.strerror}）", fix="检查路径与权限"
        ) from None
    meta = file.with_name(f"{file.stem}.meta.json")
    try:
        return _saved(body, json.loads(meta.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return SavedPage(body=body, url=url, now=now)
    except (OSError, ValueError, KeyError, TypeError) as bad:
        raise ConfigError(
            file=str(meta), key="(整个文件)", value="…", problem=f"无法读取（{bad}）", fix="删去它，用 --url 与 --now"
        ) from None


def _saved(body: bytes, facts: dict[str, Any]) -> SavedPage:
    now = datetime.fromisoformat(facts["now"])
    if now.utcoffset() is None:
        raise ValueError("now 没有时区")
    return SavedPage(
        body=body,
        url=str(facts["url"]),
        now=now,
        content_type=facts.get("content_type"),
        status=int(facts.get("status", 200)),
    )
