"""From posts to verdicts, a batch at a time: who is meant, how badly, about what, which story, how grave, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import partial
from zoneinfo import ZoneInfo

from analysis.account import Account
from analysis.background import Asked, Backgrounds
from analysis.context import Context, is_service, speaks_to_the_matter
from analysis.events import Candidate
from analysis.reader import Judged, Reader, prepared_of
from analysis.risk import NO_RISK, Facts, RiskScale, RiskTable, bundled_table
from analysis.sentiment import Contribution, Judgement, SentimentModel
from analysis.shares import Opinion, overall, shares_of
from analysis.speech_acts import shifted
from analysis.subjects import SubjectFinder
from analysis.topics import Topic, TopicFinder, bundled_topics
from analysis.trouble import troubled
from analysis.wording import verdict_of
from core.model import Event, Post, Verdict
from core.settings import RiskSettings, SubjectSettings
from core.text import clean

#: Files posts under events; `analysis.events.EventGrouper.assign`, bound to the caller's transaction.
Grouping = Callable[[Sequence[Candidate]], Sequence[Event | None]]

#: What a post says badly that has no words of its own (a bare repost, a picture): nearly nothing.
_SILENT = 0.05
_CONSIDERED = 10


class Analyser:
    """Judges posts; holds the model and the subjects, and keeps nothing between calls."""

    def __init__(
        self,
        *,
        subjects: Sequence[SubjectSettings],
        risk: RiskSettings,
        model: SentimentModel,
        topics: TopicFinder | None = None,
        table: RiskTable | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        """`topics` are the categories and `table` the points of a risk; without any, those that ship with the product.

        `zone` is where the operator's days begin, Shanghai unless told otherwise.
        """
        self._finder = SubjectFinder(subjects)
        self._topics = topics or bundled_topics()
        self._reader = Reader(self._finder, self._topics)
        self._risk = risk
        self._scale = RiskScale(table or bundled_table(), risk, zone or ZoneInfo("Asia/Shanghai"))
        self._model = model

    @property
    def model(self) -> SentimentModel:
        """The model that judges."""
        return self._model

    def assess(
        self,
        posts: Sequence[Post],
        *,
        now: datetime,
        group: Grouping | None = None,
        context: Context | None = None,
        background: Backgrounds | None = None,
        pictures: Mapping[str, str] | None = None,
    ) -> list[Verdict]:
        """One verdict a post, in the same order. Any text gets a verdict, none raises.

        `now` dates posts that claim to come from the future. `group` files mentions under events; without it no
        verdict has one. Posts without a subject have a probability and categories, but no risk, grade or event.

        A reply or repost that names no subject takes over those of the post it answers (see `analysis.context`).
        `context` is asked at most once, for answered posts that are not in the batch; one that nobody has yet leaves
        the reply without a subject; the worker has it judged again when that arrives.

        `background` is asked at most once, after `group`, for the mentions that speak badly or of trouble. `pictures`
        holds, by post id, the words that were read from a post's pictures; they are judged as the author's.
        """
        judged, model, facts = self._facts_of(posts, now=now, group=group, context=context, pictures=pictures or {})
        facts = self._with_background(facts, background)
        return [
            self._verdict(one, facts[row], partial(model.strongest_words, row, _CONSIDERED))
            for row, one in enumerate(judged)
        ]

    def account(
        self,
        post: Post,
        *,
        now: datetime,
        event: Event | None = None,
        context: Context | None = None,
        pictures: Mapping[str, str] | None = None,
    ) -> Account:
        """One post judged as `assess` does, but for the archive's background, with all that led to the verdict.

        `event` is the one that the post was filed under.
        """

        def group(candidates: Sequence[Candidate]) -> Sequence[Event | None]:
            return [event] * len(candidates)

        [one], model, [facts] = self._facts_of([post], now=now, group=group, context=context, pictures=pictures or {})
        return Account(
            verdict=self._verdict(one, facts, partial(model.strongest_words, 0, _CONSIDERED)),
            reading=one.reading,
            narrowed=one.narrowed,
            matches=one.matches,
            facts=facts,
            judgement=model,
            spoken=_spoken(float(model.probabilities[0]), one, facts.topics),
            is_silent=not one.prepared,
        )

    def _facts_of(
        self,
        posts: Sequence[Post],
        *,
        now: datetime,
        group: Grouping | None,
        context: Context | None,
        pictures: Mapping[str, str],
    ) -> tuple[list[Judged], Judgement, list[Facts]]:
        """All but the background: what was read, what the model says of it, and the facts with their events."""
        judged = self._reader.read(posts, context, pictures)
        model = self._model.judge([one.prepared for one in judged], [one.post.channel for one in judged])
        # Of pictures and foreign words that the model never saw it has nothing to say, and says so.
        judged = [
            one if known else replace(one, prepared="") for one, known in zip(judged, model.knows.tolist(), strict=True)
        ]
        same = Counter(one.prepared for one in judged)
        topics = self._topics.find_many([one.narrowed for one in judged], model)
        negatives = [
            _spoken(probability, one, found) if one.prepared else _SILENT
            for probability, one, found in zip(model.probabilities.tolist(), judged, topics, strict=True)
        ]
        judged = self._with_opinions(judged, topics)
        negatives = [overall(negative, one.opinions) for negative, one in zip(negatives, judged, strict=True)]
        facts = [
            self._facts(one, negative, found, same[one.prepared] if one.prepared else 1)
            for one, negative, found in zip(judged, negatives, topics, strict=True)
        ]
        return judged, model, self._in_events(facts, judged, now=now, group=group)

    def _with_opinions(self, judged: Sequence[Judged], topics: Sequence[Sequence[Topic]]) -> list[Judged]:
        """Those that speak of several subjects, with how badly they speak of each."""
        found = list(judged)
        asked = [
            (row, share)
            for row, one in enumerate(judged)
            if len(one.subjects) > 1 and one.prepared
            for share in shares_of(one.narrowed, one.matches, partial(prepared_of, matches=one.matches))
        ]
        if asked:
            model = self._model.judge(
                [share.prepared for _, share in asked], [judged[row].post.channel for row, _ in asked]
            )
            for (row, share), probability in zip(asked, model.probabilities.tolist(), strict=True):
                negative = shifted(probability, share.speech.acts, topics[row])
                opinion = Opinion(subject=share.subject, negative=negative)
                found[row] = replace(found[row], opinions=(*found[row].opinions, opinion))
        return found

    def as_the_model_reads(self, posts: Sequence[Post], context: Context | None = None) -> list[str]:
        """What the model would judge of each post: the author's own words about the subjects, their names blanked."""
        return [one.prepared for one in self._reader.read(posts, context, {})]

    def _facts(self, one: Judged, negative: float, topics: Sequence[Topic], same_text: int) -> Facts:
        """All but the event; decides whether the post takes over the subjects of what it answers."""
        facts = Facts(
            post=one.post,
            reading=one.narrowed,
            subjects=one.subjects,
            negative=negative,
            topics=topics,
            same_text=same_text,
        )
        if one.origin and not one.subjects and speaks_to_the_matter(facts, one.origin, self._risk):
            facts = replace(facts, subjects=one.origin.subjects, is_inherited=True)
        if facts.subjects and is_service(one.post, self._finder):
            facts = replace(facts, is_service=True)
        return facts

    def _in_events(
        self, facts: Sequence[Facts], judged: Sequence[Judged], *, now: datetime, group: Grouping | None
    ) -> list[Facts]:
        """The facts with the events of those that could tell a story: that speak badly, or of trouble."""
        found = list(facts)
        if group is None:
            return found
        asked = self._matter(facts)
        candidates = [_candidate(judged[row], facts[row], now) for row in asked]
        for row, event in zip(asked, group(candidates), strict=True):
            found[row] = replace(found[row], event=event)
        return found

    def _with_background(self, facts: Sequence[Facts], background: Backgrounds | None) -> list[Facts]:
        """The facts with what the archive knows around those that speak badly, or of trouble."""
        found = list(facts)
        rows = [row for row in self._matter(facts) if not facts[row].is_service] if background is not None else []
        if background is None or not rows:
            return found
        asked = [_asked(facts[row]) for row in rows]
        for row, around in zip(rows, background(asked), strict=True):
            found[row] = replace(found[row], background=around)
        return found

    def _verdict(self, one: Judged, facts: Facts, why: Callable[[], Sequence[Contribution]]) -> Verdict:
        return verdict_of(
            one,
            facts,
            self._scale.weigh(facts) if facts.subjects else NO_RISK,
            why,
            is_negative=facts.negative >= self._risk.negative_from,
            model=self._model.name,
        )

    def _matter(self, facts: Sequence[Facts]) -> list[int]:
        """The places of those that have a subject, and speak badly or of trouble."""
        return [
            row
            for row, one in enumerate(facts)
            if one.subjects and (one.negative >= self._risk.negative_from or one.topics)
        ]


def _spoken(probability: float, one: Judged, topics: Sequence[Topic]) -> float:
    """The model's probability, moved by the way of speaking and by plain words of trouble."""
    return troubled(shifted(probability, one.speech.acts, topics), topics, one.speech.acts)


def _asked(facts: Facts) -> Asked:
    return Asked(
        post=facts.post,
        own=facts.reading.own,
        subjects=facts.subjects,
        negative=facts.negative,
        event=facts.event,
    )


def _candidate(one: Judged, facts: Facts, now: datetime) -> Candidate:
    return Candidate(
        post=one.post.id,
        channel=one.post.channel,
        headline=clean(one.post.title or one.post.text) or facts.subjects[0],
        text=one.reading.text,
        subjects=facts.subjects,
        names=tuple(dict.fromkeys(one.reading.text[slice(*match.span)] for match in one.matches)),
        categories=tuple(topic.name for topic in facts.topics),
        when=min(one.post.when, now),
        parent=one.post.parent,
    )
