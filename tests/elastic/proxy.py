"""A gateway on loopback in front of a server (or of none) that does what gateways, networks and busy servers do.

Every request is shown to `answer` first; what that returns is said instead of the server's own answer. Real servers
are hard to make busy, slow or half dead at a chosen moment: this does it at a chosen request.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import httpx

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "accept-encoding"}
PRODUCT: Mapping[str, str] = {"X-Elastic-Product": "Elasticsearch", "Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, and how many came before it with the same method and path."""

    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]
    before: int

    def is_bulk(self) -> bool:
        return self.path.split("?")[0].endswith("/_bulk")


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said instead of the server's answer. `cut`: of its body only the first half arrives."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=lambda: PRODUCT)
    cut: bool = False


class Silence:
    """The connection stays open and nothing is said, until the gateway ends."""


class HangUp:
    """The connection is closed without a word."""


Said = Reply | Silence | HangUp | None


class Gateway:
    """`url` is its address; `upstream` that of the server, `None` for none. `seen` are all requests so far."""

    def __init__(self, upstream: str | None = None, *, answer: Callable[[Asked], Said] | None = None, port: int = 0):
        self.upstream, self.answer = upstream, answer
        self.seen: list[Asked] = []
        self.ended = threading.Event()
        self._guard = threading.Lock()
        self._client = httpx.Client(trust_env=False, timeout=120)
        gateway = self

        class Handler(_Handler):
            owner = gateway

        self._http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def note(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Asked:
        """Remember a request."""
        with self._guard:
            before = sum(one.method == method and one.path == path for one in self.seen)
            asked = Asked(method=method, path=path, body=body, headers=headers, before=before)
            self.seen.append(asked)
        return asked

    def forward(self, asked: Asked) -> Reply | HangUp:
        """What the server says; a closed connection where it is gone."""
        if self.upstream is None:
            return HangUp()
        headers = {name: value for name, value in asked.headers.items() if name.lower() not in _HOP_BY_HOP}
        try:
            found = self._client.request(
                asked.method,
                self.upstream + asked.path,
                content=asked.body or None,
                headers={**headers, "Accept-Encoding": "identity"},
            )
        except httpx.TransportError:
            return HangUp()
        kept = {name: value for name, value in found.headers.items() if name.lower() not in _HOP_BY_HOP}
        return Reply(found.status_code, found.content, kept)

    def close(self) -> None:
        self.ended.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, bad: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Gateway

    def _do(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = self.owner.note(
            self.command, self.path, body, {name.lower(): value for name, value in self.headers.items()}
        )
        said = self.owner.answer(asked) if self.owner.answer is not None else None
        if isinstance(said, Silence):
            self.owner.ended.wait()
        reply = self.owner.forward(asked) if said is None else said
        if not isinstance(reply, Reply):
            self.close_connection = True
            return
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body[: len(reply.body) // 2] if reply.cut else reply.body)
        self.close_connection = reply.cut

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _do  # noqa: N815 - the names http.server looks for

    def log_message(self, *words: object) -> None:
        """Say nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        except (TimeoutError, ConnectionError):
            self.close_connection = True
