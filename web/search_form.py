"""The search page's form: an address's parameters as a query, and a query's filters as addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from core.model import CHANNELS, GRADES, Channel, Grade
from index.base import Node, Query, Sort
from index.filters import narrowed
from index.query import parse

#: Fields of several values, and their names in addresses.
MANY = {
    "grades": "grade", "channels": "channel", "subjects": "subject", "categories": "category", "stores": "store",
    "sources": "source", "sites": "site", "events": "event", "opened": "open",
}  # fmt: skip
SORTS: Mapping[Sort, str] = {"time": "最新", "relevance": "最相关", "risk": "风险最高"}
PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchForm:
    """What the reader asked for. What makes no sense is dropped and named in `problems`."""

    q: str = ""
    grades: tuple[Grade, ...] = ()
    channels: tuple[Channel, ...] = ()
    subjects: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    evidence: bool = False
    since: str = ""
    until: str = ""
    risk: str = ""
    sort: Sort = "time"
    after: str = ""
    #: A post, by its id or address: others like it are wanted.
    like: str = ""
    #: Facets that are counted because the reader opened them.
    opened: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def query(self, *, now: datetime, zone: ZoneInfo) -> Query:
        """The query of this form; `until` is the last day included. Raise `QuerySyntaxError`."""
        since, until = _day(self.since), _day(self.until)
        query = Query(
            where=self.tree(now=now, zone=zone),
            grades=self.grades,
            channels=self.channels,
            subjects=self.subjects,
            categories=self.categories,
            since=datetime.combine(since, time(), zone) if since else None,
            until=datetime.combine(until + timedelta(days=1), time(), zone) if until else None,
            min_risk=int(self.risk) if self.risk else None,
            sort=self.sort,
            limit=PAGE,
            after=self.after or None,
        )
        return narrowed(
            query,
            stores=self.stores,
            sources=self.sources,
            sites=self.sites,
            events=self.events,
            evidence=self.evidence,
        )

    def tree(self, *, now: datetime, zone: ZoneInfo) -> Node | None:
        """What the search text alone asks for. Raise `QuerySyntaxError`."""
        return parse(self.q, now=now, zone=zone)

    def address(self, *, page: str = "/search", **changes: object) -> str:
        """The address of this form with some of its values changed; always from the first page on."""
        form = self.changed(changes)
        values = [
            ("q", form.q),
            *((name, value) for field, name in MANY.items() for value in getattr(form, field)),
            ("has", "evidence" if form.evidence else ""),
            ("since", form.since),
            ("until", form.until),
            ("risk", form.risk),
            ("sort", form.sort if form.sort != "time" else ""),
            ("like", form.like),
            ("after", form.after),
        ]
        return f"{page}?{urlencode([(name, value) for name, value in values if value], errors='replace')}"

    def proposed(self, asked: Query, query: Query, text: str) -> str:
        """The address of `query`, a proposal made of this form's query `asked`; `text` is its search text.

        A proposal with other conditions than filters has all of them in its text; else the text stays as it was typed.
        """
        changes: dict[str, object] = {
            "grades": query.grades,
            "channels": query.channels,
            "subjects": query.subjects,
            "categories": query.categories,
            "since": self.since if query.since else "",
            "until": self.until if query.until else "",
            "risk": self.risk if query.min_risk is not None else "",
        }
        if query.where != asked.where:
            changes |= {"q": text, "evidence": False, "stores": (), "sources": (), "sites": (), "events": ()}
        return self.changed(changes).address()

    def changed(self, changes: Mapping[str, object]) -> SearchForm:
        """The form with some of its values changed, from the first page on."""
        return replace(self, **{"after": "", **changes})  # type: ignore[arg-type]

    def with_value(self, name: str, value: str) -> str:
        """The address that narrows by one more value, or takes the value back where it is chosen already."""
        chosen: tuple[str, ...] = getattr(self, name)
        changed = tuple(one for one in chosen if one != value) if value in chosen else (*chosen, value)
        return self.changed({name: changed}).address()


def read_form(values: Sequence[tuple[str, str]]) -> SearchForm:
    """Read an address's parameters; never raises."""
    problems: list[str] = []

    def many(name: str, known: Sequence[str] | None = None) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(value for key, value in values if key == name and value))[:20]
        problems.extend(f"没有{name}“{value[:20]}”" for value in found if known is not None and value not in known)
        return tuple(value for value in found if known is None or value in known)

    def one(name: str) -> str:
        return next((value.strip() for key, value in values if key == name), "")

    def checked(name: str, problem: str, is_good: bool) -> str:
        if not is_good:
            problems.append(f"{problem}：{one(name)[:20]}")
        return one(name) if is_good else ""

    sort = one("sort") or "time"
    if sort not in SORTS:
        problems.append(f"没有排序“{sort[:20]}”")
    risk = one("risk")
    return SearchForm(
        q=next((value for key, value in values if key == "q"), ""),
        grades=cast("tuple[Grade, ...]", many("grade", GRADES)),
        channels=cast("tuple[Channel, ...]", many("channel", CHANNELS)),
        subjects=many("subject"),
        categories=many("category"),
        stores=many("store"),
        sources=many("source"),
        sites=many("site"),
        events=many("event"),
        evidence=one("has") == "evidence",
        since=checked("since", "开始日期有误", not one("since") or _day(one("since")) is not None),
        until=checked("until", "结束日期有误", not one("until") or _day(one("until")) is not None),
        risk=checked(
            "risk", "风险应为 0 到 100 的整数", not risk or (risk.isdecimal() and len(risk) <= 3 and int(risk) <= 100)
        ),
        sort=cast("Sort", sort) if sort in SORTS else "time",
        after=one("after"),
        like=one("like"),
        opened=many("open"),
        problems=tuple(problems),
    )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year <= 2100 else None
