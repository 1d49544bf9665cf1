"""What every search index promises of counting, and of fields and ranges wherever they stand."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from index.base import All, AnyOf, Between, Facet, FieldIs, Node, Not, Query, SearchIndex, Term, Within
from tests.contracts.search_world import HOUR, START, Opened, ask, find_node, mention, numbers, put


@pytest.mark.parametrize(
    ("facet", "text", "counts"),
    [
        ("channel", "", {"forum": 2, "weibo": 2, "news": 1, "qa": 1}),
        ("channel", "异响", {"forum": 1, "news": 1, "weibo": 1}),
        ("grade", "", {"A": 1, "B": 1, "C": 1}),
        ("category", "", {"质量": 2, "服务": 1}),
        ("subject", "异响", {"星辰汽车": 2, "城东店": 1}),
        ("site", "", {"bbs.example": 5, "news.example": 1}),
        ("event", "", {"e1": 2}),
        ("day", "", {"2026-03-15": 5, "2026-03-14": 1}),
        ("subject", "子虚乌有", {}),
        ("store", "", {"城东店": 2}),
        ("store", "4s店", {"城东店": 1}),
        ("source", "", {"weibo": 2, "qa": 1, "tieba-star": 1, "ＱＡ": 1}),
        (
            "hour",
            "",
            {
                "2026-03-14T23": 1,
                "2026-03-15T00": 1,
                "2026-03-15T01": 1,
                "2026-03-15T02": 1,
                "2026-03-15T03": 1,
                "2026-03-15T04": 1,
            },
        ),
        ("hour", "刹车", {"2026-03-14T23": 1}),
    ],
)
def test_facets(archive: SearchIndex, facet: Facet, text: str, counts: dict[str, int]) -> None:
    """Each value with its number, most first; a mention without a value counts nowhere."""
    found = archive.count_by(ask(text), facet)
    assert list(found.items()) == list(counts.items())


def test_facets_obey_filters_but_not_pages(archive: SearchIndex) -> None:
    """The numbers beside the hits are those of the whole answer."""
    page = archive.search(Query(limit=1))
    assert archive.count_by(Query(min_risk=35, channels=("weibo", "qa")), "channel") == {"qa": 1, "weibo": 1}
    assert archive.count_by(Query(limit=1, after=page.next, since=START + HOUR), "day") == {"2026-03-15": 5}


@pytest.mark.parametrize(
    ("limit", "counts"),
    [
        (1, {"星辰": 3}),
        (2, {"星辰": 3, "Ab": 1}),
        (3, {"星辰": 3, "Ab": 1, "a店": 1}),
        (4, {"星辰": 3, "Ab": 1, "a店": 1, "东店": 1}),
        (5, {"星辰": 3, "Ab": 1, "a店": 1, "东店": 1, "𠮷店": 1}),
        (1000, {"星辰": 3, "Ab": 1, "a店": 1, "东店": 1, "𠮷店": 1}),
    ],
)
def test_the_most_frequent_values_first(opened: Opened, limit: int, counts: dict[str, int]) -> None:
    """Equal numbers stand in the order of their characters, letter case and all, and the limit cuts behind them."""
    index = opened()
    put(index, [mention(number, "店", subjects=("星辰", name)) for number, name in enumerate(("𠮷店", "a店", "Ab"))])
    put(index, [mention(8, "店", subjects=("东店",))])
    assert list(index.count_by(Query(), "subject", limit=limit).items()) == list(counts.items())


def test_stores_are_the_subjects_that_the_adapter_was_told(opened: Opened) -> None:
    """Without any store there is nothing to count, and a store nobody speaks of is not listed."""
    told = [mention(1, "店", subjects=("城东店", "星辰"))]
    plain, known = opened(stores=()), opened(stores=("城东店", "无人提及店"))
    put(plain, told)
    put(known, told)
    assert plain.count_by(Query(), "store") == {}
    assert known.count_by(Query(), "store") == {"城东店": 1}


@pytest.mark.parametrize(
    ("zone", "moments", "hours", "days"),
    [
        (  # an hour that comes twice
            "America/New_York",
            ["2026-11-01T05:30", "2026-11-01T06:30", "2026-11-01T07:00"],
            {"2026-11-01T01": 2, "2026-11-01T02": 1},
            {"2026-11-01": 3},
        ),
        (  # an hour that never comes
            "America/New_York",
            ["2026-03-08T06:59", "2026-03-08T07:00", "2026-03-08T04:59"],
            {"2026-03-07T23": 1, "2026-03-08T01": 1, "2026-03-08T03": 1},
            {"2026-03-08": 2, "2026-03-07": 1},
        ),
        (  # half an hour off
            "Asia/Kolkata",
            ["2026-03-14T18:29:59.999", "2026-03-14T18:30"],
            {"2026-03-14T23": 1, "2026-03-15T00": 1},
            {"2026-03-14": 1, "2026-03-15": 1},
        ),
        (  # before anybody counted seconds
            "Asia/Shanghai",
            ["1969-12-31T15:59:59.999", "1969-12-31T16:00"],
            {"1969-12-31T23": 1, "1970-01-01T00": 1},
            {"1969-12-31": 1, "1970-01-01": 1},
        ),
    ],
)
def test_days_and_hours_are_the_operators(
    opened: Opened, zone: str, moments: list[str], hours: dict[str, int], days: dict[str, int]
) -> None:
    """Histograms and `day:` follow the clock on the operator's wall, whatever it does that night."""
    index = opened(zone=ZoneInfo(zone))
    put(
        index,
        [
            mention(number, "钟", when=datetime.fromisoformat(moment).replace(tzinfo=UTC))
            for number, moment in enumerate(moments)
        ],
    )
    assert list(index.count_by(Query(), "hour").items()) == list(hours.items())
    assert list(index.count_by(Query(), "day").items()) == list(days.items())
    for day, count in days.items():
        assert index.search(Query(where=FieldIs("day", day))).total == count


@pytest.mark.parametrize(
    ("node", "found"),
    [
        (FieldIs("has", "evidence"), [1, 0]),
        (Not(FieldIs("has", "evidence")), [5, 4, 3, 2]),
        (FieldIs("has", "image"), [0]),
        (FieldIs("source", "weibo"), [2, 1]),
        (FieldIs("source", "QA"), [4, 3]),
        (FieldIs("source", "ｑａ"), [4, 3]),
        (FieldIs("source", "q"), []),
        (FieldIs("subject", "星辰"), []),
        (FieldIs("author", " ＬＩ  Xian "), [3]),
        (FieldIs("event", "E1"), [1, 0]),
        (FieldIs("grade", "D"), []),
        (FieldIs("day", "2026-03-14"), [0]),
        (Between("risk", low=35), [3, 1, 0]),
        (Between("risk", low=35, low_in=False), [1, 0]),
        (Between("risk", high=35), [5, 4, 3, 2]),
        (Between("risk", high=35, high_in=False), [5, 4, 2]),
        (Between("risk", low=35, high=60), [3, 1]),
        (Between("risk", low=35, high=60, low_in=False, high_in=False), []),
        (Between("risk", low=34.5, high=35.5), [3]),
        (Between("risk", low=60, high=35), []),
        (Between("risk", low=35, high=35), [3]),
        (Between("risk"), [5, 4, 3, 2, 1, 0]),
        (Between("negative", low=0.8), [1, 0]),
        (Between("negative", low=0.8, low_in=False), [0]),
        (Between("negative", high=0.5, high_in=False), [2]),
        (Between("negative", low=0.02, high=0.02), [2]),
        (Not(Between("risk", low=35)), [5, 4, 2]),
        (Not(Between("negative", low=0.5, high=0.93)), [2]),
        (Within(since=START + 4 * HOUR), [5, 4]),
        (Within(until=START + HOUR), [0]),
        (Within(since=START + HOUR, until=START + 3 * HOUR), [2, 1]),
        (Within(since=START + 3 * HOUR, until=START + HOUR), []),
        (Within(), [5, 4, 3, 2, 1, 0]),
        (Not(Within(since=START + HOUR, until=START + 3 * HOUR)), [5, 4, 3, 0]),
        (AnyOf((Within(until=START + HOUR), Within(since=START + 5 * HOUR))), [5, 0]),
        (AnyOf((Term("异响"), Between("risk", high=0))), [4, 2, 1, 0]),
        (AnyOf((Term("服务"), Not(Within(since=START + 2 * HOUR)))), [2, 1, 0]),
        (All((Term("异响"), Not(Between("risk", low=60)))), [4]),
        (All((Term("异响"), AnyOf((Between("risk", low=80), Within(since=START + 4 * HOUR))))), [4, 0]),
        (All((Not(Term("异响")), Not(FieldIs("channel", "weibo")), Within(since=START))), [5, 3]),
        (All((AnyOf((FieldIs("grade", "A"), FieldIs("grade", "C"))), Between("negative", low=0.6))), [0]),
        (Not(AnyOf((Term("店"), Between("risk", low=30), FieldIs("has", "image")))), [5]),
        (Not(All((Term("异响"), FieldIs("category", "质量")))), [5, 4, 3, 2]),
    ],
)
def test_fields_and_ranges_in_any_place_of_the_tree(archive: SearchIndex, node: Node, found: list[int]) -> None:
    """Alone, negated, among others or as one of several: a range or field means the same, in every order."""
    assert find_node(archive, node) == found
    assert sorted(find_node(archive, node, sort="relevance"), reverse=True) == found
    assert sorted(find_node(archive, node, sort="risk"), reverse=True) == found
    assert archive.search(Query(where=node, limit=1)).total == len(found)
    assert sum(archive.count_by(Query(where=node), "channel").values()) == len(found)


def test_ranges_of_tree_and_filters_mean_both(archive: SearchIndex) -> None:
    """A search text's range does not undo the form's, nor the other way round."""
    query = Query(where=Between("risk", high=60), min_risk=35, since=START + HOUR, until=START + 3 * HOUR)
    assert numbers(archive, query) == [1]


def test_a_moment_counts_to_the_millisecond(opened: Opened) -> None:
    """Microseconds decide nothing: two posts of one millisecond are on the same side of every bound."""
    index = opened()
    moment = datetime(2026, 5, 1, 12, 0, 0, 123_000, tzinfo=UTC)
    put(
        index,
        [
            mention(0, "前", when=moment.replace(microsecond=122_999)),
            mention(1, "当", when=moment),
            mention(2, "后", when=moment.replace(microsecond=123_999)),
        ],
    )
    late = moment.replace(microsecond=123_700)
    assert sorted(numbers(index, Query(since=late))) == [1, 2]
    assert numbers(index, Query(until=late)) == [0]
    assert numbers(index, Query(where=Not(Within(since=late)))) == [0]
