"""Marks of a malicious complaint (design.md §1): remarks for the reader, never points, never a label.

Each of them has innocent explanations; a person decides.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from analysis.background import Earlier
from analysis.risk.facts import Facts, Weigher
from analysis.risk.table import Malice, RiskTable
from analysis.risk.words import Words
from core.model import Reason


def malice(table: RiskTable) -> Weigher:
    """All remarks on one mention."""
    row = table.malice
    demands, forged = Words({"demand": row.demands}), Words({"forged": row.forged})
    bodies = Words({word: [word] for word in row.bodies})
    anonymous, superiors = Words({"anonymous": row.anonymous}), Words({"superior": row.superiors})

    def weigh(facts: Facts) -> list[Reason]:
        return [
            *_first(facts, demands, "malice.demand", lambda word: f"提示：有索要钱款的措辞“{word}”"),
            *_bodies(facts, bodies, row),
            *_anonymous(facts, anonymous, superiors),
            *_first(facts, forged, "malice.forged", lambda word: f"提示：提到“{word}”，材料真伪有争议，请核对原件"),
            *_same_text(facts, row),
            *_history(facts, row),
        ]

    return weigh


def _first(facts: Facts, words: Words, code: str, sentence: Callable[[str], str]) -> list[Reason]:
    place = next(words.every(facts.reading.own), None)
    if place is None:
        return []
    return [Reason(code=code, text=sentence(place.word), span=facts.reading.span(*place.span))]


def _bodies(facts: Facts, bodies: Words, row: Malice) -> list[Reason]:
    named = {place.kind for place in bodies.every(facts.reading.own)}
    if len(named) < row.many_bodies:
        return []
    return [Reason(code="malice.bodies", text=f"提示：同时提到向 {len(named)} 个机构反映")]


def _anonymous(facts: Facts, anonymous: Words, superiors: Words) -> list[Reason]:
    place = next(anonymous.every(facts.reading.own), None)
    if place is None:
        return []
    above = next(superiors.every(facts.reading.own), None)
    text = f"提示：自称匿名向上级反映（“{above.word}”）" if above else "提示：自称匿名举报"
    return [Reason(code="malice.anonymous", text=text, span=facts.reading.span(*place.span))]


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
