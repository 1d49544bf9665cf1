"""What one crawl is given: handed to the Scrapy components through one setting, because Scrapy builds them itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.clock import Clock
from core.settings import Settings, SourceSettings
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
    #: How each source stood before this crawl.
    before: Mapping[str, SourceStatus] = field(default_factory=dict)
    #: Filled as sources end.
    reports: list[SourceReport] = field(default_factory=list)
    #: What went wrong in writing reports down.
    faults: list[Exception] = field(default_factory=list)

    def __deepcopy__(self, _memo: dict[int, Any]) -> Job:
        # Scrapy deep-copies its settings for each crawler; stores and locks must stay the ones we were given.
        return self
