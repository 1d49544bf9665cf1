"""Who comes off worse when a text sets somebody beside us: "比曜行强", "不如曜行", "早知道买别家".

The grammar tells by the place of our name, so it works for rivals whose names nobody listed. Names are marked before:
each character of one of our names stands as `MARK`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from analysis.speech_cues import Span

MARK = "\ue000"
_US = f"{MARK}+"
_ANY = f"[^,。;!?\\n{MARK}]"
_GOOD = r"(?:好|强|靠谱|省|快|稳|舒服|便宜|香|厚道|良心|客气|专业|高级|安静|耐用|划算|用心)"
_BAD = r"(?:差|烂|坏|糟|贵|坑|慢|垃圾|次|拉胯|弱|黑|费|吵|颠|不如)"
_RELIEF = r"(?:幸亏|幸好|还好(?!意思|像)|好在|庆幸|得亏)"
#: Us named, and somebody else is the better one.
_WORSE = re.compile(
    rf"(?<!无)比{_US}{_ANY}{{0,6}}?{_GOOD}"
    rf"|{_US}{_ANY}{{0,8}}[跟和与同]{_ANY}{{1,8}}?比{_ANY}{{0,6}}?{_BAD}"
    rf"|{_US}{_ANY}{{0,8}}比{_ANY}{{1,8}}?{_BAD}(?:远|多|太|一|不|得)"
    rf"|{_US}{_ANY}{{0,10}}(?:不如|比不上|赶不上){_ANY}"
    rf"|[跟和与同]{_US}{_ANY}{{0,4}}比{_ANY}{{0,6}}?{_GOOD}"
    rf"|早知道{_ANY}{{0,3}}(?:买|选|去|换)(?!了|{MARK}){_ANY}"
    rf"|早知道{_ANY}{{0,3}}[不别没]{_ANY}{{0,3}}(?:买|选|去|换|碰)(?:了|这|它|他)?(?:{_US})?"
    rf"|后悔(?:买|选|去|换|来|没听|没买(?!{MARK})|没选(?!{MARK}))"
    rf"|{_RELIEF}{_ANY}{{0,4}}[没不](?:有)?(?:买|选|去|换|提|入|碰)(?:这|它)?{_US}"
    rf"|从{_US}{_ANY}{{0,5}}换[到成回]|(?:下次|以后|下回|不如)还是(?:去|买|选|找|换|开)(?!{MARK}|{_ANY}{{0,2}}{MARK}|这){_ANY}{{2}}"
)
#: Somebody else is named, or meant, as the worse one; the clause is about them.
_THEY_ARE_WORSE = re.compile(
    rf"比{_US}{_ANY}{{0,6}}?{_BAD}"
    rf"|[跟和与同]{_US}{_ANY}{{0,4}}比{_ANY}{{0,6}}?{_BAD}"
    rf"|(?:不如|比不上|赶不上){_US}|没有?{_US}{_ANY}{{0,6}}?(?:这么|那么)?{_GOOD}"
)
_REGRETS_OTHERS = re.compile(
    rf"早知道{_ANY}{{0,3}}[不别没]{_ANY}{{0,3}}(?:买|选|去|换|碰)(?!了|这|它|他|你|买){_ANY}{{2,6}}(?=[,。;!?]|$)"
)
#: We are the better one; the clause is about us.
_BETTER = re.compile(
    rf"{_US}{_ANY}{{0,8}}比{_ANY}{{1,8}}?{_GOOD}(?:多|太|不|得|了|一|很|$|[,。!])"
    rf"|比(?!{MARK}|起|较|如|赛|方|例|分|这|它|他们|你|我们){_ANY}{{1,8}}?{_GOOD}{_ANY}{{0,2}}(?:多|不少|不止|一截|百倍)"
    rf"|还是(?:去|买|选|找|回|信){_ANY}{{0,2}}{_US}(?!{_ANY}{{0,12}}[没不差坑烂骗老退])"
    rf"|还是{_US}(?!{_ANY}{{0,12}}[没不差坑烂骗老]){_ANY}"
    rf"|{_RELIEF}{_ANY}{{0,6}}(?:买|选|去|开|换|是|听|有){_ANY}{{0,5}}{_US}(?!{_ANY}{{0,6}}退)"
)
_NOT_BETTER = re.compile(rf"{_RELIEF}{_ANY}{{0,4}}[没不]")


def worse(marked: str) -> Span | None:
    """Where the text says that we are the worse of two; `None` if it does not."""
    found = _WORSE.search(marked)
    return found.span() if found and not _REGRETS_OTHERS.search(marked) else None


def better(marked: str) -> Span | None:
    """Where the text says that we are the better of two; `None` if it does not."""
    found = _BETTER.search(marked) or _THEY_ARE_WORSE.search(marked) or _REGRETS_OTHERS.search(marked)
    return found.span() if found and not _NOT_BETTER.match(found.group()) else None


def blames_others(marked: str, start: int, end: int) -> bool:
    """Whether a clause names us only as the better measure of somebody else."""
    clause = marked[start:end]
    return bool(_THEY_ARE_WORSE.search(clause) or _REGRETS_OTHERS.search(clause))


def mark(text: str, spans: Sequence[Span]) -> str:
    """The text with every character of the spans replaced by `MARK`; the same length."""
    return covered(text, spans, MARK)


def covered(text: str, spans: Sequence[Span], with_: str) -> str:
    """The text with every character of the spans, which may overlap, replaced by another one; the same length."""
    pieces: list[str] = []
    at = 0
    for start, end in sorted(spans):
        if end > at:
            pieces += (text[at:start], with_ * (end - max(at, start)))
            at = end
    return "".join(pieces) + text[at:] if pieces else text
