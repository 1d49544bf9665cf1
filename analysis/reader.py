"""Posts on their way to a verdict: whom each names, what of it is about them, and in the light of what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.attribution import about_subjects
from analysis.comparisons import covered, mark
from analysis.context import Context, Origin, compares, subjects_in
from analysis.features import prepare_folded
from analysis.reading import Reading, read, with_pictures
from analysis.shares import Opinion
from analysis.speech_acts import Speech, listen
from analysis.subjects import Match, SubjectFinder
from analysis.topics import TopicFinder
from core.model import Post


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One post on its way to a verdict."""

    post: Post
    #: All of it, and what of it is about the subjects.
    reading: Reading
    narrowed: Reading
    matches: Sequence[Match]
    #: The narrowed words as the model reads them; nothing, if it knows none of them.
    prepared: str
    subjects: tuple[str, ...]
    #: How the narrowed words are meant.
    speech: Speech
    #: Of several subjects, how badly it speaks of each.
    opinions: tuple[Opinion, ...] = ()
    #: What the post it answers is about, if it names nobody itself.
    origin: Origin | None = None


class Reader:
    """Reads posts with one list of subjects; keeps nothing between calls."""

    def __init__(self, finder: SubjectFinder, topics: TopicFinder) -> None:
        self._finder, self._topics = finder, topics

    def read(self, posts: Sequence[Post], context: Context | None, pictures: Mapping[str, str]) -> list[Judged]:
        """Each post as its author meant it; `context` finds the posts that they answer, see `Analyser.assess`."""
        return self._with_origins([self._read(post, pictures.get(post.id, "")) for post in posts], context)

    def _read(self, post: Post, pictured: str = "") -> Judged:
        reading = read(post.full_text)
        if pictured:
            reading = with_pictures(reading, pictured)
        return _about(post, reading, self._finder.find(reading.text))

    def _read_again(self, one: Judged, origin: Origin) -> Judged:
        """The same post in the light of what it answers: words that were too vague alone may name a subject."""
        matches = self._finder.find(one.reading.text, origin.surroundings)
        if not matches:
            return replace(one, origin=origin)
        found = _about(one.post, one.reading, matches)
        return replace(found, origin=origin, subjects=subjects_in(origin, found.subjects, self._finder))

    def _with_origins(self, judged: Sequence[Judged], context: Context | None) -> list[Judged]:
        """Read again, in the light of what they answer, the posts that answer one and name nobody."""
        wanted = {one.post.parent for one in judged if one.post.parent and not one.matches}
        if not wanted:
            return list(judged)
        parents = {one.post.id: one for one in judged if one.post.id in wanted}
        missing = sorted(wanted - parents.keys())
        if missing and context is not None:
            parents |= {key: self._read(post) for key, post in context(missing).items()}
        origins = {key: origin for key, parent in parents.items() if (origin := self._origin(parent))}
        return [
            self._read_again(one, origin) if not one.matches and (origin := origins.get(one.post.parent or "")) else one
            for one in judged
        ]

    def _origin(self, parent: Judged) -> Origin | None:
        """What a post settles for its answers; nothing if it names nobody, or compares us with somebody else."""
        if not parent.matches or compares(parent.post):
            return None
        return Origin(
            subjects=parent.subjects,
            surroundings=self._finder.surroundings(parent.reading.text),
            is_trouble=bool(self._topics.find(parent.narrowed)),
        )


def _about(post: Post, reading: Reading, matches: Sequence[Match]) -> Judged:
    narrowed = about_subjects(reading, matches)
    prepared, speech = prepared_of(narrowed, matches, is_heard=bool(matches or post.parent))
    return Judged(
        post=post,
        reading=reading,
        narrowed=narrowed,
        matches=matches,
        prepared=prepared,
        speech=speech,
        subjects=tuple(dict.fromkeys(match.subject for match in matches)),
    )


def prepared_of(reading: Reading, matches: Sequence[Match], is_heard: bool = True) -> tuple[str, Speech]:
    """The author's own words as the model reads them, and how they are meant."""
    spans = [match.span for match in matches]
    speech = listen(mark(reading.own, spans)) if is_heard else Speech()
    # A name is no opinion, and no brand may be born guilty.
    return prepare_folded(speech.said(covered(reading.own, spans, " "))), speech
