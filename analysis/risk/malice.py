"""Marks of a malicious complaint (design.md §1): remarks for the reader, never points, never a label.

Each of them has innocent explanations; a person decides.
"""

from __future__ import annotations

from datetime import timedelta

from analysis.background import Earlier
from analysis.risk.facts import Facts, Weigher
from analysis.risk.table import Malice, RiskTable
from analysis.risk.words import Place, Words
from core.model import Reason

_BODY = "body:"


class _Wording:
    """The compiled words of `[malice]`, found in one pass."""

    def __init__(self, row: Malice) -> None:
        kinds = {f"{_BODY}{word}": [word] for word in row.bodies}
        self._words = Words({"demand": row.demands, "forged": row.forged, "anonymous": row.anonymous, **kinds})
        self._superiors = Words({"superior": row.superiors})
        self._many_bodies = row.many_bodies

    def remarks(self, facts: Facts) -> list[Reason]:
        first: dict[str, Place] = {}
        for found in self._words.every(facts.reading.own):
            first.setdefault(found.kind, found)
        if not first:
            return []
        reasons = []
        if place := first.get("demand"):
            reasons.append(_remark("demand", f"提示：有索要钱款的措辞“{place.word}”", facts, place))
        bodies = sum(kind.startswith(_BODY) for kind in first)
        if bodies >= self._many_bodies:
            reasons.append(_remark("bodies", f"提示：同时提到向 {bodies} 个机构反映"))
        if place := first.get("anonymous"):
            above = next(self._superiors.every(facts.reading.own), None)
            text = f"提示：自称匿名向上级反映（“{above.word}”）" if above else "提示：自称匿名举报"
            reasons.append(_remark("anonymous", text, facts, place))
        if place := first.get("forged"):
            text = f"提示：提到“{place.word}”，材料真伪有争议，请核对原件"
            reasons.append(_remark("forged", text, facts, place))
        return reasons


def malice(table: RiskTable) -> Weigher:
    """All remarks on one mention."""
    row, wording = table.malice, _Wording(table.malice)

    def weigh(facts: Facts) -> list[Reason]:
        return [*wording.remarks(facts), *_same_text(facts, row), *_history(facts, row)]

    return weigh


def _remark(code: str, text: str, facts: Facts | None = None, place: Place | None = None) -> Reason:
    span = facts.reading.span(*place.span) if facts and place else None
    return Reason(code=f"malice.{code}", text=text, span=span)


def _same_text(facts: Facts, row: Malice) -> list[Reason]:
    reasons = []
    if facts.same_text >= row.same_text:
        reasons.append(Reason(code="malice.same_text", text=f"提示：同一文字在本批出现 {facts.same_text} 次"))
    same = [one for one in _of_a_year(facts, row) if one.sign == "text"]
    places = {facts.post.site, *(one.site for one in same)}
    if len(places) >= row.same_text_places:
        reasons.append(Reason(code="malice.same_text.places", text=f"提示：相同的文字见于 {len(places)} 个网站"))
    return reasons


def _history(facts: Facts, row: Malice) -> list[Reason]:
    """What became of earlier complaints; a name alone is too weak a sign to hold somebody's past against them."""
    known = [one for one in _of_a_year(facts, row) if one.sign != "name"]
    ended = [one for one in known if one.outcome is not None]
    unfounded = sum(one.outcome == "unfounded" for one in known)
    reasons = []
    if ended:
        text = f"提示：同一投诉人此前的 {len(ended)} 次投诉已有结论，处理后再次投诉"
        reasons.append(Reason(code="malice.repeated", text=text))
    if unfounded > row.unfounded:
        text = f"提示：同一投诉人一年内有 {unfounded} 次投诉查无实据（误报或恶意）"
        reasons.append(Reason(code="malice.unfounded", text=text))
    return reasons


def _of_a_year(facts: Facts, row: Malice) -> list[Earlier]:
    if facts.background is None:
        return []
    since = facts.when - timedelta(days=row.year_days)
    return [one for one in facts.background.earlier if since <= one.when <= facts.when]
