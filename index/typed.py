"""A piece of a search text that knows where it stands: so that every mistake is shown at its place."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.errors import QuerySyntaxError
from core.text import clean, shorten

_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What somebody typed at one place of the whole search text."""

    whole: str
    text: str
    #: Where it begins in `whole`, in characters; of a quoted piece that is its opening quote.
    position: int
    quoted: bool = False

    def part(self, start: int, end: int) -> Typed:
        """A part of it, blanks around it left out."""
        text = self.text[start:end]
        start += len(text) - len(text.lstrip())
        return replace(self, text=text.strip(), position=self._place(start))

    def bad(self, problem: str, fix: str, *, at: int = 0) -> QuerySyntaxError:
        """The error that points at the character `at` of it; at the opening quote where it is quoted."""
        return QuerySyntaxError(self.whole, self._place(at), problem, fix)

    def shown(self) -> str:
        """For a message: cleaned, on one line, not too long."""
        return shorten(clean(self.text), _SHOWN)

    def _place(self, at: int) -> int:
        # Escapes within quotes shift what follows them, so that only the beginning is sure.
        return self.position if self.quoted else self.position + at
