"""What a second look at a post adds to what is known of it: pure decisions, no database.

The same post comes again with every crawl. Sometimes it was edited, which matters; sometimes a list shows only its
beginning, which must not destroy the text we have; mostly only its counts grew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.text import clean, fingerprint, fold

#: "same": nothing a reader would notice. "completed": only the beginning was known, now there is more of it.
#: "edited": the text is another one.
Change = Literal["same", "completed", "edited"]

#: What sites put where they cut a text: "……全文", "...展开全文", "…展开", "[查看全文]".
_CUT = re.compile(
    r"(?:(?:\.{3,}|…+|⋯+)[\[(【]?(?:全文|展开全文|展开|查看全文|阅读全文)?[\])】]?|[\[(【]?(?:展开|查看|阅读)?全文[\])】]?)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What became of a row: the change of its text, and the columns that are now different."""

    change: Change
    columns: Mapping[str, Any]


def text_fingerprint(title: str | None, text: str) -> str:
    """What tells one version of a post from the next: title and text, as a reader sees them."""
    return fingerprint(f"{title or ''}\n{text}")


def is_beginning(cut: str, whole: str) -> bool:
    """Whether `cut` is visibly only the beginning of `whole`: "刹车失灵了两次，4S…全文" of a longer text.

    A text that was really shortened by its author shows no such mark and is not a beginning.
    """
    shown = _bare(cut)
    kept = _CUT.sub("", shown)
    return len(kept) < len(shown) and _bare(whole).startswith(kept) and len(_bare(whole)) > len(kept)


def second_look(stored: Mapping[str, Any], seen: Mapping[str, Any]) -> Look:
    """Compare a stored row with the columns of the same post as it looks now.

    Unknown values never erase known ones. When it was published stays as first seen: "3分钟前" is more exact than
    the "昨天" of the next day. `fingerprint` is among the columns where the text changed.
    """
    columns: dict[str, Any] = {
        "author": _known(stored["author"], seen["author"]),
        "counts": _known(stored["counts"], seen["counts"]),
        "images": seen["images"] or stored["images"],
        "published": stored["published"] or seen["published"],
    }
    for name in ("edited", "floor", "parent"):
        columns[name] = stored[name] if seen[name] is None else seen[name]
    columns["url"] = seen["url"] or stored["url"]
    change = _text_change(stored, seen, columns)
    return Look(change=change, columns={name: value for name, value in columns.items() if value != stored[name]})


def _text_change(stored: Mapping[str, Any], seen: Mapping[str, Any], columns: dict[str, Any]) -> Change:
    title, text = seen["title"] or stored["title"], seen["text"]
    if not text.strip() or is_beginning(text, stored["text"]):
        text = stored["text"]
    if title and stored["title"] and is_beginning(title, stored["title"]):
        title = stored["title"]
    mark = text_fingerprint(title, text)
    if mark == stored["fingerprint"]:
        return "same"
    columns.update(title=title, text=text, fingerprint=mark)
    whole_text = text == stored["text"] or not stored["text"].strip() or is_beginning(stored["text"], text)
    whole_title = title == stored["title"] or not stored["title"] or is_beginning(stored["title"], title or "")
    return "completed" if whole_text and whole_title else "edited"


def _known(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    return {**before, **{name: value for name, value in now.items() if value is not None}}


def _bare(text: str) -> str:
    return "".join(fold(clean(text)).split())
