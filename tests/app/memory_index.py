"""A search index in memory: keeps to the port as far as filing and rebuilding need it, and fails when it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.model import Mention
from index.base import Added, Facet, IndexState, Page, Query

Read = tuple[datetime, Mention]


@dataclass
class MemoryIndex:
    """Mentions by id, with the moment at which each was read; a mention whose text holds "拒收" is refused."""

    content: dict[str, Read] = field(default_factory=dict)
    buildings: dict[str, dict[str, Read]] = field(default_factory=dict)
    #: Called before each addition with its mentions; what it raises is what the index says.
    trouble: Callable[[Sequence[Mention]], None] | None = None
    #: The ids of each batch that came, also of those that failed.
    came: list[list[str]] = field(default_factory=list)

    def add_many(self, mentions: Sequence[Mention], *, as_of: datetime | None = None) -> Added:
        assert as_of is not None, "filing and rebuilding say when they read"
        self.came.append([mention.id for mention in mentions])
        if self.trouble is not None:
            self.trouble(mentions)
        return add_to(self.content, mentions, as_of)

    def delete(self, ids: Sequence[str], *, as_of: datetime | None = None) -> int:
        return sum(self.content.pop(key, None) is not None for key in ids)

    def count(self) -> int:
        return len(self.content)

    def prune(self, before: datetime) -> int:
        return self.delete([key for key, (_, one) in self.content.items() if one.post.collected < before])

    def maintain(self) -> None:
        pass

    def refresh(self) -> None:
        pass

    def state(self) -> IndexState:
        return IndexState(engine="memory", mentions=len(self.content))

    def search(self, query: Query) -> Page:
        raise NotImplementedError

    def count_by(self, query: Query, facet: Facet, *, limit: int = 1000) -> dict[str, int]:
        raise NotImplementedError

    def beside(self, name: str) -> MemoryBuilding:
        self.buildings.setdefault(name, {})
        return MemoryBuilding(self, name)

    def close(self) -> None:
        pass

    def texts(self) -> dict[str, str]:
        """What it says of each mention."""
        return {key: mention.post.text for key, (_, mention) in self.content.items()}


@dataclass
class MemoryBuilding:
    """One beside it; its content survives the death of whoever fills it."""

    index: MemoryIndex
    name: str

    def add_many(self, mentions: Sequence[Mention], *, as_of: datetime | None = None) -> Added:
        assert as_of is not None
        return add_to(self.index.buildings[self.name], mentions, as_of)

    def count(self) -> int:
        return len(self.index.buildings[self.name])

    def take_over(self, *, progress: Callable[[int, int], None] | None = None) -> None:
        self.index.content = dict(self.index.buildings[self.name])
        if progress is not None:
            progress(1, 1)

    def settled(self) -> None:
        self.index.buildings.pop(self.name)

    def discard(self) -> None:
        self.index.buildings.pop(self.name, None)

    def close(self) -> None:
        pass


def add_to(content: dict[str, Read], mentions: Iterable[Mention], as_of: datetime) -> Added:
    taken, refused = 0, {}
    for mention in mentions:
        if "拒收" in mention.post.text:
            refused[mention.id] = "写着拒收"
            continue
        taken += 1
        if mention.id not in content or content[mention.id][0] <= as_of:
            content[mention.id] = (as_of, mention)
    return Added(count=taken, refused=refused)
