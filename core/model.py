"""The words of the product as values: what a spider found, what we think of it, what we do about it.

Every value is frozen and keyword-only. Unknown is `None`, never 0 or "". A naive datetime is refused on construction:
a time without a zone has cost this field eight hours often enough.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

Channel = Literal["news", "forum", "weibo", "tieba", "qa", "blog", "complaint", "broadcast", "other"]
#: What a row of `sources.toml` may be; each has a spider of this name.
WatchedKind = Literal["forum", "weibo", "news", "tieba", "qa", "complaint"]
#: "manual" is what a person found and handed in.
SourceKind = Literal[WatchedKind, "manual"]
SourceState = Literal["ok", "empty", "blocked", "broken", "down", "paused"]
Grade = Literal["A", "B", "C"]
SubjectKind = Literal["brand", "store", "model", "person"]
CaseState = Literal[
    "new",
    "acknowledged",
    "investigating",
    "responding",
    "resolved",
    "followed_up",
    "closed",
    "dismissed",
    "malicious",
]
ExhibitState = Literal["pending", "complete", "partial", "blocked", "deleted_before_capture", "failed"]

CorrectionKind = Literal["false_alarm", "missed", "grade", "category"]

CHANNELS: tuple[Channel, ...] = get_args(Channel)
WATCHED_KINDS: tuple[WatchedKind, ...] = get_args(WatchedKind)
SOURCE_KINDS: tuple[SourceKind, ...] = get_args(SourceKind)
GRADES: tuple[Grade, ...] = get_args(Grade)

CHANNEL_NAMES: Mapping[Channel, str] = {
    "news": "新闻",
    "forum": "论坛",
    "weibo": "微博",
    "tieba": "贴吧",
    "qa": "问答",
    "blog": "博客",
    "complaint": "投诉平台",
    "broadcast": "广播电视",
    "other": "其他",
}
GRADE_NAMES: Mapping[Grade, str] = {"A": "特急", "B": "紧急", "C": "一般"}
CASE_STATE_NAMES: Mapping[CaseState, str] = {
    "new": "新建",
    "acknowledged": "已确认",
    "investigating": "核查中",
    "responding": "回应中",
    "resolved": "已解决",
    "followed_up": "已回访",
    "closed": "已关闭",
    "dismissed": "误报",
    "malicious": "恶意",
}
EXHIBIT_STATE_NAMES: Mapping[ExhibitState, str] = {
    "pending": "取证中",
    "complete": "证据完整",
    "partial": "证据不完整",
    "blocked": "页面拒绝访问",
    "deleted_before_capture": "取证前已删除",
    "failed": "无法取证",
}
CORRECTION_NAMES: Mapping[CorrectionKind, str] = {
    "false_alarm": "误报",
    "missed": "漏报",
    "grade": "改级",
    "category": "改类",
}
SOURCE_STATE_NAMES: Mapping[SourceState, str] = {
    "ok": "正常",
    "empty": "确无新内容",
    "blocked": "被拦截",
    "broken": "页面改版",
    "down": "无法连接",
    "paused": "已暂停",
}


def require_aware(owner: object, **times: datetime | None) -> None:
    """Refuse a naive datetime, naming the field that holds it."""
    for name, value in times.items():
        if value is not None and value.utcoffset() is None:
            raise ValueError(f"{type(owner).__name__}.{name} has no time zone: {value!r}")


def post_id(kind: str, site: str, native_id: str) -> str:
    """The stable identity of a post: 24 hex digits over (source kind, site, native id).

    The three parts are joined by a separator that cannot occur in them, so that ("a", "bc") and ("ab", "c") differ.
    """
    return hashlib.sha256("\x1f".join((kind, site, native_id)).encode("utf-8", "surrogatepass")).hexdigest()[:24]


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who published a post, as far as the source shows."""

    id: str | None = None
    name: str | None = None
    followers: int | None = None
    #: The region a platform shows beside the name (IP属地).
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How far a post reached; `None` where the source does not say."""

    views: int | None = None
    replies: int | None = None
    likes: int | None = None
    reposts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One public utterance, exactly as its source published it: thread, reply, status, comment, article."""

    kind: SourceKind
    #: Host (with port, if unusual) that published it.
    site: str
    #: The source's own identifier, always a string: Weibo's mid exceeds 2^53.
    native_id: str
    url: str
    channel: Channel
    text: str
    #: When we fetched it.
    collected: datetime
    title: str | None = None
    author: Author = field(default_factory=Author)
    published: datetime | None = None
    edited: datetime | None = None
    #: 1 is the thread's opening post.
    floor: int | None = None
    #: Id of the post this one answers or reposts.
    parent: str | None = None
    counts: Counts = field(default_factory=Counts)
    images: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_aware(self, collected=self.collected, published=self.published, edited=self.edited)
        if not self.native_id or not self.site:
            raise ValueError("a post needs a site and a native id")

    @property
    def id(self) -> str:
        """The stable identity; see `post_id`."""
        return post_id(self.kind, self.site, self.native_id)

    @property
    def full_text(self) -> str:
        """Title and text, the title only where the text does not already start with it."""
        if not self.title or self.text.startswith(self.title):
            return self.text
        return f"{self.title}\n{self.text}"

    @property
    def when(self) -> datetime:
        """The published time, or the time we first fetched it where the source shows none."""
        return self.published or self.collected


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a verdict says what it says: one sentence for the reader, points for the sum, a span in the text."""

    #: Stable, for machines: "category.safety".
    code: str
    #: One Chinese sentence.
    text: str
    #: What it adds to the risk; 0 for a remark.
    points: int = 0
    #: Start and end in `Post.full_text`, in characters.
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Our judgement of one post."""

    #: The post's id.
    id: str
    #: Calibrated probability that the post speaks badly of its subject, 0 to 1.
    negative: float
    subjects: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    event: str | None = None
    #: 0 to 100.
    risk: int = 0
    grade: Grade | None = None
    reasons: tuple[Reason, ...] = ()
    #: Name and version of the model that judged.
    model: str = ""

    def __post_init__(self) -> None:
        if not 0.0 <= self.negative <= 1.0:
            raise ValueError(f"negative is a probability, got {self.negative}")
        if not 0 <= self.risk <= 100:
            raise ValueError(f"risk is 0 to 100, got {self.risk}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A post and what we think of it, with what the archive adds."""

    post: Post
    verdict: Verdict
    #: Id of the source that found it first; `None` for imports, and where nobody asked.
    source: str | None = None
    #: The best state among its exhibits; `None` where there is none, or nobody asked.
    evidence: ExhibitState | None = None

    @property
    def id(self) -> str:
        """The post's id."""
        return self.post.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Mentions that tell the same story."""

    id: str
    title: str
    first_post: str
    first_published: datetime
    last_published: datetime
    size: int
    channels: tuple[Channel, ...]
    #: The event that took this one over: its posts are there, and nothing new joins this one.
    merged_into: str | None = None

    def __post_init__(self) -> None:
        require_aware(self, first_published=self.first_published, last_published=self.last_published)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Someone must know. Belongs to an event; its deliveries carry the proof that somebody was told."""

    id: str
    event: str
    grade: Grade
    #: Post that raised it.
    post: str
    #: Why now: a code of `alerts.dedup.Reason`.
    reason: str
    #: Name of the rule that matched.
    rule: str
    opened: datetime
    exhibit: str | None = None

    def __post_init__(self) -> None:
        require_aware(self, opened=self.opened)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What we do about an event: a clock, an owner, actions, an outcome. A row of the 台账."""

    id: str
    event: str
    grade: Grade
    state: CaseState
    opened: datetime
    due: datetime
    title: str
    subjects: tuple[str, ...] = ()
    owner: str | None = None
    acknowledged: datetime | None = None
    closed: datetime | None = None
    outcome: str | None = None

    def __post_init__(self) -> None:
        require_aware(self, opened=self.opened, due=self.due, acknowledged=self.acknowledged, closed=self.closed)

    def is_open(self) -> bool:
        """Whether the clock still runs."""
        return self.state not in ("closed", "dismissed", "malicious")

    def is_overdue(self, now: datetime) -> bool:
        """Whether nobody finished it in time."""
        return self.is_open() and self.state not in ("resolved", "followed_up") and now > self.due


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """One sealed capture of one URL."""

    id: str
    #: Post it proves.
    post: str
    url: str
    state: ExhibitState
    requested: datetime
    #: When the capture ended; `None` while pending.
    captured: datetime | None = None
    #: Why the state is not `complete`; one Chinese sentence.
    reason: str | None = None
    #: Folder below the exhibits folder, `None` until sealed.
    folder: str | None = None
    #: SHA-256 of the folder's SHA256SUMS.
    manifest: str | None = None
    #: Files in the folder that show the post, best first ("post.png", "page-000.png").
    pictures: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_aware(self, requested=self.requested, captured=self.captured)
