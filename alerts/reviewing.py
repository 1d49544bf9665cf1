"""What a new judgement of the archive finds in old posts is read in the digest: history does not ring a phone at night.

A post that is still fresh is left to the dispatcher like any other: a grade A found today by a better model is news.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, update

from alerts.known import read_priors
from alerts.stages import reopens
from core.model import Mention, Post
from core.schema import dispatches


def is_history(post: Post, *, fresh: timedelta, now: datetime) -> bool:
    """Whether a post was published, and last edited, longer than `fresh` ago."""
    return now - max(post.when, post.edited or post.when) > fresh


def leave_to_digest(connection: Connection, mentions: Sequence[Mention], *, fresh: timedelta, now: datetime) -> int:
    """Settle old mentions that would ring with their new verdict, in the transaction that saves these verdicts.

    They are recorded as left to the digest of the day, so that publishing them rings nobody, now or later. A mention
    that no dispatcher has seen yet is none of them: it came in just now. Returns how many there were.
    """
    old = {one.id: one for one in mentions if one.verdict.grade and is_history(one.post, fresh=fresh, now=now)}
    priors = read_priors(connection, list(old))
    rows = [
        {"key": key, "new_grade": old[key].verdict.grade}
        for key, prior in priors.items()
        if reopens(prior, old[key].verdict.grade)
    ]
    if rows:
        settled = {"outcome": "digest", "reason": "reassessed", "at": now, "grade": bindparam("new_grade")}
        connection.execute(update(dispatches).where(dispatches.c.post == bindparam("key")).values(settled), rows)
    return len(rows)
