"""A mention as a line of `_bulk`: what it is found by, what is counted, what orders it, and itself."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from analysis.tokens import segmenter
from core.model import Mention
from core.text import clean, fold
from core.wire import dumps
from index.bodies import body_of
from index.exact import title_and_text, tokens_of_folded
from index.fields import same_value, values_of
from index.rownumber import milliseconds

#: Words of a text beyond this are not taken: they only order hits, and a huge text must not hold up the batch.
_WEIGHED = 20_000
#: Bits of an id (24 hex digits), and how many of them, the first, are in `tie`.
_ID, _TIE = 96, 63


def document(mention: Mention, zone: ZoneInfo) -> bytes:
    """The JSON of a mention's document, without a line end."""
    return documents([mention], zone)[0]


def documents(mentions: Sequence[Mention], zone: ZoneInfo) -> list[bytes]:
    """The same of many mentions, in their order; from 64 on, splitting their words is faster."""
    folded = [[fold(clean(part)) for part in title_and_text(mention.post)] for mention in mentions]
    words = segmenter().search_words_of_many(["\n".join(parts)[:_WEIGHED] for parts in folded])
    rows = zip(mentions, folded, words, strict=True)
    return [_written(_row(mention, zone, chars=tokens_of_folded(parts), words=found)) for mention, parts, found in rows]


def _row(mention: Mention, zone: ZoneInfo, *, chars: Sequence[str], words: Sequence[str]) -> dict[str, Any]:
    post, verdict = mention.post, mention.verdict
    fields = values_of(mention, zone)
    when, tie = order_of(mention)
    return {
        "chars": " ".join(chars),
        "words": " ".join(words),
        "tags": [tag(name, value) for name, values in fields.items() for value in values],
        "channel": post.channel,
        "source": mention.source,
        "site": post.site,
        "category": verdict.categories,
        "grade": verdict.grade,
        "subject": verdict.subjects,
        "event": verdict.event,
        "day": fields["day"][0],
        "hour": post.when.astimezone(zone).isoformat()[:13],
        "when": when,
        "tie": tie,
        "risk": verdict.risk,
        "negative": verdict.negative,
        "mention": orjson.Fragment(_body(mention)),
    }


def _written(row: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(row)
    except TypeError:  # orjson takes no lone surrogates
        return orjson.dumps({name: _encodable(value) for name, value in row.items()})


def order_of(mention: Mention) -> tuple[int, int]:
    """`when` and `tie`: the moment to the millisecond, and the beginning of the id, unlike for any two mentions.

    Newest first is both descending: the order that `index.rownumber` gives, for moments that it does not reach too.
    """
    return milliseconds(mention.post.when), int(mention.id, 16) >> (_ID - _TIE)


@lru_cache(8192)  # mentions of one day share nearly all values but their authors
def tag(name: str, value: str) -> str:
    """What a field's value is looked up by: of one length whatever the value is, and never syntax of anything."""
    return hashlib.sha256(f"{name}\x1f{same_value(value)}".encode("utf-8", "replace")).hexdigest()[:16]


def _body(mention: Mention) -> bytes:
    body = body_of(mention)
    try:
        return orjson.dumps(body)
    except TypeError:  # a lone surrogate, or a number of more than 64 bits
        return dumps(body).encode()


def _encodable(value: object) -> object:
    """The value with lone surrogates replaced, as `core.wire.dumps` replaces them."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_encodable(one) for one in value]
    return value
