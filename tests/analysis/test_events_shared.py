"""The grouping's memory beside other processes, after rollbacks, restarts, merges and splits by others."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update

from analysis.events import Candidate, EventGrouper
from core.database import Database
from core.schema import event_actions, event_posts, events
from tests.analysis.test_event_stories import BRIDGE, START, WORLD
from tests.analysis.test_events import FORUM_FIRE, NEWS_FIRE, NOON, WEIBO_FIRE, candidate


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(f"sqlite:///{tmp_path / 'shared.sqlite'}")
    found.migrate()
    yield found
    found.close()


def file(grouper: EventGrouper, *candidates: Candidate) -> list[str]:
    with grouper.database.write() as connection:
        return [event.id for event in grouper.assign(connection, candidates) if event]


def world(row: int) -> Candidate:
    return candidate(f"{row:024d}", WORLD[row][0], hours=row / 2)


@pytest.mark.parametrize("numbered", [True, False], ids=["rows have numbers", "rows have none"])
def test_two_groupers_see_what_the_other_filed(
    database: Database, monkeypatch: pytest.MonkeyPatch, numbered: bool
) -> None:
    """Turn by turn, as two workers on one database, also where (as in PostgreSQL) rows have no numbers."""
    if not numbered:
        monkeypatch.setattr("analysis.event_rows.has_numbers", lambda _: False)
        monkeypatch.setattr("analysis.event_memory.has_numbers", lambda _: False)
    one, other = EventGrouper(database), EventGrouper(database)
    first = file(one, candidate("a" * 24, FORUM_FIRE))
    second = file(other, candidate("b" * 24, WEIBO_FIRE, hours=1))
    third = file(one, candidate("c" * 24, NEWS_FIRE, hours=2))
    assert first == second == third


@pytest.mark.parametrize("seed", range(4))
def test_restarts_change_nothing(database: Database, tmp_path: Path, seed: int) -> None:
    """One grouper that lives on, and a new one for each batch, file the same posts alike."""
    rows = list(range(len(WORLD)))
    random.Random(seed).shuffle(rows)
    other = Database(f"sqlite:///{tmp_path / 'other.sqlite'}")
    other.migrate()
    lasting = EventGrouper(database)
    for start in range(0, len(rows), 4):
        batch = [world(row) for row in rows[start : start + 4]]
        assert file(lasting, *batch) == file(EventGrouper(other), *batch)
    other.close()


def test_a_rollback_between_commits_is_forgotten(database: Database) -> None:
    """Neither what was filed nor what was merged in it stays."""
    grouper = EventGrouper(database)
    file(grouper, candidate("a" * 24, FORUM_FIRE))
    with pytest.raises(RuntimeError), database.write() as connection:
        grouper.assign(connection, [candidate("b" * 24, WORLD[0][0], hours=1)])
        raise RuntimeError("power cut")
    [leak] = file(grouper, candidate("c" * 24, WORLD[1][0], hours=2))
    with database.read() as connection:
        rows = connection.execute(select(events.c.id, events.c.size)).all()
    assert {row.id: row.size for row in rows}[leak] == 1
    assert len(rows) == 2


def test_a_vacuum_that_renumbers_rows_is_noticed(database: Database) -> None:
    """The memory is read again where the database's numbers are others."""
    grouper = EventGrouper(database)
    for row in range(6):
        file(grouper, world(row))
    with database.write() as connection:
        connection.execute(delete(event_posts).where(event_posts.c.post == f"{0:024d}"))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.connection.dbapi_connection.execute("VACUUM")  # type: ignore[union-attr]
    other = EventGrouper(database)
    assert file(other, world(6)) == file(grouper, candidate("f" * 24, WORLD[6][0], hours=3))


def test_events_that_somebody_removed_are_not_joined(database: Database) -> None:
    """Retention took them; the memory still had them."""
    grouper = EventGrouper(database)
    file(grouper, candidate("a" * 24, FORUM_FIRE), candidate("b" * 24, WORLD[0][0]))
    with database.write() as connection:
        connection.execute(delete(event_posts).where(event_posts.c.post == "a" * 24))
        connection.execute(delete(events).where(events.c.first_post == "a" * 24))
    [event] = file(grouper, candidate("c" * 24, WEIBO_FIRE, hours=1))
    with database.read() as connection:
        assert connection.scalar(select(events.c.size).where(events.c.id == event)) == 1


def test_a_split_by_somebody_else_is_followed(database: Database) -> None:
    """A copy of the post that was parted joins the post's new event."""
    grouper = EventGrouper(database)
    first, second = file(grouper, candidate("a" * 24, WORLD[0][0]), candidate("b" * 24, WORLD[1][0], hours=1))
    assert first == second
    new = "9" * 24
    with database.write() as connection:
        row = dict(connection.execute(select(events)).one()._mapping)
        connection.execute(insert(events).values({**row, "id": new, "size": 1}))
        connection.execute(update(event_posts).where(event_posts.c.post == "b" * 24).values(event=new))
        line = {"event": first, "action": "split", "other": new, "posts": ["b" * 24], "actor": "王", "note": "另一辆"}
        connection.execute(insert(event_actions).values(**line, at=NOON))
    assert file(grouper, candidate("c" * 24, WORLD[1][0], hours=2)) == [new]
    assert file(grouper, candidate("d" * 24, WORLD[0][0], hours=3)) == [first]


def test_the_machine_merges_the_younger_into_the_older_and_not_what_people_parted(database: Database) -> None:
    """A post that tells two stories at once asks for the merge; a split between them forbids it."""
    asked: list[tuple[str, str]] = []

    def merge(connection: Connection, survivor: str, absorbed: str, _post: str) -> None:
        asked.append((survivor, absorbed))
        connection.execute(update(event_posts).where(event_posts.c.event == absorbed).values(event=survivor))
        connection.execute(update(events).where(events.c.id == absorbed).values(merged_into=survivor, size=0))
        line = {"event": survivor, "action": "merge", "other": absorbed, "posts": [], "actor": "听风", "note": "同"}
        connection.execute(insert(event_actions).values(**line, at=NOON))

    grouper = EventGrouper(database, merge=merge)
    halves = [WORLD_HALVES[0], WORLD_HALVES[1]]
    older, younger = (file(grouper, candidate(f"{at}" * 24, half, hours=at))[0] for at, half in enumerate(halves))
    assert older != younger
    [told] = file(grouper, candidate("c" * 24, BRIDGE, hours=3))
    assert asked == [(older, younger)]
    assert told == older
    assert file(grouper, candidate("d" * 24, halves[1], hours=4)) == [older]


WORLD_HALVES = (
    "曜行S7望江大道起火，机舱盖冒白烟，消防六分钟到场",
    "曜行S7在沙洲路口自燃，车烧成空壳，一家三口跳车逃生",
)

SCRIPT = """
import json, sys
from analysis.events import EventGrouper
from core.database import Database
from tests.analysis.test_events import candidate
from tests.analysis.test_event_stories import WORLD

database = Database(sys.argv[1])
grouper = EventGrouper(database)
print("ready", flush=True)
sys.stdin.readline()
found = {}
for row in json.loads(sys.argv[2]):
    with database.write() as connection:
        [event] = grouper.assign(connection, [candidate(f"{row:024d}", WORLD[row][0], hours=row / 2)])
    found[row] = event.id
print(json.dumps(found))
"""


def test_several_processes_file_one_archive_into_the_same_stories(database: Database) -> None:
    """Three processes at once: no story is opened twice, none mixed, and every event counts its posts."""
    rows = list(range(len(WORLD)))
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, database.url, json.dumps(rows[part::3])],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for part in range(3)
    ]
    for process in running:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    found: dict[int, str] = {}
    for process in running:
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        found |= {int(row): event for row, event in json.loads(out).items()}
    with database.read() as connection:
        sizes = {row.id: row.size for row in connection.execute(select(events.c.id, events.c.size))}
        counted = connection.execute(text("SELECT event, count(*) AS size FROM event_posts GROUP BY event")).all()
    assert sizes == {row.event: row.size for row in counted}
    mixed: dict[str, set[str]] = {}
    for row, event in found.items():
        mixed.setdefault(event, set()).add(WORLD[row][1])
    assert all(len(stories) == 1 for stories in mixed.values())
    assert len(sizes) <= len({story for _, story in WORLD}) + 1


def test_a_late_old_post_finds_the_story_of_its_time(database: Database) -> None:
    """Though newer days fill the memory; and the newer days stay known."""
    grouper = EventGrouper(database)
    old = file(grouper, candidate("a" * 24, FORUM_FIRE))
    new = file(grouper, candidate("b" * 24, WORLD[0][0], hours=24 * 300))
    assert file(grouper, candidate("c" * 24, WEIBO_FIRE, hours=2)) == old
    assert file(grouper, candidate("d" * 24, WORLD[1][0], hours=24 * 300 + 1)) == new
    assert START + timedelta(hours=4) == NOON
