"""How grave the trouble itself is: its categories, and circumstances that are graver than any category."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from analysis.risk.facts import Facts, Weigher
from analysis.risk.table import RiskTable, SeverityGroup
from analysis.risk.words import Place, Words, is_denied
from analysis.topic_lexicon import is_imagined
from analysis.topics import Topic
from core.model import Reason
from core.text import fold

#: Groups that make an accident one of people.
_HARM = frozenset({"death", "injury"})


def categories(table: RiskTable) -> Weigher:
    """The points of the gravest category, and little for each further one."""
    row = table.categories

    def weigh(facts: Facts) -> list[Reason]:
        if not facts.topics:
            return [Reason(code="category.other", text="负面，但不属于任何已知类别", points=row.unknown)]
        reasons, extra = [], 0
        for number, topic in enumerate(facts.topics):
            points = topic.severity if number == 0 else min(row.each, row.most - extra)
            extra += 0 if number == 0 else points
            span = facts.reading.span(*topic.hits[0].span) if topic.hits else None
            code = f"category.{topic.code}"
            written = facts.post.full_text[slice(*span)] if span else ""
            reasons.append(Reason(code=code, text=_said_of(topic, written), points=points, span=span))
        return reasons

    return weigh


def _said_of(topic: Topic, written: str) -> str:
    """What a reader is told of a category: the word that says so, or of what the model infers it and how surely.

    `written` is the place as its author wrote it ("OTA", not "ota"); it is shown if it is that word.
    """
    if not topic.hits:
        return f"涉及{topic.name}"
    word = written if fold(written) == topic.hits[0].word else topic.hits[0].word
    if topic.by_model and topic.probability is not None:
        return f"涉及{topic.name}：模型从“{word}”等字样推断，把握 {topic.probability:.0%}"
    return f"涉及{topic.name}：“{word}”"


class Circumstances:
    """Finds the groups of `[severity]` in a text."""

    def __init__(self, table: RiskTable) -> None:
        self.groups: Mapping[str, SeverityGroup] = {
            code: group for code, group in table.severity.groups.items() if group.points
        }
        kinds = {code: group.words for code, group in self.groups.items()}
        self._words = Words(kinds, masks=table.severity.masks)
        self._patterns = {code: _union(group.patterns) for code, group in self.groups.items() if group.patterns}

    def find(self, facts: Facts) -> list[Place]:
        """The first place of each group that is meant and not only imagined, the weightiest group first."""
        text = facts.reading.own
        first: dict[str, Place] = {}
        for place in (*self._words.meant(text), *self._by_pattern(text)):
            if place.kind not in first and not is_imagined(text, place.span):
                first[place.kind] = place
        is_grave = facts.is_about_safety or bool(_HARM & first.keys())
        places = [place for place in first.values() if is_grave or not self.groups[place.kind].needs_safety]
        return sorted(places, key=lambda place: (-self.groups[place.kind].points, place.span))

    def _by_pattern(self, text: str) -> Iterator[Place]:
        for code, pattern in self._patterns.items():
            for match in pattern.finditer(text):
                if not is_denied(text, *match.span()):
                    yield Place(code, match.group(), match.span())
                    break


def severity(table: RiskTable) -> Weigher:
    """The points of grave circumstances, in all at most `[severity] most`."""
    circumstances, most = Circumstances(table), table.severity.most

    def weigh(facts: Facts) -> list[Reason]:
        reasons, left = [], most
        for place in circumstances.find(facts):
            group = circumstances.groups[place.kind]
            points = min(left, group.points)
            left -= points
            if points:
                span = facts.reading.span(*place.span)
                text = f"{group.name}：“{place.word}”"
                reasons.append(Reason(code=f"severity.{place.kind}", text=text, points=points, span=span))
        return reasons

    return weigh


def _union(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
