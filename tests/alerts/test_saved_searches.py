"""The searches that people keep: what may be saved, by whom, and what is left when one is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from alerts.saved_search import Filters, address, query
from alerts.saved_searches import MOST
from core.errors import ConfigError, NotFound, QuerySyntaxError
from core.schema import saved_search_hits, saved_searches
from index.base import All
from index.tree import whole_tree
from tests.alerts.searching import SAVED, Searching
from tests.alerts.world import HOUR, MINUTE, NOW, make_mention

FULL = Filters(
    grades=("A", "B"),
    channels=("forum",),
    subjects=("星辰汽车",),
    categories=("安全",),
    min_risk=60,
    min_negative=0.8,
    sort="risk",
)


def test_what_was_saved_is_read_back(searching: Searching) -> None:
    """Every field, and by every way to it."""
    store = searching.store
    saved = store.add(
        owner=" 李 经理 ",
        name="刹车",
        text="刹车 或 制动",
        filters=FULL,
        notify=("phone", "mail", "phone"),
        pause=HOUR,
        now=SAVED,
    )
    assert (saved.owner, saved.notify, saved.pause, saved.filters) == ("李 经理", ("phone", "mail"), HOUR, FULL)
    assert (saved.created, saved.told, saved.muted) == (SAVED, None, False)
    assert store.by_id(saved.id) == store.get("李 经理", "刹车") == saved
    assert store.list() == store.list("李 经理") == [saved]
    assert store.list("王") == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"owner": " \u200b "}, "键=owner"),
        ({"owner": "李" * 121}, "键=owner"),
        ({"name": "\n"}, "键=name"),
        ({"name": "名" * 61}, "键=name"),
        ({"notify": ("fax",)}, "键=notify 值=fax：没有这个通知渠道。修正：可用：phone、mail"),
        ({"pause": timedelta(seconds=59)}, "键=pause 值=59s"),
        ({"pause": timedelta(days=31)}, "键=pause"),
        ({"text": "  "}, "没有任何条件"),
        ({"grades": ("D",)}, "键=grades 值=D"),
        ({"channels": ("tv",)}, "键=channels 值=tv"),
        ({"subjects": (" ",)}, "键=subjects"),
        ({"categories": tuple(str(number) for number in range(21))}, "键=categories 值=21 项"),
        ({"min_risk": 101}, "键=min_risk 值=101"),
        ({"min_risk": -1}, "键=min_risk"),
        ({"min_negative": 1.5}, "键=min_negative 值=1.5"),
        ({"min_negative": float("nan")}, "键=min_negative"),
        ({"sort": "newest"}, "键=sort 值=newest"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(searching: Searching, changes: dict[str, Any], said: str) -> None:
    """Key, value and fix; nothing is kept."""
    with pytest.raises(ConfigError) as refused:
        searching.save(**{"text": "刹车", "name": "名", **changes})
    assert said in str(refused.value)
    assert searching.store.list() == []


@pytest.mark.parametrize("text", ["(刹车", '"刹车', "刹车 或", "nofield:x", "！"])
def test_a_text_that_cannot_be_read_is_not_saved(searching: Searching, text: str) -> None:
    """The error is the language's own, with its position."""
    with pytest.raises(QuerySyntaxError) as bad:
        searching.save(text)
    assert bad.value.text == text
    assert searching.store.list() == []


def test_filters_alone_are_a_search(searching: Searching) -> None:
    """Without a text, all that is grave is worth keeping."""
    assert searching.save(grades=("A",)).text == ""


def test_a_name_is_its_owners_alone(searching: Searching) -> None:
    """Two people may use one name; one may not use it twice, neither by a new search nor by renaming."""
    first = searching.save("刹车", name="刹车")
    searching.save("刹车", name="刹车", owner="王店长")
    other = searching.save("漏油", name="漏油")
    with pytest.raises(ConfigError, match="同名"):
        searching.save("制动", name="刹车")
    with pytest.raises(ConfigError, match="同名"):
        searching.store.rename(other.id, "刹车", now=NOW)
    assert searching.store.rename(first.id, "刹车", now=NOW) == first
    assert searching.store.rename(first.id, " 制动 ", now=NOW).name == "制动"
    assert [one.name for one in searching.store.list("李经理")] == ["制动", "漏油"]


def test_one_owner_keeps_so_many(searching: Searching) -> None:
    """A limit, said with its way out; others are not concerned."""
    searching.save("刹车", name="first")
    row = dict(searching.world.rows(saved_searches)[0]._mapping)
    with searching.world.database.write() as connection:
        rows = [{**row, "id": f"{number}", "name": f"n{number}"} for number in range(MOST - 1)]
        connection.execute(insert(saved_searches), rows)
    with pytest.raises(ConfigError, match="上限"):
        searching.save("刹车", name="last")
    searching.save("刹车", name="last", owner="王店长")


def test_a_change_leaves_the_rest_alone(searching: Searching) -> None:
    """Each part by itself, and the same rules as when it was saved."""
    saved = searching.save("刹车", grades=("A",))
    store = searching.store
    assert store.change(saved.id, text="制动", now=NOW).text == "制动"
    assert store.change(saved.id, notify=(), now=NOW).notify == ()
    assert store.change(saved.id, pause=HOUR, now=NOW).pause == HOUR
    changed = store.change(saved.id, filters=FULL, now=NOW)
    assert (changed.text, changed.notify, changed.pause, changed.filters) == ("制动", (), HOUR, FULL)
    assert (changed.created, changed.owner) == (saved.created, saved.owner)
    for wrong in ({"text": "("}, {"notify": ("fax",)}, {"pause": MINUTE / 2}, {"text": "", "filters": Filters()}):
        with pytest.raises((QuerySyntaxError, ConfigError)):
            store.change(saved.id, now=NOW, **wrong)
    assert store.by_id(saved.id) == changed


def test_a_notifier_that_left_the_settings_stays_until_somebody_chooses_others(searching: Searching) -> None:
    """A change of something else is not refused for it."""
    saved = searching.save("刹车", notify=("mail",))
    blocks = {"phone": searching.world.settings.notifiers["phone"]}
    searching.world.settings = searching.world.settings.model_copy(update={"notifiers": blocks})
    assert searching.store.change(saved.id, pause=HOUR, now=NOW).notify == ("mail",)
    with pytest.raises(ConfigError, match="没有这个通知渠道"):
        searching.store.change(saved.id, notify=("mail",), now=NOW)


def test_an_unknown_one_is_named(searching: Searching) -> None:
    """By name with those there are, and with whoever else has one of that name."""
    searching.save("刹车", name="刹车")
    with pytest.raises(NotFound, match="已有：刹车"):
        searching.store.get("李经理", "漏油")
    with pytest.raises(NotFound, match="李经理 有同名的"):
        searching.store.get("王店长", "刹车")
    for act in (searching.store.by_id, searching.store.remove):
        with pytest.raises(NotFound):
            act("nobody")
    for also in (searching.store.mute, searching.store.unmute):
        with pytest.raises(NotFound):
            also("nobody", now=NOW)


def test_one_that_is_removed_is_gone_with_its_finds(searching: Searching) -> None:
    """Those of others stay; the posts stay; how many nobody was told of is said."""
    gone, stays = searching.save("失去动力"), searching.save("高速")
    searching.publish(make_mention(1), make_mention(2))
    assert searching.store.remove(gone.id) == 2
    assert searching.store.list() == [stays]
    assert {row.search for row in searching.world.rows(saved_search_hits)} == {stays.id}
    with pytest.raises(NotFound):
        searching.store.remove(gone.id)


def test_the_text_is_read_anew_each_time(searching: Searching) -> None:
    """近7天 stays the last seven days."""
    saved, zone = searching.save("刹车 近7天"), searching.world.settings.zone
    first, later = (query(saved, now=now, zone=zone) for now in (NOW, NOW + timedelta(days=30)))
    assert first != later


def test_every_filter_reaches_the_query(searching: Searching) -> None:
    saved = searching.save("刹车", **{name: getattr(FULL, name) for name in FULL.__dataclass_fields__})
    asked = query(saved, now=NOW, zone=searching.world.settings.zone)
    assert all(getattr(asked, name) == getattr(FULL, name) for name in FULL.__dataclass_fields__)
    tree = whole_tree(asked)
    assert isinstance(tree, All)
    assert len(tree.nodes) == 7  # the text and six filters


def test_filters_of_a_newer_program_are_passed_over(searching: Searching) -> None:
    """A row that knows more than we do is still read."""
    saved = searching.save("刹车")
    with searching.world.database.write() as connection:
        newer = {**saved.filters.to_json(), "mood": "angry"}
        connection.execute(update(saved_searches).values(filters=newer))
    assert searching.store.list() == [saved]


def test_hostile_names_are_one_line_and_storable(searching: Searching) -> None:
    saved = searching.save("刹车", name="a\x00b\u202e\n<script>\ud800", owner="x\r\ny")
    assert (saved.name, saved.owner) == ("ab <script>", "x y")
    assert searching.store.get("x y", "ab <script>") == saved
    assert address(saved).startswith("/search?q=")
