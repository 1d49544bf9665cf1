"""The record of what people said of our verdicts: nothing is deleted, and what was taken back says when and by whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, func, insert, select, text, update

from analysis.corrections import LEAST, Before, Correction, Objection, RefusedCorrection, apply, check, standing
from core.database import Database
from core.errors import NotFound
from core.model import Post, Verdict
from core.schema import corrections, post_versions, posts, verdicts
from core.settings import RiskSettings
from index.merge import text_fingerprint
from index.rows import chunks, mention_of, post_of, records, storable

#: PostgreSQL's lock by which one transaction at a time decides what a corrected verdict is; SQLite has one writer.
_LOCK = 3152027


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A correction with the text that the person read: what a training learns from."""

    correction: Correction
    #: The post with title and text as they stood then.
    post: Post


class CorrectionStore:
    """Keeps corrections, and lays them over the machine's verdicts."""

    def __init__(self, database: Database, *, risk: RiskSettings | None = None, zone: ZoneInfo | None = None) -> None:
        """`risk` says from where a post is negative and what risk a grade means; `zone` dates what people said."""
        self.database = database
        self.risk = risk or RiskSettings()
        self.zone = zone or ZoneInfo("Asia/Shanghai")

    def add(
        self,
        connection: Connection,
        post: str,
        said: Objection,
        *,
        now: datetime,
        categories: Collection[str],
        subjects: Collection[str] = (),
    ) -> Correction:
        """Put an objection into the record, within the caller's transaction.

        `categories` and `subjects` are the names in use. Raise `NotFound` for an unknown post, and
        `RefusedCorrection` for one that has no verdict yet or whose verdict the objection makes no sense of.
        """
        _lock(connection)
        verdict, fingerprint = _verdict_of(connection, post)
        check(said, verdict, negative_from=self.risk.negative_from, categories=categories, subjects=subjects)
        row = {
            "post": post,
            "kind": said.kind,
            "before": {
                "negative": verdict.negative,
                "grade": verdict.grade,
                "categories": list(verdict.categories),
                "subjects": list(verdict.subjects),
                "model": verdict.model,
            },
            "after": _after(said),
            "fingerprint": fingerprint,
            "actor": storable(said.actor.strip()),
            "note": storable(said.note.strip()),
            "at": now,
            "withdrawn": None,
        }
        number = connection.execute(insert(corrections).values(row).returning(corrections.c.number)).scalar_one()
        return _correction({**row, "number": number})

    def withdraw(self, connection: Connection, number: int, *, actor: str, note: str, now: datetime) -> Correction:
        """Take a correction back, within the caller's transaction; who did it, and why, is added to its note.

        Raise `NotFound` for an unknown number, `RefusedCorrection` for one that was taken back before.
        """
        _lock(connection)
        row = next(records(connection.execute(select(corrections).where(corrections.c.number == number))), None)
        if row is None:
            raise NotFound(f"没有第 {number} 号更正")
        if row["withdrawn"] is not None:
            raise RefusedCorrection(f"第 {number} 号更正已在 {row['withdrawn'].astimezone(self.zone):%m-%d %H:%M} 撤回")
        if not actor.strip():
            raise RefusedCorrection("请写明是谁撤回的（--by）")
        said = f"[撤回] {actor.strip()}" + (f"：{note.strip()}" if note.strip() else "")
        full = storable(f"{row['note']}\n{said}".strip())
        change = update(corrections).where(corrections.c.number == number).values(withdrawn=now, note=full)
        connection.execute(change)
        return _correction({**row, "withdrawn": now, "note": full})

    def get(self, number: int) -> Correction:
        """One correction. Raise `NotFound`."""
        with self.database.read() as connection:
            row = next(records(connection.execute(select(corrections).where(corrections.c.number == number))), None)
        if row is None:
            raise NotFound(f"没有第 {number} 号更正")
        return _correction(row)

    def of(self, ids: Sequence[str]) -> Mapping[str, tuple[Correction, ...]]:
        """Everything ever said of these posts, oldest first; posts that nobody objected to are left out."""
        with self.database.read() as connection:
            return _of(connection, ids)

    def every(self, since: datetime | None = None) -> list[Correction]:
        """The whole record, oldest first, what was taken back included; with `since` only from then on."""
        wanted = _in_order()
        if since is not None:
            wanted = wanted.where(corrections.c.at >= since)
        with self.database.read() as connection:
            return [_correction(row) for row in records(connection.execute(wanted))]

    def lessons(self, since: datetime | None = None) -> Iterator[Lesson]:
        """What a training may learn from: of each text the corrections that count, each with the text as it was read.

        Oldest first. Not among them: what was taken back, or overruled by a later word on the same text.
        """
        said = self.every(since)
        of_text: dict[tuple[str, str], list[Correction]] = defaultdict(list)
        for one in said:
            of_text[one.post, one.fingerprint].append(one)
        counting = {
            one.number
            for (_, mark), all_of_it in of_text.items()
            for one in standing(all_of_it, fingerprint=mark).values()
        }
        with self.database.read() as connection:
            for chunk in chunks([one for one in said if one.number in counting]):
                read = _texts(connection, chunk)
                yield from (Lesson(correction=one, post=read[one.number]) for one in chunk if one.number in read)

    def count(self) -> int:
        """How many corrections are in the record and were not taken back."""
        wanted = select(func.count()).select_from(corrections).where(corrections.c.withdrawn.is_(None))
        with self.database.read() as connection:
            return connection.scalar(wanted) or 0

    def applied(self, connection: Connection, judged: Sequence[Post], found: Sequence[Verdict]) -> list[Verdict]:
        """The machine's verdicts as people corrected them; `judged` are their posts, in the same order.

        To be called in the transaction that saves them: what is said meanwhile waits for it, or is seen by it.
        """
        _lock(connection)
        said = _of(connection, [verdict.id for verdict in found])
        return [
            apply(
                verdict,
                said[verdict.id],
                fingerprint=text_fingerprint(*_stored(post)),
                settings=self.risk,
                zone=self.zone,
            )
            if verdict.id in said
            else verdict
            for post, verdict in zip(judged, found, strict=True)
        ]


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))


def _stored(post: Post) -> tuple[str | None, str]:
    """Title and text as the store keeps them; a post that was read from there is unchanged by this."""
    return None if post.title is None else storable(post.title), storable(post.text)


def _in_order() -> Select[Any]:
    return select(corrections).order_by(corrections.c.at, corrections.c.number)


def _of(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[Correction, ...]]:
    found: dict[str, list[Correction]] = defaultdict(list)
    for chunk in chunks(list(dict.fromkeys(ids))):
        for row in records(connection.execute(_in_order().where(corrections.c.post.in_(chunk)))):
            found[row["post"]].append(_correction(row))
    return {post: tuple(said) for post, said in found.items()}


def _verdict_of(connection: Connection, post: str) -> tuple[Verdict, str]:
    """The verdict of a post and the fingerprint of its present text."""
    judgement = [column for column in verdicts.c if column.name != "id"]
    wanted = select(posts, *judgement).outerjoin(verdicts, verdicts.c.id == posts.c.id).where(posts.c.id == post)
    row = next(records(connection.execute(wanted)), None)
    if row is None:
        raise NotFound(f"没有这一帖：{post}")
    if row["judged"] is None:
        raise RefusedCorrection("这一帖还没有研判，请等 tingfeng run（或 tingfeng work）判过再更正")
    return mention_of(row).verdict, str(row["fingerprint"])


def _texts(connection: Connection, said: Sequence[Correction]) -> dict[int, Post]:
    """For each correction its post with the text that its fingerprint stands for, if that is still known."""
    ids = list({one.post for one in said})
    now = {row["id"]: row for row in records(connection.execute(select(posts).where(posts.c.id.in_(ids))))}
    earlier = {
        (row["post"], row["fingerprint"]): row
        for row in records(connection.execute(select(post_versions).where(post_versions.c.post.in_(ids))))
    }
    found: dict[int, Post] = {}
    for one in said:
        post = now[one.post]
        if post["fingerprint"] == one.fingerprint:
            found[one.number] = post_of(post)
        elif old := earlier.get((one.post, one.fingerprint)):
            found[one.number] = replace(post_of(post), title=old["title"], text=old["text"])
    return found


def _after(said: Objection) -> dict[str, Any]:
    """The record's column `after`: only what was said."""
    if said.kind == "category":
        return {"categories": list(said.categories)}
    if said.kind == "false_alarm":
        return {}
    after: dict[str, Any] = {"grade": said.grade or LEAST}
    return after | ({"subjects": list(said.subjects)} if said.kind == "missed" and said.subjects else {})


def _correction(row: Mapping[str, Any]) -> Correction:
    before, after = row["before"], row["after"]
    return Correction(
        number=row["number"],
        post=row["post"],
        kind=row["kind"],
        before=Before(
            negative=before["negative"],
            grade=before["grade"],
            categories=tuple(before["categories"]),
            subjects=tuple(before["subjects"]),
            model=before["model"],
        ),
        grade=after.get("grade"),
        categories=tuple(after.get("categories", ())),
        subjects=tuple(after.get("subjects", ())),
        fingerprint=row["fingerprint"],
        actor=row["actor"],
        note=row["note"],
        at=row["at"],
        withdrawn=row["withdrawn"],
    )
