"""A verdict in words: the facts of one post, its risk, and one sentence for every reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analysis.reader import Judged
from analysis.risk import Facts, Risk
from analysis.sentiment import Contribution
from analysis.shares import told
from analysis.speech_acts import counted
from analysis.topics import OTHER
from analysis.trouble import plainest, push_of
from core.model import Reason, Verdict

_STRONGEST = 3
_NEGATIONS = frozenset("不没无未别")
_PARTICLES = frozenset("了的着过是就也")


def verdict_of(
    one: Judged, facts: Facts, risk: Risk, why: Callable[[], Sequence[Contribution]], *, is_negative: bool, model: str
) -> Verdict:
    """Say what was found. `why` gives the words that pushed the probability most; asked only where that matters."""
    categories = tuple(topic.name for topic in facts.topics)
    if risk.grade and not categories:
        categories = (OTHER,)
    reasons = [*_named(one, facts.subjects), *risk.reasons]
    if facts.subjects and (is_negative or risk.grade):
        reasons += _strongest_words(one, why())
    if facts.subjects and one.prepared:
        reasons += [*told(one.opinions), *_manners(one, facts)]
    if one.narrowed is not one.reading:
        reasons.append(Reason(code="attribution", text="帖文还说到别家，只按说到监测对象的部分研判"))
    if one.reading.cut_from is not None:
        text = f"全文 {one.reading.cut_from} 字，按开头和结尾共 {len(one.reading.text)} 字研判"
        reasons.append(Reason(code="text.cut", text=text))
    if one.reading.pictures_from is not None:
        letters = len(one.reading.text) - one.reading.pictures_from - 1
        reasons.append(Reason(code="text.pictures", text=f"图片里读出的 {letters} 个字与正文一并研判，识别可能有误"))
    if not one.prepared:
        where = "帖文" if one.narrowed is one.reading else "说到监测对象的部分"
        text = f"{where}除名称和引用外没有可以判断的文字，不判为负面"
        reasons.append(Reason(code="text.silent", text=text))
    return Verdict(
        id=one.post.id,
        negative=facts.negative,
        subjects=facts.subjects,
        categories=categories,
        event=facts.event.id if facts.event else None,
        risk=risk.score,
        grade=risk.grade,
        reasons=tuple(reasons),
        model=model,
    )


def _strongest_words(judged: Judged, words: Sequence[Contribution]) -> list[Reason]:
    """The words that pushed the probability most; exact, because the model is linear."""
    reasons: list[Reason] = []
    shown = ""
    for token, _, logit in words:
        word = token.replace(" ", "")
        at = judged.narrowed.own.find(word)
        if is_readable(token) and at >= 0 and word not in shown and len(reasons) < _STRONGEST:
            shown += f"{word}\n"
            text = f"“{word}”使负面的对数几率增加 {logit:.2f}"
            reasons.append(Reason(code="model.token", text=text, span=judged.narrowed.span(at, at + len(word))))
    return reasons


def is_readable(token: str) -> bool:
    """Whether a reader takes a token for words: of two single characters (了一, 他没) only a negation is any.

    What else pushed the probability, `tingfeng explain` shows to the last character.
    """
    words = token.split(" ")
    if any(len(word) > 1 and not word.isdigit() for word in words):
        return True
    return len(words) == 2 and words[0] in _NEGATIONS and words[1] not in _PARTICLES


def _manners(one: Judged, facts: Facts) -> list[Reason]:
    """What the way of speaking, and plain words of trouble, did to the probability, a sentence each."""
    reasons = [
        Reason(code=f"speech.{act.kind.code}", text=act.told, span=one.narrowed.span(*act.span))
        for act in counted(one.speech.acts, facts.topics)
    ]
    if plain := plainest(facts.topics, one.speech.acts):
        hit = plain.hits[0]
        text = f"直接说到“{hit.word}”，使负面的对数几率增加 {push_of(plain):.2f}"
        reasons.append(Reason(code="trouble", text=text, span=one.narrowed.span(*hit.span)))
    return reasons


def _named(one: Judged, subjects: Sequence[str]) -> list[Reason]:
    first = {match.subject: match.span for match in reversed(one.matches)}
    where = "所转原文" if one.post.kind == "weibo" else "所在主帖"
    return [
        Reason(code="subject", text=f"提到{subject}", span=one.reading.span(*first[subject]))
        if subject in first
        else Reason(code="subject.context", text=f"{where}提到{subject}")
        for subject in subjects
    ]
