"""The durable posts: every crawl writes here first, and everything else can be rebuilt from it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from core.database import Database
from core.model import Post
from core.schema import post_versions, posts, verdicts
from core.work import WorkQueue
from crawlers.coverage import Coverage
from crawlers.sink import Found, Kept, KnownPage
from index import gone as vanished
from index.merge import second_look, text_fingerprint
from index.rows import CHUNK, chunks, insert_into, post_of, post_values, records

log = logging.getLogger("tingfeng.index")

#: What a second look may change, beside `seen`.
_CHANGEABLE = (
    "url", "title", "text", "author", "published", "edited", "floor", "parent", "counts", "images",
    "raw", "fingerprint", "version", "page", "gone", "gone_reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PostVersion:
    """A post's text as it stood for a while."""

    post: str
    #: 1 is the text as first seen.
    version: int
    title: str | None
    text: str
    #: Vault address of the response that showed it.
    raw: str | None
    #: When a crawl last saw this text.
    seen: datetime


class PostStore:
    """Keeps posts: one row a post, however often it is seen."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.assess = WorkQueue(database, "assess")
        self.publish = WorkQueue(database, "publish")

    def keep(
        self,
        found: Sequence[Post],
        *,
        source: str,
        raw: str | None,
        now: datetime,
        covers: Coverage | None = None,
    ) -> Kept:
        """Write what a crawl found, and ask for a judgement of what is new or reads differently, in one transaction.

        An edited post gets a new version and keeps the old one; a text of which only the beginning was known and
        that is now complete stays the same version; a cut text never replaces a whole one. A post whose native id
        cannot be written as UTF-8 has no identity: it is logged and left out. What the page `covers` and does not show
        is gone; what it shows is not, whatever was thought before.
        """
        return self.keep_all([Found(posts=found, source=source, raw=raw, covers=covers)], now=now)[0]

    def keep_all(self, found: Sequence[Found], *, now: datetime) -> list[Kept]:
        """What `keep` does, for several pages in one transaction: all of it, or nothing."""
        pages = [list(_rows_of(page.posts, source=page.source, raw=page.raw, now=now)) for page in found]
        if not any(pages):
            return [Kept(new=0, changed=0, same=0) for _ in found]
        shown = {row["id"]: None for rows in pages for row in rows}
        kept: list[Kept] = []
        with self.database.write() as connection:
            batch = _Batch(stored=_stored(connection, list(shown), for_update=True))
            counts = [batch.take_all(rows) for rows in pages]
            batch.write(connection)
            self.assess.put(connection, batch.to_assess, due=now, now=now)
            self.publish.put(connection, batch.to_publish, due=now, now=now)
            for page, (new, changed, same) in zip(found, counts, strict=True):
                lost = vanished.mark_missing(connection, page.covers, shown, now=now) if page.covers else 0
                kept.append(Kept(new=new, changed=changed, same=same, gone=lost))
        return kept

    def gone(self, url: str, *, raw: str | None, now: datetime, reason: str) -> int:
        """Note that the thread or article at `url` is no more, with all answers. Returns how many posts that is."""
        with self.database.write() as connection:
            marked = vanished.mark_page(connection, url, reason=reason, now=now)
        if marked:
            log.info("posts_gone", extra={"url": url, "posts": marked, "reason": reason, "raw": raw})
        return marked

    def gone_of(self, ids: Sequence[str]) -> dict[str, tuple[datetime, str]]:
        """Of these posts those that their source shows no more: when that was found, and the sign in Chinese."""
        with self.database.read() as connection:
            return vanished.gone_of(connection, ids)

    def to_revisit(self, source: str, *, since: datetime, limit: int) -> list[KnownPage]:
        """Pages of this source with graded posts published from `since` on, the longest unseen first."""
        with self.database.read() as connection:
            return vanished.pages_to_revisit(connection, source, since=since, limit=limit)

    def get(self, ids: Sequence[str]) -> dict[str, Post]:
        """The posts with these ids, in their order; unknown ids are left out."""
        with self.database.read() as connection:
            found = _stored(connection, ids)
        return {key: post_of(found[key]) for key in dict.fromkeys(ids) if key in found}

    def judged_answers(self, connection: Connection, ids: Sequence[str], *, limit: int) -> list[str]:
        """Posts that answer or repost one of these and have a verdict, at most `limit`, within the transaction."""
        found: list[str] = []
        for chunk in chunks(list(dict.fromkeys(ids))):
            answers = select(posts.c.id).join(verdicts, verdicts.c.id == posts.c.id).where(posts.c.parent.in_(chunk))
            found += connection.scalars(answers.order_by(posts.c.id).limit(limit - len(found)))
        return found

    def raw_of(self, post: str) -> str | None:
        """Vault address of the response that showed the post's present text, if one was kept."""
        with self.database.read() as connection:
            address = connection.scalar(select(posts.c.raw).where(posts.c.id == post))
        return str(address) if address else None

    def sources_of(self, ids: Sequence[str]) -> dict[str, str]:
        """Which source found each post first; "" is an import."""
        found: dict[str, str] = {}
        with self.database.read() as connection:
            for chunk in chunks(list(ids)):
                rows = connection.execute(select(posts.c.id, posts.c.source).where(posts.c.id.in_(chunk)))
                found.update((row.id, row.source) for row in rows)
        return found

    def versions(self, post: str) -> list[PostVersion]:
        """Every text the post has had, oldest first, the present one last; empty for an unknown post."""
        columns = ("version", "title", "text", "raw", "seen")
        earlier = select(*(post_versions.c[name] for name in columns)).where(post_versions.c.post == post)
        present = select(*(posts.c[name] for name in columns)).where(posts.c.id == post)
        with self.database.read() as connection:
            rows = [*connection.execute(earlier.order_by(post_versions.c.version)), *connection.execute(present)]
        return [PostVersion(post=post, **row._mapping) for row in rows]

    def count(self) -> int:
        """How many posts are kept."""
        with self.database.read() as connection:
            return connection.scalar(select(func.count()).select_from(posts)) or 0

    def latest(self, limit: int = 20) -> list[Post]:
        """The posts that were found last, newest first."""
        newest = select(posts).order_by(posts.c.collected.desc(), posts.c.id).limit(limit)
        with self.database.read() as connection:
            return [post_of(row) for row in records(connection.execute(newest))]


@dataclass(slots=True)
class _Batch:
    """One call of `keep_all`: starts from what is stored, gathers what is to be written."""

    stored: dict[str, Mapping[str, Any]]
    inserts: dict[str, dict[str, Any]] = field(default_factory=dict)
    updates: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: list[dict[str, Any]] = field(default_factory=list)
    touched: dict[str, datetime] = field(default_factory=dict)
    to_assess: dict[str, None] = field(default_factory=dict)
    #: Read as before, and found otherwise: the archive is told on the way of what is published.
    to_publish: dict[str, None] = field(default_factory=dict)
    new: int = 0
    changed: int = 0
    same: int = 0

    def take_all(self, rows: Sequence[dict[str, Any]]) -> tuple[int, int, int]:
        """Take one page's rows. Returns how many of them are new, changed and the same."""
        before = self.new, self.changed, self.same
        for row in rows:
            self.take(row)
        return self.new - before[0], self.changed - before[1], self.same - before[2]

    def take(self, row: dict[str, Any]) -> None:
        key = row["id"]
        before = self.stored.get(key)
        if before is None:
            self.new += 1
            self.inserts[key] = row
            self.stored[key] = row
            self.to_assess[key] = None
            return
        look = second_look(before, row)
        columns = {**look.columns, **vanished.again(before), "seen": row["seen"]}
        if row["page"] != before["page"] and (before["page"] is None or "url" in look.columns):
            columns["page"] = row["page"]
        if look.change == "same":
            self.same += 1
            if key not in self.inserts and _is_found_otherwise(before, look.columns):
                self.to_publish[key] = None
        else:
            self.changed += 1
            self.to_assess[key] = None
            columns["raw"] = row["raw"]
        if look.change == "edited":
            columns["version"] = before["version"] + 1
            self.versions.append(_version(before))
        self._remember(key, {**before, **columns}, touched_only=len(columns) == 1)

    def _remember(self, key: str, row: dict[str, Any], *, touched_only: bool) -> None:
        self.stored[key] = row
        if key in self.inserts:
            self.inserts[key] = row
        elif touched_only and key not in self.updates:
            self.touched[key] = row["seen"]
        else:
            self.updates[key] = row

    def write(self, connection: Connection) -> None:
        # On PostgreSQL another crawl may insert the same new post at this moment; the one that commits first wins.
        insert = insert_into(connection.dialect)
        if self.inserts:
            connection.execute(insert(posts).on_conflict_do_nothing(), list(self.inserts.values()))
        if self.versions:
            connection.execute(insert(post_versions).on_conflict_do_nothing(), self.versions)
        if self.updates:
            values = {name: bindparam(f"new_{name}", type_=posts.c[name].type) for name in (*_CHANGEABLE, "seen")}
            rows = [{"key": key, **{f"new_{name}": row[name] for name in values}} for key, row in self.updates.items()]
            connection.execute(update(posts).where(posts.c.id == bindparam("key")).values(values), rows)
        for chunk in chunks([key for key in self.touched if key not in self.updates]):
            when = self.touched[chunk[0]]
            connection.execute(update(posts).where(posts.c.id.in_(chunk)).values(seen=when))


def _is_found_otherwise(before: Mapping[str, Any], columns: Mapping[str, Any]) -> bool:
    """Whether something became known that the archive is searched or sorted by; counts and addresses always move."""
    author = columns.get("author", before["author"])
    return (
        "published" in columns
        or author["name"] != before["author"]["name"]
        or bool(columns.get("images", before["images"])) != bool(before["images"])
    )


def _rows_of(found: Sequence[Post], *, source: str, raw: str | None, now: datetime) -> Iterator[dict[str, Any]]:
    pages: dict[str, str] = {}
    for post in found:
        try:
            values = post_values(post)
        except UnicodeEncodeError:
            log.warning("post_refused", extra={"url": ascii(post.url), "reason": "native id is not valid Unicode"})
            continue
        mark = text_fingerprint(values["title"], values["text"])
        url = values["url"].partition("#")[0]
        page = pages[url] = pages.get(url) or vanished.page_of(url)
        own = {"source": source, "raw": raw, "fingerprint": mark, "version": 1, "seen": now}
        yield {**values, **own, "page": page, "gone": None, "gone_reason": None}


def _stored(connection: Connection, ids: Sequence[str], *, for_update: bool = False) -> dict[str, Mapping[str, Any]]:
    rows: dict[str, Mapping[str, Any]] = {}
    for chunk in chunks(list(dict.fromkeys(ids)), CHUNK):
        wanted = select(posts).where(posts.c.id.in_(chunk))
        found = connection.execute(wanted.with_for_update() if for_update else wanted)
        rows.update((row["id"], row) for row in records(found))
    return rows


def _version(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "post": row["id"],
        **{name: row[name] for name in ("version", "title", "text", "fingerprint", "raw", "seen")},
    }
