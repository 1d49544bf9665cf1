"""How the worker is put together: it holds a piece of everything, so it has a place of its own."""

from __future__ import annotations

from analysis.events import EventGrouper
from app.wiring import Product
from app.worker import Worker


def worker(product: Product) -> Worker:
    """The worker of this process."""
    analysis = product.settings.analysis
    return Worker(
        database=product.database,
        posts=product.posts,
        verdicts=product.verdicts,
        analyser=product.judge,
        grouper=EventGrouper(
            product.database,
            window=analysis.event_window,
            copies=analysis.copy_window,
            merge=lambda connection, survivor, absorbed, post: product.events.merge_told(
                connection, survivor, absorbed, post=post, now=product.clock()
            ),
        ),
        filer=product.filing,
        dispatcher=product.dispatcher,
        searches=product.search_watch,
        clock=product.clock,
        batch=analysis.batch,
        corrections=product.corrections,
        pictures=product.picture_wishes,
        background=product.background,
    )
