"""One post, two editions: the full edition of a forum numbers its posts, the plain one ("archiver") does not.

Where the full edition is refused and the plain one is read instead, no post may come in twice. So whichever edition
shows a post first names it for good, and the other edition's sight of it is given that name:

- A post is recognised by its thread, its author and the minute in which it was written. Text is no help: the plain
  edition cannot tell a quotation from the author's own words.
- Names from the plain edition are remembered; the full edition's posts take them over.
- Names from the full edition are too many to remember. But everything written before the last crawl's end has been
  read, so of a thread's plain edition only what is newer counts; the names of the newest posts are remembered, because
  the end of a crawl is a span of minutes, not a moment. Of a thread that failed, what is newer than its first failure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from core.model import Post

#: Posts this much older than the newest reply of a crawl are remembered.
_MARGIN = timedelta(minutes=10)
_MOST = 3000
_MOST_IN_A_MINUTE = 8


@dataclass(slots=True)
class Editions:
    """Which name a post has that an edition shows without it."""

    #: Name by what the post is recognised by.
    names: dict[str, str] = field(default_factory=dict)
    #: What is named by the plain edition, or so new that it may be met again.
    kept: dict[str, None] = field(default_factory=dict)
    #: When all posts of a thread that has failed since were known.
    since: dict[str, str] = field(default_factory=dict)
    #: Names of one edition that posts of the other have been given in this walk: the post as its edition calls it.
    _taken: dict[str, str] = field(default_factory=dict)

    @classmethod
    def resume(cls, cursor: Mapping[str, Any]) -> Editions:
        """Go on with what the last crawl remembered."""
        names = dict(cursor.get("editions", {}))
        return cls(names=names, kept=dict.fromkeys(names), since=dict(cursor.get("failing_since", {})))

    def full(self, thread: str, posts: Sequence[Post], *, newest: datetime) -> list[Post]:
        """Posts of the full edition, under the names that they have."""
        named: list[Post | None] = []
        for post in posts:
            sign, name = self._recognise(thread, post)
            named.append(replace(post, native_id=name))
            self.names.setdefault(sign, name)
            if name != post.native_id or (post.published and post.published >= newest - _MARGIN):
                self._keep(sign)
        self.since.pop(thread, None)
        return _with_parents(posts, named)

    def plain(self, thread: str, posts: Sequence[Post], *, after: datetime | None) -> list[Post]:
        """Of the plain edition's posts those that are news, or known by name. `after` is `None` where nothing is."""
        failing = self.since.get(thread)
        after = min(after, datetime.fromisoformat(failing)) if after and failing else after
        named: list[Post | None] = []
        for post in posts:
            sign, name = self._recognise(thread, post)
            is_news = after is None or (post.published is not None and post.published > after)
            named.append(replace(post, native_id=name) if is_news or sign in self.names else None)
            if named[-1]:
                self.names.setdefault(sign, name)
                self._keep(sign)
        return _with_parents(posts, named)

    def _recognise(self, thread: str, post: Post) -> tuple[str, str]:
        """What the post is recognised by, and its name: the one it has, else its own.

        The same author may write twice in a minute: a name that another post of this walk has taken is not this one's.
        """
        minute = post.published.astimezone(UTC).strftime("%Y%m%d%H%M") if post.published else f"?{post.native_id}"
        key = "\x1f".join((thread, post.author.name or "", minute))
        for order in range(_MOST_IN_A_MINUTE):
            sign = hashlib.sha256(f"{key}\x1f{order}".encode("utf-8", "replace")).hexdigest()[:16]
            name = self.names.get(sign)
            if name in (None, post.native_id):
                return sign, post.native_id
            both_numbered = _is_numbered(name) and _is_numbered(post.native_id)
            if not both_numbered and self._taken.setdefault(name, post.native_id) == post.native_id:
                return sign, name
        return sign, post.native_id

    def failed(self, thread: str, *, after: datetime | None) -> None:
        """No edition of the thread could be read; everything up to `after` was known."""
        if after is not None:
            self.since.setdefault(thread, after.isoformat())

    def _keep(self, sign: str) -> None:
        self.kept.pop(sign, None)
        self.kept[sign] = None

    def as_json(self, *, failing: Iterable[str]) -> dict[str, Any]:
        """What the cursor keeps."""
        kept = list(self.kept)[-_MOST:]
        return {
            "editions": {sign: self.names[sign] for sign in kept},
            "failing_since": {key: when for key, when in self.since.items() if key in set(failing)},
        }


def _is_numbered(name: str) -> bool:
    return not name.startswith("tid:")


def _with_parents(before: Sequence[Post], named: Sequence[Post | None]) -> list[Post]:
    """The named posts; a parent follows its new name, and one that was left out is unknown."""
    moved = {old.id: new.id if new else None for old, new in zip(before, named, strict=True)}
    return [
        replace(post, parent=moved[post.parent]) if post.parent in moved else post for post in named if post is not None
    ]
