"""Pages that failed while their neighbours could be read: no crawl may lose them, and none may try for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: A page that fails so often is given up: a locked thread, an article behind a wall.
_TRIES = 3


@dataclass(slots=True, kw_only=True)
class Misses:
    """Pages that failed while their neighbours could be read: tried again by the next crawls, but not for ever."""

    #: Address and number of failures, by key.
    counts: dict[str, tuple[str, int]] = field(default_factory=dict)

    @classmethod
    def resume(cls, cursor: Mapping[str, Any]) -> Misses:
        """Go on where the cursor says."""
        return cls(counts={key: (url, tries) for key, (url, tries) in cursor.get("misses", {}).items()})

    def again(self, key: str) -> bool:
        """Whether the page failed before and is worth another try."""
        return key in self.counts

    def missed(self, key: str, url: str) -> bool:
        """Count a failure. Returns whether the page is given up with it."""
        tries = self.counts.get(key, (url, 0))[1] + 1
        self.counts[key] = (url, tries)
        if tries < _TRIES:
            return False
        del self.counts[key]
        return True

    def worked(self, key: str) -> None:
        """Forget the failures."""
        self.counts.pop(key, None)

    def as_json(self) -> dict[str, list[Any]]:
        """What the cursor keeps."""
        return {key: [url, tries] for key, (url, tries) in self.counts.items()}
