"""JSON Lines, in and out: the one spelling of posts, verdicts and mentions in CLI, API, exports and imports.

Times are ISO 8601 with offset, unknown is `null`; the field names are those of `docs/architecture.md`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from core.errors import BadInput
from core.model import CHANNELS, SOURCE_KINDS, Author, Channel, Counts, Mention, Post, Reason, SourceKind, Verdict

_AUTHOR, _COUNTS = (tuple(field.name for field in fields(kind)) for kind in (Author, Counts))
#: What a line of a post or a mention may hold; the last four are of mentions and of `tingfeng parse`.
_POST_KEYS = frozenset(
    ("id", "kind", "site", "native_id", "url", "channel", "title", "text", "author", "published", "edited", "collected",
     "floor", "parent", "counts", "images", "source", "evidence", "verdict", "record")
)  # fmt: skip


def post_to_json(post: Post) -> dict[str, Any]:
    """The wire form of a post."""
    return {
        "id": post.id,
        "kind": post.kind,
        "site": post.site,
        "native_id": post.native_id,
        "url": post.url,
        "channel": post.channel,
        "title": post.title,
        "text": post.text,
        "author": {name: getattr(post.author, name) for name in _AUTHOR},
        "published": _time(post.published),
        "edited": _time(post.edited),
        "collected": _time(post.collected),
        "floor": post.floor,
        "parent": post.parent,
        "counts": {name: getattr(post.counts, name) for name in _COUNTS},
        "images": list(post.images),
    }


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    """The wire form of a verdict."""
    return {
        "id": verdict.id,
        "negative": round(verdict.negative, 4),
        "subjects": list(verdict.subjects),
        "categories": list(verdict.categories),
        "event": verdict.event,
        "risk": verdict.risk,
        "grade": verdict.grade,
        "reasons": [reason_to_json(reason) for reason in verdict.reasons],
        "model": verdict.model,
    }


def reason_to_json(reason: Reason) -> dict[str, Any]:
    """The wire form of a reason."""
    span = list(reason.span) if reason.span else None
    return {"code": reason.code, "text": reason.text, "points": reason.points, "span": span}


def reason_from_json(row: Mapping[str, Any]) -> Reason:
    """A reason as `reason_to_json` wrote it."""
    span = row.get("span")
    return Reason(code=row["code"], text=row["text"], points=row["points"], span=(span[0], span[1]) if span else None)


def mention_to_json(mention: Mention) -> dict[str, Any]:
    """The wire form of a mention: the post with its verdict inside, its source and the state of its evidence."""
    return {
        **post_to_json(mention.post),
        "source": mention.source,
        "evidence": mention.evidence,
        "verdict": verdict_to_json(mention.verdict),
    }


def dumps(row: Mapping[str, Any]) -> str:
    """One line of JSON, Chinese left readable, lone surrogates replaced."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode()


def read_lines(lines: Iterable[str | bytes], *, file: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and parse the lines of a JSON Lines file; blank lines are skipped, anything but an object is refused.

    Lines of bytes are UTF-8, with or without a byte order mark: then a line that is not is refused by its number.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8") if isinstance(line, bytes) else line
            row = json.loads(text)
        except UnicodeDecodeError as bad:
            raise _unreadable(file, number, line, f"应为 UTF-8 编码（第 {bad.start + 1} 个字节不是）") from None
        except json.JSONDecodeError as bad:
            raise _unreadable(file, number, line, f"应为 JSON（{bad.msg}）") from None
        except RecursionError:
            raise _unreadable(file, number, line, "应为 JSON（嵌套过深）") from None
        except ValueError:  # the only other one: a number of more than 4,300 digits
            raise _unreadable(file, number, line, "应为 JSON（数字过长）") from None
        if not isinstance(row, dict):
            raise _unreadable(file, number, line, "每行应为一个 JSON 对象")
        yield number, row


def _unreadable(file: str, number: int, line: str | bytes, fix: str) -> BadInput:
    shown = line.decode("utf-8", "replace") if isinstance(line, bytes) else line
    return BadInput(file=file, line=number, key="(整行)", value=shown.strip()[:60], fix=fix)


def post_from_json(row: Mapping[str, Any], *, now: datetime, zone: ZoneInfo, file: str, line: int) -> Post:
    """Read a post. Only `text` is required; a time without offset is taken in `zone`.

    A post without an identity is a manual one, identified by its URL or, failing that, by its text.
    Raise `BadInput` that names file, line, field and value.
    """
    reader = _Reader(row, file=file, line=line, zone=zone)
    text = reader.text("text", required=True) or ""
    kind = reader.choice("kind", SOURCE_KINDS, "manual")
    url = reader.text("url") or ""
    channel = reader.choice("channel", CHANNELS, "other")
    native = reader.text("native_id") or url or f"text:{text}"
    author, counts = reader.record("author"), reader.record("counts")
    images = row.get("images") or []
    if not isinstance(images, list) or not all(isinstance(image, str) for image in images):
        raise reader.bad("images", images, "应为网址列表")
    return Post(
        kind=cast("SourceKind", kind),
        site=reader.text("site") or "manual",
        native_id=native,
        url=url,
        channel=cast("Channel", channel),
        title=reader.text("title"),
        text=text,
        author=Author(
            id=author.text("id"),
            name=author.text("name"),
            followers=author.count("followers"),
            region=author.text("region"),
        ),
        published=reader.time("published"),
        edited=reader.time("edited"),
        collected=reader.time("collected") or now,
        floor=reader.count("floor"),
        parent=reader.text("parent"),
        counts=Counts(**{name: counts.count(name) for name in _COUNTS}),
        images=tuple(images),
    )


def unread_keys(row: Mapping[str, Any]) -> list[str]:
    """The keys of a row that mean nothing to `post_from_json`, nor to what we write ourselves."""
    return [key for key in row if key not in _POST_KEYS]


def verdict_from_json(row: Mapping[str, Any]) -> Verdict:
    """A verdict as `verdict_to_json` wrote it."""
    return Verdict(
        id=row["id"],
        negative=row["negative"],
        subjects=tuple(row["subjects"]),
        categories=tuple(row["categories"]),
        event=row["event"],
        risk=row["risk"],
        grade=row["grade"],
        reasons=tuple(reason_from_json(reason) for reason in row["reasons"]),
        model=row["model"],
    )


class _Reader:
    """Reads typed fields of one row and says precisely which one is wrong."""

    def __init__(self, row: Mapping[str, Any], *, file: str, line: int, zone: ZoneInfo, prefix: str = "") -> None:
        self.row, self.file, self.line, self.zone, self.prefix = row, file, line, zone, prefix

    def bad(self, key: str, value: object, fix: str) -> BadInput:
        return BadInput(file=self.file, line=self.line, key=self.prefix + key, value=repr(value)[:80], fix=fix)

    def text(self, key: str, *, required: bool = False) -> str | None:
        value = self.row.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and key in ("id", "native_id"):
            return str(value)
        if value is None and not required:
            return None
        if not isinstance(value, str) or (required and not value.strip()):
            raise self.bad(key, value, "应为非空字符串" if required else "应为字符串或 null")
        return value

    def choice(self, key: str, choices: tuple[str, ...], default: str) -> str:
        value = self.row.get(key) or default
        if value not in choices:
            raise self.bad(key, value, f"可用：{'、'.join(choices)}")
        return str(value)

    def count(self, key: str) -> int | None:
        value = self.row.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.bad(key, value, "应为不小于 0 的整数或 null")
        return value

    def time(self, key: str) -> datetime | None:
        value = self.row.get(key)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise self.bad(key, value, "应为 ISO 8601 时间，例如 2026-03-15T20:00:00+08:00") from None
        return moment if moment.utcoffset() is not None else moment.replace(tzinfo=self.zone)

    def record(self, key: str) -> _Reader:
        value = self.row.get(key) or {}
        if not isinstance(value, dict):
            raise self.bad(key, value, "应为 JSON 对象")
        return _Reader(value, file=self.file, line=self.line, zone=self.zone, prefix=f"{self.prefix}{key}.")


def _time(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
