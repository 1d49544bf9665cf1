"""Names that somebody may have meant: the known one that is contained in what was typed, or is spelt almost like it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from core.settings import Settings
from core.text import fold

#: How alike two names must be, from 0 to 1: one wrong character of three is.
_ALIKE = 0.6
_SHORTEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    """Names by the field they are values of ("subject", "category", …), and other names of subjects."""

    of: Mapping[str, Collection[str]] = field(default_factory=dict)
    #: Alias to subject.
    aliases: Mapping[str, str] = field(default_factory=dict)


def known_names(settings: Settings) -> KnownNames:
    """The names that the operator wrote down."""
    subjects = settings.subjects
    return KnownNames(
        of={"subject": [one.name for one in subjects], "source": [one.id for one in settings.sources]},
        aliases={alias: one.name for one in subjects for alias in one.aliases},
    )


def near_names(typed: str, names: Collection[str], *, most: int = 2, contained: bool = True) -> list[str]:
    """At most so many names that `typed` may stand for, the likeliest first; never itself.

    `contained` takes also a name that is a part of what was typed, or that it is a part of.
    """
    wanted = fold(typed)
    by_form = {fold(name): name for name in names}
    by_form.pop(wanted, None)
    parts = [
        form for form in by_form if contained and min(len(form), len(wanted)) >= _SHORTEST and _within(form, wanted)
    ]
    parts.sort(key=lambda form: (abs(len(form) - len(wanted)), form))
    spelt = get_close_matches(wanted, by_form, n=most, cutoff=_ALIKE) if len(wanted) >= _SHORTEST else []
    return [by_form[form] for form in dict.fromkeys([*parts, *spelt])][:most]


def _within(one: str, other: str) -> bool:
    return one in other or other in one
