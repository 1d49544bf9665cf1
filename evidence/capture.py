"""From a request to a folder full of proof: the visit, the crawl's own copy, the machine's report, the verdict on it.

Nothing here decides whether the folder becomes an exhibit; `evidence.service` seals it.
"""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError

from core.clock import Clock
from core.errors import BrowserMissing, EvidenceError
from core.settings import Settings
from core.text import fingerprint
from evidence.browser import BrowserFacts, BrowserPool, find_browser
from evidence.bundle import RECORD
from evidence.durable import sha256
from evidence.environment import installed_packages, machine_report
from evidence.journal import Journal
from evidence.proxy import EgressProxy
from evidence.recognise import Judgement, judge, share_shown
from evidence.vault import RawResponse
from evidence.visit import PageDied, Visit

log = logging.getLogger("tingfeng.evidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRequest:
    """What is to be proved: that this text stood at this address."""

    exhibit: str
    post: str
    url: str
    #: The post's text as the crawl read it; `None` if the post is no longer known.
    text: str | None
    requested: datetime
    #: The response that the crawl read the text from, where it was kept.
    raw: RawResponse | None = None
    #: Why no browser may be used for this one, in Chinese.
    without_browser: str | None = None


class Camera:
    """Captures pages, several at once if asked. Use as `async with`."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._pool: BrowserPool | None = None
        self._packages: tuple[str, ...] = ()
        #: Why there is no browser, in Chinese.
        self.missing: str | None = None
        try:
            path = find_browser(settings.evidence.browser)
        except BrowserMissing as bad:
            self.missing = str(bad)
            log.warning("browser_missing", extra={"reason": self.missing})
        else:
            zone = settings.general.timezone
            self._pool = BrowserPool(path, width=settings.evidence.viewport_width, zone=zone)

    async def __aenter__(self) -> Camera:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._pool is not None:
            await self._pool.__aexit__(None, None, None)

    async def capture(self, request: CaptureRequest, folder: Path) -> Judgement:
        """Fill an empty folder with what can be had, `capture.json` last. Raise `OSError` if the disk refuses."""
        started, journal = self._clock(), Journal(self._clock)
        shot = _Shot(judgement=Judgement(state="failed", reason=self._refusal(request)))
        if shot.judgement.reason is None:
            shot = await self._visit_twice(request, folder, journal)
        _keep_raw(request.raw, folder)
        now = self._clock()
        self._packages = self._packages or installed_packages()
        allowed = self._settings.evidence.allow_private
        report = machine_report(shot.browser, packages=self._packages, allow_private=allowed, now=now)
        _write_json(folder / "env.json", report)
        if shot.transport is not None:
            _write_json(folder / "response.json", shot.transport)
        if shot.body is not None:
            (folder / "response-body.txt").write_bytes(shot.body)
        (folder / "log.jsonl").write_bytes(journal.content())
        record = self._record(request, shot, started=started, finished=now)
        _write_json(folder / RECORD, record)
        return shot.judgement

    def _refusal(self, request: CaptureRequest) -> str | None:
        """Why no browser goes there."""
        if urlsplit(request.url).scheme not in ("http", "https"):
            return "只对 http 和 https 网址取证"
        return request.without_browser or self.missing

    async def _visit_twice(self, request: CaptureRequest, folder: Path, journal: Journal) -> _Shot:
        """A browser that dies under a page is replaced once; dying twice is the page's doing."""
        shot = _Shot(judgement=Judgement(state="failed"))
        for attempt in (1, 2):
            _empty(folder)
            journal.note("visit", attempt=attempt, url=request.url)
            try:
                return await self._visit(request, folder, journal)
            except _Died as died:
                journal.note("died", why=died.why)
                log.warning("capture_died", extra={"exhibit": request.exhibit, "attempt": attempt, "why": died.why})
                shot = died.shot
            except (EvidenceError, PlaywrightError, TimeoutError) as bad:
                journal.note("browser_failed", why=str(bad))
                reason = str(bad) if isinstance(bad, EvidenceError) else "浏览器无法工作"
                shot = _Shot(judgement=Judgement(state="failed", reason=reason, transient=True))
                log.warning("browser_failed", extra={"exhibit": request.exhibit, "why": str(bad)})
        return shot

    async def _visit(self, request: CaptureRequest, folder: Path, journal: Journal) -> _Shot:
        assert self._pool is not None
        settings = self._settings.evidence
        async with (
            EgressProxy(allow_private=settings.allow_private) as proxy,
            self._pool.context(proxy.url) as (context, running),
        ):
            journal.note("context_opened", browser=running.facts.version)
            visit = Visit(
                url=request.url,
                expected=request.text or "",
                folder=folder,
                settings=settings,
                egress=proxy.log,
                journal=journal,
            )
            why = None
            try:
                await visit.run(context)
            except PageDied as died:
                why = str(died)
                visit.shortcomings.append("浏览器在取证中途崩溃")
            arrival = visit.arrival
            transport, body = await arrival.transport() if arrival and not why else (None, None)
            journal.note("egress", **_egress(proxy))
            shot = _Shot(
                judgement=_judge(visit, request, died=bool(why)),
                pictures=tuple(sorted(visit.pictures, key=_best_first)),
                browser=running.facts,
                visit=visit.record,
                text_share=share_shown(request.text or "", visit.facts().text),
                final_url=visit.facts().url,
                transport={**transport, "egress": _egress(proxy)} if transport else None,
                body=body,
            )
        if why:
            raise _Died(why, shot)
        return shot

    def _record(self, request: CaptureRequest, shot: _Shot, *, started: datetime, finished: datetime) -> dict[str, Any]:
        return {
            "format": "tingfeng.exhibit/1",
            "product": f"tingfeng {metadata.version('tingfeng')}",
            "exhibit": request.exhibit,
            "post": request.post,
            "url": request.url,
            "final_url": shot.final_url,
            "requested": request.requested.isoformat(),
            "started": started.isoformat(),
            "finished": finished.isoformat(),
            "state": shot.judgement.state,
            "reason": shot.judgement.reason,
            "pictures": list(shot.pictures),
            "expected_text": request.text,
            "expected_fingerprint": fingerprint(request.text) if request.text else None,
            "text_share": shot.text_share,
            "crawl_response": None if request.raw is None else {"fetched": request.raw.fetched.isoformat()},
            **shot.visit,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shot:
    """What came of one visit."""

    judgement: Judgement
    pictures: tuple[str, ...] = ()
    browser: BrowserFacts | None = None
    visit: dict[str, Any] = field(default_factory=dict)
    text_share: float | None = None
    final_url: str | None = None
    transport: dict[str, Any] | None = None
    body: bytes | None = None


class _Died(Exception):
    def __init__(self, why: str, shot: _Shot) -> None:
        super().__init__(why)
        self.why, self.shot = why, shot


def _judge(visit: Visit, request: CaptureRequest, *, died: bool) -> Judgement:
    facts = visit.facts()
    if died and facts.status is None:
        return Judgement(state="failed", reason="浏览器在取证中途崩溃", transient=True)
    return judge(facts, request.text)


def _egress(proxy: EgressProxy) -> dict[str, Any]:
    found = proxy.log
    return {
        "connected": dict(found.connected),
        "refused": dict(found.refused),
        "unreachable": dict(found.unreachable),
        "cut": sorted(found.cut),
        "received": found.received,
    }


def _best_first(name: str) -> tuple[int, str]:
    return (("post.png", "view.png").index(name) if name in ("post.png", "view.png") else 2, name)


def _keep_raw(raw: RawResponse | None, folder: Path) -> None:
    if raw is None:
        return
    row = {**asdict(raw), "fetched": raw.fetched.isoformat(), "body": "crawl-body.bin", "body_sha256": sha256(raw.body)}
    _write_json(folder / "crawl-response.json", row)
    (folder / "crawl-body.bin").write_bytes(raw.body)


def _write_json(path: Path, row: dict[str, Any]) -> None:
    text = json.dumps(row, ensure_ascii=False, indent=2, sort_keys=True)
    path.write_bytes(text.encode("utf-8", "replace") + b"\n")


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
