"""How every source stands, in one value each: what the console's table, `tingfeng sources health` and alarms show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.model import SourceState, require_aware
from core.settings import SourceSettings
from crawlers.cookies import cookies_of
from crawlers.history import OBEYED, Episode, SourceHistory
from crawlers.reports import SourceStatus
from crawlers.sources import SourceCatalogue, patience

_DAY = timedelta(days=1)
#: Over so many days before today the usual is counted.
_USUAL_DAYS = 14
#: A source is watched at least so long before anything counts as usual.
_LEAST = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """One source, as the operator needs to see it."""

    source: SourceSettings
    #: Its row in the catalogue; `None` before its first crawl.
    status: SourceStatus | None
    state: SourceState | None
    #: One Chinese sentence; "" before its first crawl.
    reason: str
    #: When it came into this state.
    since: datetime | None
    #: Vault address of the response that decided the state.
    proof: str | None
    last_ok: datetime | None
    #: When its turn comes; `None` means now.
    next_run: datetime | None
    #: Whether something is wrong with it: not `ok`, nor an emptiness that can be believed, or overdue.
    troubled: bool
    #: Whether it was not crawled for more than twice its interval and five minutes although its turn had come.
    overdue: bool
    #: When the operator's cookie ends; `None` without one, or where it does not say.
    cookie_expires: datetime | None
    #: Why the operator's cookie is no use; one Chinese sentence.
    cookie_problem: str | None
    #: New posts of the last 24 hours.
    new_today: int
    #: Mean of new posts a day over the last 14 days; `None` while it is watched for less than three.
    usual_per_day: float | None
    #: The stretch of its present state, with when people were told; `None` before its first crawl.
    episode: Episode | None
    #: "遵守 robots.txt", or that it is not obeyed and the operator's reason.
    robots: str

    def __post_init__(self) -> None:
        require_aware(
            self,
            since=self.since,
            last_ok=self.last_ok,
            next_run=self.next_run,
            cookie_expires=self.cookie_expires,
        )


def health(sources: Sequence[SourceSettings], catalogue: SourceCatalogue, *, now: datetime) -> list[SourceHealth]:
    """How these sources stand, in their order."""
    history = SourceHistory(catalogue.database)
    statuses, episodes = catalogue.statuses(), history.open_episodes()
    today, usual = history.found(now - _DAY), _usual(history, statuses, now)
    found = []
    for source in sources:
        status, cookies = statuses.get(source.id), cookies_of(source, now=now)
        overdue = is_overdue(source, status, now)
        found.append(
            SourceHealth(
                source=source,
                status=status,
                state=status.state if status else None,
                reason=(status.reason if status else None) or "",
                since=status.since if status else None,
                proof=status.proof if status else None,
                last_ok=status.last_ok if status else None,
                next_run=status.next_run if status else None,
                troubled=overdue or _is_troubled(status),
                overdue=overdue,
                cookie_expires=cookies.expires if cookies else None,
                cookie_problem=cookies.problem if cookies else None,
                new_today=today.get(source.id, 0),
                usual_per_day=usual.get(source.id),
                episode=episodes.get(source.id),
                robots=robots_note(source.ignore_robots_because or OBEYED),
            )
        )
    return found


def is_overdue(source: SourceSettings, status: SourceStatus | None, now: datetime) -> bool:
    """Whether its turn came more than twice its interval and five minutes ago. A paused or new one is not overdue."""
    if status is None or status.state == "paused":
        return False
    due = status.next_run or max(status.last_run or status.added, status.since or status.added)
    return now - due > patience(source.every)


def robots_note(robots: str) -> str:
    """What a run's `robots` says, for readers."""
    return "遵守 robots.txt" if robots == OBEYED else f"不遵守 robots.txt，理由：{robots}"


def _is_troubled(status: SourceStatus | None) -> bool:
    """Unknown is no trouble; a pause is the operator's own wish."""
    return status is not None and status.state is not None and status.failures > 0 and status.state != "paused"


def _usual(history: SourceHistory, statuses: Mapping[str, SourceStatus], now: datetime) -> dict[str, float]:
    """New posts a day. What the first day brought is mostly history that was already there."""
    since = now - _USUAL_DAYS * _DAY
    found = history.found(since)
    usual = {}
    for key, status in statuses.items():
        begins = max(since, status.added + _DAY)
        if now - begins >= _LEAST - _DAY:
            posts = found.get(key, 0) if begins == since else history.found(begins, key).get(key, 0)
            usual[key] = posts / ((now - begins) / _DAY)
    return usual
