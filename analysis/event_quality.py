"""How good the grouping is on texts whose events somebody labelled: no database, no subject of ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from analysis.event_stories import Stories, Told
from analysis.stories import Candidate, signature
from core.text import clean, fold

_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """B³: of each post's found companions the share that belongs there, and of those that do the share found."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def b_cubed(meant: Sequence[str], found: Sequence[str]) -> Agreement:
    """B³ of a grouping (Bagga and Baldwin 1998); both sequences name each post's group."""
    if not meant:
        return Agreement(precision=0.0, recall=0.0)
    both = Counter(zip(meant, found, strict=True))
    sizes_meant, sizes_found = Counter(meant), Counter(found)
    precision = sum(count * count / sizes_found[there] for (_, there), count in both.items())
    recall = sum(count * count / sizes_meant[here] for (here, _), count in both.items())
    return Agreement(precision=precision / len(meant), recall=recall / len(meant))


def group(
    texts: Sequence[str],
    whens: Sequence[datetime] | None = None,
    *,
    window: timedelta = timedelta(hours=72),
    copies: timedelta = timedelta(days=30),
) -> list[str]:
    """The event of each text, all of them about one nameless subject, taken in batches in the order of time."""
    times = list(whens) if whens is not None else [datetime(2026, 1, 1, tzinfo=UTC)] * len(texts)
    order = sorted(range(len(texts)), key=lambda row: (times[row], row))
    stories = Stories(window=window, copies=copies)
    found = [""] * len(texts)
    for start in range(0, len(order), _BATCH):
        rows = order[start : start + _BATCH]
        told = [_told(row, texts[row], times[row]) for row in rows]
        events, unions = stories.decide(told, lambda post: post, lambda one, _other, _post: one)
        for row, event in zip(rows, events, strict=True):
            found[row] = event
        for union in unions:
            found = [union.survivor if event == union.absorbed else event for event in found]
    return found


def _told(row: int, text: str, when: datetime) -> Told:
    post = f"{row:024d}"
    candidate = Candidate(
        post=post,
        channel="other",
        headline="",
        text=fold(clean(text)),
        subjects=("任意",),
        names=(),
        categories=(),
        when=when,
    )
    return Told(post=post, when=when.timestamp(), signature=signature(candidate))
