"""Captures with a real browser: every page that may come, what it is taken for, and what is kept of it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.clock import system_clock
from core.settings import EvidenceSettings, Settings
from evidence.capture import Camera, CaptureRequest
from evidence.proxy import EgressProxy
from evidence.recognise import Judgement
from evidence.vault import RawResponse

pytestmark = pytest.mark.browser

POST = "提车第三天，刹车踏板突然变硬，差点追尾前车。打了三次售后电话都没有人回复，请厂家给一个说法！"
LONG = "".join(f"第{n}段：这家店的售后流程走了{n}遍，还是没有结果，我把经过都写在这里。" for n in range(1, 13))
NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
RAW = RawResponse(
    url="http://x.example/t/1",
    status=200,
    headers=(("Content-Type", "text/html"),),
    body=b"as crawled",
    fetched=NOW,
    ip="192.0.2.1",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A path of the site, and how it must end."""

    path: str
    state: str
    reason: str | None = None
    text: str = POST
    seconds: float = 20
    pictures: tuple[str, ...] = ("post.png", "page-000.png")
    settings: Mapping[str, Any] | None = None
    transient: bool = False


_VIEW = ("view.png", "page-000.png")
CASES = [
    Case(path="/post", state="complete"),
    Case(path="/deep", state="complete"),
    Case(path="/long", state="complete", text=LONG),
    Case(path="/gb", state="complete"),
    Case(path="/moved", state="complete"),
    Case(path="/late", state="complete"),
    Case(path="/alert", state="complete"),
    Case(path="/popups", state="complete"),
    Case(path="/parts", state="complete"),
    Case(path="/lazy", state="complete", pictures=("post.png", "page-000.png", "page-001.png")),
    Case(path="/hanging-image", state="complete"),
    Case(path="/half", state="partial", reason="只找到帖文原文的", text=LONG),
    Case(path="/other", state="partial", reason="没有找到帖文原文", pictures=_VIEW),
    Case(path="/endless", state="partial", reason="没有载完", seconds=8),
    Case(path="/busy", state="partial", reason="无响应", seconds=8, pictures=("post.png",)),
    Case(
        path="/stream",
        state="partial",
        reason="只保留了前 10000 像素",
        settings={"max_height": 10_000},
        pictures=("post.png", "page-000.png", "page-001.png"),
    ),
    Case(path="/gone404", state="deleted_before_capture", reason="404", pictures=_VIEW),
    Case(path="/gone410", state="deleted_before_capture", reason="410", pictures=_VIEW),
    Case(path="/soft", state="deleted_before_capture", reason="主题不存在", pictures=_VIEW),
    Case(path="/soft2", state="deleted_before_capture", reason="已被楼主删除", pictures=_VIEW),
    Case(path="/login", state="blocked", reason="密码", pictures=_VIEW),
    Case(path="/wall", state="blocked", reason="请先登录", pictures=_VIEW),
    Case(path="/captcha", state="blocked", reason="安全验证", pictures=_VIEW),
    Case(path="/forbidden", state="blocked", reason="403", pictures=_VIEW),
    Case(path="/error", state="failed", reason="503", pictures=_VIEW, transient=True),
    Case(path="/loop", state="failed", reason="重定向次数过多", pictures=()),
    Case(path="/silent", state="failed", reason="没有应答", seconds=4, pictures=(), transient=True),
    Case(path="/download", state="failed", reason="下载", pictures=()),
    Case(path="/to-victim", state="failed", reason="按安全策略拒绝访问", pictures=()),
    Case(path="/to-file", state="failed", reason="", pictures=()),
    Case(path="/stuck", state="failed", reason="没有响应", seconds=5, pictures=()),
    Case(path="file:///etc/hostname", state="failed", reason="只对 http", pictures=()),
    Case(path="chrome://version", state="failed", reason="只对 http", pictures=()),
    Case(path="data:text/html,hello", state="failed", reason="只对 http", pictures=()),
    Case(path="http://localhost:8001/", state="failed", reason="按安全策略拒绝访问", pictures=()),
    Case(path="http://10.255.255.1/", state="failed", reason="内网", pictures=()),
    Case(path="http://169.254.169.254/latest/meta-data/", state="failed", reason="元数据", pictures=()),
    Case(path="http://no-such-host.invalid/", state="failed", reason="无法解析", pictures=(), transient=True),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One capture and its folder."""

    judgement: Judgement
    folder: Path

    @property
    def record(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.folder / "capture.json").read_bytes())
        return read

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "log.jsonl").read_bytes().splitlines()]


def _settings(browser: str, site: Any, seconds: float = 20, **more: Any) -> Settings:
    evidence = EvidenceSettings(browser=browser, timeout=timedelta(seconds=seconds), allow_private=site.allowed, **more)
    return Settings(evidence=evidence)


def _request(url: str, text: str | None = POST, raw: RawResponse | None = RAW) -> CaptureRequest:
    return CaptureRequest(exhibit="e" * 32, post="p" * 24, url=url, text=text, requested=NOW, raw=raw)


def _shoot(settings: Settings, request: CaptureRequest, folder: Path) -> Taken:
    async def shoot() -> Judgement:
        folder.mkdir(parents=True)
        async with Camera(settings, system_clock) as camera:
            return await camera.capture(request, folder)

    return Taken(judgement=asyncio.run(shoot()), folder=folder)


@pytest.fixture(scope="module")
def taken(browser: str, site: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Taken]:
    """Every case, four at a time in one shared browser: they must not disturb one another."""
    root = tmp_path_factory.mktemp("cases")
    results: dict[str, Taken] = {}

    async def shoot(number: int, case: Case, pool: Camera, gate: asyncio.Semaphore) -> None:
        url = case.path if ":" in case.path else site.url(case.path)
        folder = root / str(number)
        folder.mkdir()
        settings = _settings(browser, site, case.seconds, **(case.settings or {}))
        async with gate:
            camera = Camera(settings, system_clock)
            camera._pool = pool._pool
            judgement = await camera.capture(_request(url, case.text), folder)
        results[case.path] = Taken(judgement=judgement, folder=folder)

    async def shoot_all() -> None:
        async with Camera(_settings(browser, site), system_clock) as pool:
            gate = asyncio.Semaphore(4)
            await asyncio.gather(*(shoot(number, case, pool, gate) for number, case in enumerate(CASES)))

    asyncio.run(shoot_all())
    return results


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.path)
def test_every_page_ends_in_its_state(taken: dict[str, Taken], case: Case) -> None:
    """State, reason, pictures and the crawl's own copy are what they must be, whatever the page does."""
    found = taken[case.path]
    assert (found.judgement.state, found.judgement.transient) == (case.state, case.transient), found.judgement.reason
    assert (found.judgement.reason is None) is (case.reason is None)
    assert (case.reason or "") in (found.judgement.reason or "")
    assert tuple(found.record["pictures"]) == case.pictures
    assert all((found.folder / name).read_bytes().startswith(b"\x89PNG") for name in case.pictures)
    assert (found.folder / "crawl-body.bin").read_bytes() == RAW.body
    assert json.loads((found.folder / "crawl-response.json").read_bytes())["headers"] == [["Content-Type", "text/html"]]
    assert json.loads((found.folder / "env.json").read_bytes())["proxy"]["allow_private"]


def test_nothing_ever_reached_the_neighbour(taken: dict[str, Taken], site: Any) -> None:
    """No image, frame, script, fetch, beacon, socket, worker, popup or redirect got through to a private address."""
    assert site.victim_hits == []
    refused = json.loads((taken["/parts"].folder / "response.json").read_bytes())["egress"]["refused"]
    assert refused == {f"127.0.0.1:{site.victim}": "本机地址 127.0.0.1"}


def test_a_page_that_jumps_to_the_neighbour_is_no_evidence(browser: str, site: Any, tmp_path: Path) -> None:
    """A script that leads the page away to a refused address leaves no complete exhibit, and no hit."""
    found = _shoot(_settings(browser, site), _request(site.url("/jump")), tmp_path / "x")
    assert found.judgement.state in ("failed", "partial")
    assert site.victim_hits == []


def test_the_document_is_untouched_by_the_red_frame(taken: dict[str, Taken], site: Any) -> None:
    """The page's own observer sees no change, the hashes before and after are equal, and the picture has the frame."""
    found = taken["/deep"]
    document = found.record["document"]
    assert document["before_highlight"] == document["after_highlight"]
    assert "/mutated" not in site.hits
    html = (found.folder / "page.html").read_bytes()
    assert hashlib.sha256(html.removeprefix(b"\xef\xbb\xbf")).hexdigest() == document["before_highlight"]
    pixels = _pixels(found.folder / "post.png")
    frame = (pixels == np.array([0xDC, 0x26, 0x26])).all(axis=2)
    place = found.record["post"]
    inside = int(place["top"] - place["picture_top"])
    assert frame[: inside - 8].sum() == 0
    assert frame[inside - 6 : inside - 2].sum() > 1000
    assert not (_pixels(found.folder / "page-000.png") == np.array([0xDC, 0x26, 0x26])).all(axis=2).any()


def test_the_way_there_is_recorded(taken: dict[str, Taken], site: Any) -> None:
    """Each answer of a redirect with its headers and the address that was checked; the body as it came."""
    found = taken["/moved"]
    transport = json.loads((found.folder / "response.json").read_bytes())
    assert [(hop["status"], hop["url"], hop["address"]) for hop in transport["hops"]] == [
        (302, site.url("/moved"), "127.0.0.1"),
        (200, site.url("/post"), "127.0.0.1"),
    ]
    assert ["location", "/post"] in [[name.lower(), value] for name, value in transport["hops"][0]["headers"]]
    assert POST.encode() in (found.folder / "response-body.txt").read_bytes()
    assert found.record["final_url"] == site.url("/post")


def test_an_old_chinese_page_is_read_right(taken: dict[str, Taken]) -> None:
    """GB18030 behind a `gb2312` label: all its signs are there, and our copy opens as UTF-8."""
    folder = taken["/gb"].folder
    assert "镕囧".encode() in (folder / "response-body.txt").read_bytes()
    text = (folder / "page.html").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    assert POST in text.decode("utf-8-sig")
    assert "镕囧" in text.decode("utf-8-sig")


def test_lazy_images_are_there(taken: dict[str, Taken]) -> None:
    """Scrolling loads what is loaded on sight; the pictures show it."""
    found = taken["/lazy"]
    assert found.record["images"] == {"total": 30, "loaded": 30, "pending": 0}
    pixels = np.concatenate([_pixels(found.folder / f"page-00{n}.png") for n in (0, 1)])
    start = int(found.record["height"]) - 30 * 400
    for number in range(30):
        assert tuple(pixels[start + number * 400 + 200, 100]) == (200, 30, 30), number


def test_a_tall_page_is_cut_into_true_slices(browser: str, site: Any, tmp_path: Path) -> None:
    """All 300 blocks of a 30,000 px page have their colour; no slice is taller than 8,000 px."""
    found = _shoot(_settings(browser, site, viewport_width=400), _request(site.url("/tall")), tmp_path / "x")
    assert found.judgement.state == "complete"
    slices = [_pixels(found.folder / name) for name in found.record["pictures"][1:]]
    assert [piece.shape[0] for piece in slices] == [8000, 8000, 8000, 6000]
    column = np.concatenate([piece[:, 390] for piece in slices])
    expected = [(block * 7 % 256, block * 13 % 256, block * 29 % 256) for block in range(300)]
    for edge in (1, 50, 98):
        assert [tuple(int(part) for part in pixel) for pixel in column[edge::100]] == expected


def test_noise_of_a_page_is_dismissed_and_logged(taken: dict[str, Taken]) -> None:
    """Dialogs and popups end in the log, not in the way."""
    dialogs = [line for line in taken["/alert"].events if line["event"] == "dialog_dismissed"]
    assert [line["message"] for line in dialogs] == ["恭喜中奖", "x"]
    assert any(line["event"] == "popup_closed" for line in taken["/popups"].events)


def test_the_machine_reports_on_itself(taken: dict[str, Taken]) -> None:
    """Browser, its hash, its flags, packages, hosts file and clock are in every exhibit."""
    report = json.loads((taken["/post"].folder / "env.json").read_bytes())
    assert len(report["browser"]["sha256"]) == 64
    assert report["browser"]["version"]
    assert Path(report["browser"]["program"]).is_file()
    assert "--disable-quic" in report["browser"]["flags"]
    assert any(line.startswith("playwright==") for line in report["packages"])
    assert report["hosts"]["sha256"] == hashlib.sha256(Path("/etc/hosts").read_bytes()).hexdigest()


def test_every_file_is_documented(taken: dict[str, Taken]) -> None:
    """What lies in an exhibit is named in docs/evidence.md."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "evidence.md").read_text()
    for path in ("/moved", "/other", "/loop"):
        for file in taken[path].folder.iterdir():
            assert f"`{file.name}`" in page, file.name


def test_a_killed_browser_is_replaced_once(browser: str, site: Any, tmp_path: Path) -> None:
    """The browser dies while the page is on its way: a new one takes the picture, and the log tells."""
    site.hits.clear()

    async def shoot() -> Judgement:
        async with Camera(_settings(browser, site), system_clock) as camera:
            assert camera._pool is not None
            killed: list[int] = []

            def kill_once() -> None:
                assert camera._pool is not None
                assert camera._pool._current is not None
                pid = camera._pool._current.facts.pid
                if not killed and pid:
                    killed.append(pid)
                    os.kill(pid, signal.SIGKILL)

            site.on_kill = kill_once
            return await camera.capture(_request(site.url("/kill")), tmp_path)

    judgement = asyncio.run(shoot())
    assert judgement.state == "complete"
    found = Taken(judgement=judgement, folder=tmp_path)
    assert [line["event"] for line in found.events].count("visit") == 2
    assert site.hits.count("/kill") == 2


def test_a_browser_that_always_dies_leaves_a_reason(browser: str, site: Any, tmp_path: Path) -> None:
    """Two deaths end in a failed exhibit that may be tried again; the crawl's copy is in it."""

    async def shoot() -> Judgement:
        async with Camera(_settings(browser, site), system_clock) as camera:

            def kill() -> None:
                assert camera._pool is not None
                assert camera._pool._current is not None
                pid = camera._pool._current.facts.pid
                assert pid
                os.kill(pid, signal.SIGKILL)

            site.on_kill = kill
            try:
                return await camera.capture(_request(site.url("/kill")), tmp_path)
            finally:
                site.on_kill = lambda: None

    judgement = asyncio.run(shoot())
    assert (judgement.state, judgement.transient) == ("failed", True)
    assert "崩溃" in (judgement.reason or "")
    assert (tmp_path / "crawl-body.bin").read_bytes() == RAW.body


def test_a_browser_is_replaced_after_its_share_of_work(
    browser: str, site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third capture with a limit of two comes from another process; the old one is gone."""
    monkeypatch.setattr("evidence.browser._RECYCLE_AFTER", 2)

    async def shoot() -> list[int]:
        pids = []
        async with Camera(_settings(browser, site), system_clock) as camera:
            for number in range(3):
                (tmp_path / str(number)).mkdir()
                await camera.capture(_request(site.url("/post")), tmp_path / str(number))
                assert camera._pool is not None
                assert camera._pool._current is not None
                pids.append(camera._pool._current.facts.pid or 0)
        return pids

    first, second, third = asyncio.run(shoot())
    assert first == second != third
    assert not any(Path(f"/proc/{pid}").exists() for pid in (first, third))


@pytest.mark.parametrize("text", [None, "", "[怒]"])
def test_a_post_without_words_is_never_complete(browser: str, site: Any, tmp_path: Path, text: str | None) -> None:
    """Where nothing can be compared, nothing is claimed."""
    found = _shoot(_settings(browser, site), _request(site.url("/post"), text, None), tmp_path / "x")
    assert found.judgement.state == "partial"
    assert "没有可核对的文字" in (found.judgement.reason or "")
    assert not (found.folder / "crawl-body.bin").exists()


def test_data_beyond_the_limit_is_cut_and_said(
    browser: str, site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A response larger than the proxy lets through makes a partial exhibit, not an endless one."""
    limits: dict[str, Any] = {"max_bytes": 200_000}
    monkeypatch.setattr("evidence.capture.EgressProxy", lambda **given: EgressProxy(**given, **limits))
    found = _shoot(_settings(browser, site), _request(site.url("/big")), tmp_path / "x")
    assert found.judgement.state in ("partial", "failed")
    assert any(line["event"] == "egress" and line["cut"] for line in found.events)


def _pixels(path: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Decode the PNGs that the browser writes in its fast mode: RGB, each row the difference to the one above."""
    content = path.read_bytes()
    width, height, depth, kind = struct.unpack(">IIBB", content[16:26])
    assert (depth, kind) == (8, 2)
    place, packed = 8, b""
    while place < len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        if content[place + 4 : place + 8] == b"IDAT":
            packed += content[place + 8 : place + 8 + length]
        place += 12 + length
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, width * 3 + 1)
    assert set(np.unique(rows[1:, 0])) <= {2}
    assert rows[0, 0] in (0, 2)
    return np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8).reshape(height, width, 3)
