"""Which search index the settings mean, and who files into it: the part of the wiring that chooses between servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.clock import Clock
from core.settings import Settings
from core.work import QueueName

if TYPE_CHECKING:
    from app.filing import Filer, Filing
    from app.wiring import Product
    from index.base import SearchIndex

# Imports stand inside, as in `app.wiring`: who searches the embedded index need not wait for a client of a server.


@dataclass(frozen=True, kw_only=True)
class Target:
    """One index that is kept up to date: what `index_builds` calls it, what people call it, and its queue."""

    name: str
    shown: str
    queue: QueueName
    index: SearchIndex
    #: Where the embedded one lies.
    file: Path | None = None


def targets(settings: Settings, clock: Clock) -> tuple[Target, ...]:
    """The index that is searched; second, where the settings ask for it, the one for when that is down."""
    stores = tuple(subject.name for subject in settings.subjects if subject.kind == "store")
    if settings.index.backend == "sqlite":
        return (_embedded(settings, stores, queue="index"),)
    from index.elastic import ElasticIndex

    server = settings.elasticsearch
    first = Target(
        name=f"elasticsearch:{server.name}",
        shown="Elasticsearch",
        queue="index",
        index=ElasticIndex(server, zone=settings.zone, stores=stores, clock=clock),
    )
    if settings.index.fallback == "none":
        return (first,)
    return (first, _embedded(settings, stores, queue="index_fallback"))


def searched(there: Sequence[Target]) -> SearchIndex:
    """What answers searches: the first of the targets, with the second behind it."""
    from index.fallback import IndexWithFallback

    first, *others = [target.index for target in there]
    return IndexWithFallback(first, others[0]) if others else first


def filer(product: Product, target: Target) -> Filer:
    """Who files into one target."""
    from app.filing import Filer

    return Filer(
        database=product.database,
        verdicts=product.verdicts,
        index=target.index,
        clock=product.clock,
        keep=product.settings.index.keep,
        queue=target.queue,
    )


def filing(product: Product) -> Filing:
    """A filer for each target: one that is down keeps no other waiting."""
    from app.filing import Filing

    return Filing(filers=tuple(filer(product, target) for target in product.index_targets))


def _embedded(settings: Settings, stores: tuple[str, ...], *, queue: QueueName) -> Target:
    from index.sqlite import SqliteIndex

    file = settings.data_dir / "index.sqlite"
    index = SqliteIndex(file, zone=settings.zone, stores=stores)
    return Target(name="sqlite", shown="内嵌索引", queue=queue, index=index, file=file)
