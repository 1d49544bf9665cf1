"""From posts to verdicts, a batch at a time: who is meant, how badly, about what, which story, how grave, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from analysis.attribution import about_subjects
from analysis.events import Candidate
from analysis.features import prepare
from analysis.reading import Reading, read
from analysis.risk import Facts, Risk, weigh
from analysis.sentiment import Contribution, SentimentModel
from analysis.subjects import Match, SubjectFinder
from analysis.topics import OTHER, Topic, bundled_topics
from core.model import Event, Post, Reason, Verdict
from core.settings import RiskSettings, SubjectSettings
from core.text import clean

#: Files posts under events; `analysis.events.EventGrouper.assign`, bound to the caller's transaction.
Grouping = Callable[[Sequence[Candidate]], Sequence[Event | None]]

#: What a post says badly that has no words of its own (a bare repost, a picture): nearly nothing.
_SILENT = 0.05
_STRONGEST = 3
_CONSIDERED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """One post on its way to a verdict."""

    post: Post
    #: All of it, and what of it is about the subjects.
    reading: Reading
    narrowed: Reading
    matches: Sequence[Match]
    #: The narrowed words as the model reads them.
    prepared: str

    @property
    def subjects(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(match.subject for match in self.matches))


class Analyser:
    """Judges posts; holds the model and the subjects, and keeps nothing between calls."""

    def __init__(self, *, subjects: Sequence[SubjectSettings], risk: RiskSettings, model: SentimentModel) -> None:
        self._finder = SubjectFinder(subjects)
        self._topics = bundled_topics()
        self._risk = risk
        self._model = model

    def assess(self, posts: Sequence[Post], *, now: datetime, group: Grouping | None = None) -> list[Verdict]:
        """One verdict a post, in the same order. Any text gets a verdict, none raises.

        `now` dates posts that claim to come from the future. `group` files mentions under events; without it no
        verdict has one. Posts without a subject have a probability and categories, but no risk, grade or event.
        """
        judged = [self._read(post) for post in posts]
        model = self._model.judge([one.prepared for one in judged], [one.post.channel for one in judged])
        negatives = [
            probability if one.prepared else _SILENT
            for probability, one in zip(model.probabilities.tolist(), judged, strict=True)
        ]
        topics = [self._topics.find(one.narrowed) for one in judged]
        events = self._group(judged, negatives, topics, now=now, group=group)
        same = Counter(one.prepared for one in judged)
        verdicts = []
        for row, one in enumerate(judged):
            facts = Facts(
                post=one.post,
                reading=one.narrowed,
                negative=negatives[row],
                topics=topics[row],
                event=events[row],
                same_text=same[one.prepared] if one.prepared else 1,
            )
            verdicts.append(self._verdict(one, facts, partial(model.strongest_words, row, _CONSIDERED)))
        return verdicts

    def _read(self, post: Post) -> _Judged:
        reading = read(post.full_text)
        matches = self._finder.find(reading.text)
        narrowed = about_subjects(reading, matches)
        unnamed = _without_names(narrowed.own, matches)
        return _Judged(post=post, reading=reading, narrowed=narrowed, matches=matches, prepared=prepare(unnamed))

    def _group(
        self,
        judged: Sequence[_Judged],
        negatives: Sequence[float],
        topics: Sequence[Sequence[Topic]],
        *,
        now: datetime,
        group: Grouping | None,
    ) -> list[Event | None]:
        """Events of the mentions that could tell a story: those that speak badly, or of trouble."""
        events: list[Event | None] = [None] * len(judged)
        if group is None:
            return events
        asked = [
            number
            for number, one in enumerate(judged)
            if one.matches and (negatives[number] >= self._risk.negative_from or topics[number])
        ]
        candidates = [_candidate(judged[number], topics[number], now) for number in asked]
        for number, event in zip(asked, group(candidates), strict=True):
            events[number] = event
        return events

    def _verdict(self, one: _Judged, facts: Facts, why: Callable[[], Sequence[Contribution]]) -> Verdict:
        categories = tuple(topic.name for topic in facts.topics)
        risk = weigh(facts, self._risk) if one.matches else Risk(score=0, grade=None, reasons=())
        is_negative = facts.negative >= self._risk.negative_from
        if risk.grade and not categories:
            categories = (OTHER,)
        reasons = [*_about(one), *risk.reasons]
        if one.matches and (is_negative or risk.grade):
            reasons += _strongest_words(one, why())
        if one.narrowed is not one.reading:
            reasons.append(Reason(code="attribution", text="帖文在对比别家，只按说到监测对象的部分研判"))
        if one.reading.cut_from is not None:
            text = f"全文 {one.reading.cut_from} 字，按开头和结尾共 {len(one.reading.text)} 字研判"
            reasons.append(Reason(code="text.cut", text=text))
        if not one.prepared:
            reasons.append(Reason(code="text.silent", text="除名称和引用外没有文字，不判为负面"))
        return Verdict(
            id=one.post.id,
            negative=facts.negative,
            subjects=one.subjects,
            categories=categories,
            event=facts.event.id if facts.event else None,
            risk=risk.score,
            grade=risk.grade,
            reasons=tuple(reasons),
            model=self._model.name,
        )


def _strongest_words(judged: _Judged, words: Sequence[Contribution]) -> list[Reason]:
    """The words that pushed the probability most; exact, because the model is linear."""
    reasons: list[Reason] = []
    shown = ""
    for token, _, logit in words:
        word = token.replace(" ", "")
        at = judged.narrowed.own.find(word)
        if len(word) > 1 and at >= 0 and word not in shown and len(reasons) < _STRONGEST:
            shown += f"{word}\n"
            text = f"“{word}”使负面的对数几率增加 {logit:.2f}"
            reasons.append(Reason(code="model.token", text=text, span=judged.narrowed.span(at, at + len(word))))
    return reasons


def _without_names(text: str, matches: Sequence[Match]) -> str:
    """The text with the subjects' names blanked: a name is no opinion, and no brand may be born guilty."""
    for match in matches:
        start, end = match.span
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def _about(one: _Judged) -> list[Reason]:
    first = {match.subject: match.span for match in reversed(one.matches)}
    return [
        Reason(code="subject", text=f"提到{subject}", span=one.reading.span(*first[subject]))
        for subject in one.subjects
    ]


def _candidate(one: _Judged, topics: Sequence[Topic], now: datetime) -> Candidate:
    return Candidate(
        post=one.post.id,
        channel=one.post.channel,
        headline=clean(one.post.title or one.post.text) or one.subjects[0],
        text=one.reading.text,
        subjects=one.subjects,
        names=tuple(dict.fromkeys(one.reading.text[slice(*match.span)] for match in one.matches)),
        categories=tuple(topic.name for topic in topics),
        when=min(one.post.when, now),
    )
