"""What the search page shows of an answer: hits, counts to narrow by, bars over time, proposals, posts alike.

Every count is a question to the index, so only what is shown is counted: a facet that the reader has not opened costs
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.model import CHANNEL_NAMES, GRADE_NAMES, Mention
from core.text import clean, shorten
from index.addresses import find_post
from index.base import Facet, Page, Query
from index.describe import describe
from index.event_titles import titles_of
from index.filters import is_plain
from index.histogram import HOURLY_DAYS, Bar, day_bars, hour_bars
from index.like import like
from index.near_names import known_names
from index.posts import PostStore
from index.similar import Similar
from index.suggest import Suggestion, suggestions
from web.console import Console
from web.search_form import SearchForm

#: Values of a facet that are shown, and days that are counted for the bars: thirteen years of them.
_VALUES, _DAYS = 10, 5_000
_LONGEST = 40
_ALIKE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of a facet; `address` narrows by it, or takes it back where it is chosen."""

    name: str
    count: int | None
    is_chosen: bool
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetBox:
    """A facet beside the hits. Without values it is closed, and `address` opens it."""

    name: str
    address: str
    values: tuple[Value, ...] = ()
    is_open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A bar as it is drawn, in units of a thousandth of the width and of the tallest bar; `address` narrows to it."""

    bar: Bar
    x: float
    width: float
    height: float
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSheet:
    """Everything below the form."""

    page: Page
    #: How the search text was understood, where that is not plain to see.
    understood: str | None = None
    #: Filters that are on, each with the address without it.
    chosen: tuple[Value, ...] = ()
    facets: tuple[FacetBox, ...] = ()
    columns: tuple[Column, ...] = ()
    suggestions: tuple[tuple[str, Suggestion], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlikeSheet:
    """A post and those like it."""

    headline: str
    id: str
    found: tuple[Similar, ...]


@dataclass(frozen=True, slots=True)
class _Shown:
    field: str
    facet: Facet
    said: str
    is_always_open: bool


_FACETS = (
    _Shown("grades", "grade", "等级", True),
    _Shown("channels", "channel", "渠道", True),
    _Shown("subjects", "subject", "监测对象", True),
    _Shown("stores", "store", "门店", False),
    _Shown("categories", "category", "类别", True),
    _Shown("events", "event", "事件", False),
    _Shown("sources", "source", "信源", False),
    _Shown("sites", "site", "站点", False),
)


class SearchDesk:
    """Asks the index what the search page shows."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.zone = console.settings.zone
        self.posts = PostStore(console.database)
        self._sources = {one.id: one.name for one in console.settings.sources}
        self._has_stores = any(one.kind == "store" for one in console.settings.subjects)

    def answer(self, form: SearchForm) -> SearchSheet:
        """Raise `QuerySyntaxError` or what the index raises."""
        query = self._query(form)
        page = self.console.index.search(query)
        tree = form.tree(now=self.console.clock(), zone=self.zone)
        sheet = SearchSheet(page=page, understood=None if is_plain(tree) else describe(tree), chosen=self._chosen(form))
        if not page.total:
            settings = self.console.settings
            found = suggestions(self.console.index, query, known=known_names(settings), zone=self.zone)
            return replace(sheet, suggestions=tuple((form.proposed(query, one.query, one.text), one) for one in found))
        return replace(sheet, facets=self._facets(form), columns=self._columns(form, query))

    def alike(self, form: SearchForm) -> AlikeSheet:
        """Posts like the one that the form names, among the hits of the rest of it. Raise `NotFound` and as above."""
        key = find_post(self.console.database, form.like)
        post = self.posts.get([key])[key]
        mention = next(iter(self.console.verdicts.mentions([key])), None)
        event = mention.verdict.event if mention else None
        found = like(self.console.index, post, event=event, among=self._query(form), limit=_ALIKE)
        headline = shorten(clean(post.title or post.text), _LONGEST) or "（无文字内容）"
        return AlikeSheet(headline=headline, id=key, found=tuple(found))

    def gone_of(self, mentions: Sequence[Mention]) -> Mapping[str, object]:
        """Which of these posts their source shows no more."""
        return self.posts.gone_of([mention.id for mention in mentions])

    def _query(self, form: SearchForm) -> Query:
        return form.query(now=self.console.clock(), zone=self.zone)

    def _facets(self, form: SearchForm) -> tuple[FacetBox, ...]:
        wanted = [one for one in _FACETS if one.facet != "store" or self._has_stores]
        return tuple(box for one in wanted if (box := self._box(form, one)) is not None)

    def _box(self, form: SearchForm, one: _Shown) -> FacetBox | None:
        chosen: tuple[str, ...] = getattr(form, one.field)
        if not (one.is_always_open or chosen or one.facet in form.opened):
            opened = form.address(opened=(*form.opened, one.facet))
            return FacetBox(name=one.said, address=opened, is_open=False)
        # What else there is to choose from: the facet's own filter must not hide the other values.
        query = self._query(replace(form, **{one.field: ()}, after=""))  # type: ignore[arg-type]
        counts = self.console.index.count_by(query, one.facet, limit=_VALUES + len(chosen))
        kept = [*list(counts)[:_VALUES], *(value for value in chosen if value not in list(counts)[:_VALUES])]
        names = self._names(one.facet, kept)
        values = tuple(
            Value(
                name=names[value],
                count=counts.get(value, 0),
                is_chosen=value in chosen,
                address=form.with_value(one.field, value),
            )
            for value in kept
        )
        closed = form.address(opened=tuple(facet for facet in form.opened if facet != one.facet))
        return FacetBox(name=one.said, address=closed, values=values) if values else None

    def _chosen(self, form: SearchForm) -> tuple[Value, ...]:
        found = []
        for one in _FACETS:
            values: tuple[str, ...] = getattr(form, one.field)
            names = self._names(one.facet, values)
            found += [(f"{one.said}：{names[value]}", form.with_value(one.field, value)) for value in values]
        if form.evidence:
            found.append(("有证据", form.address(evidence=False)))
        if form.since or form.until:
            when = form.since if form.since == form.until else f"{form.since or '最早'} 至 {form.until or '今'}"
            found.append((f"日期：{when}", form.address(since="", until="")))
        if form.risk:
            found.append((f"风险不低于 {form.risk}", form.address(risk="")))
        return tuple(Value(name=name, count=None, is_chosen=True, address=address) for name, address in found)

    def _names(self, facet: Facet, values: Sequence[str]) -> dict[str, str]:
        known: dict[str, str] = {}
        if facet == "event" and values:
            known = titles_of(self.console.database, values)
        elif facet == "source":
            known = self._sources
        elif facet == "channel":
            known = {str(channel): name for channel, name in CHANNEL_NAMES.items()}
        elif facet == "grade":
            known = {str(grade): name for grade, name in GRADE_NAMES.items()}
        return {value: shorten(clean(known.get(value, value)), _LONGEST) or value for value in values}

    def _columns(self, form: SearchForm, query: Query) -> tuple[Column, ...]:
        counts = self.console.index.count_by(query, "day", limit=_DAYS)
        hourly = len(counts) <= HOURLY_DAYS
        bars = hour_bars(self.console.index.count_by(query, "hour")) if hourly else day_bars(counts)
        most = max((bar.count for bar in bars), default=0) or 1
        width = 1000 / (len(bars) or 1)
        return tuple(
            Column(
                bar=bar,
                x=round(at * width, 2),
                width=round(width * 0.86, 2),
                height=round(1000 * bar.count / most, 1),
                address=_within(form, bar),
            )
            for at, bar in enumerate(bars)
        )


def _within(form: SearchForm, bar: Bar) -> str | None:
    """The address that narrows to a bar; `None` where that is what is shown already, or nothing is there."""
    first, last = bar.first.isoformat(), bar.last.isoformat()
    if not bar.count or (form.since, form.until) == (first, last):
        return None
    return form.address(since=first, until=last)
