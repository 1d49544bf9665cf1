"""The capture process: what was asked for is sealed once, told once, and survives every crash in between."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from core.clock import system_clock
from core.database import Database
from core.errors import NotFound
from core.model import Exhibit, Post
from core.settings import EvidenceSettings, General, Settings
from core.work import WorkQueue
from evidence import bundle, service
from evidence.bundle import MANIFEST, Sealed
from evidence.exhibits import ExhibitStore, exhibit_id
from evidence.ledger import Ledger
from evidence.service import capture_forever, capture_once, exhibits_folder, ledger_of, pause_after
from evidence.vault import RawResponse, Vault
from evidence.verify import verify_exhibit

POST = "提车第三天，刹车踏板突然变硬，差点追尾前车。打了三次售后电话都没有人回复，请厂家给一个说法！"
NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


def _post(url: str = "http://x.example/t/1", native: str = "1", words: str = POST) -> Post:
    return Post(kind="forum", site="x.example", native_id=native, url=url, channel="forum", text=words, collected=NOW)


class Stage:
    """A data folder with a database, posts that are known, and a capture process that can be started and stopped."""

    def __init__(self, folder: Path, **evidence: Any) -> None:
        self.settings = Settings(
            general=General(data_dir=folder), evidence=EvidenceSettings(**{"browser": "none", **evidence})
        )
        self.database = Database(self.settings.database_url)
        self.database.migrate()
        self.vault = Vault(folder / "vault")
        self.store = ExhibitStore(self.database)
        self.posts: dict[str, Post] = {}
        self.raw: dict[str, str] = {}
        self.told: list[Exhibit] = []
        self.ahead = timedelta(0)
        self.on_sealed: Callable[[Connection, Exhibit], None] = lambda _connection, exhibit: self.told.append(exhibit)

    def clock(self) -> datetime:
        """The wall clock, put ahead by the test instead of waiting."""
        return system_clock() + self.ahead

    def ask(self, post: Post) -> Exhibit:
        self.posts[post.id] = post
        with self.database.write() as connection:
            return self.store.request(connection, post, now=self.clock())

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        stop = threading.Event()
        thread = threading.Thread(
            target=capture_forever,
            kwargs={
                "settings": self.settings,
                "database": self.database,
                "vault": self.vault,
                "raw_of": self.raw.get,
                "post_of": self.posts.get,
                "on_sealed": lambda connection, exhibit: self.on_sealed(connection, exhibit),
                "clock": self.clock,
                "stop": stop,
            },
        )
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(60)
            assert not thread.is_alive()

    def backlog(self) -> int:
        return WorkQueue(self.database, "capture").backlog()[0]

    def state(self, exhibit: Exhibit) -> str:
        return self.store.get(exhibit.id).state

    def holds(self, exhibit: Exhibit) -> bool:
        row = self.store.get(exhibit.id)
        assert row.folder is not None
        folder = exhibits_folder(self.settings.data_dir) / row.folder
        return all(finding.ok for finding in verify_exhibit(folder, self.ledger, row.manifest))

    @property
    def ledger(self) -> Ledger:
        return ledger_of(self.settings.data_dir)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A capture process without a browser."""
    made = Stage(tmp_path)
    yield made
    made.database.close()


def test_asking_twice_is_asking_once(stage: Stage) -> None:
    """The same post and text is one exhibit and one job; an edited text is another."""
    first = stage.ask(_post())
    assert stage.ask(_post()) == first
    assert stage.backlog() == 1
    edited = stage.ask(_post(words=POST + "补充：厂家来电了。"))
    assert edited.id != first.id
    assert {one.id for one in stage.store.for_post(_post().id)} == {first.id, edited.id}
    assert [one.state for one in stage.store.recent(1)] == ["pending"]


def test_an_unknown_exhibit_is_not_found(stage: Stage) -> None:
    """A wrong id is an error, not an empty answer."""
    with pytest.raises(NotFound):
        stage.store.get("nothing")


def test_a_request_that_is_rolled_back_never_was(stage: Stage) -> None:
    """Exhibit and job appear with the caller's transaction or not at all."""
    with pytest.raises(RuntimeError), stage.database.write() as connection:
        stage.store.request(connection, _post(), now=NOW)
        raise RuntimeError
    assert stage.backlog() == 0
    assert stage.store.recent(9) == []


def test_without_a_browser_the_crawls_copy_is_sealed(stage: Stage, wait_until: Callable[..., None]) -> None:
    """No Chromium: the exhibit says so in Chinese, holds the raw response, and verifies."""
    raw = RawResponse(url="u", status=200, headers=(), body=POST.encode("gbk"), fetched=NOW)
    stage.raw[_post().id] = stage.vault.put_response(raw)
    asked = stage.ask(_post())
    with stage.running():
        wait_until(lambda: stage.backlog() == 0)
    found = stage.store.get(asked.id)
    assert found.state == "failed"
    assert found.reason is not None
    assert found.reason.startswith("本机没有可用的浏览器")
    assert found.folder is not None
    folder = exhibits_folder(stage.settings.data_dir) / found.folder
    assert (folder / "crawl-body.bin").read_bytes() == POST.encode("gbk")
    assert json.loads((folder / "capture.json").read_bytes())["expected_text"] == POST
    assert stage.holds(asked)
    assert stage.told == [found]


def test_a_damaged_copy_of_the_crawl_does_not_stop_the_capture(stage: Stage, wait_until: Callable[..., None]) -> None:
    """The exhibit is sealed without it."""
    stage.raw[_post().id] = "0" * 64
    asked = stage.ask(_post())
    with stage.running():
        wait_until(lambda: stage.backlog() == 0)
    assert stage.holds(asked)


def test_a_post_that_vanished_is_sealed_all_the_same(stage: Stage, wait_until: Callable[..., None]) -> None:
    """Retention removed the post meanwhile: the request is answered, not lost."""
    asked = stage.ask(_post())
    stage.posts.clear()
    with stage.running():
        wait_until(lambda: stage.backlog() == 0)
    assert stage.holds(asked)


def test_many_requests_make_one_chain(stage: Stage, wait_until: Callable[..., None]) -> None:
    """Each is sealed and told exactly once."""
    asked = [stage.ask(_post(native=str(number))) for number in range(12)]
    with stage.running():
        wait_until(lambda: stage.backlog() == 0)
    assert all(stage.holds(one) for one in asked)
    assert stage.ledger.verify() == 12
    assert sorted(one.id for one in stage.told) == sorted(one.id for one in asked)


def test_a_listener_that_fails_is_told_again(stage: Stage, wait_until: Callable[..., None]) -> None:
    """What `on_sealed` raises undoes the row; the next try adopts the sealed folder and enters nothing twice."""
    calls: list[str] = []

    def fail_once(_connection: Connection, exhibit: Exhibit) -> None:
        calls.append(exhibit.id)
        if len(calls) == 1:
            raise ValueError("listener broken")

    stage.on_sealed = fail_once
    asked = stage.ask(_post())
    with stage.running():
        wait_until(lambda: len(calls) == 1)
        stage.ahead += timedelta(minutes=1)
        wait_until(lambda: stage.backlog() == 0)
    assert calls == [asked.id, asked.id]
    assert stage.ledger.verify() == 1
    assert stage.holds(asked)


@pytest.mark.parametrize("point", ["before seal", "after seal", "after ledger"])
def test_every_crash_point_is_taken_up_again(
    stage: Stage, wait_until: Callable[..., None], monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """A crash before the seal leaves nothing; one after it leaves an exhibit that the next start completes."""

    def crash(*_: object, **__: object) -> None:
        raise _Crash

    asked = stage.ask(_post())
    with monkeypatch.context() as patch:
        if point == "before seal":
            patch.setattr(service, "seal", crash)
        elif point == "after seal":
            patch.setattr(Ledger, "append", crash)
        else:
            patch.setattr(ExhibitStore, "settle", crash)
        with stage.running():
            wait_until(lambda: _reason(stage) is not None)
    home = next(exhibits_folder(stage.settings.data_dir).rglob(MANIFEST), None)
    assert (home is None) is (point == "before seal")
    assert stage.ledger.verify() == (1 if point == "after ledger" else 0)
    assert stage.state(asked) == "pending"
    assert stage.told == []
    before = home.read_bytes() if home else None
    stage.ahead += timedelta(minutes=1)
    with stage.running():
        wait_until(lambda: stage.backlog() == 0)
    assert stage.holds(asked)
    assert stage.ledger.verify() == 1
    assert [one.id for one in stage.told] == [asked.id]
    assert before in (None, home.read_bytes() if home else None)


class _Crash(Exception):
    """Stands for a crash: nothing after it happens in this run."""


def _reason(stage: Stage) -> str | None:
    with stage.database.read() as connection:
        return connection.execute(text("select reason from work")).scalar()


def test_a_full_disk_loses_nothing(
    stage: Stage, wait_until: Callable[..., None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without room no job is taken and the log says why; with room again it goes on."""
    full = [True]
    usage = shutil.disk_usage(stage.settings.data_dir)
    monkeypatch.setattr("evidence.bundle.shutil.disk_usage", lambda _: usage._replace(free=1000) if full[0] else usage)
    asked = stage.ask(_post())
    with stage.running():
        wait_until(lambda: "disk_full" in caplog.text)
        assert stage.state(asked) == "pending"
        full[0] = False
        wait_until(lambda: stage.backlog() == 0)
    assert stage.holds(asked)


def test_a_write_that_fails_midway_is_tried_again(
    stage: Stage, wait_until: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """ENOSPC in the middle leaves no half exhibit, and the job comes back."""
    original = bundle.seal
    failures = [OSError(28, "No space left on device")]

    def seal(folder: Path, home: Path) -> Sealed:
        if failures:
            raise failures.pop()
        return original(folder, home)

    monkeypatch.setattr(service, "seal", seal)
    asked = stage.ask(_post())
    with stage.running():
        wait_until(lambda: not failures and _reason(stage) is not None)
        stage.ahead += timedelta(minutes=1)
        wait_until(lambda: stage.backlog() == 0)
    assert stage.holds(asked)
    assert not list(exhibits_folder(stage.settings.data_dir).rglob("*.tmp"))


def test_a_database_that_is_away_for_a_while_is_waited_for(
    stage: Stage, wait_until: Callable[..., None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The process goes on, and with it the captures that it has begun."""
    monkeypatch.setattr(service, "_DATABASE_PAUSE_SECONDS", 0.01)
    away = [OperationalError("UPDATE", {}, Exception("database is locked")) for _ in range(3)]
    claim = WorkQueue.claim

    def failing(queue: WorkQueue, *arguments: Any, **options: Any) -> Any:
        if away:
            raise away.pop()
        return claim(queue, *arguments, **options)

    monkeypatch.setattr(WorkQueue, "claim", failing)
    asked = stage.ask(_post())
    with stage.running():
        wait_until(lambda: stage.backlog() == 0)
    assert stage.holds(asked)
    assert "database_failed" in caplog.text


def test_the_claims_of_dead_processes_are_freed(stage: Stage, wait_until: Callable[..., None]) -> None:
    """A lease of a process that is gone does not hold the job until it runs out."""
    import socket

    asked = stage.ask(_post())
    child = subprocess.Popen(["true"])
    child.wait()
    owner = f"{socket.gethostname()}:{child.pid}"
    queue = WorkQueue(stage.database, "capture")
    assert queue.claim(5, owner=owner, now=stage.clock(), lease=timedelta(hours=1))
    with stage.running():
        wait_until(lambda: stage.backlog() == 0)
    assert stage.holds(asked)


@pytest.mark.browser
def test_a_page_that_kills_the_process_is_sealed_without_a_browser(tmp_path: Path, site: Any, browser: str) -> None:
    """After six starts no browser opens it any more; the reason says so."""
    stage = Stage(tmp_path, browser=browser, allow_private=site.allowed)
    asked = stage.ask(_post(site.url("/post")))
    with stage.database.write() as connection:
        connection.execute(text("update work set attempts = 6"))
    hits = len(site.hits)
    with stage.running():
        _wait(lambda: stage.backlog() == 0)
    stage.database.close()
    assert "不再用浏览器打开" in (stage.store.get(asked.id).reason or "")
    assert len(site.hits) == hits
    stage.database.close()


def _wait(condition: Callable[[], bool]) -> None:
    for _ in range(3000):
        if condition():
            return
        threading.Event().wait(0.02)
    raise AssertionError("it never came")


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 5), (1, 15), (2, 45), (3, 135), (4, 300), (99, 300)])
def test_pauses_grow_to_a_limit(attempts: int, seconds: int) -> None:
    """From five seconds to five minutes."""
    assert pause_after(attempts) == timedelta(seconds=seconds)


@pytest.mark.browser
def test_a_site_that_is_down_is_tried_three_times(tmp_path: Path, site: Any, browser: str) -> None:
    """Two retries with pauses, then the failure is sealed with its reason."""
    stage = Stage(tmp_path, browser=browser, allow_private=site.allowed)
    asked = stage.ask(_post(site.url("/error")))
    site.hits.clear()
    with stage.running():
        for number in (1, 2):
            _wait(lambda number=number: site.hits.count("/error") == number and _is_free(stage))  # type: ignore[misc]
            assert stage.state(asked) == "pending"
            stage.ahead += timedelta(minutes=1)
        _wait(lambda: stage.backlog() == 0)
    found = stage.store.get(asked.id)
    assert (found.state, found.reason) == ("failed", "网站出错，返回 503")
    assert site.hits.count("/error") == 3
    assert stage.holds(asked)
    stage.database.close()


def _is_free(stage: Stage) -> bool:
    with stage.database.read() as connection:
        return connection.execute(text("select owner from work")).scalar() is None


@pytest.mark.browser
def test_one_url_is_captured_on_demand(tmp_path: Path, site: Any, browser: str) -> None:
    """`capture_once` seals at once, without the queue; asking again returns what is there."""
    stage = Stage(tmp_path, browser=browser, allow_private=site.allowed)
    given = {"settings": stage.settings, "database": stage.database, "vault": stage.vault, "clock": system_clock}
    post = _post(site.url("/post"))
    first = capture_once(post=post, raw=None, **given)  # type: ignore[arg-type]
    assert (first.state, first.reason, first.pictures) == ("complete", None, ("post.png", "page-000.png"))
    assert first.id == exhibit_id(post)
    assert stage.holds(first)
    assert stage.backlog() == 0
    assert capture_once(post=post, raw=None, **given) == first  # type: ignore[arg-type]
    stage.database.close()


def test_a_browser_that_does_not_start_is_an_outcome(tmp_path: Path) -> None:
    """A program that is no browser: the exhibit is sealed as failed, nothing hangs."""
    stage = Stage(tmp_path, browser=shutil.which("true"))
    found = capture_once(
        settings=stage.settings,
        database=stage.database,
        vault=stage.vault,
        post=_post(),
        raw=None,
        clock=system_clock,
    )
    assert found.state == "failed"
    assert "无法启动" in (found.reason or "")
    assert stage.holds(found)
    stage.database.close()


_CHILD = """
import sys, threading
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from core.clock import system_clock
from core.database import Database
from core.model import Post
from core.settings import EvidenceSettings, General, Settings
from datetime import datetime, timedelta, UTC
from evidence.service import capture_forever
from evidence.vault import Vault
root, base, browser, words = Path(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5]
allowed = (base.removeprefix("http://"),)
settings = Settings(general=General(data_dir=root),
                    evidence=EvidenceSettings(browser=browser, allow_private=allowed, timeout=timedelta(seconds=20)))
now = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
posts = {}
for n in range(100):
    post = Post(kind="forum", site="x.example", native_id=str(n), url=base + "/post", channel="forum", text=words,
                collected=now)
    posts[post.id] = post
def told(connection, exhibit):
    with (root / "told").open("a") as file:
        file.write(exhibit.id + "\\n")
capture_forever(settings=settings, database=Database(settings.database_url), vault=Vault(root / "vault"),
                raw_of=lambda post: None, post_of=posts.get, on_sealed=told, clock=system_clock, stop=threading.Event())
"""


@pytest.mark.browser
def test_kill_9_at_any_moment_loses_nothing(tmp_path: Path, site: Any, browser: str) -> None:
    """Killed four times amid its work, then finished: every exhibit verifies, nothing half is left."""
    stage = Stage(tmp_path, browser=browser)
    asked = [stage.ask(_post(site.url("/post"), str(number))) for number in range(5)]
    command = [sys.executable, "-c", _CHILD, str(Path(__file__).resolve().parents[2]), str(tmp_path)]
    command += [site.url(""), browser, POST]
    families: set[int] = set()
    for moment in (0.0, 0.15, 0.3, 0.45, None):
        seen = site.hits.count("/post")
        child = subprocess.Popen(command)
        try:
            if moment is None:
                _wait(lambda: stage.backlog() == 0)
            else:
                _wait(lambda seen=seen: site.hits.count("/post") > seen)  # type: ignore[misc]
                threading.Event().wait(moment)
            families |= _family(child.pid)
        finally:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
    assert all(stage.state(one) == "complete" and stage.holds(one) for one in asked)
    assert stage.ledger.verify() == len(asked)
    assert not list(exhibits_folder(tmp_path).rglob("*.tmp"))
    _wait(lambda: not any(_is_running(pid) for pid in families))
    stage.database.close()


def _family(root: int) -> set[int]:
    """The living descendants of a process."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(") ")[2].split()[1])
    found = {root}
    while grown := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= grown
    return found - {root}


def _is_running(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(") ")[2].split()[0] not in "ZX"
    except OSError:
        return False
