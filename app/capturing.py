"""The capture process: evidence's service joined to the posts it proves and the outbox that waits for it."""

from __future__ import annotations

import threading

from sqlalchemy import Connection

from app.wiring import Product
from core.model import Exhibit, Post
from core.work import WorkQueue
from evidence import service


def capture_forever(product: Product, stop: threading.Event) -> None:
    """Capture whatever is asked for until `stop` is set."""

    def post_of(key: str) -> Post | None:
        return product.posts.get([key]).get(key)

    def on_sealed(connection: Connection, exhibit: Exhibit) -> None:
        ring_sealed(product, connection, exhibit)

    service.capture_forever(
        settings=product.settings,
        database=product.database,
        vault=product.vault,
        raw_of=product.posts.raw_of,
        post_of=post_of,
        on_sealed=on_sealed,
        clock=product.clock,
        stop=stop,
    )


def ring_sealed(product: Product, connection: Connection, exhibit: Exhibit) -> None:
    """An exhibit is sealed: in that transaction, tell everybody who waits for it."""
    now = product.clock()
    product.outbox.evidence_ready(connection, exhibit, now)
    # The archive is asked for what has evidence.
    product.filing.ask(connection, [exhibit.post], now=now)
    # So are saved searches, which meet a post when it is published; the dispatcher knows it and stays quiet.
    WorkQueue(product.database, "publish").put(connection, [exhibit.post], due=now, now=now)
