"""What every answer of the console carries, and which requests it answers at all.

A page that shows hostile text must not run it, load from elsewhere, or be framed; a console without a login must not be
reachable under a name that an attacker's page could make point at this machine.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import ConfigError
from core.settings import Settings

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def refuse_open_address(settings: Settings) -> None:
    """Raise `ConfigError` where the console would listen for other machines: it has no login yet."""
    if settings.web.host not in LOOPBACK:
        raise ConfigError(
            file=str(settings.path or "monitor.toml"),
            key="web.host",
            value=settings.web.host,
            problem="控制台尚无登录，不能向其他机器开放",
            fix="改为 127.0.0.1，远程查看请用 SSH 隧道",
        )


class Guard:
    """ASGI middleware: answers only requests for a loopback name, and puts `HEADERS` on every answer that has none."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the Host header, then pass on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if host_name(Headers(scope=scope).get("host", "")) not in LOOPBACK:
            refusal = PlainTextResponse("只接受本机地址（127.0.0.1 或 localhost）的访问。", status_code=421)
            await refusal(scope, receive, guarded)
            return
        await self.app(scope, receive, guarded)


def host_name(header: str) -> str:
    """The name in a Host header, without port and brackets, in lower case."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower().rstrip(".")
