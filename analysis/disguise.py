"""Names that somebody took apart so that no monitor finds them: "曜.行", "曜 行 汽 车", "曜行❤汽车", "B-M-W".

What stands in between is bounded and never a word, so the search is one pass over the text. Forms of single characters
(full width, circled, traditional, look-alikes) and characters nobody sees are gone before (`core.text.fold`,
`analysis.reading`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: What nobody puts between two characters by chance.
_SIGNS = r"[.·・•‧∙*|/\\~^`+=#&@'\"_\-\u2600-\u27bf\U0001f300-\U0001faff]{1,2}"
#: What may stand between all characters of a name that is spelled out.
_ANY = r"(?:[^\w\n]|_){1,3}"
#: What may stand at some places of a long name.
_SOME = rf"(?: ?{_SIGNS} ?| )?"


class TakenApart:
    """Finds names with something between their characters; made once per list of names, then never changed."""

    def __init__(self, names: Iterable[str]) -> None:
        """`names` are folded. Those with other characters than letters and digits are left out."""
        usable = sorted(
            {name for name in names if len(name) > 1 and name.isalnum()}, key=lambda name: (-len(name), name)
        )
        self._pattern = re.compile("|".join(map(_taken_apart, usable))) if usable else None
        self._names = frozenset(usable)

    def find(self, text: str) -> list[tuple[int, int, str]]:
        """Start, end and name of those found in a folded text, in reading order; whole names are not among them.

        A name of two characters is found around signs only ("曜.行": a blank there is likely a sentence's end), one
        of three where all its characters stand apart, a longer one wherever there is a gap.
        """
        if self._pattern is None:
            return []
        found = []
        for match in self._pattern.finditer(text):
            name = "".join(filter(str.isalnum, match.group()))
            if name in self._names and match.end() - match.start() > len(name):
                found.append((match.start(), match.end(), name))
        return found


def _taken_apart(name: str) -> str:
    between = _SIGNS if len(name) == 2 else _ANY if len(name) == 3 else _SOME
    spelled = _ANY.join(name)
    return f"{between.join(name)}|{spelled}" if len(name) > 3 else between.join(name)
