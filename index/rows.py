"""Rows of the durable store and the values they hold: the one place that knows how a post lies in its table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Dialect, Result
from sqlalchemy.dialects import postgresql, sqlite

from core.model import Author, Counts, ExhibitState, Mention, Post, Verdict
from core.wire import reason_from_json, reason_to_json

#: Ids in one `IN (…)`: far below the variable limit of every SQLite there is.
CHUNK = 500

#: What became of a capture, the best first: of several exhibits of a post this one counts.
EVIDENCE_STATES: tuple[ExhibitState, ...] = (
    "complete",
    "partial",
    "blocked",
    "deleted_before_capture",
    "failed",
    "pending",
)

Value = TypeVar("Value")


def storable(text: str) -> str:
    """The text as every database takes it: lone surrogates replaced, NUL dropped."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def post_values(post: Post) -> dict[str, Any]:
    """The columns of `posts` that the post itself fills, `id` included.

    Raise `UnicodeEncodeError` where the native id holds a lone surrogate: such a post has no identity.
    """
    # What is kept in its place would have another identity when it is read back.
    f"{post.site}{post.native_id}".encode()
    return {
        "id": post.id,
        "kind": post.kind,
        "site": storable(post.site),
        "native_id": storable(post.native_id),
        "url": storable(post.url),
        "channel": post.channel,
        "title": _text(post.title),
        "text": storable(post.text),
        "author": _author(post.author),
        "published": _sensible(post.published),
        "edited": _sensible(post.edited),
        "collected": post.collected,
        "floor": post.floor,
        "parent": _text(post.parent),
        "counts": _counts(post.counts),
        "images": [storable(image) for image in post.images],
    }


def post_of(row: Mapping[str, Any]) -> Post:
    """The post a row of `posts` holds."""
    return Post(
        kind=row["kind"],
        site=row["site"],
        native_id=row["native_id"],
        url=row["url"],
        channel=row["channel"],
        title=row["title"],
        text=row["text"],
        author=Author(**row["author"]),
        published=row["published"],
        edited=row["edited"],
        collected=row["collected"],
        floor=row["floor"],
        parent=row["parent"],
        counts=Counts(**row["counts"]),
        images=tuple(row["images"]),
    )


def verdict_values(verdict: Verdict) -> dict[str, Any]:
    """The columns of `verdicts` that the verdict itself fills."""
    return {
        "id": verdict.id,
        "negative": verdict.negative,
        "subjects": list(verdict.subjects),
        "categories": list(verdict.categories),
        "event": verdict.event,
        "risk": verdict.risk,
        "grade": verdict.grade,
        "reasons": [_record(reason_to_json(reason)) for reason in verdict.reasons],
        "model": verdict.model,
    }


def verdict_of(row: Mapping[str, Any]) -> Verdict:
    """The verdict a row of `verdicts` holds."""
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


def mention_of(row: Mapping[str, Any]) -> Mention:
    """The mention a joined row of `posts` and `verdicts` holds; `evidence` is a place in `EVIDENCE_STATES`."""
    rank = row.get("evidence")
    return Mention(
        post=post_of(row),
        verdict=verdict_of(row),
        source=row.get("source") or None,
        evidence=None if rank is None else EVIDENCE_STATES[rank],
    )


def insert_into(dialect: Dialect) -> Any:
    """`INSERT … ON CONFLICT` is spelled per dialect in SQLAlchemy, and means the same in both."""
    return postgresql.insert if dialect.name == "postgresql" else sqlite.insert


def chunks(values: Sequence[Value], size: int = CHUNK) -> Iterator[Sequence[Value]]:
    """Pieces of at most `size`, in order."""
    return (values[start : start + size] for start in range(0, len(values), size))


def records(result: Result[Any]) -> Iterator[dict[str, Any]]:
    """The rows as dictionaries; `Row._asdict` asks for the names of the columns again with every row."""
    names = tuple(result.keys())
    return (dict(zip(names, row, strict=True)) for row in result)


# Spelled out: `dataclasses.asdict` copies deeply, which made it a tenth of the time that storing took.
def _author(author: Author) -> dict[str, Any]:
    return {
        "id": _text(author.id),
        "name": _text(author.name),
        "followers": author.followers,
        "region": _text(author.region),
    }


def _counts(counts: Counts) -> dict[str, Any]:
    return {
        "views": counts.views,
        "replies": counts.replies,
        "likes": counts.likes,
        "reposts": counts.reposts,
    }


def _sensible(moment: datetime | None) -> datetime | None:
    """The moment, or `None` for one that a time zone could carry out of the calendar: nobody published it then."""
    return moment if moment is not None and 1 < moment.year < 9999 else None


def _text(text: str | None) -> str | None:
    return None if text is None else storable(text)


def _record(record: dict[str, Any]) -> dict[str, Any]:
    return {key: storable(value) if isinstance(value, str) else value for key, value in record.items()}
