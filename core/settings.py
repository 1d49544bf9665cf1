"""What an operator may set: one frozen value per section of `monitor.toml`, checked when the program starts.

`core.config` reads the files; this page is the list of keys, their types and their defaults. `monitor.example.toml`
shows every key (a test keeps the two equal).
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from core.durations import BadDuration, parse_duration
from core.model import Channel, Grade, SubjectKind, WatchedKind
from core.secret import Secret


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError('时长应写成带单位的字符串，例如 "10m"')
    try:
        return parse_duration(value)
    except BadDuration as bad:
        raise ValueError(str(bad)) from None


def _web_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("网址应以 http:// 或 https:// 开头")
    return value


def _web_url_or_none(value: str) -> str:
    return _web_url(value) if value else ""


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("不认识的时区，例如 Asia/Shanghai") from None
    return value


def _unique(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) != len(values):
        raise ValueError("列表中有重复项")
    return values


Duration = Annotated[timedelta, BeforeValidator(_duration)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
Words = Annotated[tuple[Name, ...], AfterValidator(_unique)]


class Section(BaseModel):
    """A group of keys: frozen, and a key nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class General(Section):
    """Where things lie and how times are shown."""

    data_dir: Path = Path("var")
    timezone: Annotated[str, AfterValidator(_time_zone)] = "Asia/Shanghai"


class DatabaseSettings(Section):
    """`url = ""` means SQLite at `<data_dir>/tingfeng.sqlite`."""

    url: str = ""


class Files(Section):
    """The catalogues, relative to the folder of `monitor.toml`."""

    sources: Path = Path("sources.toml")
    subjects: Path = Path("subjects.toml")
    rules: Path = Path("rules.toml")
    #: The customer's own categories (format: analysis/lexicons/categories.toml); empty means those of the product.
    categories: str = ""
    #: The customer's own points (format: analysis/lexicons/risk.toml), laid over those of the product key by key.
    risk: str = ""


class CrawlSettings(Section):
    """Politeness and limits of all spiders."""

    user_agent: str = "TingfengBot/0.1 (+https://example.invalid/tingfeng; contact: pr@example.invalid)"
    delay: Duration = timedelta(seconds=2)
    concurrency_per_host: Annotated[int, Field(ge=1, le=16)] = 1
    timeout: Duration = timedelta(seconds=30)
    max_response_mb: Annotated[int, Field(ge=1, le=200)] = 10
    #: Pages a single crawl may fetch from one source; reaching it is reported, never silent.
    max_pages: Annotated[int, Field(ge=1)] = 200
    #: How far back a first crawl reads, and one after a time in which the product did not run.
    backfill: Duration = timedelta(days=7)
    #: Requests a day to one host, all its sources together; reaching it is reported, never silent.
    daily_requests: Annotated[int, Field(ge=1)] = 20_000
    #: How long pages with graded posts are read again, to notice edits and deletions; "0s" for never.
    revisit: Duration = timedelta(days=14)


class HealthSettings(Section):
    """When a source that cannot be read is reported, and to which notifiers."""

    to: tuple[Name, ...] = ("console",)
    #: A source that is unreachable is reported when it has been so for this long; a blocked or changed one at once.
    down_after: Duration = timedelta(minutes=30)
    #: A cookie that ends sooner than this is reported.
    cookie_warning: Duration = timedelta(days=3)


class AnalysisSettings(Section):
    """`model = ""` means the model that ships with the product."""

    model: str = ""
    batch: Annotated[int, Field(ge=1, le=5000)] = 500
    #: How far apart two posts may be published that tell one story in different words, and two copies of one text.
    event_window: Annotated[Duration, Field(ge=timedelta(hours=1), le=timedelta(days=30))] = timedelta(hours=72)
    copy_window: Annotated[Duration, Field(ge=timedelta(hours=1), le=timedelta(days=90))] = timedelta(days=30)


class PictureSettings(Section):
    """Whether the text in posts' pictures is read (extra `ocr`) and judged with them."""

    #: "auto" is "mentions" where the extra is installed, else "none".
    read: Literal["auto", "none", "mentions", "all"] = "auto"
    #: Pictures read of one post, the first ones.
    most: Annotated[int, Field(ge=1, le=50)] = 9


class RiskSettings(Section):
    """The least risk (0 to 100) of each grade, and from which probability a mention counts as negative."""

    grade_a: Annotated[int, Field(ge=1, le=100)] = 75
    grade_b: Annotated[int, Field(ge=1, le=100)] = 50
    grade_c: Annotated[int, Field(ge=1, le=100)] = 30
    negative_from: Annotated[float, Field(gt=0, lt=1)] = 0.5


class EvidenceSettings(Section):
    """How a page is captured."""

    #: "auto" looks for chromium-headless-shell and chromium; "none" runs without a browser; else a path.
    browser: str = "auto"
    #: How long a card waits for its picture before it goes out marked 取证中.
    deadline: Duration = timedelta(seconds=25)
    #: The longest one capture may take.
    timeout: Duration = timedelta(seconds=45)
    workers: Annotated[int, Field(ge=1, le=16)] = 2
    viewport_width: Annotated[int, Field(ge=320, le=3840)] = 1280
    #: Pages taller than this are cut and marked partial.
    max_height: Annotated[int, Field(ge=1000, le=200_000)] = 60_000
    #: host:port pairs of private or loopback addresses that a capture may visit (for intranets and the demo).
    allow_private: tuple[str, ...] = ()


class IndexSettings(Section):
    """Where mentions are searched."""

    #: "sqlite" is one file below `data_dir`; "elasticsearch" is the server of the section of that name.
    backend: Literal["sqlite", "elasticsearch"] = "sqlite"
    #: Where searches go while the server is down: nowhere (they say so), or to the embedded index, which is then kept
    #: up to date as well.
    fallback: Literal["none", "sqlite"] = "none"
    #: How long a mention can be searched after its post was collected; "0s" for ever. The truth is not touched.
    keep: Duration = timedelta()


class ElasticsearchSettings(Section):
    """The server that `[index] backend = "elasticsearch"` means.

    Who we are there: `api_key`, or `user` with `password`, or nobody.
    """

    hosts: Annotated[tuple[WebUrl, ...], Field(min_length=1)] = ("http://127.0.0.1:9200",)
    #: What the names of all indices, aliases and templates of this installation begin with.
    name: Slug = "tingfeng"
    user: str = ""
    password: Secret | None = None
    api_key: Secret | None = None
    #: PEM file of the authority that signed the server's certificate; empty means those that the system trusts.
    ca_file: str = ""
    timeout: Duration = timedelta(seconds=10)
    #: Of each monthly index. A cluster of several nodes wants at least one replica.
    shards: Annotated[int, Field(ge=1, le=64)] = 1
    replicas: Annotated[int, Field(ge=0, le=10)] = 0


class AlertSettings(Section):
    """When the phone rings, and how stubbornly."""

    #: Posts older than this when first seen are listed in the digest and raise no alert.
    fresh: Duration = timedelta(hours=24)
    #: An event that rang is quiet this long unless its grade or spread changes.
    repeat_after: Duration = timedelta(hours=4)
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 12
    #: Pause after the first failed delivery; doubled each time, up to one hour.
    retry_after: Duration = timedelta(seconds=5)


class CaseSettings(Section):
    """The clock of each grade."""

    a: Duration = timedelta(hours=3)
    b: Duration = timedelta(hours=12)
    c: Duration = timedelta(days=3)

    def clock(self, grade: Grade) -> timedelta:
        """How long people have to settle a case of this grade."""
        return {"A": self.a, "B": self.b, "C": self.c}[grade]


class DigestSettings(Section):
    """When the daily digest of the day before goes out, and to which notifiers."""

    at: ClockTime = "08:30"
    to: Words = ("console",)


class WebSettings(Section):
    """The console's address."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8315
    #: What links in messages begin with, where readers reach the console by another name (a tunnel, a gateway).
    public_url: str = ""

    @property
    def address(self) -> str:
        """What links to the console begin with, without a closing slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url.rstrip("/") or f"http://{host}:{self.port}"


class ConsoleNotifierSettings(Section):
    """Prints cards and appends them to `<data_dir>/alerts.jsonl`."""

    type: Literal["console"]


class EmailNotifierSettings(Section):
    """SMTP; `security` says how the connection is protected."""

    type: Literal["email"]
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 465
    security: Literal["tls", "starttls", "none"] = "tls"
    user: str = ""
    password: Secret | None = None
    sender: str
    to: Annotated[tuple[str, ...], Field(min_length=1)]
    timeout: Duration = timedelta(seconds=20)


class WebhookNotifierSettings(Section):
    """POST of a JSON body, signed with HMAC-SHA256."""

    type: Literal["webhook"]
    url: WebUrl
    secret: Secret
    timeout: Duration = timedelta(seconds=10)


NotifierSettings = Annotated[
    ConsoleNotifierSettings | EmailNotifierSettings | WebhookNotifierSettings, Field(discriminator="type")
]


class SourceSettings(Section):
    """One row of `sources.toml`: a place we watch."""

    id: Slug
    name: Name
    kind: WatchedKind
    #: forum, qa, complaint: a list page; tieba, weibo: the base address; news: a feed, sitemap or section page.
    url: WebUrl
    #: weibo, qa: what to search for; tieba: the bar's name.
    keyword: str = ""
    #: weibo only: the uid whose statuses are read, instead of a search.
    user: Annotated[str, Field(pattern=r"^\d{0,20}$")] = ""
    #: Which edition of the site is read, where it has several; empty chooses by the address.
    #: weibo: "mobile" (m.weibo.cn), "web" (weibo.com), "search" (s.weibo.com); tieba: "html", "app".
    surface: Literal["", "mobile", "web", "search", "html", "app"] = ""
    #: news only: further entrances of the same site (a sitemap beside the feed, section pages).
    also: Annotated[tuple[WebUrl, ...], AfterValidator(_unique)] = ()
    #: Whether the comments below what is found are read as well (weibo, news).
    comments: bool = False
    #: Name of a page parser that reads this source instead of its kind's own (`tingfeng new-source`).
    parser: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,59})?$")] = ""
    channel: Channel
    every: Duration = timedelta(minutes=10)
    owner: str = ""
    #: Overrides `[crawl] delay` for this source.
    delay: Duration | None = None
    #: The operator's own cookie of this site: the text of a Cookie header, or of a Netscape cookies.txt.
    cookie: Secret | None = None
    #: Whether the pages need a browser to be drawn; slow, so only where the plain page is empty.
    browser: bool = False
    #: A page of this site that always has content: what it says when the source looks empty decides between
    #: "empty" and "blocked".
    canary: Annotated[str, AfterValidator(_web_url_or_none)] = ""
    #: Set only with a reason: robots.txt of this source is then not obeyed, and the reason is recorded.
    ignore_robots_because: str = ""
    #: Whether a crawl that finds no post at all means that something is wrong.
    never_empty: bool = True


class SubjectSettings(Section):
    """One row of `subjects.toml`: what we watch for."""

    name: Name
    kind: SubjectKind = "brand"
    aliases: Words = ()
    #: At least one of these must stand in the same post, if any are given.
    require: Words = ()
    #: At most so many characters from the name; 0 means anywhere in the post.
    within: Annotated[int, Field(ge=0, le=10_000)] = 0
    #: A post with one of these is about something else; one that holds the name concerns that mention alone.
    exclude: Words = ()
    owner: str = ""


class RuleSettings(Section):
    """One row of `rules.toml`: who is told about what. All given conditions must hold; empty means any."""

    name: Name
    grades: Annotated[tuple[Grade, ...], Field(min_length=1)]
    subjects: Words = ()
    channels: tuple[Channel, ...] = ()
    categories: Words = ()
    to: Annotated[Words, Field(min_length=1)]


class Settings(Section):
    """Everything an operator set, read once at the start and passed down."""

    general: General = General()
    database: DatabaseSettings = DatabaseSettings()
    files: Files = Files()
    crawl: CrawlSettings = CrawlSettings()
    health: HealthSettings = HealthSettings()
    analysis: AnalysisSettings = AnalysisSettings()
    pictures: PictureSettings = PictureSettings()
    risk: RiskSettings = RiskSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    index: IndexSettings = IndexSettings()
    elasticsearch: ElasticsearchSettings = ElasticsearchSettings()
    alerts: AlertSettings = AlertSettings()
    cases: CaseSettings = CaseSettings()
    digest: DigestSettings = DigestSettings()
    web: WebSettings = WebSettings()
    notifiers: dict[Slug, NotifierSettings] = {"console": ConsoleNotifierSettings(type="console")}
    sources: tuple[SourceSettings, ...] = ()
    subjects: tuple[SubjectSettings, ...] = ()
    rules: tuple[RuleSettings, ...] = ()
    #: The file all this came from; what `tingfeng run` hands to its children.
    path: Path | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which people read times and in which a day begins."""
        return ZoneInfo(self.general.timezone)

    @property
    def data_dir(self) -> Path:
        """The folder that holds everything the product writes."""
        return self.general.data_dir

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL of the durable store."""
        return self.database.url or f"sqlite:///{self.data_dir / 'tingfeng.sqlite'}"
