"""What the author can prove: pictures in the post, papers and recordings that the text shows or says to hold."""

from __future__ import annotations

import re

from analysis.risk.facts import Facts, Weigher
from analysis.risk.table import Evidence, RiskTable
from analysis.risk.words import Place, Words, clause_around
from core.model import Reason
from core.text import fold

#: "不给发票", "要求提供合同", "还没开发票": the paper is what is missing.
_MISSING = re.compile(
    r"(?:不|没|未|拒绝?|不肯|不愿)(?:肯|给|开|提供|出|让|有|签|见|寄|退|能)*|要求|索要|催|补开|伪造|假"
)
#: Kinds of words: those that are enough, and those that must be shown. Both prefixes are equally long.
_CLAIMED, _SHOWN = "c:", "s:"


class Proof:
    """The compiled words of `[evidence]`."""

    def __init__(self, row: Evidence) -> None:
        claimed = {f"{_CLAIMED}{code}": kind.words for code, kind in row.kinds.items()}
        shown = {f"{_SHOWN}{code}": kind.shown for code, kind in row.kinds.items()}
        self._words = Words({**claimed, **shown}, masks=row.masks)
        self._showing = tuple(map(fold, row.showing))
        self._not_images = tuple(part.lower() for part in row.not_images)

    def pictures(self, images: tuple[str, ...]) -> int:
        """How many of these are pictures, not signs of mood or portraits."""
        return sum(not any(part in image.lower() for part in self._not_images) for image in images)

    def find(self, text: str) -> list[Place]:
        """The first place of each kind, in reading order."""
        found: dict[str, Place] = {}
        for place in self._words.meant(text):
            if place.kind.startswith(_CLAIMED) or self._is_shown(text, place):
                code = place.kind[len(_CLAIMED) :]
                found.setdefault(code, place._replace(kind=code))
        return list(found.values())

    def _is_shown(self, text: str, place: Place) -> bool:
        clause = clause_around(text, *place.span)
        return not _MISSING.search(clause) and any(word in clause for word in self._showing)


def evidence(table: RiskTable) -> Weigher:
    """The points of pictures and of other proof, in all at most `[evidence] most`."""
    row, proof = table.evidence, Proof(table.evidence)

    def weigh(facts: Facts) -> list[Reason]:
        reasons, left = [], row.most
        if pictures := proof.pictures(facts.post.images):
            points = min(left, row.images)
            left -= points
            reasons.append(Reason(code="evidence", text=f"附图 {pictures} 张", points=points))
        for place in proof.find(facts.reading.own):
            if place.kind == "pictures" and pictures:
                continue  # the pictures themselves are there
            points = min(left, row.kinds[place.kind].points)
            left -= points
            if points:
                text = f"文中提到{row.kinds[place.kind].name}：“{place.word}”"
                span = facts.reading.span(*place.span)
                reasons.append(Reason(code=f"evidence.{place.kind}", text=text, points=points, span=span))
        return reasons

    return weigh
