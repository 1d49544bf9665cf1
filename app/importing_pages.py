"""Pages that a person hands in: addresses, fetched once each by a crawl of their own, or a page as it was saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from app.wiring import Product

if TYPE_CHECKING:
    from crawlers.spiders.manual import Taken

#: Stands in the kept response of a page that we did not fetch ourselves: nobody shall take it for more.
_HANDED_IN = (("X-Tingfeng-Origin", "saved and handed in by a person"),)


def take_saved(body: bytes, *, url: str, saved: datetime, product: Product, parser: str) -> Taken:
    """Read a page that a person saved at `saved` from `url`, and keep its posts with the page as it was handed in.

    For sites that let people in and no program: what a person may read, a person may save. Nothing is fetched.
    """
    from crawlers.pages import parse_page
    from crawlers.pages.base import PageContext
    from crawlers.spiders.manual import Taken, nothing_here
    from evidence.vault import RawResponse

    parsed = parse_page(parser, body, PageContext(url=url, now=saved, zone=product.settings.zone))
    state = parsed.state
    if state.state in ("blocked", "broken", "down"):
        return Taken(url=url, state=state.state, reason=state.reason)
    if not parsed.posts:
        return Taken(url=url, state="empty", reason=nothing_here(parsed))
    raw = product.vault.put_response(
        RawResponse(url=url, status=200, headers=_HANDED_IN, body=body, fetched=saved, ip=None)
    )
    kept = product.posts.keep(parsed.posts, source="", raw=raw, now=product.clock())
    reason = f"新 {kept.new} 条，有改动 {kept.changed} 条，已有 {kept.same} 条"
    return Taken(url=url, state="ok", reason=reason, posts=len(parsed.posts), new=kept.new, changed=kept.changed)


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
