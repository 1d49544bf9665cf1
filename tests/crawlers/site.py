"""A hostile little web on a free loopback port: a Discuz-like board, an m.weibo-like search, feeds with articles.

Each test gets a `Site` of its own and changes it while it runs; every request is written down.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

#: 2026-03-15 20:00 in Shanghai.
NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the server answers."""

    body: bytes = b""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    #: Claimed length; a larger one than the body's is a connection that breaks off.
    claims: int | None = None


Route = Callable[[str], "Reply | None"]


@dataclass
class Site:
    """One server. `routes` are asked in turn; the first that knows the path answers, else 404."""

    routes: list[Route] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    #: What came with POST requests.
    bodies: list[bytes] = field(default_factory=list)
    #: When each request came, in seconds of a monotonic clock.
    times: list[float] = field(default_factory=list)
    #: What robots.txt says.
    robots: Reply = Reply(status=404)
    #: The server's own clock.
    now: datetime = NOW
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def pages(self) -> list[str]:
        """The paths asked for since the last call, without robots.txt."""
        found = [path for path in self.asked if path != "/robots.txt"]
        self.asked.clear()
        return found

    def answer(self, path: str) -> Reply:
        if path == "/robots.txt":
            return self.robots
        for route in self.routes:
            reply = route(path)
            if reply is not None:
                return reply
        return Reply(status=404, body=b"<html><body>404</body></html>")


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """Run the server until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append(self.path)
            site.times.append(time.monotonic())
            site.headers.append(dict(self.headers.items()))
            reply = site.answer(self.path)
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            self.send_header("Content-Length", str(reply.claims if reply.claims is not None else len(reply.body)))
            for name, value in reply.headers:
                self.send_header(name, value)
            if reply.claims is not None:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            self.wfile.write(reply.body)

        def do_POST(self) -> None:
            site.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.do_GET()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(site.now.astimezone(UTC), usegmt=True)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def at(path: str, reply: Reply) -> Route:
    """A route for everything that starts with `path`."""
    return lambda asked: reply if urlsplit(asked).path.startswith(path) else None
