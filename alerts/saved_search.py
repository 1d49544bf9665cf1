"""A search that somebody keeps: what it asks for, who is told of it, how often; and what may be saved at all.

The text is kept as it was typed and read anew each time, so 近7天 stays the last seven days.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, cast, get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from core.durations import format_duration
from core.errors import ConfigError, QuerySyntaxError
from core.model import CHANNELS, GRADES, Channel, Grade, require_aware
from core.settings import Settings
from core.text import clean
from index.base import Between, Query, Sort
from index.near_names import known_names
from index.query import parse
from index.render import render
from index.rows import storable

SORTS: tuple[Sort, ...] = get_args(Sort)
LONGEST_NAME, LONGEST_OWNER = 60, 120
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(days=30)
PAUSE = timedelta(minutes=10)
#: Values of one filter: as many as the console's search page takes.
_MOST_VALUES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a search asks for beside its text, as in `index.base.Query`. Empty and `None` mean "any"."""

    grades: tuple[Grade, ...] = ()
    channels: tuple[Channel, ...] = ()
    subjects: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    min_risk: int | None = None
    min_negative: float | None = None
    sort: Sort = "time"

    def narrow(self) -> bool:
        """Whether they leave anything out."""
        return bool(self.grades or self.channels or self.subjects or self.categories) or not (
            self.min_risk is None and self.min_negative is None
        )

    def to_json(self) -> dict[str, Any]:
        """As they lie in their column."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def of_json(cls, row: Mapping[str, Any]) -> Filters:
        """As `to_json` wrote them; what a newer program added is left out."""
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in row.items() if name in known
        }
        return cls(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSearch:
    """One search and its owner."""

    id: str
    owner: str
    #: Unique per owner.
    name: str
    text: str
    filters: Filters = Filters()
    #: Which notifiers are told of what it newly finds; none means that it is only kept.
    notify: tuple[str, ...] = ()
    #: Between two messages at least.
    pause: timedelta = PAUSE
    created: datetime
    told: datetime | None = None
    #: Set aside: it is kept and can be run, and tells nobody.
    muted: bool = False

    def __post_init__(self) -> None:
        require_aware(self, created=self.created, told=self.told)

    @property
    def watches(self) -> bool:
        """Whether what is published is held against it."""
        return bool(self.notify) and not self.muted


def query(
    search: SavedSearch, *, now: datetime, zone: ZoneInfo, known: Mapping[str, Collection[str]] | None = None
) -> Query:
    """What the search asks for at this moment; `known` is for better advice, as in `index.query.parse`.

    Raise `QuerySyntaxError` where its text cannot be read (any more).
    """
    asked = search.filters
    return Query(
        where=parse(search.text, now=now, zone=zone, known=known),
        grades=asked.grades,
        channels=asked.channels,
        subjects=asked.subjects,
        categories=asked.categories,
        min_risk=asked.min_risk,
        min_negative=asked.min_negative,
        sort=asked.sort,
    )


def problem(search: SavedSearch, *, now: datetime, zone: ZoneInfo) -> str | None:
    """Why the search cannot be run, in one Chinese line: its text was saved when the language read it otherwise."""
    try:
        query(search, now=now, zone=zone)
    except QuerySyntaxError as bad:
        return f"第 {bad.position + 1} 个字符处{bad.problem}"
    return None


def address(search: SavedSearch) -> str:
    """Where the console runs it: path and parameters of its search page."""
    asked, text = search.filters, search.text
    if asked.min_negative is not None:  # the page has no field of its own for it, the language has
        least = render(Between("negative", low=asked.min_negative))
        text = f"({text}) AND {least}" if text else least
    values = [
        ("q", text),
        *(("grade", value) for value in asked.grades),
        *(("channel", value) for value in asked.channels),
        *(("subject", value) for value in asked.subjects),
        *(("category", value) for value in asked.categories),
        ("risk", "" if asked.min_risk is None else str(asked.min_risk)),
        ("sort", asked.sort if asked.sort != "time" else ""),
    ]
    return "/search?" + urlencode([(name, value) for name, value in values if value], errors="replace")


def checked(search: SavedSearch, *, settings: Settings, kept: Collection[str] = (), now: datetime) -> SavedSearch:
    """The search as it may be saved: names without what nobody sees. `kept` are notifiers that may be there anyway.

    Raise `QuerySyntaxError` for a text that cannot be read, `ConfigError` for anything else that makes no sense.
    """
    tidy = SavedSearch(
        id=search.id,
        owner=_named("owner", search.owner, LONGEST_OWNER),
        name=proper_name(search.name),
        text=storable(search.text).strip(),
        filters=_checked_filters(search.filters),
        notify=_checked_notifiers(search.notify, (*settings.notifiers, *kept)),
        pause=search.pause,
        created=search.created,
        told=search.told,
        muted=search.muted,
    )
    if not SHORTEST_PAUSE <= tidy.pause <= LONGEST_PAUSE:
        fix = f"{format_duration(SHORTEST_PAUSE)} 至 {format_duration(LONGEST_PAUSE)}，例如 10m"
        raise refusal("pause", format_duration(tidy.pause), "超出范围", fix)
    known = known_names(settings).of
    if query(tidy, now=now, zone=settings.zone, known=known).where is None and not tidy.filters.narrow():
        raise refusal("text", tidy.text, "没有任何条件，会得到全部帖文", "写出检索式，或加上等级、渠道等条件")
    return tidy


def proper_name(name: str) -> str:
    """The name on one line, without what nobody sees. Raise `ConfigError` where nothing is left, or too much."""
    return _named("name", name, LONGEST_NAME)


def refusal(key: str, value: str, why: str, fix: str) -> ConfigError:
    """What is wrong with one value of a saved search."""
    return ConfigError(file="检索订阅", key=key, value=value, problem=why, fix=fix)


def _named(key: str, value: str, longest: int) -> str:
    tidy = " ".join(clean(value).split())
    if not tidy:
        raise refusal(key, value, "是空的", "写出名字")
    if len(tidy) > longest:
        raise refusal(key, tidy[:20] + "…", "太长", f"请控制在 {longest} 个字符以内")
    return tidy


def _checked_filters(filters: Filters) -> Filters:
    choices: dict[str, Collection[str]] = {"grades": GRADES, "channels": CHANNELS}
    for key in ("grades", "channels", "subjects", "categories"):
        values: tuple[str, ...] = getattr(filters, key)
        if len(values) > _MOST_VALUES:
            raise refusal(key, f"{len(values)} 项", "太多", f"至多 {_MOST_VALUES} 项")
        for value in values:
            known = choices.get(key)
            if known is not None and value not in known:
                raise refusal(key, value, "没有这一项", f"可用：{'、'.join(known)}")
            if not clean(value):
                raise refusal(key, value, "是空的", "写出名字")
    if filters.min_risk is not None and not 0 <= filters.min_risk <= 100:
        raise refusal("min_risk", str(filters.min_risk), "超出范围", "0 至 100 的整数")
    if filters.min_negative is not None and not 0 <= filters.min_negative <= 1:
        raise refusal("min_negative", str(filters.min_negative), "超出范围", "0 至 1 的小数")
    if filters.sort not in SORTS:
        raise refusal("sort", filters.sort, "没有这种排序", f"可用：{'、'.join(SORTS)}")
    return Filters(
        grades=tuple(dict.fromkeys(filters.grades)),
        channels=tuple(dict.fromkeys(filters.channels)),
        subjects=tuple(dict.fromkeys(storable(value) for value in filters.subjects)),
        categories=tuple(dict.fromkeys(storable(value) for value in filters.categories)),
        min_risk=filters.min_risk,
        min_negative=filters.min_negative,
        sort=filters.sort,
    )


def _checked_notifiers(names: tuple[str, ...], known: Collection[str]) -> tuple[str, ...]:
    for name in names:
        if name not in known:
            raise refusal("notify", name, "没有这个通知渠道", f"可用：{'、'.join(known)}")
    return tuple(dict.fromkeys(names))


def of_row(row: Mapping[str, Any]) -> SavedSearch:
    """The search that a row of its table holds."""
    return SavedSearch(
        id=row["id"],
        owner=row["owner"],
        name=row["name"],
        text=row["text"],
        filters=Filters.of_json(cast("Mapping[str, Any]", row["filters"])),
        notify=tuple(row["notify"]),
        pause=timedelta(seconds=row["pause"]),
        created=row["created"],
        told=row["told"],
        muted=row["muted"],
    )


def values_of(search: SavedSearch) -> dict[str, Any]:
    """The columns of its row."""
    return {
        "id": search.id,
        "owner": search.owner,
        "name": search.name,
        "text": search.text,
        "filters": search.filters.to_json(),
        "notify": list(search.notify),
        "pause": round(search.pause.total_seconds()),
        "created": search.created,
        "told": search.told,
        "muted": search.muted,
    }
