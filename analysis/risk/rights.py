"""Whether the author defends rights: authorities, courts, reporters, the public, a banner before the door.

A word is no threat where it is denied, where the matter is settled and somebody is thanked, within somebody else's
quoted speech, or where it only is part of another word ("多媒体").
"""

from __future__ import annotations

import re
from functools import cache

from analysis.reading import Reading
from analysis.risk.authority import Speakers
from analysis.risk.facts import REPORTING, Facts, Weigher
from analysis.risk.table import Rights, RiskTable, bundled_table
from analysis.risk.words import Place, Words, is_denied, sentence_around
from core.model import Reason
from core.text import fold

#: What somebody else said, in quotation marks: "客服说：“你去曝光啊”".
_SPEECH = re.compile(
    r"(?P<before>.{0,6})(?:说|称|道|回复|回答|答复|回我|表示|声称|来一句|撂下一句)[^“\"「『,，。！？\n]{0,4}[:：,，]?\s*"
    r"(?:“(?P<a>[^”\n]{1,80})”|\"(?P<b>[^\"\n]{1,80})\"|「(?P<c>[^」\n]{1,80})」|『(?P<d>[^』\n]{1,80})』)"
)
#: The author's own speech: "我说：“再不退就曝光”".
_OWN_SPEECH = re.compile(r"(?<![跟对给向和与])(?:我|本人|咱)(?:就|也|又|直接|当场|明确)*$")
#: Tiers of `[authority]` that are the state's.
_AUTHORITIES = frozenset({"regulator", "local_regulator"})
#: What may stand between thanks and whom they are for: "感谢市里的消协", not "谢谢大家帮忙曝光".
_GAP = r"[^，。！？,!?\s大帮]{0,5}$"


class RightsWords:
    """The compiled words of `[rights]`."""

    def __init__(self, row: Rights) -> None:
        self.names = {code: kind.name for code, kind in row.kinds.items()}
        self._words = Words({code: kind.words for code, kind in row.kinds.items()}, masks=row.masks)
        self._only_people = frozenset(code for code, kind in row.kinds.items() if not kind.in_reports)
        self._settled = Words({"settled": row.settled})
        thanks = "|".join(re.escape(fold(word)) for word in row.thanks)
        self._thanks = re.compile(f"(?:{thanks}){_GAP}") if thanks else None

    def find(self, reading: Reading, channel: str) -> list[Place]:
        """The first place of each kind that the author means, in reading order."""
        text = reading.own
        found: dict[str, Place] = {}
        spoken: list[tuple[int, int]] | None = None
        for place in self._words.every(text):
            if place.kind in found or (channel in REPORTING and place.kind in self._only_people):
                continue
            if is_denied(text, *place.span) or self._is_settled(text, place):
                continue
            spoken = _others_speech(text) if spoken is None else spoken
            if not any(start <= place.span[0] < end for start, end in spoken):
                found[place.kind] = place
        return list(found.values())

    def _is_settled(self, text: str, place: Place) -> bool:
        start, end = place.span
        if self._thanks and self._thanks.search(text[max(0, start - 12) : start]):
            return True
        return next(self._settled.meant(sentence_around(text, start, end)), None) is not None


def rights(table: RiskTable) -> Weigher:
    """The points of threats, by the number of kinds."""
    row, words, speakers = table.rights, RightsWords(table.rights), Speakers(table.authority)

    def weigh(facts: Facts) -> list[Reason]:
        # An authority that publishes names itself and threatens nobody; its rank counts as `authority`.
        if (speaker := speakers.of(facts.post)) and speaker[0] in _AUTHORITIES:
            return []
        found = words.find(facts.reading, facts.post.channel)
        points = min(row.most, row.first + row.each * (len(found) - 1))
        if not found or not points:
            return []
        shown = "、".join(place.word for place in found[:4])
        span = facts.reading.span(*found[0].span)
        return [Reason(code="rights", text=f"有维权或曝光的表示：{shown}", points=points, span=span)]

    return weigh


def claims_rights(reading: Reading) -> bool:
    """Whether the author speaks of authorities, lawyers, the media or the like, by the bundled words."""
    return bool(_bundled_words().find(reading, "other"))


@cache
def _bundled_words() -> RightsWords:
    return RightsWords(bundled_table().rights)


def _others_speech(text: str) -> list[tuple[int, int]]:
    spans = []
    for match in _SPEECH.finditer(text):
        inner = next(name for name in "abcd" if match[name] is not None)
        if not _OWN_SPEECH.search(match["before"]):
            spans.append(match.span(inner))
    return spans
