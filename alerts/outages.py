"""When people hear of a source that fails, and when they hear that it works again: pure decisions over its episodes.

An outage is a row of failing episodes without a good one between. In one outage each state is told once. A source that
comes and goes is told again only when it has failed for an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crawlers.history import Episode

#: A state that was told so shortly before must last so long to be told again.
_LATELY, _STUBBORN = timedelta(hours=6), timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A source that works again after people were told that it did not."""

    #: The last episode of the outage that was told.
    told: Episode
    #: When the outage began.
    since: datetime
    #: When it ended.
    until: datetime


def to_tell(episodes: Sequence[Episode], *, now: datetime, down_after: timedelta) -> Episode | None:
    """The open episode of one source if people must hear of it now. `episodes` are its latest, oldest first."""
    if not episodes:
        return None
    *earlier, latest = episodes
    if latest.until is not None or latest.told is not None or not is_outage(latest):
        return None
    wait = down_after if latest.state == "down" else timedelta()
    same = [one for one in earlier if one.told and one.state == latest.state]
    if any(one in same for one in _outage(earlier)):
        return None
    if any(one.until and latest.since - one.until < _LATELY for one in same):
        wait = max(wait, _STUBBORN)
    return latest if now - latest.since >= wait else None


def recovery(episodes: Sequence[Episode]) -> Recovery | None:
    """The end of the last outage of one source, if people were told of it and it works now."""
    if not episodes or episodes[-1].until is not None or not is_good(episodes[-1]):
        return None
    before = [one for one in episodes if one.state != "paused"]
    while before and is_good(before[-1]):
        ended = before.pop()
    outage = _outage(before)
    told = [one for one in outage if one.told]
    return Recovery(told=told[-1], since=outage[0].since, until=ended.since) if told else None


def is_outage(episode: Episode) -> bool:
    """Whether something was wrong; a pause is the operator's own wish."""
    return episode.failed and episode.state != "paused"


def is_good(episode: Episode) -> bool:
    """Whether the source could be read and believed."""
    return not episode.failed and episode.state in ("ok", "empty")


def _outage(episodes: Sequence[Episode]) -> list[Episode]:
    """The failing episodes at the end."""
    found: list[Episode] = []
    for episode in reversed(episodes):
        if not is_outage(episode):
            break
        found.append(episode)
    return found[::-1]
