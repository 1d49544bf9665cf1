"""Why a verdict says what it says, so that a person can argue with every step of it.

Nothing here judges: the numbers are those of the judgement itself. The probability is one weighted sum, so what each
token added is exact; the risk is a sum of points; a category has the words that called it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from analysis.account import Account
from analysis.analyser import Analyser
from analysis.context import Context
from analysis.explain_words import Push, Rest, sentences_of, strongest, telling_words
from core.model import Event, Post, Reason, Verdict

#: Pushes up and down that are named one by one.
STRONGEST = 8
_MOST_VOICES, _LEAST_VOICE = 3, 0.05
#: What the sets of texts hold whose judges are blended.
_KINDS = {
    "domain": "汽车行业",
    "car2018": "汽车论坛",
    "finfe": "股票论坛",
    "stockba": "股票论坛",
    "finneg_grouped": "财经新闻",
    "finhead": "财经新闻",
    "weibo2018": "微博",
    "weibo100k_noemo": "微博",
    "emo8": "微博",
    "nlpcc2013": "微博",
    "smp_virus": "疫情期间的微博",
    "covidweibo": "疫情期间的微博",
    "shop10": "商品评价",
    "nlpcc2014t2": "商品评价",
    "waimai": "外卖评价",
}
_EVEN = 0.5
_SAME = 0.01
#: Rounding of floating point, and where its exponentials end.
_NOTHING, _LARGEST = 1e-9, 35.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A stretch of `Post.full_text` that counted, and for what."""

    start: int
    end: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """The linear account: `base` and all pushes are `logit`; `manner` and `shares` move it to the final probability."""

    model: str
    #: Which kinds of writing the model takes the text for, and how much each of their judges counted; strongest first.
    voices: tuple[tuple[str, float], ...]
    #: What the model says of a text before its first word, in log odds.
    base: float
    #: The strongest pushes to negative, and away from it.
    up: tuple[Push, ...]
    down: tuple[Push, ...]
    #: All pushes that are not named, in both directions.
    rest_up: Rest
    rest_down: Rest
    logit: float
    #: What the way of speaking (irony, questions, comparisons, …) added.
    manner: float
    #: What was added because of several subjects it speaks worse of one.
    shares: float
    negative: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A category that was found, and the words that called it."""

    category: str
    words: tuple[str, ...]
    #: Of words and trained heads together; `None` where only words decide.
    probability: float | None
    by_model: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """The sum of the risk: `total` is that of all reasons, `risk` the same within 0 to 100."""

    total: int
    risk: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A subject, and by which words it was found; none where the post answered names it."""

    subject: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One verdict and what stands behind it."""

    post: Post
    #: The verdict that is explained: the archive's, or today's where there is none.
    verdict: Verdict
    #: What judging the same text now says, without what the archive knows around it.
    today: Verdict
    marked: tuple[Marked, ...]
    #: `None` for a text without a word that the model knows.
    sum: Sum | None
    rules: tuple[Rule, ...]
    points: Points
    named: tuple[Named, ...]
    is_inherited: bool
    #: The part of the text that was judged, where it is not the whole.
    narrowed: str | None
    #: Words by which posts about the same can be found, the most telling first.
    telling: tuple[str, ...]
    #: One Chinese sentence for each reason, in the order of their weight.
    sentences: tuple[str, ...]

    @property
    def is_current(self) -> bool:
        """Whether judging it now says what the archive says; the risk is not compared, it depends on the moment."""
        one, other = self.verdict, self.today
        same = (one.model, one.categories, one.subjects) == (other.model, other.categories, other.subjects)
        return same and abs(one.negative - other.negative) <= _SAME


def explain(
    analyser: Analyser,
    post: Post,
    *,
    now: datetime,
    verdict: Verdict | None = None,
    event: Event | None = None,
    context: Context | None = None,
    pictures: Mapping[str, str] | None = None,
) -> Explanation:
    """Explain the judgement of a post; `verdict` is what the archive says of it, if it is there."""
    account = analyser.account(post, now=now, event=event, context=context, pictures=pictures)
    told = verdict or account.verdict
    total = _sum_of(account)
    return Explanation(
        post=post,
        verdict=told,
        today=account.verdict,
        marked=_marked(told, total, len(post.full_text)),
        sum=total,
        rules=tuple(
            Rule(
                category=topic.name,
                words=tuple(dict.fromkeys(hit.word for hit in topic.hits)),
                probability=topic.probability,
                by_model=topic.by_model,
            )
            for topic in account.facts.topics
        ),
        points=Points(total=sum(reason.points for reason in told.reasons), risk=told.risk),
        named=_named(account, told),
        is_inherited=account.facts.is_inherited,
        narrowed=_blanks_as_gaps(account.narrowed.own) if account.narrowed is not account.reading else None,
        telling=telling_words(
            account.narrowed.own,
            [hit.word for topic in account.facts.topics for hit in topic.hits],
            [account.reading.text[slice(*match.span)] for match in account.matches],
        ),
        sentences=sentences_of(told, _drivers(total)),
    )


def voices_of(names: Sequence[str], gates: Sequence[float]) -> tuple[tuple[str, float], ...]:
    """The kinds of writing in words, with their shares; those that hardly count are left out."""
    shares: dict[str, float] = defaultdict(float)
    for name, gate in zip(names, gates, strict=True):
        shares[_KINDS.get(name, name)] += gate
    ordered = sorted(shares.items(), key=lambda one: (-one[1], one[0]))[:_MOST_VOICES]
    return tuple((name, share) for name, share in ordered if share >= _LEAST_VOICE)


def _sum_of(account: Account) -> Sum | None:
    if account.is_silent:
        return None
    pushes = account.judgement.contributions(0)
    up, down, rest_up, rest_down = strongest(pushes, account.narrowed, STRONGEST)
    logit = float(account.judgement.logits[0])
    negative = account.facts.negative
    return Sum(
        model=account.judgement.model.name,
        voices=voices_of(account.judgement.model.experts.names, account.judgement.gates[0].tolist()),
        # By definition of the sum: what no token added.
        base=logit - sum(one.logit for one in pushes),
        up=up,
        down=down,
        rest_up=rest_up,
        rest_down=rest_down,
        logit=logit,
        manner=_step(_probability(logit), account.spoken),
        shares=_step(account.spoken, negative),
        negative=negative,
    )


def _drivers(total: Sum | None) -> tuple[Push, ...]:
    """The pushes that made the probability what it is."""
    if total is None:
        return ()
    return total.up if total.negative >= _EVEN else total.down


def _step(before: float, after: float) -> float:
    """By how much the log odds moved; exactly 0 where nothing did."""
    return _logit(after) - _logit(before) if abs(after - before) > _NOTHING else 0.0


def _probability(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-_LARGEST, min(_LARGEST, logit))))


def _logit(probability: float) -> float:
    held = min(1.0 - 1e-12, max(1e-12, probability))
    return math.log(held / (1.0 - held))


def _marked(verdict: Verdict, total: Sum | None, length: int) -> tuple[Marked, ...]:
    """Where reasons and the strongest words stand. Of what overlaps, reasons come before words, then the stronger."""
    pointed = [(*reason.span, reason.text) for reason in sorted(verdict.reasons, key=_weight) if reason.span]
    pushes = sorted(total.up + total.down, key=lambda push: -abs(push.logit)) if total else []
    pointed += [(*push.span, push.sentence) for push in pushes if push.span and len(push.token) > 1]
    found: list[Marked] = []
    for start, end, why in pointed:
        if start < end <= length and all(end <= one.start or one.end <= start for one in found):
            found.append(Marked(start=start, end=end, why=why))
    return tuple(sorted(found, key=lambda one: one.start))


def _weight(reason: Reason) -> int:
    return -abs(reason.points)


def _named(account: Account, told: Verdict) -> tuple[Named, ...]:
    words: dict[str, list[str]] = {subject: [] for subject in told.subjects}
    for match in account.matches:
        if match.subject in words:
            words[match.subject].append(account.reading.text[slice(*match.span)])
    return tuple(Named(subject=subject, words=tuple(dict.fromkeys(found))) for subject, found in words.items())


def _blanks_as_gaps(own: str) -> str:
    """What was judged, with one ellipsis where something was left out."""
    return " … ".join(part for part in own.split("  ") if part.strip()).strip()
