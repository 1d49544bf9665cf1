"""The values of the fictional world: drafts as they were written, and posts as the sites publish them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from core.model import require_aware

SiteName = Literal["forum", "bbs", "weibo", "news"]
#: What a post really is; the yardstick for precision and recall of the whole chain.
Label = Literal[
    "praise", "neutral", "complaint", "sarcasm", "irrelevant", "ad", "malicious", "repost", "official", "incident"
]
#: The grade that a careful PR officer would give.
ExpectedGrade = Literal["A", "B", "C", "none"]

SITES: tuple[SiteName, ...] = get_args(SiteName)
LABELS: tuple[Label, ...] = get_args(Label)
EXPECTED_GRADES: tuple[ExpectedGrade, ...] = get_args(ExpectedGrade)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person or an institution of the world."""

    name: str
    #: Number on the site; forums and Weibo count separately.
    uid: int
    followers: int = 0
    #: What Weibo shows as IP属地.
    region: str = ""
    #: Reason of a verified account, "" for everybody else.
    verified: str = ""
    #: Colour of the name in a forum, "" for plain members.
    colour: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One text of the content files, before the world gives it a time and an id."""

    site: SiteName
    #: Counted from the epoch, or from the start of the incident if `live`.
    at: timedelta
    live: bool
    by: str
    text: str
    label: Label
    grade: ExpectedGrade
    title: str = ""
    #: Which thread it belongs to; every draft outside forums is a group of its own.
    group: str
    floor: int = 1
    #: Floor that this reply quotes.
    quote: int | None = None
    #: Key of the Weibo post that this one reposts.
    of: str = ""
    key: str = ""
    #: How long after publication the author edited it.
    edited: timedelta | None = None
    sticky: bool = False
    picture: str = ""
    #: What the post will have reached in the end, and when it has reached half of it.
    reposts: int = 0
    likes: int = 0
    half: timedelta = timedelta(hours=3)
    source: str = ""
    editor: str = ""
    #: One line for the drill's timeline.
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldPost:
    """One published utterance. Which of them exist at a moment is said by `World`."""

    site: SiteName
    #: The site's own id: pid in forums, mid on Weibo, the article's number in the news.
    native_id: str
    published: datetime
    author: Account
    text: str
    label: Label
    grade: ExpectedGrade
    title: str
    #: tid in forums, else None.
    thread: int | None
    floor: int
    #: Native id of the post that this one quotes or reposts.
    parent: str | None
    edited: datetime | None
    sticky: bool
    picture: str
    reposts: int
    likes: int
    half: timedelta
    source: str
    editor: str

    def __post_init__(self) -> None:
        require_aware(self, published=self.published, edited=self.edited)

    def was_edited(self, now: datetime) -> bool:
        """Whether readers see an edited text at `now`."""
        return self.edited is not None and self.edited <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A forum thread as readers see it at one moment: only floors that exist already, in order, at least one."""

    tid: int
    title: str
    sticky: bool
    posts: tuple[WorldPost, ...]

    @property
    def first(self) -> WorldPost:
        """The opening post."""
        return self.posts[0]

    @property
    def last(self) -> WorldPost:
        """The newest post."""
        return self.posts[-1]
