"""Mentions as documents, names and the mapping, without a server."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from core.model import Author, Counts, Mention, Post, Verdict
from core.settings import ElasticsearchSettings
from index.bodies import mention_of_body
from index.elastic.documents import document, documents, order_of, tag
from index.elastic.mapping import FACET_FIELDS, FORMAT, drift, template
from index.elastic.naming import Names, month_ends, month_of

ZONE = ZoneInfo("Asia/Shanghai")
POST = Post(
    kind="forum", site="bbs.example", native_id="7", url="https://bbs.example/7", channel="forum",
    title="提车三天", text="４Ｓ店异响", author=Author(name="李先生"),
    published=datetime(2026, 3, 14, 16, 30, 0, 7_900, tzinfo=UTC), collected=datetime(2026, 3, 31, 23, tzinfo=UTC),
)  # fmt: skip
MENTION = Mention(
    post=POST, source="tieba-star", evidence="complete",
    verdict=Verdict(id=POST.id, negative=0.987654321, subjects=("星辰汽车", "城东店"), categories=("质量",),
                    event="e1", risk=80, grade="A", model="m"),
)  # fmt: skip


def test_what_a_mention_is_found_by_and_counted_by() -> None:
    """Characters for phrases with a gap behind the title, words, hashes of fields, the values that facets show."""
    row = orjson.loads(document(MENTION, ZONE))
    assert row["chars"] == "提 车 三 天 \ue002 4s 店 异 响"
    assert row["words"].split()[-2:] == ["4s店", "异响"]
    assert tag("author", "李先生") in row["tags"]
    assert tag("subject", "城东店") in row["tags"]
    assert {name: row[name] for name in FACET_FIELDS} == {
        "channel": "forum", "source": "tieba-star", "site": "bbs.example", "category": ["质量"], "grade": "A",
        "subject": ["星辰汽车", "城东店"], "event": "e1", "day": "2026-03-15", "hour": "2026-03-15T00",
    }  # fmt: skip
    assert (row["risk"], row["negative"], row["when"]) == (80, 0.987654321, 1773505800007)
    assert mention_of_body(row["mention"]) == MENTION


def test_what_is_written_is_what_the_mapping_knows() -> None:
    """No field is written that the mapping would leave out, and none is missing."""
    assert set(orjson.loads(document(MENTION, ZONE))) == set(
        template("t-*", ElasticsearchSettings())["template"]["mappings"]["properties"]
    )


@pytest.mark.parametrize(
    ("changes", "replaced"),
    [
        ({"text": "坏\ud800字"}, {"text": "坏?字"}),
        ({"author": Author(name="\udfff王")}, {"author": Author(name="?王")}),
        ({"counts": Counts(views=10**30)}, {}),
        ({"text": "a\x00b\u200b"}, {}),
        ({"text": "", "title": None}, {}),
        ({"published": datetime(9999, 12, 31, tzinfo=UTC)}, {}),
        ({"published": datetime(1, 1, 2, tzinfo=UTC)}, {}),
        ({"text": "很长" * 60_000}, {}),
    ],
)
def test_odd_posts_are_documents_as_well(changes: dict[str, Any], replaced: dict[str, Any]) -> None:
    """Half surrogates are replaced, anything else comes back as it was."""
    odd = replace(MENTION, post=replace(POST, **changes))
    line = document(odd, ZONE)
    assert b"\n" not in line
    found = mention_of_body(json.loads(line)["mention"])
    assert found == (replace(odd, post=replace(odd.post, **replaced)) if replaced else odd)


def test_a_batch_is_the_documents_of_each() -> None:
    """However many are prepared at once, each has the document that it has alone."""
    many = [replace(MENTION, post=replace(POST, text=f"第{at}辆车刹车失灵[泪]，4s店" * (at % 3))) for at in range(150)]
    assert documents(many, ZONE) == [document(one, ZONE) for one in many]


def test_the_order_is_the_moment_and_then_the_id() -> None:
    """Newest first to the millisecond, and of one millisecond the higher id."""
    posts = [
        replace(POST, native_id=str(at), published=POST.published and POST.published + timedelta(microseconds=400 * at))
        for at in range(12)
    ]
    mentions = [replace(MENTION, post=post) for post in posts]
    by_hand = sorted(mentions, key=lambda one: (int(one.post.when.timestamp() * 1000), one.id))
    assert sorted(mentions, key=order_of) == by_hand
    assert all(0 <= order_of(one)[1] < 2**63 for one in mentions)


@pytest.mark.parametrize(
    ("collected", "month"),
    [
        (datetime(2026, 3, 31, 23, 59, tzinfo=UTC), "2026-03"),
        (datetime(2026, 4, 1, 7, 59, tzinfo=timezone(timedelta(hours=8))), "2026-03"),
        (datetime(2026, 4, 1, 8, 0, tzinfo=timezone(timedelta(hours=8))), "2026-04"),
        (datetime(980, 1, 5, tzinfo=UTC), "0980-01"),
    ],
)
def test_the_month_is_that_of_greenwich(collected: datetime, month: str) -> None:
    """The same wherever the process runs."""
    assert month_of(collected) == month


@pytest.mark.parametrize(
    ("month", "end"),
    [
        ("2026-03", datetime(2026, 4, 1, tzinfo=UTC)),
        ("2026-12", datetime(2027, 1, 1, tzinfo=UTC)),
        ("9999-12", datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_where_a_month_ends(month: str, end: datetime) -> None:
    """Retention drops a month when all of it is old."""
    assert month_ends(month) == end


@pytest.mark.parametrize(
    ("index", "found"),
    [
        ("cars-m-first-2026-03", ("first", "2026-03")),
        ("cars-m-20261122a-base", ("20261122a", None)),
        ("cars-m-first-2026-3", None),
        ("cars-m-two-parts-2026-03", None),
        ("cars-m--2026-03", None),
        ("carsxm-first-2026-03", None),
        ("other-m-first-2026-03", None),
        ("cars-mentions", None),
    ],
)
def test_names_are_read_back(index: str, found: tuple[str, str | None] | None) -> None:
    """Only what this installation made is ever swapped or deleted."""
    assert Names("cars").read_back(index) == found


def test_no_name_is_two_things() -> None:
    """Aliases and indices share one namespace on the server."""
    names = Names("cars")
    made = [names.read, names.live, names.retired, names.base("first"), names.index("first", "2026-03"),
            names.write("2026-03"), names.write("2026-03", "first"), names.write("2026-03", "second")]  # fmt: skip
    assert len(set(made)) == len(made)


def test_our_own_mapping_has_not_drifted() -> None:
    """Nor where the server leaves out what is the default anyway."""
    mappings = template("t-*", ElasticsearchSettings())["template"]["mappings"]
    assert list(drift(mappings)) == []
    shown = copy.deepcopy(mappings)
    del shown["properties"]["mention"]["type"]
    assert list(drift(shown)) == []


@pytest.mark.parametrize(
    ("field", "change", "difference"),
    [
        ("risk", {"type": "keyword"}, ("risk.type", "keyword", "integer")),
        ("chars", {"type": "text", "analyzer": "standard", "index_phrases": True},
         ("chars.analyzer", "standard", "whitespace")),
        ("chars", {"type": "text", "analyzer": "whitespace"}, ("chars.index_phrases", "False", "True")),
        ("when", {"type": "date", "format": "epoch_millis", "index": False}, ("when.index", "False", "True")),
        ("tags", None, ("tags", "（缺少）", "keyword")),
        ("mention", {"properties": {}}, ("mention.enabled", "True", "False")),
        ("tie", {"type": "long", "index": False, "doc_values": False}, ("tie.doc_values", "False", "True")),
    ],
)  # fmt: skip
def test_each_difference_is_named(field: str, change: dict[str, Any] | None, difference: tuple[str, str, str]) -> None:
    """Field, what was found, what is wanted."""
    mappings = copy.deepcopy(template("t-*", ElasticsearchSettings())["template"]["mappings"])
    if change is None:
        del mappings["properties"][field]
    else:
        mappings["properties"][field] = change
    assert list(drift(mappings)) == [difference]


@pytest.mark.parametrize("found", [None, FORMAT + 1, "1"])
def test_another_format_is_a_difference(found: object) -> None:
    """An index that a newer or an older program wrote, or somebody else."""
    mappings = {**template("t-*", ElasticsearchSettings())["template"]["mappings"], "_meta": {"format": found}}
    assert ("_meta.format", str(found), str(FORMAT)) in list(drift(mappings))


def test_a_bare_index_differs_everywhere() -> None:
    """One that the server made by itself, because the template was gone."""
    assert len(list(drift({}))) > 10
