"""What everything of one installation is called on the server, and which month a mention lies in.

An index holds one month of one generation. A rebuild fills the next generation beside the one in use; aliases say
which one is used, so that changing it is one step of the server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

#: The generation of an installation that was never rebuilt.
FIRST = "first"
_MONTH = r"\d{4}-\d{2}"


@dataclass(frozen=True, slots=True)
class Names:
    """All names that begin with `name`."""

    name: str

    @property
    def template(self) -> str:
        """The template that gives every index its settings and mapping."""
        return f"{self.name}-mentions"

    @property
    def read(self) -> str:
        """The alias that every search goes through: all months of the generation in use."""
        return f"{self.name}-mentions"

    @property
    def live(self) -> str:
        """The alias of the generation in use: on its base index and on no other."""
        return f"{self.name}-live"

    @property
    def retired(self) -> str:
        """The alias of what a rebuild replaced and nobody needs any more."""
        return f"{self.name}-retired"

    @property
    def everything(self) -> str:
        """A pattern that matches all indices, of every generation."""
        return f"{self.name}-m-*"

    def base(self, generation: str) -> str:
        """An empty index that is there from the first moment, so that the read alias always leads somewhere."""
        return f"{self.name}-m-{generation}-base"

    def index(self, generation: str, month: str) -> str:
        """The index of a month."""
        return f"{self.name}-m-{generation}-{month}"

    def generation(self, generation: str) -> str:
        """A pattern that matches the indices of a generation."""
        return f"{self.name}-m-{generation}-*"

    def write(self, month: str, generation: str | None = None) -> str:
        """The alias a month is written through; that of a generation which is still being built is its own."""
        return f"{self.name}-w-{month}" if generation is None else f"{self.name}-b-{generation}-{month}"

    def read_back(self, index: str) -> tuple[str, str | None] | None:
        """Generation and month of an index, no month for a base; `None` for an index that is not ours."""
        found = re.fullmatch(rf"{re.escape(self.name)}-m-([a-z0-9]{{1,40}})-(base|{_MONTH})", index)
        if not found:
            return None
        return found[1], None if found[2] == "base" else found[2]


def month_of(collected: datetime) -> str:
    """The month (UTC) a post was collected in, which never changes: so a post is never in two indices."""
    return collected.astimezone(UTC).strftime("%Y-%m").zfill(7)


def month_ends(month: str) -> datetime:
    """The first moment after a month."""
    year, number = map(int, month.split("-"))
    if (year, number) == (9999, 12):
        return datetime.max.replace(tzinfo=UTC)
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
