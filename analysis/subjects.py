"""Whom a post is about: every name and alias of the watched subjects, found in one pass over the text."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import ahocorasick

from analysis.disguise import TakenApart
from analysis.tokens import segmenter
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


Span = tuple[int, int]
_Found = tuple[int, int, SubjectSettings]
#: So much of the text around a person's name is split into words.
_AROUND = 6
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

        A name in Latin letters must stand alone ("mac" is not in "machine"), and a person's name must not begin within
        another word ("森林远航" is not 林远航). Of overlapping names the longest counts; a brand also counts within
        the name of its store, model or person.

        A mention whose required context is missing, or too far (`SubjectSettings.within`), does not count. Excluded
        context around a name ("诗和远方") concerns that mention; elsewhere in the text it concerns them all. `around`
        adds to both.
        """
        aliases: list[_Found] = []
        required: dict[str, list[Span]] = {}
        excluded: dict[str, list[Span]] = {}
        for start, end, name in self._names(text):
            if name.role == "alias":
                aliases.append((start, end, name.subject))
            elif name.role == "exclude":
                excluded.setdefault(name.subject.name, []).append((start, end))
            elif name.subject.within or name.subject.name not in required:  # where it stands matters, or that it does
                required.setdefault(name.subject.name, []).append((start, end))
        if not aliases:
            return []
        if excluded or around.excluded:
            aliases = _not_excluded(aliases, excluded, around.excluded)
        meant = [found for found in aliases if _is_meant(found, text, required, around.required)]
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


def _is_meant(found: _Found, text: str, required: Mapping[str, Sequence[Span]], everywhere: frozenset[str]) -> bool:
    """Whether a mention has its required context, and a person's name its own beginning."""
    start, end, subject = found
    needs = bool(subject.require) and subject.name not in everywhere
    if needs and not _is_near((start, end), required.get(subject.name, ()), subject.within):
        return False
    return subject.kind != "person" or not _begins_within_a_word(text, start, end)


def _not_excluded(
    aliases: Sequence[_Found], excluded: Mapping[str, Sequence[Span]], everywhere: frozenset[str]
) -> list[_Found]:
    """The mentions that no excluded context covers, of subjects that none elsewhere in the text rules out."""
    named: dict[str, set[int]] = {}
    for start, end, subject in aliases:
        if subject.name in excluded:
            named.setdefault(subject.name, set()).update(range(start, end))
    ruled_out = set(everywhere)
    covered: dict[str, set[int]] = {}
    for name, spans in excluded.items():
        for start, end in spans:
            if named.get(name, set()).isdisjoint(range(start, end)):
                ruled_out.add(name)
            else:
                covered.setdefault(name, set()).update(range(start, end))
    return [
        (start, end, subject)
        for start, end, subject in aliases
        if subject.name not in ruled_out and covered.get(subject.name, set()).isdisjoint(range(start, end))
    ]


def _is_near(span: Span, places: Sequence[Span], within: int) -> bool:
    """Whether one of the places is at most `within` characters away; 0 means anywhere in the text."""
    if not within or not places:
        return bool(places)
    at = bisect_left(places, span)
    return any(
        places[near][0] - span[1] <= within and span[0] - places[near][1] <= within
        for near in (at - 1, at)
        if 0 <= near < len(places)
    )


def _begins_within_a_word(text: str, start: int, end: int) -> bool:
    """Whether the words of the text have one that begins before the span and ends in it."""
    left = max(0, start - _AROUND)
    at = left
    for word in segmenter().words_of_folded(text[left : end + _AROUND]):
        at = text.find(word, at)
        if at < 0 or at >= start:
            return False
        at += len(word)
        if start < at < end:
            return True
    return False


def _longest(found: list[_Found]) -> list[_Found]:
    """Leave out names that a longer one covers or cuts into."""
    kept: list[_Found] = []
    #: Which of them cover a character: a text may hold ten thousand names.
    covering: dict[int, list[_Found]] = {}
    for start, end, subject in sorted(found, key=lambda item: (item[0] - item[1], item[0], item[2].name)):
        overlapping = (other for at in range(start, end) for other in covering.get(at, ()))
        if all(_may_share(start, end, subject, other) for other in overlapping):
            kept.append((start, end, subject))
            for at in range(start, end):
                covering.setdefault(at, []).append((start, end, subject))
    return sorted(kept, key=lambda item: (item[0], item[1], item[2].name))


def _may_share(start: int, end: int, subject: SubjectSettings, longer: _Found) -> bool:
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
