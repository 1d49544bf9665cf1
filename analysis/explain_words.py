"""What single tokens did to a probability, found again in the text, and reasons as sentences that stand alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.reading import Reading
from analysis.sentiment import Contribution
from analysis.tokens import how_common, words
from core.model import Reason, Verdict

_STOPS = ("。", "！", "？", "!", "?")
#: What a run of nothing but blanks is called; a name may have stood there.
_BLANK = "（空白）"
#: Longer phrases of the rules are found in no other post.
_LONGEST = 6
#: Words of the model that stand for it, where no reason names any.
_FEW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One token and what it added to the log odds; a word that also counts as a run of characters counts once."""

    token: str
    logit: float
    #: Where it stands first in `Post.full_text`; `None` where folding or segmentation changed its form.
    span: tuple[int, int] | None = None

    @property
    def sentence(self) -> str:
        """One Chinese sentence."""
        way = "增加" if self.logit > 0 else "减少"
        return f"“{self.token}”使负面的对数几率{way} {abs(self.logit):.2f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Tokens that are not named one by one: how many, and what they add up to."""

    count: int
    logit: float


def strongest(
    pushes: Sequence[Contribution], reading: Reading, most: int
) -> tuple[tuple[Push, ...], tuple[Push, ...], Rest, Rest]:
    """The strongest pushes up and down, at most `most` each, and the rest of both.

    All four together are the sum of all pushes.
    """
    merged: dict[str, float] = defaultdict(float)
    for one in pushes:
        merged[one.token.replace(" ", "") or _BLANK] += one.logit
    ordered = sorted(merged.items(), key=lambda item: (-item[1], item[0]))
    above = [item for item in ordered if item[1] > 0]
    below = [item for item in reversed(ordered) if item[1] <= 0]
    return (
        tuple(_push(item, reading) for item in above[:most]),
        tuple(_push(item, reading) for item in below[:most]),
        _rest(above[most:]),
        _rest(below[most:]),
    )


def sentences_of(verdict: Verdict, drivers: Sequence[Push]) -> tuple[str, ...]:
    """One sentence a reason, the heaviest first, none twice.

    Where no reason names words of the model, those of the `drivers` do.
    """
    reasons = sorted(verdict.reasons, key=lambda reason: -abs(reason.points))
    found = [_sentence(reason) for reason in reasons]
    if not any(reason.code == "model.token" for reason in reasons):
        found += [f"{push.sentence}。" for push in drivers[:_FEW]]
    if not verdict.subjects:
        found.append("没有提到任何监测对象，所以不计风险。")
    return tuple(dict.fromkeys(found))


def telling_words(text: str, called: Sequence[str], names: Sequence[str], most: int = 8) -> tuple[str, ...]:
    """Words by which a text like this one can be found: those that called a category, then the rarest of all.

    The subjects' `names` are none of them: every mention has them.
    """
    own = sorted((word for word in dict.fromkeys(words(text)) if not word.isdecimal()), key=how_common)
    found = dict.fromkeys([*called, *own])
    return tuple(
        word for word in found if 1 < len(word) <= _LONGEST and not any(word in name or name in word for name in names)
    )[:most]


def _sentence(reason: Reason) -> str:
    text = reason.text if reason.text.endswith(_STOPS) else f"{reason.text}。"
    if not reason.points:
        return text
    return f"{text[:-1]}，风险{'加' if reason.points > 0 else '减'} {abs(reason.points)} 分{text[-1]}"


def _push(item: tuple[str, float], reading: Reading) -> Push:
    token, logit = item
    at = reading.own.find(token)
    return Push(token=token, logit=logit, span=reading.span(at, at + len(token)) if at >= 0 else None)


def _rest(items: Sequence[tuple[str, float]]) -> Rest:
    return Rest(count=len(items), logit=sum(logit for _, logit in items))
