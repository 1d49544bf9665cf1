"""How something is said: asked, joked, sworn at in praise, imagined, denied, settled, advertised, answered officially.

The model reads words and hardly their order; "没出过毛病" and "出了毛病" are much the same to it. So ways of speaking
that reverse what words mean are recognised here, and each moves the log odds by a stated amount that the reader is
shown. A complaint in the form of a question stays a complaint: what only wronged people tell (`grievance`) outweighs
every form.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from analysis.comparisons import better, covered, worse
from analysis.hearing import CANNOT_SAY, GOOD, NOT_SO, Heard, hear, within
from analysis.speech_cues import ActKind, Span, act_kinds
from analysis.topics import Topic

#: All acts together move the log odds by no more than this.
MOST = 3.5
#: A safety topic this sure is an accident told as a fact; see `analysis.risk`.
SURE = 3
_NOT = ("不", "非", "未")
#: "没有一个不满意的": what is doubly denied follows at once.
_CLOSE = 2
#: Irony shows its fact within so many characters.
_NEAR = 40
#: A promise and what became of it stand within so many characters.
_FAR = 60
#: A mark of a joke counts more behind everything.
_AT_THE_END = 4
#: Of longer texts only the beginning is listened to: a cue would say nothing about the whole.
_LONGEST = 1_000
#: Who asks in more words tells something.
_LONGEST_QUESTION = 60
#: In longer texts a cue says less about the whole.
_SHORT = 160
#: Of a longer text a way of speaking says nothing; and what is read here is read more than once.
_LONGEST = 3_000
#: "没有一个月不", "没有一次按时", "不能说好", "不像宣传的那么好": the bad is affirmed.
_AFFIRMED = re.compile(
    "|".join(
        (
            r"没有?(?:任何|一|哪)(?:个|次|天|回|年|家|台|处)[^,。;!?]{0,5}(?:不|没)",
            r"没有?(?:哪)?一?次(?:按|准时|守|兑现|说到)",
            rf"{CANNOT_SAY}{GOOD}|(?:不像|没有?|不如){NOT_SO}{GOOD}",
            r"(?:别信|别听|谁说)[^,。;!?]{0,10}(?:不|没|无)",
        )
    )
)
#: A question in its grammar, with or without its sign.
_ASKS = re.compile(
    r"请问|想问|求(?:推荐|解|助|问|车主|告知|科普|说)|有没有(?:人|用|必要|懂|朋友)|要不要|会不会|能不能|该不该|行不行|是不是|值不值|还是[^,。;!?]{1,8}[?]|纠结"
    r"|怎么(?:查|选|关|开|办|处理|弄|算|用|样|走|看)|什么意思|是什么(?!都)|哪(?:个好|里|家|款|些)|多少(?:钱|公里|合适|算)?[?]|多久|几[点天年号]|(?:吗|么)(?:[?。!,]|$|\s)|[呢不][?]"
)
_RHETORICAL = re.compile(
    r"还[^,。;!?]{0,6}的吗|难道|不就是|岂不|谁[^,。;!?]{0,4}敢|不敢|吓|受伤|住院|炸|冒烟|急!|!!|急[。,]|哪来|害怕|后怕"
    r"|出人命|我是不是|是不是当|能不能(?:修|管|改|别|快|好好|给个|负|有点)"
)
#: Before a word for the end of it: somebody only says so, or demands it.
_UNSETTLED = re.compile(
    r"(?:说|说是|称|要求|希望|可以|才能?|能|请|等|否则|何时|时候|没有?|未|不|才算|才肯)(?:已经?|给|帮|我|全部)?\Z"
)
#: "顿挫已经没感觉了": the trouble that was named is gone.
_GONE = re.compile(
    r"(?:已经|现在|再也|后来|之后|以后)就?[没不](?!人|管|给|接|退|理|认|知|敢|得不|能|让|见|好|行|想|会)(?:再|有)?[^,。;!?]{0,4}[了过]"
)
_DEMANDS = re.compile(r"诉求|要求|请求|督促|责令|希望|恳请|强烈")
_FICTION = re.compile(r"(?:书里|书上|小说|电影|电视剧|剧里|歌里|歌词|课文|台词|新闻里|视频里)[^,。;!?“”\"]{0,6}[:,]?\Z")
_GREETING = re.compile(r"^[^,。;!?]{0,16}?(?:您好|你好|各位|大家好|尊敬的|亲爱的|亲亲)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One way of speaking that was heard."""

    kind: ActKind
    #: What it adds to the log odds.
    shift: float
    #: In the text that was judged; what gave it away.
    span: Span

    @property
    def told(self) -> str:
        """One sentence for the reader, with the effect."""
        way = "增加" if self.shift > 0 else "减少"
        return f"{self.kind.text}：负面的对数几率{way} {abs(self.shift):.2f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """How a text speaks."""

    acts: Sequence[Act] = ()
    #: What stands there and is not claimed by the author: denied, imagined, quoted to be contradicted.
    unsaid: Sequence[Span] = ()

    def said(self, text: str) -> str:
        """The text, or one of the same length, with what is not claimed blanked."""
        return covered(text, self.unsaid, " ")


def listen(text: str) -> Speech:
    """How a folded text speaks: the author's own words, names marked as `analysis.comparisons` does.

    `shifted` says what the acts do to a probability.
    """
    if len(text) > _LONGEST:
        return Speech()
    heard = hear(text[:_LONGEST])
    forms = list(_forms(heard))
    if any(act.kind.code in ("service", "advert") for act in forms):
        return Speech(acts=forms)
    scale = min(1.0, _SHORT / max(1, len(text)))
    acts = [replace(act, shift=act.shift * scale) for act in (*forms, *_contents(heard))]
    return Speech(acts=acts, unsaid=_unsaid(heard, {act.kind.code for act in acts}))


def _unsaid(heard: Heard, codes: set[str]) -> list[Span]:
    spans = [span for span in heard.quotes if _FICTION.search(heard.text, 0, span[0])]
    if "rebuttal" in codes:
        spans += heard.quotes
    if "imagined" in codes:
        spans += heard.imagined
    if "denial" in codes:
        spans += heard.denied
    return spans


def counted(acts: Sequence[Act], topics: Sequence[Topic]) -> list[Act]:
    """The acts that count: where a safety accident is told as a fact, none that makes the post look harmless."""
    if any(act.shift < 0 for act in acts) and any(topic.is_accident and topic.score >= SURE for topic in topics):
        return [act for act in acts if act.shift > 0]
    return list(acts)


def shifted(probability: float, acts: Sequence[Act], topics: Sequence[Topic]) -> float:
    """The probability after the acts that count have moved its log odds, by at most `MOST`."""
    shift = sum(act.shift for act in counted(acts, topics)) if acts else 0.0
    if not shift:
        return probability
    odds = math.exp(max(-MOST, min(MOST, shift))) * probability / max(1e-12, 1.0 - probability)
    return odds / (1.0 + odds)


def _forms(heard: Heard) -> Iterator[Act]:
    """What the whole text is: an official answer, an advertisement, a question, a joke."""
    wrongs, cues = (*heard.wrongs, *heard.damages), heard.cues
    courtesies = [span for span in cues.of("service") if not within(span, heard.quotes)]
    if len(courtesies) >= (1 if _GREETING.match(heard.text) else 2) + len(wrongs):
        yield _act("service", courtesies[0])
        return
    adverts = {heard.text[slice(*span)] for span in cues.of("advert")}
    if len(adverts) >= 2 + 2 * len(wrongs) + (1 if heard.first("customer") else 0):
        yield _act("advert", cues.of("advert")[0])
        return
    accusing = heard.first("accusing")
    asking = _ASKS.search(heard.text) if cues.of("interrogative") else None
    if accusing and "?" in heard.text:
        yield _act("accusation", accusing)
    elif asking and not heard.wrongs and len(heard.text) <= _LONGEST_QUESTION and _is_asking(heard):
        yield _act("question", asking.span(), 1 if heard.first("asking") else 0.5)
    notice = heard.first("notice")
    if notice and not wrongs and not accusing and not heard.first("customer"):
        yield _act("notice", notice)
    joking = heard.first("joking")
    if joking and not wrongs and not cues.of("not_joking"):
        yield _act("joke", joking, 1.5 if len(heard.text) - joking[1] <= _AT_THE_END else 1)


def _is_asking(heard: Heard) -> bool:
    """Whether somebody wants to know; who asks about what was done to him complains."""
    return not heard.first("customer") and not _RHETORICAL.search(heard.text)


def _contents(heard: Heard) -> Iterator[Act]:
    """What is done with the trouble that is told: denied, affirmed, imagined, settled, sworn at in praise."""
    text, cues, goods = heard.text, heard.cues, heard.goods
    wrongs = (*heard.wrongs, *heard.damages)
    affirmed = _AFFIRMED.search(text)
    if affirmed:
        praises = any(0 <= span[0] - affirmed.end() <= _CLOSE for span in cues.of("content"))
        yield _act("affirmed", affirmed.span(), -1 if praises else 1)
    elif heard.denied and not heard.troubles:
        yield _act("denial", heard.denied[0], min(2, len(heard.denied)) if not wrongs else 0.5)
    if cues.of("comparing"):
        if beaten := worse(text):
            yield _act("worse", beaten)
        elif superior := better(text):
            yield _act("better", superior)
    if heard.imagined and not wrongs:
        yield _act("imagined", heard.imagined[0])
    ends = [found.span() for found in _GONE.finditer(text)] if heard.troubles else []
    settled = _last([span for span in sorted((*cues.of("resolved"), *ends)) if _is_settled(heard, span)])
    again = _last(cues.of("relapse"))
    if settled and (not again or again[1] <= settled[0] - 12) and not (again and _same_clause(text, again, settled)):
        yield _act("resolved", settled)
        return
    claimed = heard.first("resolved")
    if claimed and again and again[1] > claimed[0]:
        yield _act("relapse", again)
    promise = heard.first("promise")
    facts = (*cues.of("reality"), *wrongs)
    broken = promise and next((span for span in facts if 0 <= span[0] - promise[1] <= _FAR), None)
    if promise and broken and not goods and not heard.denied:
        yield _act("broken_promise", broken)
    contradicted = [
        span
        for kind in ("rebuttal", "called_false")
        for span in cues.of(kind)
        if text[span[0] - 1 : span[0]] not in _NOT
    ]
    told = heard.first("hearsay") or heard.first("called_false")
    rebuttal = told and next((span for span in contradicted if span[0] >= told[0]), None)
    # "网传店家跑路是假消息": what stands between the hearsay and its being false is what was said.
    false = _last(cues.of("called_false"))
    retold = [(told[0], false[1])] if told and false and false[0] > told[0] else []
    outside = [span for span in wrongs if not within(span, (*heard.quotes, *retold))]
    if told and rebuttal and not outside:
        yield _act("rebuttal", rebuttal)
        return
    praised = heard.first("praise") or heard.first("sneer")
    if praised and not goods and any(abs(span[0] - praised[1]) <= _NEAR for span in wrongs):
        yield _act("irony", praised)
    if heard.wrongs:
        yield _act("hardship", heard.wrongs[0], min(2, len(heard.wrongs)) if not goods else 0.5)


def _is_settled(heard: Heard, span: Span) -> bool:
    """Whether a word for the end of a matter tells that it ended: nobody demands it, promises it or is quoted."""
    before = heard.text[max(0, span[0] - 40) : span[0]]
    return not (_UNSETTLED.search(before) or _DEMANDS.search(before) or within(span, heard.quotes))


def _act(code: str, span: Span, times: float = 1) -> Act:
    kind = act_kinds()[code]
    return Act(kind=kind, shift=kind.shift * times, span=span)


def _same_clause(text: str, one: Span, other: Span) -> bool:
    between = text[min(one[1], other[1]) : max(one[0], other[0])]
    return not any(sign in between for sign in ",。;!?\n")


def _last(spans: Sequence[Span]) -> Span | None:
    return spans[-1] if spans else None
