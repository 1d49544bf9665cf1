"""Names are checked where they become addresses: a page may name a host that resolves to our own network.

The connection goes to the very address that was checked, so that a name which resolves differently a moment later
gains nothing. Behind an HTTP proxy (`http_proxy`) names are resolved by the proxy, out of our sight.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence
from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest, NotConfigured
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from crawlers.budget import hostname
from crawlers.job import JOB_SETTING, Job
from evidence.proxy import refusal

log = logging.getLogger("tingfeng.crawlers")


class LeadsInside(IgnoreRequest):
    """A host name of the page's choice turned out to lie in our own network."""


class CarefulResolver(CachingThreadedResolver):
    """Resolves names; one that leads inside is refused, unless the operator himself named that host in a source."""

    def __init__(self, reactor: Any, cache_size: int, timeout: float, *, job: Job) -> None:
        super().__init__(reactor, cache_size, timeout)
        self._job = job

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:  # noqa: N802
        """The address of a name. Fails with `DNSLookupError` where it has none that we may use."""
        return super().getHostByName(name, timeout).addCallback(self._checked, name)

    def _checked(self, address: str, name: str) -> str:
        why = refusal(ipaddress.ip_address(address))
        if why is None or name.lower() in self._job.homes:
            return address
        self._job.led_inside.add(name.lower())
        log.warning("address_refused", extra={"host": name, "address": address, "because": why})
        raise DNSLookupError(f"{name} leads inside")


class InsideNames:
    """Tells a name that was refused from one that does not exist; trying again would not help."""

    def __init__(self, job: Job) -> None:
        self._job = job

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> InsideNames:
        """By hand there is no job, and every name is the operator's own."""
        job = crawler.settings.get(JOB_SETTING)
        if job is None:
            raise NotConfigured
        return cls(job)

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Raise `LeadsInside` for a refused name."""
        if isinstance(exception, CannotResolveHostError) and hostname(request.url) in self._job.led_inside:
            raise LeadsInside(request.url) from exception
