"""What one crawl is given: handed to the Scrapy components through one setting, because Scrapy builds them itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from core.clock import Clock
from core.settings import Settings, SourceSettings
from crawlers.bounds import homes_of
from crawlers.history import SourceHistory
from crawlers.host_days import HostDays
from crawlers.reports import SourceReport, SourceStatus
from crawlers.sink import PostSink
from evidence.vault import Vault

#: The Scrapy setting that holds the `Job`.
JOB_SETTING = "TINGFENG_JOB"


class Record(Protocol):
    """Writes down how the crawl of one source ended."""

    def __call__(self, report: SourceReport, source: SourceSettings) -> None:
        """Called once for each source that ended, from a worker thread."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Job:
    """Sources of one kind and everything their crawl needs. Without `sink` and `vault` the posts are only exported."""

    sources: tuple[SourceSettings, ...]
    settings: Settings
    clock: Clock
    sink: PostSink | None = None
    vault: Vault | None = None
    record: Record | None = None
    #: Where the requests of a day are counted; `None` counts nothing.
    host_days: HostDays | None = None
    #: What each source went through; `None` expects nothing of it.
    history: SourceHistory | None = None
    #: How each source stood before this crawl.
    before: Mapping[str, SourceStatus] = field(default_factory=dict)
    #: Filled as sources end.
    reports: list[SourceReport] = field(default_factory=list)
    #: Names that pages led to and that turned out to lie in our own network.
    led_inside: set[str] = field(default_factory=set)
    #: What went wrong in writing reports down.
    faults: list[Exception] = field(default_factory=list)

    @cached_property
    def homes(self) -> frozenset[str]:
        """Hosts that the operator named: these may lie in our own network."""
        return frozenset(host for source in self.sources for host in homes_of(source))

    def __deepcopy__(self, _memo: dict[int, Any]) -> Job:
        # Scrapy deep-copies its settings for each crawler; stores and locks must stay the ones we were given.
        return self
