"""What the archive knows around a mention, beyond the post itself: how many there were lately, who complained before.

`analysis` only says what it needs; whoever holds the durable store answers (`index.background`, joined in `app`).
Without an answer a verdict simply lacks these reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.model import Channel, Event, Post

#: By what somebody was known again, the surest first.
Sign = Literal["contact", "account", "text", "name"]
#: How the case of an earlier complaint ended: "unfounded" (误报, 恶意), "settled" (closed otherwise); `None`: not yet.
Outcome = Literal["unfounded", "settled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A mention, not yet weighed, whose background is wanted."""

    post: Post
    #: The author's own words, folded, other people's blanked.
    own: str
    subjects: tuple[str, ...]
    negative: float
    event: Event | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How many negative mentions of one subject one site showed in some hours, and in the same hours before."""

    subject: str
    site: str
    #: Length of the window, which ends with the hour of the post.
    hours: int
    #: Within the window, this post included if it is negative.
    count: int
    #: The same hours 1, 2, … days earlier; `None` for a day on which nothing of the site was read.
    earlier: tuple[int | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An earlier complaint about the same subject that seems to be the same person's."""

    post: str
    sign: Sign
    channel: Channel
    site: str
    when: datetime
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What is known around one mention; empty where nothing is known."""

    #: One a subject.
    paces: tuple[Pace, ...] = ()
    #: How many posts of its event were published in the last hours (`Spread.growth_hours`), this one included.
    event_lately: int | None = None
    #: Oldest first, each post once by its surest sign, at most a year back, posts of the same thread left out.
    earlier: tuple[Earlier, ...] = ()


#: One background for each mention that is asked about, in order.
Backgrounds = Callable[[Sequence[Asked]], Sequence[Background]]
