"""Saved searches in the chain: what the worker publishes is found, told and delivered, whatever the index does."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from alerts.saved_search import Filters, SavedSearch
from alerts.search_news import tell
from alerts.search_watch import SearchWatch
from app.capturing import ring_sealed
from app.doctor import examine
from app.findings import Finding
from core.schema import exhibits, saved_search_hits, saved_searches
from core.work import WorkQueue
from tests.app.feedback_world import HOUR, MINUTE, NOW, World, make_post

TROUBLE = "曜行的车刹车失灵，店里一直推诿，我要投诉"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def save(world: World, text: str = "", **more: Any) -> SavedSearch:
    filters = {name: more.pop(name) for name in list(more) if name in Filters.__dataclass_fields__}
    values: dict[str, Any] = {"owner": "李经理", "name": "刹车", "notify": ("console",), **more}
    return world.product.searches.add(text=text, filters=Filters(**filters), now=NOW - HOUR, **values)


def told(world: World) -> list[dict[str, Any]]:
    """What the console channel delivered of searches."""
    product = world.product
    tell(product.database, product.settings, now=product.clock())
    product.outbox.deliver_due(now=product.clock())
    log = world.folder / "alerts.jsonl"
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
    return [row for row in rows if row["kind"] == "search"]


def finding(world: World, item: str) -> Finding:
    [found] = [one for one in examine(world.product) if one.item == item]
    return found


def test_what_is_published_is_told(world: World) -> None:
    """Kept, judged, published, found, told, delivered; and the next day's tell has nothing to add."""
    save(world, "刹车")
    world.take_in(make_post(1, TROUBLE), make_post(2, "曜行周末照常营业"))
    [message] = told(world)
    assert message["title"] == "「检索订阅：刹车」新增 1 条"
    assert "曜行的车刹车失灵" in message["text"]
    assert message["facts"]["results"][0]["post"] == make_post(1, TROUBLE).id
    world.clock.now += HOUR
    assert len(told(world)) == 1


def test_an_index_that_is_down_costs_no_news(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches meet what is published, not what is filed."""

    def refuses(*_: Any, **__: Any) -> Any:
        raise sqlite3.OperationalError("database disk image is malformed")

    save(world, "刹车")
    for method in ("add_many", "search"):
        monkeypatch.setattr(type(world.product.index), method, refuses)
    world.take_in(make_post(1, TROUBLE))
    assert world.product.filing.waiting() == 1
    assert len(told(world)) == 1


def test_a_worker_that_dies_between_finding_and_telling_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The finds are durable when the queue lets go of the post; before that, the post is published again."""
    save(world, "刹车")
    product, done = world.product, WorkQueue.done
    product.posts.keep([make_post(1, TROUBLE)], source="s", raw=None, now=NOW)
    product.worker.assess_once()

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    for where, name in ((SearchWatch, "consider"), (WorkQueue, "done")):
        with monkeypatch.context() as broken:
            broken.setattr(where, name, dies)
            with pytest.raises(KeyboardInterrupt):
                product.worker.publish_once()
        world.clock.now += 5 * MINUTE  # the lease runs out
    assert WorkQueue.done is done
    product.worker.drain()
    assert len(world.rows(saved_search_hits)) == 1
    assert len(told(world)) == 1


def test_a_search_for_evidence_hears_of_it_when_it_is_sealed(world: World) -> None:
    """The post was published before its capture; it is published anew, and nobody is rung for it a second time."""
    save(world, "has:evidence", grades=("A", "B", "C"))
    world.take_in(make_post(1, TROUBLE))
    [exhibit] = world.product.exhibits.for_post(make_post(1, TROUBLE).id)
    assert told(world) == []
    world.clock.now += MINUTE
    with world.product.database.write() as connection:
        connection.execute(update(exhibits).values(state="complete", captured=world.clock.now))
        ring_sealed(world.product, connection, replace(exhibit, state="complete", captured=world.clock.now))
    world.product.worker.drain()
    assert len(told(world)) == 1
    assert WorkQueue(world.product.database, "publish").backlog() == (0, 0)


def test_a_reassessment_of_the_archive_rings_no_search(world: World) -> None:
    """Judged as before, by the worker's own path."""
    save(world, "刹车")
    world.take_in(make_post(1, TROUBLE))
    assert len(told(world)) == 1
    posts = world.product.posts.get([make_post(1, TROUBLE).id])
    world.clock.now += HOUR
    world.product.worker.judge(list(posts.values()), why="reassess")
    world.product.worker.drain()
    assert len(told(world)) == 1


@pytest.mark.parametrize(
    ("text", "notify", "waited", "item", "level", "said"),
    [
        ("刹车", ["console"], MINUTE, "检索订阅", "ok", "1 个"),
        ("刹车", ["console"], HOUR, "检索订阅", "bad", "迟迟未通知"),
        ("(刹车", ["console"], MINUTE, "检索订阅 刹车（李经理）", "bad", "括号没有闭合"),
        ("刹车", ["fax"], MINUTE, "检索订阅 刹车（李经理）", "bad", "渠道 fax 已不在设置中"),
        ("(刹车", [], MINUTE, "检索订阅", "ok", "1 个"),
    ],
)
def test_the_doctor_sees_searches_whose_owners_wait_in_vain(
    world: World, text: str, notify: list[str], waited: Any, item: str, level: str, said: str
) -> None:
    """Silence of a search must mean that nothing was found."""
    save(world, "刹车")
    world.take_in(make_post(1, TROUBLE))
    with world.product.database.write() as connection:
        connection.execute(update(saved_searches).values(text=text, notify=notify))
    world.clock.now += waited
    found = finding(world, item)
    assert (found.level, said in found.state) == (level, True)
