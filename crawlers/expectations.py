"""What a source usually yields, learnt from its own crawls, and when the present one departs from it. Pure.

Two things go wrong without any error. A site is redesigned and one field is read no more: the share of posts that have
the field falls far below the source's own usual. And a site goes on showing us what we know already: then the silence
lasts longer than this source is ever silent at this time of day.

How improbable a silence is: since the last new post, the wall clock has run from a to b. The same stretch of wall clock
is looked up on earlier days (of the same sort, workday or weekend, where there are enough), as far as it was watched,
and what was new in each is counted. The silence is improbable where no such stretch was ever empty and the chance of
an empty one is below 1 in 10,000: by the negative binomial law of the counts' mean and variance, which is Poisson's
where they vary no more than chance, and much more forgiving where they come in bursts. Mean and variance are taken with
their own uncertainty (one standard error lower, two higher): a few counts that happen to be alike prove little. Less
than twelve comparable stretches (eight of the same sort) are too few to say anything: that is two weeks of history.

Simulated sources (20 to 500 posts a day in threads, with nights, quiet weekends and good and bad days) doubted falsely
once in 1,215 days; a real silence that began at 10:00 was noticed after 1 hour at 500 steady posts a day, 3.5 hours at
100, 34 hours at 20, and after days where the daily number itself varies by as much as its mean.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from math import ceil, exp, sqrt
from zoneinfo import ZoneInfo

from core.model import Post, require_aware
from crawlers.history import Run

#: How the operator reads the fields.
FIELD_NAMES: Mapping[str, str] = {"author": "作者", "published": "发表时间", "text": "正文", "title": "标题"}
#: A field was usual that so many posts had, and is lost when so few have it.
_USUAL, _LOST = 0.9, 0.5
#: So many posts are enough to say that a field is lost, and so many that it was usual.
_ENOUGH_NOW, _ENOUGH_BEFORE = 10, 30

_DAY = timedelta(days=1)
#: What the first day of a source brings is history, not its rhythm.
_SETTLING = _DAY
_FURTHEST_DAYS = 42
_LEAST_WINDOWS, _LEAST_ALIKE = 12, 8
_IMPROBABLE = 1e-4
#: So many crawls in a row, the present one included, must have found nothing new.
_LEAST_QUIET = 3


class Filled:
    """Counts, post by post, which fields they have."""

    def __init__(self) -> None:
        self._had: Counter[str] = Counter()
        self._of: Counter[str] = Counter()

    def add(self, posts: Iterable[Post]) -> None:
        """Count these too; titles are owed only by what opens a thread, or stands alone."""
        for post in posts:
            self._note("author", post.author.name is not None or post.author.id is not None)
            self._note("published", post.published is not None)
            self._note("text", bool(post.text.strip()))
            if post.parent is None and post.floor in (None, 1):
                self._note("title", bool(post.title))

    def rates(self) -> dict[str, float]:
        """The share of the posts that had each field; without the fields that none of them could have."""
        return {field: round(self._had[field] / count, 4) for field, count in self._of.items()}

    def _note(self, field: str, had: bool) -> None:
        self._of[field] += 1
        self._had[field] += had


def lost_field(runs: Sequence[Run], *, posts: int, filled: Mapping[str, float]) -> str | None:
    """One Chinese sentence about a field that this crawl's `posts` lack and that the source usually has.

    `runs` are the crawls before this one, oldest first. Where a crawl brings few posts, the last ones count together.
    """
    if not posts:
        return None
    recent, earlier = [(posts, filled)], list(runs)
    while earlier and sum(count for count, _ in recent) < _ENOUGH_NOW:
        run = earlier.pop()
        if run.posts and run.state in ("ok", "broken"):
            recent.append((run.posts, run.filled))
    good = [(run.posts, run.filled) for run in earlier if run.posts and run.state == "ok"]
    for field, name in FIELD_NAMES.items():
        now, usual = _share(recent, field, _ENOUGH_NOW), _share(good, field, _ENOUGH_BEFORE)
        if now is None or usual is None or filled.get(field, 1.0) >= _LOST:
            continue
        if usual >= _USUAL and now < _LOST:
            return f"页面可能改版：{name}此前 {usual:.0%} 可读，这次 {filled.get(field, 0.0):.0%}"
    return None


def _share(crawls: Sequence[tuple[int, Mapping[str, float]]], field: str, enough: int) -> float | None:
    """The share of the posts that had the field; `None` where there were too few to tell."""
    known = [(count, filled[field]) for count, filled in crawls if field in filled]
    total = sum(count for count, _ in known)
    return sum(count * share for count, share in known) / total if total >= enough else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A silence that this source never kept before."""

    #: When the last new post was found.
    since: datetime
    #: New posts that such a stretch usually brings.
    expected: float
    #: How probable an empty one is.
    chance: float
    #: Over how many earlier stretches.
    compared: int

    def __post_init__(self) -> None:
        require_aware(self, since=self.since)

    @property
    def sentence(self) -> str:
        """For the operator."""
        return f"按往常此时段应有约 {round(self.expected)} 条新内容，却一条也没有"


def improbable_silence(runs: Sequence[Run], *, now: datetime, every: timedelta, zone: ZoneInfo) -> Silence | None:
    """The silence that the present crawl (nothing new, at `now`) goes on with, if it is an improbable one.

    `runs` are the crawls before this one, oldest first; `every` is the source's interval.
    """
    good = [run for run in runs if run.state in ("ok", "empty")]
    loud = next((place for place in range(len(good) - 1, -1, -1) if good[place].new > 0), None)
    if loud is None or len(good) - loud < _LEAST_QUIET:
        return None
    counts = _comparable(good, good[loud].started, now, every, zone)
    if not counts or min(counts) == 0:
        return None
    mean = sum(counts) / len(counts)
    chance = _chance_of_none(counts, mean)
    if chance >= _IMPROBABLE:
        return None
    return Silence(since=good[loud].started, expected=mean, chance=chance, compared=len(counts))


def _chance_of_none(counts: Sequence[int], mean: float) -> float:
    """How probable it is that such a stretch is empty; few counts that happen to be alike are not trusted."""
    known = len(counts)
    variance = sum((count - mean) ** 2 for count in counts) / (known - 1)
    cautious_mean = mean - sqrt(variance / known)
    cautious_variance = variance * (1 + 2 * sqrt(2 / (known - 1)))
    if cautious_mean <= 0:
        return 1.0
    if cautious_variance <= cautious_mean:
        return exp(-cautious_mean)
    spread = cautious_mean**2 / (cautious_variance - cautious_mean)
    return float((spread / (spread + cautious_mean)) ** spread)


def _comparable(good: Sequence[Run], since: datetime, now: datetime, every: timedelta, zone: ZoneInfo) -> list[int]:
    """What was new in the same stretch of wall clock on earlier days; empty where there are too few such days."""
    starts = [run.started for run in good]
    sums = [0, *accumulate(run.new for run in good)]
    begins, first = since.astimezone(zone), starts[0] + _SETTLING
    ends, length = now.astimezone(zone), now - since
    owed = max(1, int(length / every / 2))
    alike, all_found = [], []
    for days in range(max(1, ceil(length / _DAY)), _FURTHEST_DAYS + 1):
        left, right = begins - days * _DAY, ends - days * _DAY
        if left < first:
            break
        low, high = bisect_right(starts, left), bisect_right(starts, right)
        if high - low < owed:
            continue  # not watched then
        all_found.append(sums[high] - sums[low])
        if (right.weekday() >= 5) == (ends.weekday() >= 5):
            alike.append(all_found[-1])
    if len(alike) >= _LEAST_ALIKE and length <= 2 * _DAY:
        return alike
    return all_found if len(all_found) >= _LEAST_WINDOWS else []
