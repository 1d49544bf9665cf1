"""The console on real stores: what a duty officer sees, and what hostile posts cannot do to it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import insert

from alerts.cases import CaseBook
from core.clock import Clock
from core.database import Database
from core.errors import ConfigError
from core.model import Author, Counts, Exhibit, Mention, Post, Reason, Verdict
from core.schema import alerts, deliveries, events, messages
from core.settings import General, Settings, SourceSettings, WebSettings
from crawlers.reports import SourceReport
from crawlers.sources import SourceCatalogue
from evidence.bundle import Shelf, seal
from evidence.exhibits import ExhibitStore
from evidence.ledger import Ledger
from index.posts import PostStore
from index.sqlite import SqliteIndex
from index.verdicts import VerdictStore
from web.console import Console
from web.server import create_app

MINUTE = timedelta(minutes=1)
NASTY = '<script>alert("1")</script><img src=x onerror=alert(2)>'
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


@pytest.fixture
def clock(now: datetime) -> Clock:
    return lambda: now


@pytest.fixture
def console(tmp_path: Path, database: Database, clock: Clock) -> Iterator[Console]:
    settings = Settings(
        general=General(data_dir=tmp_path / "var"),
        sources=(
            SourceSettings(id="board", name="车友论坛", kind="forum", url="https://bbs.example/f1", channel="forum"),
            SourceSettings(id="fresh", name="新信源", kind="news", url="https://news.example/feed", channel="news"),
        ),
    )
    made = Console(
        settings=settings,
        clock=clock,
        database=database,
        index=SqliteIndex(settings.data_dir / "index.sqlite"),
        verdicts=VerdictStore(database),
        exhibits=ExhibitStore(database),
        ledger=Ledger(settings.data_dir / "ledger.jsonl"),
        catalogue=SourceCatalogue(database, jitter=lambda: 0.0),
        cases=CaseBook(database, settings),
    )
    yield made
    made.index.close()


class Browser:
    """Asks the application directly, without a socket; a failure of a page is an answer, as it is on the network."""

    def __init__(self, console: Console) -> None:
        self.transport = httpx.ASGITransport(create_app(console), raise_app_exceptions=False)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self.transport, base_url="http://127.0.0.1:8315") as client:
                return await client.request(method, path, **options)

        return asyncio.run(ask())

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)


@pytest.fixture
def browser(console: Console) -> Browser:
    return Browser(console)


def a_mention(now: datetime, number: int = 1, **changes: object) -> Mention:
    post = Post(
        kind="forum",
        site="bbs.example",
        native_id=str(number),
        url=f"https://bbs.example/t/{number}",
        channel="forum",
        title="提车三天刹车失灵",
        text="4S店推脱责任，现要求退一赔三。",
        author=Author(name="李先生", region="浙江"),
        published=now - 7 * MINUTE,
        collected=now - 5 * MINUTE,
        counts=Counts(views=1234),
    )
    post = replace(post, **changes)  # type: ignore[arg-type]
    verdict = Verdict(
        id=post.id,
        negative=0.97,
        subjects=("星辰汽车",),
        categories=("安全",),
        event="e1",
        risk=86,
        grade="A",
        reasons=(
            Reason(code="category.safety", text="涉及行车安全", points=40, span=(4, 8)),
            Reason(code="claim", text="要求退一赔三", points=15, span=(17, 22)),
        ),
        model="m1",
    )
    return Mention(post=post, verdict=verdict)


def ring(console: Console, mention: Mention, *, exhibit: Exhibit | None = None, key: str = "a1") -> None:
    """Put a mention through the stores as the worker and the dispatcher do."""
    now = console.clock()
    PostStore(console.database).keep([mention.post], source="board", raw=None, now=now)
    with console.database.write() as connection:
        console.verdicts.save(connection, [mention.verdict], now=now)
        event = {
            "id": "e1", "title": "刹车失灵", "first_post": mention.id, "first_published": mention.post.when,
            "last_published": mention.post.when, "size": 3, "channels": ["forum", "weibo"],
        }  # fmt: skip
        connection.execute(insert(events).prefix_with("OR IGNORE").values(event))
        row = {
            "id": key, "event": "e1", "grade": "A", "post": mention.id, "reason": "first_of_event", "rule": "特急",
            "opened": now - 4 * MINUTE, "exhibit": exhibit.id if exhibit else None, "event_size": 1,
            "event_channels": [],
        }  # fmt: skip
        connection.execute(insert(alerts).values(row))
        console.cases.open_or_raise(
            connection,
            event="e1",
            grade="A",
            title=mention.post.title or "无题",
            subjects=("星辰汽车",),
            now=now - 4 * MINUTE,
        )
        for name, state in (("wecom", "sent"), ("mail", "waiting")):
            values = {
                "id": f"{key}-{name}", "notifier": name, "kind": "alert", "alert": key, "body": None, "created": now,
                "state": state, "settled": now if state == "sent" else None,
            }  # fmt: skip
            connection.execute(insert(messages).values(values))
        proof = {"message": f"{key}-wecom", "at": now, "ok": True, "retry": False, "reason": "已接受",
                 "provider_code": "errcode 0", "evidence": "complete"}  # fmt: skip
        connection.execute(insert(deliveries).values(proof))
    console.index.add_many([mention])


def captured(console: Console, mention: Mention) -> Exhibit:
    """A sealed exhibit of a post, as the capture process leaves it."""
    now, shelf = console.clock(), Shelf(console.settings.data_dir / "exhibits")
    PostStore(console.database).keep([mention.post], source="board", raw=None, now=now)
    with console.database.write() as connection:
        exhibit = console.exhibits.request(connection, mention.post, now=now)
    home = shelf.home(exhibit.id, now)
    files = {"post.png": PNG, "page.html": NASTY.encode(), "page.mhtml": b"x", "raw.bin": NASTY.encode(),
             "capture.json": b"{}", "capture.log": b"log"}  # fmt: skip
    with shelf.bench(home) as folder:
        for name, body in files.items():
            (folder / name).write_bytes(body)
        sealed = seal(folder, home)
    console.ledger.append(exhibit=exhibit.id, manifest=sealed.manifest, at=now)
    done = replace(
        exhibit,
        state="complete",
        captured=now,
        folder=shelf.relative(home),
        manifest=sealed.manifest,
        pictures=("post.png",),
    )
    with console.database.write() as connection:
        console.exhibits.settle(connection, done)
    return done


PAGES = ["/", "/?page=2", "/search", "/search?q=x", "/sources", "/cases", "/cases?every=1"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_on_empty_stores(browser: Browser, path: str) -> None:
    """The first minute of the first run shows pages, not errors."""
    answer = browser.get(path)
    assert answer.status_code == 200
    assert "听风" in answer.text


@pytest.mark.parametrize(
    "path", [*PAGES, "/healthz", "/nowhere", "/alerts/x", "/static/style.css", "/search?q=(", "/evidence/x/y"]
)
def test_every_answer_forbids_scripts_and_foreign_loads(browser: Browser, path: str) -> None:
    """Whatever the answer, errors included, a browser is told to run and load nothing of others."""
    headers = browser.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "192.168.0.9:8315", "", "[fe80::1]", "localhost@evil"]
)
def test_requests_under_another_name_are_refused(browser: Browser, host: str) -> None:
    """A page elsewhere that makes its name point at this machine reads nothing."""
    answer = browser.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "预警" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9", "127.0.0.1:1", "[::1]:8315"])
def test_loopback_names_are_served(browser: Browser, host: str) -> None:
    """All names of this machine work, with any port."""
    assert browser.get("/", headers={"host": host}).status_code == 200


def test_another_address_is_refused_at_the_start(console: Console) -> None:
    """Without a login the console does not start for other machines."""
    open_wide = replace(console, settings=console.settings.model_copy(update={"web": WebSettings(host="0.0.0.0")}))
    with pytest.raises(ConfigError, match=r"web\.host"):
        create_app(open_wide)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/", "/cases", "/search"])
def test_nothing_can_be_changed(browser: Browser, method: str, path: str) -> None:
    """The console reads; it says so to whoever tries to write."""
    answer = browser.request(method, path)
    assert answer.status_code == 405
    assert "只供查看" in answer.text


def test_the_latest_alert_tells_what_one_must_know(browser: Browser, console: Console, now: datetime) -> None:
    """Grade, title, reasons, age, evidence with its picture, delivery and the case's clock stand on the first page."""
    mention = a_mention(now)
    exhibit = captured(console, mention)
    ring(console, mention, exhibit=exhibit)
    page = browser.get("/").text
    for said in ("特急", "提车三天刹车失灵", "涉及行车安全", "+40", "星辰汽车", "7分前发布", "新事件首次预警",
                 "证据完整", "wecom 已送达", "mail 待发送", "处置单：新建", "剩余 2小时56分",
                 "事件共 3 帖"):  # fmt: skip
        assert said in page, said
    assert f'<img src="/evidence/{exhibit.id}/post.png"' in page
    assert '<a class="out" href="https://bbs.example/t/1" rel="noreferrer noopener nofollow"' in page


def test_one_alert_shows_text_reasons_proof_and_the_rest_of_the_event(
    browser: Browser, console: Console, now: datetime
) -> None:
    """The alert's page: marked text, points, hashes, verification, deliveries, other posts of the event."""
    mention = a_mention(now)
    exhibit = captured(console, mention)
    ring(console, mention, exhibit=exhibit)
    other = a_mention(now, 2, title="另一位车主也说刹车失灵")
    PostStore(console.database).keep([other.post], source="board", raw=None, now=now)
    with console.database.write() as connection:
        console.verdicts.save(connection, [other.verdict], now=now)
    page = browser.get("/alerts/a1").text
    assert '<mark title="涉及行车安全">刹车失灵</mark>' in page
    assert "另一位车主也说刹车失灵" in page
    assert "核验通过" in page
    assert exhibit.manifest in page
    assert len(re.findall(r"\b[0-9a-f]{64}\b", page)) == 7
    for said in ("errcode 0", "已接受", "浏览 1234", "回复 未知", "不证明内容属实", "+15"):
        assert said in page, said


def test_a_changed_file_is_said_in_red(browser: Browser, console: Console, now: datetime) -> None:
    """An exhibit that is no longer what was sealed does not pass as proof."""
    mention = a_mention(now)
    exhibit = captured(console, mention)
    ring(console, mention, exhibit=exhibit)
    (console.settings.data_dir / "exhibits" / str(exhibit.folder) / "page.html").write_bytes(b"changed")
    page = browser.get("/alerts/a1").text
    assert "核验不通过" in page
    assert "page.html 被改动" in page


def test_an_edited_post_shows_its_earlier_words(browser: Browser, console: Console, now: datetime) -> None:
    """What was said before the edit stays readable."""
    mention = a_mention(now)
    ring(console, mention)
    edited = replace(mention.post, text="已经解决了。")
    PostStore(console.database).keep([edited], source="board", raw=None, now=now + MINUTE)
    page = browser.get("/alerts/a1").text
    assert "编辑前的文字（1 版）" in page
    assert "退一赔三。" in page
    assert "已经解决了。" in page


def test_hostile_posts_stay_text_everywhere(browser: Browser, console: Console, now: datetime) -> None:
    """Tags, handlers and script addresses from a post reach no page as markup or link."""
    mention = a_mention(
        now,
        title=NASTY,
        text=f"刹车 {NASTY}",
        url="javascript:alert(3)",
        author=Author(name=NASTY, region=NASTY),
        site="<b>x",
    )
    hostile = replace(
        mention.verdict,
        subjects=(NASTY,),
        categories=(NASTY,),
        reasons=(Reason(code="x", text=NASTY, points=1, span=(0, 9)),),
    )
    mention = replace(mention, verdict=hostile)
    ring(console, mention)
    case = console.cases.of_event("e1")
    assert case is not None
    for path in (
        "/",
        "/alerts/a1",
        "/search?q=刹车",
        f"/search?q={NASTY}",
        f"/cases/{case.id}",
        "/cases",
        "/search?subject=" + NASTY,
    ):
        answer = browser.get(path)
        assert answer.status_code in (200, 400)
        for forbidden in ("<script", "<img src=x", 'href="javascript', "<b>x"):
            assert forbidden not in answer.text, (path, forbidden)
    assert "&lt;script&gt;" in browser.get("/alerts/a1").text


def test_a_huge_post_is_cut_on_the_page(browser: Browser, console: Console, now: datetime) -> None:
    """Four hundred thousand characters do not become a page of that size."""
    ring(console, a_mention(now, text="刹车失灵" * 100_000))
    for path in ("/", "/alerts/a1", "/search?q=刹车失灵"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert len(answer.text) < 120_000
    assert "页面只显示前一部分" in browser.get("/alerts/a1").text


def test_an_alert_whose_post_expired_still_opens(browser: Browser, console: Console, now: datetime) -> None:
    """Retention may take the post; the alert and its proof of delivery remain."""
    mention = a_mention(now)
    ring(console, mention)
    with console.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM verdicts")
        connection.exec_driver_sql("DELETE FROM posts")
    assert "帖文已不在库中" in browser.get("/").text
    assert "errcode 0" in browser.get("/alerts/a1").text


@pytest.mark.parametrize("path", ["/alerts/unknown", "/cases/unknown", "/evidence/unknown/post.png", "/alerts/<b>x"])
def test_what_does_not_exist_is_said_politely(browser: Browser, path: str) -> None:
    """An old link gives a Chinese page with status 404."""
    answer = browser.get(path)
    assert answer.status_code == 404
    assert "<b>x" not in answer.text
    assert "找不到" in answer.text


# -- search ----------------------------------------------------------------------------------------------------------


def test_search_finds_marks_and_counts(browser: Browser, console: Console, now: datetime) -> None:
    """Hits with marked matches, the total, and facets that narrow."""
    console.index.add_many([a_mention(now), a_mention(now, 2, title="轮胎异响", text="换了", channel="weibo")])
    page = browser.get("/search", params={"q": "刹车 或 异响"}).text
    assert "<mark>刹车</mark>失灵" in page
    assert "<mark>异响</mark>" in page
    assert "共 2 条" in page
    narrowed = browser.get("/search", params={"q": "刹车 或 异响", "channel": "weibo"}).text
    assert "共 1 条" in narrowed
    assert 'value="weibo" checked' in narrowed
    assert re.search(r'href="/search\?q=[^"]*channel=forum[^"]*"', page)


@pytest.mark.parametrize(
    ("wishes", "total"),
    [
        ({"grade": "A"}, 30),
        ({"grade": "B"}, 0),
        ({"risk": "86"}, 30),
        ({"risk": "87"}, 0),
        ({"since": "2026-03-15", "until": "2026-03-15"}, 30),
        ({"until": "2026-03-14"}, 0),
        ({"subject": "星辰汽车", "category": "安全"}, 30),
        ({"q": "-刹车"}, 0),
        ({"sort": "risk"}, 30),
        ({"sort": "relevance", "q": "刹车"}, 30),
    ],
)
def test_search_filters(browser: Browser, console: Console, now: datetime, wishes: dict[str, str], total: int) -> None:
    """Every field of the form reaches the index; the last day counts in whole."""
    console.index.add_many([a_mention(now, number) for number in range(30)])
    assert f"共 {total} 条" in browser.get("/search", params=wishes).text


def test_search_pages_through_all_hits(browser: Browser, console: Console, now: datetime) -> None:
    """Next leads through every hit once and keeps the form."""
    console.index.add_many([a_mention(now, number) for number in range(45)])
    seen: list[str] = []
    address: str | None = "/search?q=刹车&sort=risk"
    while address:
        page = browser.get(address).text
        seen += re.findall(r'href="https://bbs\.example/t/(\d+)"', page)
        found = re.search(r'href="([^"]*after=[^"]*)"', page)
        address = found.group(1).replace("&amp;", "&") if found else None
    assert sorted(map(int, seen)) == list(range(45))


def test_a_mistake_in_the_search_text_is_shown_where_it_is(browser: Browser) -> None:
    """The page says which character is wrong and why, and keeps what was typed."""
    answer = browser.get("/search", params={"q": "刹车 (异响"})
    assert answer.status_code == 400
    assert "第 4 个字符处：括号没有闭合" in answer.text
    assert '刹车 <mark class="here">(</mark>异响' in answer.text
    assert 'value="刹车 (异响"' in answer.text


@pytest.mark.parametrize(
    "wishes",
    [
        {"grade": "Z"},
        {"channel": "火星"},
        {"since": "昨天"},
        {"until": "9999-99-99"},
        {"risk": "-1"},
        {"risk": "9" * 5000},
        {"sort": "random"},
    ],
)
def test_senseless_filters_are_named_and_dropped(browser: Browser, wishes: dict[str, str]) -> None:
    """A mangled address still gives a page, which says what it ignored."""
    answer = browser.get("/search", params=wishes)
    assert answer.status_code == 200
    assert 'class="late"' in answer.text


@pytest.mark.parametrize(
    "path",
    ["/search?after=garbage", "/?page=-1", "/?page=" + "9" * 5000, "/?page=x", "/search?q=%FF%FE", "/search?q=%00"],
)
def test_mangled_addresses_do_no_harm(browser: Browser, path: str) -> None:
    """Nothing in an address makes the console fail."""
    assert browser.get(path).status_code in (200, 400)


# -- evidence files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "media_type", "is_shown"),
    [
        ("post.png", "image/png", True),
        ("page.html", "application/octet-stream", False),
        ("page.mhtml", "application/octet-stream", False),
        ("raw.bin", "application/octet-stream", False),
        ("capture.json", "text/plain; charset=utf-8", False),
        ("capture.log", "text/plain; charset=utf-8", False),
        ("SHA256SUMS", "text/plain; charset=utf-8", False),
    ],
)
def test_pictures_are_shown_and_all_else_is_a_download(
    browser: Browser, console: Console, now: datetime, name: str, media_type: str, is_shown: bool
) -> None:
    """What the accused site wrote never runs in the console's origin."""
    exhibit = captured(console, a_mention(now))
    answer = browser.get(f"/evidence/{exhibit.id}/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert ("content-disposition" not in answer.headers) == is_shown
    if not is_shown:
        assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        "unlisted.txt",
        "..%2F..%2Fledger.jsonl",
        "%2e%2e",
        "..%5c..%5cx",
        "%2Fetc%2Fpasswd",
        "post.png%00",
        "link.png",
        "",
        "../../../../../ledger.jsonl",
    ],
)
def test_only_listed_files_leave(browser: Browser, console: Console, now: datetime, name: str) -> None:
    """No path, no link and no file outside of SHA256SUMS is served."""
    exhibit = captured(console, a_mention(now))
    folder = console.settings.data_dir / "exhibits" / str(exhibit.folder)
    (folder / "unlisted.txt").write_text("秘密")
    (folder / "link.png").symlink_to(console.ledger.path)
    answer = browser.get(f"/evidence/{exhibit.id}/{name}")
    assert answer.status_code == 404
    assert "manifest" not in answer.text


def test_a_folder_that_points_elsewhere_is_not_followed(browser: Browser, console: Console, now: datetime) -> None:
    """Even a database that lies about a folder opens nothing outside of the exhibits."""
    exhibit = captured(console, a_mention(now))
    outside = console.settings.data_dir / "outside"
    outside.mkdir()
    (outside / "SHA256SUMS").write_text(f"{'0' * 64}  secret.txt\n")
    (outside / "secret.txt").write_text("秘密")
    with console.database.write() as connection:
        connection.exec_driver_sql("UPDATE exhibits SET folder = '../outside'")
    assert browser.get(f"/evidence/{exhibit.id}/secret.txt").status_code == 404


def test_a_listed_file_that_became_a_link_is_not_served(browser: Browser, console: Console, now: datetime) -> None:
    """A picture swapped for a link to another file does not carry that file out."""
    exhibit = captured(console, a_mention(now))
    picture = console.settings.data_dir / "exhibits" / str(exhibit.folder) / "post.png"
    picture.unlink()
    picture.symlink_to(console.ledger.path)
    assert browser.get(f"/evidence/{exhibit.id}/post.png").status_code == 404


# -- sources, cases, health ------------------------------------------------------------------------------------------


def test_sources_tell_blocked_from_fresh(browser: Browser, console: Console, now: datetime) -> None:
    """A blocked source stands out with its reason, on its page and beside the alerts; a new one is not healthy."""
    report = SourceReport(
        source="board", state="blocked", reason="出现登录墙<b>", failed=True, started=now - MINUTE, ended=now
    )  # fmt: skip
    console.catalogue.record(report, console.settings.sources[0], now=now)
    page = browser.get("/sources").text
    for said in ("车友论坛", "被拦截", "出现登录墙&lt;b&gt;", "新信源", "尚未抓取", "后</td>"):
        assert said in page, said
    assert "看不到：车友论坛" in browser.get("/").text


def test_cases_show_clock_and_history(browser: Browser, console: Console, now: datetime) -> None:
    """The ledger shows who must act by when; a closed case leaves the open list and stays in the full one."""
    ring(console, a_mention(now))
    case = console.cases.of_event("e1")
    assert case is not None
    assert "剩余 2小时56分" in browser.get("/cases").text
    console.cases.act(case.id, action="dismiss", actor="值班员", note="同名 <i>车型", now=now)
    page = browser.get(f"/cases/{case.id}").text
    for said in ("自动立案", "判为误报", "值班员", "同名 &lt;i&gt;车型", "新建 → 误报", "提车三天刹车失灵"):
        assert said in page, said
    assert case.id not in browser.get("/cases").text
    assert case.id in browser.get("/cases?every=1").text


def test_health_is_json(browser: Browser, console: Console, now: datetime) -> None:
    """A machine that watches us reads whether the stores answer, and what waits."""
    ring(console, a_mention(now))
    answer = browser.get("/healthz")
    assert answer.status_code == 200
    facts = answer.json()
    assert (facts["ok"], facts["mentions"]) == (True, 1)
    assert facts["queues"]["assess"] == {"waiting": 1, "buried": 0}


def test_a_broken_store_is_told_not_hidden(browser: Browser, console: Console, now: datetime) -> None:
    """A page that fails says so in Chinese with all guards on; the health check turns red."""
    with console.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE deliveries")
        connection.exec_driver_sql("DROP TABLE messages")
        connection.exec_driver_sql("DROP TABLE work")
    answer = browser.get("/")
    assert answer.status_code == 500
    assert "这一页无法显示" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    health = browser.get("/healthz")
    assert (health.status_code, health.json()["ok"]) == (503, False)
