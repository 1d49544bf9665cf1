"""Whom a post is about: every name and alias of the watched subjects, found in one pass over the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import ahocorasick

from analysis.disguise import TakenApart
from core.model import SubjectKind
from core.settings import SubjectSettings
from core.text import fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One name in a text."""

    subject: str
    #: In the folded text that was searched.
    span: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the words around a text settle for it: subjects whose required, or excluded, context stands there."""

    required: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()


_NOTHING_AROUND = Surroundings()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Name:
    subject: SubjectSettings
    #: "alias", "require" or "exclude".
    role: str


class SubjectFinder:
    """Finds the subjects named in a text; built once per list of subjects, then never changed."""

    def __init__(self, subjects: Sequence[SubjectSettings]) -> None:
        self.kinds: Mapping[str, SubjectKind] = {subject.name: subject.kind for subject in subjects}
        names: dict[str, list[_Name]] = {}
        for subject in subjects:
            for role, words in (
                ("alias", (subject.name, *subject.aliases)),
                ("require", subject.require),
                ("exclude", subject.exclude),
            ):
                for word in words:
                    if folded := fold(word).strip():
                        names.setdefault(folded, []).append(_Name(subject=subject, role=role))
        self._automaton = ahocorasick.Automaton()
        for word, meanings in names.items():
            self._automaton.add_word(word, (len(word), meanings))
        self._meanings = names
        self._taken_apart = TakenApart(
            word for word, meanings in names.items() if any(name.role == "alias" for name in meanings)
        )
        self._is_empty = not names
        if names:
            self._automaton.make_automaton()

    def find(self, text: str, around: Surroundings = _NOTHING_AROUND) -> list[Match]:
        """Every mention of a subject in a folded text, in reading order.

        A name in Latin letters must stand alone ("mac" is not in "machine"). Of overlapping names the longest counts;
        a brand also counts within the name of its store, model or person. A subject whose required context is missing,
        or whose excluded context is there, is not found at all; `around` adds to both.
        """
        aliases: list[tuple[int, int, SubjectSettings]] = []
        required = set(around.required)
        excluded = set(around.excluded)
        for start, end, name in self._names(text):
            if name.role == "alias":
                aliases.append((start, end, name.subject))
            elif name.role == "require":
                required.add(name.subject.name)
            else:
                excluded.add(name.subject.name)
        if not aliases:
            return []
        meant = [
            found
            for found in aliases
            if found[2].name not in excluded and (not found[2].require or found[2].name in required)
        ]
        return [Match(subject=subject.name, span=(start, end)) for start, end, subject in _longest(meant)]

    def surroundings(self, text: str) -> Surroundings:
        """What a folded text settles for the texts that answer it."""
        roles: dict[str, set[str]] = {"alias": set(), "require": set(), "exclude": set()}
        for _, _, name in self._names(text):
            roles[name.role].add(name.subject.name)
        return Surroundings(required=frozenset(roles["require"]), excluded=frozenset(roles["exclude"]))

    def _names(self, text: str) -> Iterator[tuple[int, int, _Name]]:
        if self._is_empty:
            return
        for last, (size, meanings) in self._automaton.iter(text):
            start, end = last - size + 1, last + 1
            if _stands_alone(text, start, end):
                for name in meanings:
                    yield start, end, name
        for start, end, word in self._taken_apart.find(text):
            if _stands_alone(text, start, end):
                for name in self._meanings[word]:
                    yield start, end, name


def _longest(found: list[tuple[int, int, SubjectSettings]]) -> list[tuple[int, int, SubjectSettings]]:
    """Leave out names that a longer one covers or cuts into."""
    kept: list[tuple[int, int, SubjectSettings]] = []
    #: Which of them cover a character: a text may hold ten thousand names.
    covering: dict[int, list[tuple[int, int, SubjectSettings]]] = {}
    for start, end, subject in sorted(found, key=lambda item: (item[0] - item[1], item[0], item[2].name)):
        overlapping = (other for at in range(start, end) for other in covering.get(at, ()))
        if all(_may_share(start, end, subject, other) for other in overlapping):
            kept.append((start, end, subject))
            for at in range(start, end):
                covering.setdefault(at, []).append((start, end, subject))
    return sorted(kept, key=lambda item: (item[0], item[1], item[2].name))


def _may_share(start: int, end: int, subject: SubjectSettings, longer: tuple[int, int, SubjectSettings]) -> bool:
    """Whether a name may count beside a longer or equal one at the same place."""
    other_start, other_end, other = longer
    if (start, end) == (other_start, other_end):
        return subject.name != other.name
    is_inside = other_start <= start and end <= other_end
    return is_inside and subject.kind == "brand" and other.kind != "brand"


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no Latin letter or digit continues the name on either side."""
    if _is_latin(text[start]) and start and _is_latin(text[start - 1]):
        return False
    return not (_is_latin(text[end - 1]) and end < len(text) and _is_latin(text[end]))


def _is_latin(character: str) -> bool:
    return character.isalnum() and character < "\u2e80"
