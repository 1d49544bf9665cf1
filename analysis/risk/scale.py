"""How much a mention matters: a sum of points, each with its reason, and the grade that the sum reaches.

No point is added that a reader could not check against the post or the archive. A new reason is one function and a
line in `RiskScale`.
"""

from __future__ import annotations

import re
from datetime import tzinfo

from analysis.risk.authority import Speakers, authority
from analysis.risk.calendar import calendar
from analysis.risk.complainant import complainant
from analysis.risk.evidence import evidence
from analysis.risk.facts import Facts, Risk, Weigher
from analysis.risk.malice import malice
from analysis.risk.reach import reach
from analysis.risk.rights import RightsWords, rights
from analysis.risk.severity import Circumstances, categories, severity
from analysis.risk.spread import spread
from analysis.risk.table import RiskTable
from analysis.risk.velocity import velocity
from core.model import CHANNEL_NAMES, Grade, Reason
from core.settings import RiskSettings

#: Outside the news people tell accidents soberly too ("my car burnt down", "smoke, then fire, the fire brigade is
#: here"); below this share of the threshold they do not.
_SOBER = 0.3
#: "已打", "已经投诉到": said of an authority that follows at once, it was done.
_TURNED_TO = re.compile(r"(?:已|已经|刚|都)(?:经|拨)?(?:打|拨|投诉|举报|反映|告|找)(?:了|到|至|给|过){0,2}$")
#: "已打12345表扬": not to complain.
_PRAISES = re.compile(r".{0,6}?(?:表扬|感谢|致谢|点赞|咨询|好评|送锦旗)")
_AUTHORITIES = frozenset({"regulator", "hotline", "association"})
#: A safety topic must be this sure before neutral wording is overruled: one plain word such as 起火.
_SURE = 3


class RiskScale:
    """Weighs mentions by one table; keeps nothing between calls."""

    def __init__(self, table: RiskTable, settings: RiskSettings, zone: tzinfo) -> None:
        self._table, self._settings = table, settings
        self._circumstances = Circumstances(table)
        self._rights = RightsWords(table.rights)
        self._speakers = Speakers(table.authority)
        #: What adds to a bad or grave mention, in the order in which readers see it.
        self._weighers: tuple[Weigher, ...] = (
            categories(table),
            severity(table),
            rights(table),
            authority(table),
            reach(table),
            spread(table),
            velocity(table),
            calendar(table, zone),
            complainant(table),
            evidence(table),
        )
        #: What is said of every mention.
        self._remarks: tuple[Weigher, ...] = (malice(table),)

    def weigh(self, facts: Facts) -> Risk:
        """The risk of a mention that has a subject.

        Without a negative probability there is no risk, except for grave news told in neutral words: a safety accident
        by news media always, by others from 0.3 of the least probability on, and so who says that he turned to the
        authorities; a death, a recall or an authority's measure by news media and authorities. Then the gravity itself
        stands in for the negativity.

        An answer in the subject's own voice has no risk. A reply that names no subject of its own reaches grade B at
        most: whatever it reports, we only presume of whom.
        """
        if facts.is_service:
            return Risk(score=0, grade=None, reasons=(Reason(code="service", text="官方或客服的答复，不计风险"),))
        is_negative = facts.negative >= self._settings.negative_from
        base = self._negativity(facts) if is_negative else self._told_soberly(facts)
        remarks = [reason for remark in self._remarks for reason in remark(facts)]
        if base is None:
            return Risk(score=0, grade=None, reasons=tuple(remarks))
        reasons = [base, *(reason for weigher in self._weighers for reason in weigher(facts)), *remarks]
        reasons += self._presumed(facts, sum(reason.points for reason in reasons))
        score = max(0, min(100, sum(reason.points for reason in reasons)))
        return Risk(score=score, grade=grade_of(score, self._settings), reasons=tuple(reasons))

    def _negativity(self, facts: Facts) -> Reason:
        row, least = self._table.negativity, self._settings.negative_from
        points = row.base + round(row.most * (facts.negative - least) / (1.0 - least))
        return Reason(code="negative", text=f"负面概率 {facts.negative:.0%}", points=points)

    def _told_soberly(self, facts: Facts) -> Reason | None:
        """What stands in for negativity, if anything does."""
        points, channel = self._table.sober.points, CHANNEL_NAMES[facts.post.channel]
        if tells_an_accident(facts, self._settings):
            text = f"{channel}讲述了安全事故，措辞平静也按事故处理"
            return Reason(code="sober.safety", text=text, points=points)
        if complained := self._complained(facts):
            return complained
        if facts.is_inherited or not (facts.is_report or self._speakers.of(facts.post)):
            return None
        grave = (place for place in self._circumstances.find(facts) if self._circumstances.groups[place.kind].sober)
        if place := next(grave, None):
            name = self._circumstances.groups[place.kind].name
            return Reason(code="sober.grave", text=f"{channel}报道{name}，措辞平静也计风险", points=points)
        return None

    def _complained(self, facts: Facts) -> Reason | None:
        """Who says that he has complained to the authorities is no bystander, however calmly he tells it."""
        if facts.is_report or facts.is_inherited or facts.negative < _SOBER * self._settings.negative_from:
            return None
        own = facts.reading.own
        for place in self._rights.find(facts.reading, facts.post.channel):
            found = _turned_to(own, place.span[0]) if place.kind in _AUTHORITIES else None
            if found and not _PRAISES.match(own, place.span[1]):
                text = f"自称已经找过{place.word}，措辞平静也计风险"
                span = facts.reading.span(found.start(), place.span[1])
                return Reason(code="sober.complained", text=text, points=self._table.sober.points, span=span)
        return None

    def _presumed(self, facts: Facts, score: int) -> list[Reason]:
        """What is taken off so that a reply without a subject of its own stays below grade A."""
        over = score - (self._settings.grade_a - 1)
        if not facts.is_inherited or over <= 0:
            return []
        text = "自己没有点名，对象由所在主帖推定，至多按紧急"
        return [Reason(code="subject.context.cap", text=text, points=-over)]


def _turned_to(text: str, end: int) -> re.Match[str] | None:
    return _TURNED_TO.search(text, max(0, end - 12), end)


def grade_of(score: int, settings: RiskSettings) -> Grade | None:
    """The highest grade whose least risk the score reaches."""
    bars: tuple[tuple[Grade, int], ...] = (("A", settings.grade_a), ("B", settings.grade_b), ("C", settings.grade_c))
    return next((grade for grade, bar in bars if score >= bar), None)


def tells_an_accident(facts: Facts, settings: RiskSettings) -> bool:
    """Whether the post surely tells of a safety accident, in words that may be calm."""
    is_sure = any(topic.is_accident and topic.score >= _SURE for topic in facts.topics)
    return is_sure and (facts.is_report or facts.negative >= _SOBER * settings.negative_from)
