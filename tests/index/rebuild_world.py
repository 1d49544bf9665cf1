"""An index in memory that a test meddles with while it is rebuilt."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.model import Mention
from index.base import Added
from index.builds import Build, read_build
from index.rebuild import Rebuild
from tests.app.filing_world import FilingWorld
from tests.app.memory_index import MemoryBuilding, MemoryIndex


class Meddling(MemoryIndex):
    """The index in memory; the test does something before a batch is written, and before the change."""

    before_batch: Callable[[int, Sequence[Mention]], None] | None = None
    before_change: Callable[[], None] | None = None
    after_change: Callable[[], None] | None = None

    def beside(self, name: str) -> MemoryBuilding:
        super().beside(name)
        return MeddlingBuilding(self, name)


class MeddlingBuilding(MemoryBuilding):
    batches = 0

    def add_many(self, mentions: Sequence[Mention], **more: object) -> Added:
        assert isinstance(self.index, Meddling)
        self.batches += 1
        if self.index.before_batch is not None:
            self.index.before_batch(self.batches, mentions)
        return super().add_many(mentions, **more)  # type: ignore[arg-type]

    def take_over(self, *, progress: Callable[[int, int], None] | None = None) -> None:
        assert isinstance(self.index, Meddling)
        if self.index.before_change is not None:
            self.index.before_change()
        super().take_over(progress=progress)
        if self.index.after_change is not None:
            self.index.after_change()


def a_rebuild(world: FilingWorld, **changes: object) -> Rebuild:
    values: dict[str, object] = {
        "database": world.database, "verdicts": world.store, "index": world.index, "target": "memory",
        "queue": "index", "clock": world.clock, "batch": 3, "pause": lambda seconds: None,
    }  # fmt: skip
    return Rebuild(**{**values, **changes})  # type: ignore[arg-type]


def build_of(world: FilingWorld, target: str = "memory") -> Build | None:
    with world.database.read() as connection:
        return read_build(connection, target)


class Killed(BaseException):
    """Ends a rebuild as nothing that it expects."""
