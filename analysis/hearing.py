"""What can be heard in a text before anybody says what it means: facts, denials, conditions, quotations.

`analysis.speech_acts` says what they mean together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.speech_cues import Cues, Span, bundled_cues

_NUMBER = r"[\d一二两三四五六七八九十百几半]"
_TIME = rf"{_NUMBER}+个?多?(?:小时|钟头|天|周|星期|礼拜|月|年)"
_ANY = r"[^,。;!?\n]"
#: Time lost and ways gone in vain, told soberly.
_LOSSES = re.compile(
    "|".join(
        (
            rf"[等拖推催耗晾排][了着]{_ANY}{{0,3}}?{_TIME}(?!{_ANY}{{0,4}}(?:终于|总算|提到|到手))",
            rf"(?:坐|等|排|站|跑)到(?:下午|晚上|半夜|天黑|关门|打烊)|从{_ANY}{{1,6}}[坐等排站]到",
            rf"[修换跑进返去打][了过]?[^,。;!?\d]{{0,2}}{_NUMBER}+(?:次|回|趟|遍|个?电话){_ANY}{{0,4}}(?:没|不|还是|又)",
            rf"第[二两三四五六七八九十\d]+(?:次|回|遍|趟|天|个{_ANY}{{1,3}})了|[说讲回][了过]{_NUMBER}+(?:天|周|个月|年|遍|次)",
            # Broken after so little: "八个月就大修", "才开三千公里又漏".
            rf"{_NUMBER}+(?:天|周|个?月|年|千?公里|万公里){_ANY}{{0,4}}就(?:大修|坏|换|修|漏|断|抖|报废|衰减|掉)",
            rf"(?:才|刚|不到|仅){_ANY}{{0,5}}{_NUMBER}+(?:天|周|个月|公里|千公里|万公里)[^。;!?]{{0,8}}(?:就|又)(?:换|坏|亮|漏|修|断)",
            # Not even that: "连个人都没有", "一句道歉都没有"; but "连个印子都没有" is praise.
            rf"连个?(?!{_ANY}{{0,3}}[印痕味响缝]){_ANY}{{1,4}}[都也]没有?|一[声句]{_ANY}{{0,4}}[都也]?没(?:有|说|给|留)",
            r"三天两头|隔三差五|又双叒|一而再|天天往",
        )
    )
)
_NEVER = r"没有|没|从没|从未|未|并未|毫无|无|零|不曾|从不|不会|不用|不|免"
_EVER = (
    r"再|有|出现过?|出过|发生过?|见过?|听到?过?|遇到过?|碰到过?|任何|什么|啥|一点|半点|丝毫|乱|过|明显|让我|让人|催着?"
    r"|这个?|那个?|多|一次"
)
#: What stands before a word that is denied: "没出过什么(毛病)", "从没出现过刹车(失灵)".
_DENIED = re.compile(
    rf"(?:{_NEVER})(?:{_EVER})*$|(?:没有?|从没|从未|未|并未|不曾)(?:出现|发生|有|出|见|听说)?过{_ANY}{{0,3}}$"
)
#: "无不满意", "不得不", "免": what these stand before is not denied as a feeling.
_NEVER_BUT = ("无", "免", "零", "不用")
_NOT_DENIED = re.compile(r"(?:有没有?|没(?:想|多久|几天|开)|不是没有?|无不|难免|不可避免)$")
GOOD = r"(?:好|强|满意|靠谱|省|快|稳|舒服|便宜|贴心|专业|高级|安静|神|香|厚道|热情|周到)"
_BAD = r"(?:差|烂|坏|糟|贵|坑|慢|垃圾|次|拉胯|弱|黑|不堪|恐怖|离谱|严重|吓人|夸张)"
CANNOT_SAY = r"(?:不能说|谈不上|算不上|说不上|称不上)(?:有?多|什么|是)?"
NOT_SO = rf"{_ANY}{{0,10}}(?:那么|这么|那样)"
#: What denies trouble as a whole: "不能说差", "没有网上说的那么差", "别信什么烧机油", "一滴没漏".
_DENIALS = re.compile(
    "|".join(
        (
            rf"{CANNOT_SAY}{_BAD}|(?:不像|没有?){NOT_SO}{_BAD}",
            r"(?:别信|别听|谁说)[^,。;!?不没无]{2,16}(?=[,。;!?])",
            rf"滴水不漏|费{_ANY}{{0,4}}(?:不收|没收|全免|免了)",
            rf"连个?{_ANY}{{0,2}}(?:印|痕|味|杂音|响动|划|缝){_ANY}{{0,2}}[都也]没有",
            rf"一[滴道丝分]{_ANY}{{0,3}}[都也]?没(?:补|漏|响|多|抖|掉)",
        )
    )
)
_IF = r"(?:如果|要是|假如|假设|万一|倘若|除非|假使|(?<![^,。;!?:\n\s])若(?!干))"
#: A condition and what would follow.
_CONDITION = re.compile(rf"(?:^|(?<=[,。;!?:\n\s])){_ANY}{{0,6}}?{_IF}{_ANY}*(?:,{_ANY}*)?[,。;!?\n]?")
#: Not imagined: what happened already, and threats ("要是再不退钱我就起诉").
_REAL = re.compile(
    r"当初|早[就知]|再不|还不|不给|不退|不解决|不处理|不赔|不是(?:因为|我|他)|否则我也|就好了|怎么办|谁负责|后果|不敢"
)
_QUOTE = re.compile(r"[“\"「『][^”\"」』\n]{1,60}[”\"」』]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A text with what was found in it."""

    text: str
    cues: Cues
    #: What only wronged people tell, as far as it is told as a fact.
    wrongs: Sequence[Span]
    #: What is broken, as far as it is told as a fact; people who only ask or report tell it, too.
    damages: Sequence[Span]
    #: What only contented people tell.
    goods: Sequence[Span]
    #: Words for trouble that are not denied; questions and praise have them too.
    troubles: Sequence[Span]
    denied: Sequence[Span]
    imagined: Sequence[Span]
    quotes: Sequence[Span]

    def first(self, kind: str) -> Span | None:
        """The first cue of a class."""
        return next(iter(self.cues.of(kind)), None)


def hear(text: str) -> Heard:
    """Find it all in a folded text; what is denied, or only imagined, is no fact."""
    cues = bundled_cues().find(text)
    imagined = _imagined(text) if cues.of("if") else []
    quotes = [found.span() for found in _QUOTE.finditer(text)]
    denied = [found.span() for found in _DENIALS.finditer(text)]
    losses = [found.span() for found in _LOSSES.finditer(text)]
    wrongs = _facts(text, (*cues.of("grievance"), *losses), denied, imagined)
    damages = _facts(text, cues.of("damage"), denied, imagined)
    troubles = _facts(text, cues.of("trouble"), denied, ())
    goods: list[Span] = []
    for span in cues.of("content"):
        if (head := _denial(text, span[0])) is not None:
            if text[head : span[0]] not in _NEVER_BUT:
                wrongs.append((head, span[1]))
        elif not within(span, imagined):
            goods.append(span)
    return Heard(
        text=text,
        cues=cues,
        wrongs=wrongs,
        damages=damages,
        goods=goods,
        troubles=troubles,
        denied=[span for span in denied if not within(span, quotes)],
        imagined=imagined,
        quotes=quotes,
    )


def _imagined(text: str) -> list[Span]:
    return [found.span() for found in _CONDITION.finditer(text) if not _REAL.search(found.group())]


def _facts(text: str, spans: Sequence[Span], denied: list[Span], imagined: Sequence[Span]) -> list[Span]:
    """Those of the spans that are told as facts; what is denied is added to `denied`, from its denial on."""
    found = []
    for span in spans:
        if (head := _denial(text, span[0])) is not None:
            denied.append((head, span[1]))
        elif not within(span, imagined) and not any(start < span[1] and span[0] < end for start, end in denied):
            found.append(span)
    return found


def _denial(text: str, start: int) -> int | None:
    """Where the denial begins of a word that begins here; `None` if it is not denied."""
    first = max(0, start - 10)
    before = text[first:start]
    found = _DENIED.search(before)
    return first + found.start() if found and not _NOT_DENIED.search(before[: found.end()]) else None


def within(span: Span, others: Sequence[Span]) -> bool:
    """Whether a span lies within one of the others."""
    return any(start <= span[0] and span[1] <= end for start, end in others)
