"""The stages a mention passes before anybody is told, as one visible list. Each is pure and answers with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal

from alerts.dedup import LastAlert, Reason, decide, is_higher
from alerts.mute import Muter
from alerts.rules import Match, match
from core.model import Event, Grade, Mention, Post
from core.settings import Settings

#: What became of a mention. "joined": its event rang before and stays quiet; "digest": read tomorrow, no ring.
OutcomeName = Literal["alerted", "joined", "digest", "muted", "unmatched", "ungraded", "unchanged"]


#: Codes of the reasons that `analysis.corrections` adds to a verdict.
_GRADED_BY_A_PERSON = frozenset({"correction.missed", "correction.grade"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What the dispatcher said of this post before."""

    at: datetime
    outcome: str
    reason: str
    grade: Grade | None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything the stages may look at."""

    mention: Mention
    now: datetime
    settings: Settings
    muter: Muter
    prior: Prior | None = None
    event: Event | None = None
    last: LastAlert | None = None

    @cached_property
    def match(self) -> Match | None:
        """The rules that hold, and whom they name."""
        return match(self.settings.rules, self.mention)

    @cached_property
    def ring(self) -> Reason:
        """Whether the event may ring (again), and why."""
        to = frozenset(self.match.notifiers) if self.match else frozenset()
        return decide(self.last, self.event, self.mention, self.now, self.settings.alerts, to=to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """A stage's last word: nobody is told."""

    outcome: OutcomeName
    reason: str


Stage = Callable[[Facts], Halt | None]


def already_dispatched(facts: Facts) -> Halt | None:
    """The same post again rings only with a higher grade: edited, or its event grew. Makes every re-run harmless."""
    if facts.prior is None or reopens(facts.prior, facts.mention.verdict.grade):
        return None
    return Halt(outcome="unchanged", reason="already_dispatched")


def reopens(prior: Prior, grade: Grade | None) -> bool:
    """Whether a post that was dispatched before is considered once more, now that it has this grade."""
    if grade is None:
        return False
    # A post nobody was told of may match by now: its text, its subjects or the rules changed.
    return is_higher(grade, prior.grade) or prior.outcome in ("unmatched", "muted")


def ungraded(facts: Facts) -> Halt | None:
    """Without a grade there is no risk to tell of."""
    return Halt(outcome="ungraded", reason="ungraded") if facts.mention.verdict.grade is None else None


def unmatched(facts: Facts) -> Halt | None:
    """No rule names anybody who wants to know."""
    return None if facts.match else Halt(outcome="unmatched", reason="no_rule")


def too_old(facts: Facts) -> Halt | None:
    """History is no news: posts that were old when first seen are left to the digest.

    The age counts to the moment of collection, so that a worker that was off for a weekend still rings for what came
    in meanwhile; but what lies further back than a first crawl reads is an archive, whenever it claims to have been
    collected. An event that rang already is news, however old the post that raised its grade; so is what a person said
    that the machine missed.
    """
    if facts.prior is not None and facts.prior.outcome in ("alerted", "joined"):
        return None
    if any(reason.code in _GRADED_BY_A_PERSON for reason in facts.mention.verdict.reasons):
        return None
    stale = is_archive(facts.mention.post, seen=facts.prior.at if facts.prior else facts.now, settings=facts.settings)
    return Halt(outcome="digest", reason="too_old") if stale else None


def is_archive(post: Post, *, seen: datetime, settings: Settings) -> bool:
    """Whether a post was history already when it was collected, or when the dispatcher saw it first."""
    when = max(post.when, post.edited or post.when)
    return post.collected - when > settings.alerts.fresh or seen - when > settings.crawl.backfill


def muted(facts: Facts) -> Halt | None:
    """Somebody asked for quiet."""
    why = facts.muter(facts.mention, facts.now)
    return Halt(outcome="muted", reason=f"muted:{why}"[:40]) if why else None


def repeated(facts: Facts) -> Halt | None:
    """One event, one alert: it rings again only when it got worse, spread, or concerns somebody new."""
    return None if facts.ring.rings else Halt(outcome="joined", reason=facts.ring.value)


#: The order in which a mention is considered. What passes all of them rings.
STAGES: tuple[Stage, ...] = (already_dispatched, ungraded, unmatched, too_old, muted, repeated)


def first_halt(facts: Facts) -> Halt | None:
    """The first stage that stops the mention, or `None` when somebody must be told."""
    for stage in STAGES:
        halt = stage(facts)
        if halt is not None:
            return halt
    return None
