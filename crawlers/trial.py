"""One look at one source that leaves nothing behind: what a crawl would collect, field by field, and how it would end.

The trial is a real crawl of the real spider (robots.txt, delays, refusals, parsers), cut to a few pages, that keeps
posts and responses in memory: no database, no cursor, no vault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core.clock import Clock
from core.errors import TingfengError
from core.model import Post, SourceState
from core.settings import Settings, SourceSettings
from crawlers.cookies import Cookies, cookies_of
from crawlers.expectations import Filled
from crawlers.fetching import header
from crawlers.job import Job
from crawlers.pages import detect, parse_page
from crawlers.pages.base import PageContext
from crawlers.pages.encoding import declared_charset, decode
from crawlers.reports import SourceReport
from crawlers.run import run_job
from crawlers.sink import Found, Kept, KnownPage
from crawlers.spiders.base import SourceSpider
from crawlers.visits import Spent, Visit
from evidence.durable import sha256
from evidence.vault import RawResponse, Vault

#: Pages below the entrance that a trial reads unless told otherwise.
BELOW = 3
#: A trial shows what is there, however old.
_ALL_THERE_IS = timedelta(days=5000)
#: What a post may have beyond what every crawl counts, and what tells that it has it.
_BESIDES: tuple[tuple[str, Callable[[Post], bool]], ...] = (
    ("counts", lambda post: any(count is not None for count in astuple(post.counts))),
    ("images", lambda post: bool(post.images)),
    ("floor", lambda post: post.floor is not None),
    ("parent", lambda post: post.parent is not None),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPage:
    """One response of a trial, as the parsers read it."""

    raw: RawResponse
    #: Name of the page parser.
    parser: str
    #: What the bytes are ("UTF-8", "GB18030"), whatever the page claims.
    encoding: str
    #: What header or page claim; `None` where they claim nothing.
    declared: str | None
    state: SourceState
    reason: str
    posts: int
    #: How many links lead to what: {"thread": 20, "list": 1}.
    links: Mapping[str, int]

    @property
    def content_type(self) -> str | None:
        """The header as it came."""
        return header(self.raw, "Content-Type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a crawl of the source would have collected, and how it would have ended."""

    source: SourceSettings
    report: SourceReport
    #: One Chinese sentence, without the trial's own limit.
    reason: str
    #: What robots.txt says of it: one Chinese phrase.
    robots: str
    #: What the source's cookie says of itself; `None` where it has none.
    cookies: Cookies | None
    #: Entrance first, then the pages that had posts; pages that failed are told by the reason.
    pages: tuple[SeenPage, ...]
    posts: tuple[Post, ...]
    #: Share of the posts that have each field, 0 to 1; empty without posts.
    filled: Mapping[str, float]

    @property
    def ok(self) -> bool:
        """Whether the source can be read and has something to say."""
        return self.report.state == "ok" and not self.report.failed

    @property
    def newest(self) -> datetime | None:
        """When the newest post was published, where the pages say so."""
        return max((post.published for post in self.posts if post.published), default=None)


class Memory(Vault):
    """A vault that forgets: content lives as long as the object."""

    def __init__(self) -> None:
        super().__init__(Path("/nonexistent"))
        self._content: dict[str, bytes] = {}
        #: Every response that was put, in order, once each.
        self.responses: dict[str, RawResponse] = {}

    def put(self, content: bytes) -> str:
        """Keep in memory."""
        address = sha256(content)
        self._content[address] = content
        return address

    def put_response(self, response: RawResponse) -> str:
        """Keep in memory, in order."""
        address = super().put_response(response)
        self.responses.setdefault(address, response)
        return address

    def get(self, address: str) -> bytes:
        """What was put."""
        return self._content[address]

    def contains(self, address: str) -> bool:
        """Whether it was put."""
        return address in self._content


@dataclass(slots=True)
class Basket:
    """A sink that keeps posts in memory, the last reading of each."""

    posts: dict[str, Post] = field(default_factory=dict)

    def keep_all(self, found: Sequence[Found], *, now: datetime) -> list[Kept]:
        """Every post is new to a trial."""
        self.posts.update((post.id, post) for page in found for post in page.posts)
        return [Kept(new=len(page.posts), changed=0, same=0) for page in found]

    def gone(self, url: str, *, raw: str | None, now: datetime, reason: str) -> int:
        """A trial knows nothing that could be gone."""
        return 0

    def to_revisit(self, source: str, *, since: datetime, limit: int) -> list[KnownPage]:
        """Nor anything to read again."""
        return []


class GlanceSpider(SourceSpider):
    """Reads the one page at the source's address, whatever it is."""

    name = "glance"
    kind = "forum"
    channel = "forum"

    async def walk(self, visit: Visit) -> Mapping[str, Any]:
        """Enter and leave."""
        await visit.enter(visit.source.url, "auto")
        return {}


def try_source(source: SourceSettings, *, settings: Settings, clock: Clock, below: int = BELOW) -> Trial:
    """Crawl the entrance and up to `below` pages more, and keep nothing. Blocks; call it once in a process.

    Raise `TingfengError` where it was asked to stop.
    """
    return _run(source.kind, source, pages=1 + len(source.also) + below, settings=settings, clock=clock)


def glance(url: str, *, settings: Settings, clock: Clock) -> Trial:
    """Fetch the one page at `url`, politely, and keep nothing. Blocks; call it once in a process."""
    source = SourceSettings(id="glance", name="glance", kind="forum", url=url, channel="forum", never_empty=False)
    return _run(GlanceSpider, source, pages=1, settings=settings, clock=clock)


def _run(
    spider: str | type[SourceSpider], source: SourceSettings, *, pages: int, settings: Settings, clock: Clock
) -> Trial:
    limits = settings.crawl.model_copy(update={"max_pages": pages, "backfill": _ALL_THERE_IS})
    memory, basket = Memory(), Basket()
    job = Job(
        sources=(source,),
        settings=settings.model_copy(update={"crawl": limits}),
        clock=clock,
        sink=basket,
        vault=memory,
    )
    reports = run_job(spider, job)
    if not reports:
        raise TingfengError("试抓被中止，没有结果")
    (report,) = reports
    posts = tuple(basket.posts.values())
    return Trial(
        source=source,
        report=report,
        reason=_own(report.reason, pages),
        robots=_robots(source, report, memory.responses.values()),
        cookies=cookies_of(source, now=clock()),
        pages=tuple(_seen(raw, source, settings) for raw in _in_order(memory, report) if not _is_robots(raw)),
        posts=posts,
        filled=filled(posts),
    )


def _own(reason: str, pages: int) -> str:
    """The reason without what only says that a trial is a trial: it reads few pages and leaves the rest."""
    cut = (Spent(pages).sign, "的内容还没有读到")
    return "；".join(part for part in reason.split("；") if not part.endswith(cut))


def filled(posts: Sequence[Post]) -> dict[str, float]:
    """The share of the posts that have each field, of those that could have it; empty without posts."""
    counted = Filled()
    counted.add(posts)
    rates = counted.rates()
    shares: dict[str, float] = {name: rates[name] for name in ("title", "author", "published", "text") if name in rates}
    if posts:
        shares |= {name: sum(1 for post in posts if has(post)) / len(posts) for name, has in _BESIDES}
    return shares


def _in_order(memory: Memory, report: SourceReport) -> list[RawResponse]:
    """The response that decided the state first: where all is well it is the entrance."""
    rest = [raw for address, raw in memory.responses.items() if address != report.proof]
    return [memory.responses[report.proof], *rest] if report.proof else rest


def _seen(raw: RawResponse, source: SourceSettings, settings: Settings) -> SeenPage:
    content_type = header(raw, "Content-Type")
    page = PageContext(
        url=raw.url,
        now=raw.fetched,
        zone=settings.zone,
        content_type=content_type,
        status=raw.status,
        channel=source.channel,
    )
    name = source.parser or detect(raw.body, page)
    parsed = parse_page(name, raw.body, page)
    return SeenPage(
        raw=raw,
        parser=name,
        encoding=encoding_of(raw.body, content_type),
        declared=declared_charset(raw.body, content_type),
        state=parsed.state.state,
        reason=parsed.state.reason,
        posts=len(parsed.posts),
        links=dict(Counter(link.leads_to for link in parsed.links)),
    )


def encoding_of(body: bytes, content_type: str | None) -> str:
    """The name of the encoding in which the page is read."""
    text = decode(body, content_type)
    for name in ("ascii", "utf-8", "gb18030", "big5", "utf-16", declared_charset(body, content_type) or "utf-8"):
        try:
            same = body.decode(name, "replace").removeprefix("\ufeff") == text.removeprefix("\ufeff")
        except LookupError:
            continue
        if same:
            return "UTF-8" if name == "ascii" else name.upper()
    return "混合"


def _robots(source: SourceSettings, report: SourceReport, responses: Iterable[RawResponse]) -> str:
    if source.ignore_robots_because:
        return f"不遵守，理由：{source.ignore_robots_because}"
    if report.reason.startswith("robots.txt 不允许"):
        return "不允许"
    if any(map(_is_robots, responses)):  # kept as the proof of a refusal, of whichever page
        return "入口允许，下面的页面不允许"
    if "robots.txt" in report.reason:
        return "无法读取"
    return "允许" if report.proof else "未知，站点没有应答"


def _is_robots(raw: RawResponse) -> bool:
    return urlsplit(raw.url).path == "/robots.txt"
