"""Judges the archive again by today's model, rules, subjects and corrections, and tells what became different.

Each batch is one transaction, through the worker's own path, so a run that was killed is simply run again: what is
judged as before leaves no trace. Old posts ring nobody unless that is asked for; they are read in the digest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from alerts.reviewing import leave_to_digest
from app.wiring import Product
from core.model import GRADES, Mention, Verdict
from index.reassessing import Part, read
from index.verdicts import Saved
from index.verdicts_replaced import differ

#: Changes that are named one by one.
_NAMED = 20

#: What can become different, as it is counted, and in words.
CHANGE_NAMES: dict[str, str] = {
    "graded": "新定级",
    "raised": "等级上升",
    "lowered": "等级下降",
    "ungraded": "不再定级",
    "mentioned": "新提及监测对象",
    "unmentioned": "不再提及",
    "categories": "类别变化",
    "otherwise": "仅概率、风险或模型变化",
}


class _Undone(Exception):
    """No error: how a dry run rolls a batch back after it told what it would have done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One post with another grade than before."""

    before: Verdict
    mention: Mention


@dataclass(slots=True, kw_only=True)
class Summary:
    """What a reassessment found so far."""

    judged: int = 0
    changed: int = 0
    #: How many of each of `CHANGE_NAMES`.
    counts: Counter[str] = field(default_factory=Counter)
    #: Old posts that reach a grade now and were left to the digest.
    to_digest: int = 0
    #: The gravest of those with a higher grade than before, at most `_NAMED`.
    gravest: list[Change] = field(default_factory=list)

    def add(self, mentions: Sequence[Mention], saved: Saved) -> None:
        """Count one batch; `mentions` as they stood before."""
        self.judged += len(saved.verdicts)
        for mention, after in zip(mentions, saved.verdicts, strict=True):
            before = saved.before.get(mention.id, mention.verdict)
            if not differ(before, after):
                continue
            self.changed += 1
            kinds = changes(before, after)
            self.counts.update(kinds)
            if "graded" in kinds or "raised" in kinds:
                self.gravest.append(Change(before=before, mention=Mention(post=mention.post, verdict=after)))
        self.gravest.sort(key=lambda one: (-one.mention.verdict.risk, one.mention.id))
        del self.gravest[_NAMED:]

    def to_json(self) -> dict[str, Any]:
        """The summary for machines."""
        return {
            "judged": self.judged,
            "changed": self.changed,
            **{name: self.counts[name] for name in CHANGE_NAMES},
            "to_digest": self.to_digest,
        }


def changes(before: Verdict, after: Verdict) -> list[str]:
    """What became different, as keys of `CHANGE_NAMES`; at least one."""
    found = []
    if before.grade != after.grade:
        if before.grade is None or after.grade is None:
            found.append("graded" if after.grade else "ungraded")
        else:
            found.append("raised" if GRADES.index(after.grade) < GRADES.index(before.grade) else "lowered")
    if bool(before.subjects) != bool(after.subjects):
        found.append("mentioned" if after.subjects else "unmentioned")
    if set(before.categories) != set(after.categories):
        found.append("categories")
    return found or ["otherwise"]


def reassess(
    product: Product,
    part: Part,
    *,
    dry_run: bool = False,
    alert: bool = False,
    progress: Callable[[Summary], None] | None = None,
) -> Summary:
    """Judge a part of the archive again.

    With `dry_run` nothing is written; events that a batch would open are then unknown to the next. With `alert` old
    posts go to the dispatcher like new ones, which still leaves to the digest what was history when it was first seen.
    """
    summary = Summary()
    for mentions in read(product.database, part, batch=product.settings.analysis.batch):
        _judge(product, mentions, summary, dry_run=dry_run, alert=alert)
        if not dry_run:
            while product.worker.publish_once():
                pass
            product.filing.drain()
        if progress is not None:
            progress(summary)
    return summary


def _judge(product: Product, mentions: Sequence[Mention], summary: Summary, *, dry_run: bool, alert: bool) -> None:
    # Read once more: an edit that came in since the batch was read has its own judgement waiting.
    posts = product.posts.get([mention.id for mention in mentions])
    present = [mention for mention in mentions if mention.id in posts]
    found: list[Saved] = []
    quiet: list[int] = []

    def settle(connection: Connection, saved: Saved) -> None:
        found.append(saved)
        if not alert:
            judged = [
                Mention(post=posts[mention.id], verdict=verdict)
                for mention, verdict in zip(present, saved.verdicts, strict=True)
            ]
            fresh = product.settings.alerts.fresh
            quiet.append(leave_to_digest(connection, judged, fresh=fresh, now=product.clock()))
        if dry_run:
            raise _Undone

    with suppress(_Undone):
        product.worker.judge([posts[mention.id] for mention in present], why="reassess", last=settle)
    summary.to_digest += sum(quiet)
    summary.add(present, found[0])
