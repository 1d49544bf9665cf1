"""From posts to verdicts, a batch at a time: who is meant, how badly, about what, which story, how grave, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import partial
from zoneinfo import ZoneInfo

from analysis.account import Account
from analysis.attribution import about_subjects
from analysis.background import Asked, Backgrounds
from analysis.comparisons import covered, mark
from analysis.context import Context, Origin, compares, is_service, speaks_to_the_matter, subjects_in
from analysis.events import Candidate
from analysis.features import prepare_folded
from analysis.reading import Reading, read, with_pictures
from analysis.risk import Facts, Risk, RiskScale, RiskTable, bundled_table
from analysis.sentiment import Contribution, Judgement, SentimentModel
from analysis.shares import Opinion, overall, shares_of, told
from analysis.speech_acts import Speech, counted, listen, shifted
from analysis.subjects import Match, SubjectFinder
from analysis.topics import OTHER, Topic, TopicFinder, bundled_topics
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
    #: The narrowed words as the model reads them; nothing, if it knows none of them.
    prepared: str
    subjects: tuple[str, ...]
    #: How the narrowed words are meant.
    speech: Speech
    #: Of several subjects, how badly it speaks of each.
    opinions: tuple[Opinion, ...] = ()
    #: What the post it answers is about, if it names nobody itself.
    origin: Origin | None = None


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
        the reply without a subject, and its later arrival does not judge the reply again.

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
            spoken=shifted(float(model.probabilities[0]), one.speech.acts, facts.topics),
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
    ) -> tuple[list[_Judged], Judgement, list[Facts]]:
        """All but the background: what was read, what the model says of it, and the facts with their events."""
        judged = self._with_origins(
            [self._read(post, pictures.get(post.id, "") if pictures else "") for post in posts], context
        )
        model = self._model.judge([one.prepared for one in judged], [one.post.channel for one in judged])
        # Of pictures and foreign words that the model never saw it has nothing to say, and says so.
        judged = [
            one if known else replace(one, prepared="") for one, known in zip(judged, model.knows.tolist(), strict=True)
        ]
        same = Counter(one.prepared for one in judged)
        topics = self._topics.find_many([one.narrowed for one in judged], model)
        negatives = [
            shifted(probability, one.speech.acts, found) if one.prepared else _SILENT
            for probability, one, found in zip(model.probabilities.tolist(), judged, topics, strict=True)
        ]
        judged = self._with_opinions(judged, topics)
        negatives = [overall(negative, one.opinions) for negative, one in zip(negatives, judged, strict=True)]
        facts = [
            self._facts(one, negative, found, same[one.prepared] if one.prepared else 1)
            for one, negative, found in zip(judged, negatives, topics, strict=True)
        ]
        return judged, model, self._in_events(facts, judged, now=now, group=group)

    def _with_opinions(self, judged: Sequence[_Judged], topics: Sequence[Sequence[Topic]]) -> list[_Judged]:
        """Those that speak of several subjects, with how badly they speak of each."""
        found = list(judged)
        asked = [
            (row, share)
            for row, one in enumerate(judged)
            if len(one.subjects) > 1 and one.prepared
            for share in shares_of(one.narrowed, one.matches, partial(_prepared, matches=one.matches))
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
        return [one.prepared for one in self._with_origins([self._read(post) for post in posts], context)]

    def _read(self, post: Post, pictured: str = "") -> _Judged:
        reading = read(post.full_text)
        if pictured:
            reading = with_pictures(reading, pictured)
        return _about(post, reading, self._finder.find(reading.text))

    def _read_again(self, one: _Judged, origin: Origin) -> _Judged:
        """The same post in the light of what it answers: words that were too vague alone may name a subject."""
        matches = self._finder.find(one.reading.text, origin.surroundings)
        if not matches:
            return replace(one, origin=origin)
        found = _about(one.post, one.reading, matches)
        return replace(found, origin=origin, subjects=subjects_in(origin, found.subjects, self._finder))

    def _with_origins(self, judged: Sequence[_Judged], context: Context | None) -> list[_Judged]:
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

    def _origin(self, parent: _Judged) -> Origin | None:
        """What a post settles for its answers; nothing if it names nobody, or compares us with somebody else."""
        if not parent.matches or compares(parent.post):
            return None
        return Origin(
            subjects=parent.subjects,
            surroundings=self._finder.surroundings(parent.reading.text),
            is_trouble=bool(self._topics.find(parent.narrowed)),
        )

    def _facts(self, one: _Judged, negative: float, topics: Sequence[Topic], same_text: int) -> Facts:
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
        self, facts: Sequence[Facts], judged: Sequence[_Judged], *, now: datetime, group: Grouping | None
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

    def _matter(self, facts: Sequence[Facts]) -> list[int]:
        """The places of those that have a subject, and speak badly or of trouble."""
        return [
            row
            for row, one in enumerate(facts)
            if one.subjects and (one.negative >= self._risk.negative_from or one.topics)
        ]

    def _verdict(self, one: _Judged, facts: Facts, why: Callable[[], Sequence[Contribution]]) -> Verdict:
        categories = tuple(topic.name for topic in facts.topics)
        risk = self._scale.weigh(facts) if facts.subjects else Risk(score=0, grade=None, reasons=())
        is_negative = facts.negative >= self._risk.negative_from
        if risk.grade and not categories:
            categories = (OTHER,)
        reasons = [*_named(one, facts.subjects), *risk.reasons]
        if facts.subjects and (is_negative or risk.grade):
            reasons += _strongest_words(one, why())
        if facts.subjects and one.prepared:
            reasons += [*told(one.opinions), *_manners(one, facts)]
        if one.narrowed is not one.reading:
            reasons.append(Reason(code="attribution", text="帖文在对比别家，只按说到监测对象的部分研判"))
        if one.reading.cut_from is not None:
            text = f"全文 {one.reading.cut_from} 字，按开头和结尾共 {len(one.reading.text)} 字研判"
            reasons.append(Reason(code="text.cut", text=text))
        if one.reading.pictures_from is not None:
            letters = len(one.reading.text) - one.reading.pictures_from - 1
            reasons.append(
                Reason(code="text.pictures", text=f"图片里读出的 {letters} 个字与正文一并研判，识别可能有误")
            )
        if not one.prepared:
            reasons.append(Reason(code="text.silent", text="除名称和引用外没有可以判断的文字，不判为负面"))
        return Verdict(
            id=one.post.id,
            negative=facts.negative,
            subjects=facts.subjects,
            categories=categories,
            event=facts.event.id if facts.event else None,
            risk=risk.score,
            grade=risk.grade,
            reasons=tuple(reasons),
            model=self._model.name,
        )


def _about(post: Post, reading: Reading, matches: Sequence[Match]) -> _Judged:
    narrowed = about_subjects(reading, matches)
    prepared, speech = _prepared(narrowed, matches, is_heard=bool(matches or post.parent))
    return _Judged(
        post=post,
        reading=reading,
        narrowed=narrowed,
        matches=matches,
        prepared=prepared,
        speech=speech,
        subjects=tuple(dict.fromkeys(match.subject for match in matches)),
    )


def _prepared(reading: Reading, matches: Sequence[Match], is_heard: bool = True) -> tuple[str, Speech]:
    """The author's own words as the model reads them, and how they are meant."""
    spans = [match.span for match in matches]
    speech = listen(mark(reading.own, spans)) if is_heard else Speech()
    # A name is no opinion, and no brand may be born guilty.
    return prepare_folded(speech.said(covered(reading.own, spans, " "))), speech


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


def _manners(one: _Judged, facts: Facts) -> list[Reason]:
    """What the way of speaking did to the probability, a sentence each."""
    return [
        Reason(code=f"speech.{act.kind.code}", text=act.told, span=one.narrowed.span(*act.span))
        for act in counted(one.speech.acts, facts.topics)
    ]


def _named(one: _Judged, subjects: Sequence[str]) -> list[Reason]:
    first = {match.subject: match.span for match in reversed(one.matches)}
    where = "所转原文" if one.post.kind == "weibo" else "所在主帖"
    return [
        Reason(code="subject", text=f"提到{subject}", span=one.reading.span(*first[subject]))
        if subject in first
        else Reason(code="subject.context", text=f"{where}提到{subject}")
        for subject in subjects
    ]


def _asked(facts: Facts) -> Asked:
    return Asked(
        post=facts.post,
        own=facts.reading.own,
        subjects=facts.subjects,
        negative=facts.negative,
        event=facts.event,
    )


def _candidate(one: _Judged, facts: Facts, now: datetime) -> Candidate:
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
