"""Addresses that a person hands in: fetched once each by a crawl of their own, their posts put into the chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from app.wiring import Product

if TYPE_CHECKING:
    from crawlers.spiders.manual import Taken


def take_pages(
    urls: Sequence[str], *, product: Product, parser: str, tell: Callable[[Taken], None]
) -> tuple[Taken, ...]:
    """Fetch each address once (robots.txt, delays, limits as in any crawl) and keep its posts.

    Blocks; call it once in a process. `tell` hears of each address as it ends. The result is in the order of `urls`; an
    address that is not in it was not reached before the crawl was stopped.
    """
    from crawlers.host_days import HostDays
    from crawlers.run import run_job
    from crawlers.spiders.manual import ManualJob, ManualSpider, nameless

    ended: dict[str, Taken] = {}

    def note(taken: Taken) -> None:
        ended[taken.url] = taken
        tell(taken)

    job = ManualJob(
        sources=nameless(urls),
        settings=product.settings,
        clock=product.clock,
        sink=product.posts,
        vault=product.vault,
        host_days=HostDays(product.database),
        parser=parser,
        tell=note,
    )
    run_job(ManualSpider, job)
    return tuple(ended[url] for url in urls if url in ended)
