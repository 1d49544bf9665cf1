"""What to try where nothing was found: each proposal is a query that does find something, with how much.

Proposals come from the query itself (a condition less, a phrase as its words) and from the names that the archive
knows; each is asked of the index before it is shown, so that nobody is sent from one empty page to another. Letter
case, width and traditional characters need no proposal: they are folded before anything is searched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast
from zoneinfo import ZoneInfo

from analysis.tokens import words
from index.base import All, AnyOf, Facet, FieldIs, Page, Query, SearchIndex, Term, Within
from index.exact import phrase
from index.filters import both
from index.near_names import KnownNames, near_names
from index.render import render
from index.suggest_terms import FILTERS, conditions, parts_of, said, with_part

#: Proposals that are shown, and questions that are put to the index for them.
MOST, QUESTIONS = 5, 24
#: Fields whose known values the index can count.
_COUNTED = ("subject", "category", "site", "source")
_LONGEST_NAME = 20
_MOST_WORDS = 6

# Which kind of proposal comes first: the nearer to what was asked, the earlier.
_NAME, _PIECES, _DATES, _ONE_LESS, _ANY, _NO_WORD, _ONE_ALONE = range(7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One proposal."""

    query: Query
    hits: int
    #: Such as "去掉“等级:特急”有 12 条".
    reason: str

    @property
    def text(self) -> str:
        """Its search text; its filters are in the query."""
        return render(self.query.where) if self.query.where else ""


@dataclass(frozen=True, slots=True)
class _Try:
    rank: int
    change: str
    query: Query


def suggestions(
    index: SearchIndex, query: Query, *, known: KnownNames, zone: ZoneInfo, most: int = MOST
) -> tuple[Suggestion, ...]:
    """At most `most` proposals for a query without hits, the best first; at most `QUESTIONS` short questions.

    Dates are named in `zone`. Raise what the index raises.
    """
    base = replace(query, after=None, limit=1, sort="time")
    asked: set[Query] = {base}
    found: list[tuple[_Try, Page]] = []
    for one in _tries(base, _Names(index, known)):
        if len(asked) > QUESTIONS or (one.rank == _ONE_ALONE and found and found[0][0].rank != _ONE_ALONE):
            break
        if one.query in asked:
            continue
        asked.add(one.query)
        page = index.search(one.query)
        if page.total:
            found.append((one, page))
    found.sort(key=lambda pair: (pair[0].rank, -pair[1].total))
    return tuple(_suggestion(one, page, query, zone) for one, page in found[:most])


def _suggestion(one: _Try, page: Page, asked: Query, zone: ZoneInfo) -> Suggestion:
    reason = f"{one.change}有 {page.total:,} 条"
    if one.rank == _DATES and page.hits:
        reason += f"，最近的在 {page.hits[0].mention.post.when.astimezone(zone):%Y-%m-%d}"
    return Suggestion(query=replace(one.query, limit=asked.limit, sort=asked.sort), hits=page.total, reason=reason)


def _tries(query: Query, names: _Names) -> Iterator[_Try]:
    """Every proposal, the cheap and near ones first."""
    yield from _other_names(query, names)
    yield from _pieces(query)
    yield from _without_dates(query)
    yield from _one_less(query)
    yield from _any_of(query)
    yield from _one_alone(query)


def _other_names(query: Query, names: _Names) -> Iterator[_Try]:
    for part in parts_of(query.where):
        if isinstance(part, FieldIs):
            for name in names.near(part.name, part.value):
                other = FieldIs(part.name, name)
                yield _Try(_NAME, f"{said(part)}改为{said(other)}", with_part(query, part, other))
        elif isinstance(part, Term) and len(part.text) <= _LONGEST_NAME:
            for name in near_names(part.text, names.of_subjects(), contained=False):
                yield _Try(_NAME, f"{said(part)}改为“{name}”", with_part(query, part, Term(name)))
    for filter_name, field in FILTERS.items():
        values: tuple[str, ...] = getattr(query, filter_name)
        for value in values:
            for name in names.near(field, value):
                changed = tuple(name if one == value else one for one in values)
                told = f"{said(FieldIs(field, value))}改为{said(FieldIs(field, name))}"
                yield _Try(_NAME, told, replace(query, **{filter_name: changed}))  # type: ignore[arg-type]


def _pieces(query: Query) -> Iterator[_Try]:
    """A phrase that stands nowhere in one piece, as the words it is made of; all phrases so; their words anywhere."""
    where = parts_of(query.where)
    cut = {part: pieces for part in where if isinstance(part, Term) and len(pieces := words_of(part.text)) > 1}
    for part, pieces in cut.items():
        told = f"把{said(part)}拆成{''.join(f'“{word}”' for word in pieces)}"
        yield _Try(_PIECES, told, with_part(query, part, All(tuple(map(Term, pieces)))))
    if len(cut) > 1:
        nodes = [All(tuple(map(Term, cut[part]))) if isinstance(part, Term) and part in cut else part for part in where]
        yield _Try(_PIECES, "把词组都拆成词", replace(query, where=both(*nodes)))


def _without_dates(query: Query) -> Iterator[_Try]:
    rest = [part for part in parts_of(query.where) if not isinstance(part, Within)]
    yield _Try(_DATES, "不限日期", replace(query, where=both(*rest), since=None, until=None))


def _one_less(query: Query) -> Iterator[_Try]:
    found = conditions(query)
    words_left = sum(isinstance(one.node, Term) for one in found)
    for one in found if len(found) > 1 else ():  # without its only condition a search is the whole archive
        rank = _NO_WORD if words_left == 1 and isinstance(one.node, Term) else _ONE_LESS
        yield _Try(rank, f"去掉{one.said}", one.without)


def _any_of(query: Query) -> Iterator[_Try]:
    terms = [part for part in parts_of(query.where) if isinstance(part, Term)]
    rest = [part for part in parts_of(query.where) if not isinstance(part, Term)]
    texts = (
        [term.text for term in terms] if len(terms) > 1 else [word for term in terms for word in words_of(term.text)]
    )
    if len(texts) > 1:
        yield _Try(_ANY, "含其中任一词的", replace(query, where=both(AnyOf(tuple(map(Term, texts))), *rest)))


def _one_alone(query: Query) -> Iterator[_Try]:
    """One condition of the search text without all others; of no use where it is an exclusion."""
    for part in parts_of(query.where):
        if isinstance(part, Term | FieldIs | AnyOf):
            yield _Try(_ONE_ALONE, f"只搜{said(part)}", Query(where=part, limit=1))


def words_of(text: str) -> list[str]:
    """The words of a phrase, each once, single characters only where there is nothing longer."""
    every = [word for word in dict.fromkeys(words(text)) if phrase(word)]
    return ([word for word in every if len(word) > 1] or every)[:_MOST_WORDS]


class _Names:
    """Names that are known beforehand, and those that the index counts; counted once, when first needed."""

    def __init__(self, index: SearchIndex, known: KnownNames) -> None:
        self.index, self.known = index, known
        self.counted: dict[str, list[str]] = {}

    def near(self, field: str, value: str) -> list[str]:
        """What the value of a field may have meant."""
        field = "subject" if field == "store" else field
        if field == "subject" and (subject := self.known.aliases.get(value)):
            return [subject]
        names = [*self.known.of.get(field, ()), *self._counted(field)]
        return near_names(value, names)

    def of_subjects(self) -> list[str]:
        """What subjects are called."""
        return [*self.known.of.get("subject", ()), *self.known.aliases]

    def _counted(self, field: str) -> list[str]:
        if field not in _COUNTED:
            return []
        if field not in self.counted:
            self.counted[field] = list(self.index.count_by(Query(), cast("Facet", field)))
        return self.counted[field]
