"""One bench per channel, with a real other side on loopback: an SMTP server, an HTTP server, a file."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from core.secret import Secret
from core.settings import (
    ConsoleNotifierSettings,
    EmailNotifierSettings,
    WebhookNotifierSettings,
)
from tests.contracts.bench import PASSWORD, Bench, Received, build, free_port

# -- e-mail ----------------------------------------------------------------------------------------------------------


class Postman:
    """An aiosmtpd handler that answers as told."""

    def __init__(self) -> None:
        self.how = "ok"
        self.mails: list[bytes] = []
        self.release = threading.Event()
        self.refused_recipients: dict[str, str] = {}

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if address in self.refused_recipients:
            return self.refused_recipients[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        import asyncio

        while self.how == "hang" and not self.release.is_set():
            await asyncio.sleep(0.01)
        if self.how == "refuse":
            return f"554 5.7.1 refused, you said {PASSWORD}"
        if self.how == "throttle":
            return "451 4.7.1 try again later"
        if self.how == "ok":
            self.mails.append(envelope.content)
        return "250 OK"


class MailBench:
    """Mail over a loopback SMTP server with login."""

    def __init__(self, folder: Path, *, to: tuple[str, ...] = ("pr@example.com", "boss@example.com")) -> None:
        self.postman = Postman()
        self.server = Controller(
            self.postman,
            hostname="127.0.0.1",
            port=free_port(),
            authenticator=self.check,
            auth_require_tls=False,
            auth_required=True,
        )
        self.server.start()
        self.wrong_password = False
        block = EmailNotifierSettings(
            type="email",
            host="127.0.0.1",
            port=self.server.port,
            security="none",
            user="tingfeng",
            password=Secret(PASSWORD),
            sender="tingfeng@example.com",
            to=to,
            timeout=timedelta(seconds=0.5),
        )
        self.notifier = build(folder, block)

    def check(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        good = not self.wrong_password and data.password == PASSWORD.encode()
        return AuthResult(success=good, handled=good)

    def answer(self, how: str) -> None:
        self.postman.how = how
        if how == "gone":
            self.close()

    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=default) for raw in self.postman.mails]

    def received(self) -> list[Received]:
        return [
            Received(
                id=str(mail["Message-ID"]).strip("<>").partition("@")[0],
                title=str(mail["Subject"]),
                text=mail.get_body(("plain",)).get_content().replace("\r\n", "\n"),  # type: ignore[union-attr]
                files={part.get_filename() or "": part.get_content() for part in mail.iter_attachments()},
            )
            for mail in self.mails()
        ]

    def close(self) -> None:
        self.postman.release.set()
        if self.server.loop.is_running():
            self.server.stop()


# -- webhook ---------------------------------------------------------------------------------------------------------


class HookServer(ThreadingHTTPServer):
    """Remembers accepted requests; `reply` is what it answers."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), HookHandler)
        self.reply: tuple[int, dict[str, str], bytes] = (200, {}, b'{"ok": true}')
        self.hang = threading.Event()
        self.hanging = False
        self.requests: list[tuple[dict[str, str], bytes]] = []


class HookHandler(BaseHTTPRequestHandler):
    """Reads a POST whole, then answers."""

    server: HookServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.hanging:
            self.server.hang.wait(60)
            self.close_connection = True
            return
        status, headers, answer = self.server.reply
        self.server.requests.append(({key.lower(): value for key, value in self.headers.items()}, body))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet."""


class HookBench:
    """A webhook over a loopback HTTP server."""

    def __init__(self, folder: Path) -> None:
        self.server = HookServer()
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        port = self.server.server_address[1]
        block = WebhookNotifierSettings(
            type="webhook",
            url=f"http://127.0.0.1:{port}/hook?key=token-in-url",
            secret=Secret(PASSWORD),
            timeout=timedelta(seconds=0.5),
        )
        self.notifier = build(folder, block)

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.server.reply = (status, {name.replace("_", "-"): value for name, value in headers.items()}, body)

    def answer(self, how: str) -> None:
        self.server.hanging = how == "hang"
        match how:
            case "refuse":
                self.reply(200, json.dumps({"errcode": 310000, "errmsg": f"sign not match {PASSWORD}"}).encode())
            case "throttle":
                self.reply(429, b"slow down", Retry_After="30")
            case "gone":
                self.close()
            case _:
                self.reply(200, b'{"ok": true}')

    def received(self) -> list[Received]:
        if self.server.reply[0] != 200 or b"errcode" in self.server.reply[2]:
            return []
        rows = [(headers, json.loads(body)) for headers, body in self.server.requests]
        return [
            Received(
                id=headers["idempotency-key"],
                title=row["title"],
                text=row["text"],
                files={file["name"]: base64.b64decode(file["base64"]) for file in row["attachments"]},
            )
            for headers, row in rows
        ]

    def close(self) -> None:
        self.server.hang.set()
        if self.thread.is_alive():
            self.server.shutdown()
            self.thread.join()
            self.server.server_close()


# -- console ---------------------------------------------------------------------------------------------------------


class ConsoleBench:
    """A folder that may be writable, and a stream. A file cannot throttle or hang: those answers do not exist."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "data"
        self.stream = io.StringIO()
        self.notifier = build(self.folder, ConsoleNotifierSettings(type="console"), self.stream)

    def answer(self, how: str) -> None:
        if how == "gone":
            self.folder.write_text("a file where the folder should be")
        elif self.folder.is_file():
            self.folder.unlink()

    def received(self) -> list[Received]:
        path = self.folder / "alerts.jsonl"
        if not path.is_file():
            return []
        rows = [json.loads(line) for line in path.read_bytes().split(b"\n") if line]
        return [
            Received(
                id=row["id"],
                title=row["title"],
                text=row["text"],
                files={
                    item["name"]: Path(item["path"]).read_bytes()
                    for item in row["attachments"]
                    if item["name"] in row["sha256"]
                },
            )
            for row in rows
        ]

    def close(self) -> None:
        self.stream.close()


#: What the world behind each channel can do. A local file neither refuses, throttles nor hangs.
WORLDS: dict[str, tuple[str, ...]] = {
    "console": ("ok", "gone"),
    "email": ("ok", "refuse", "throttle", "hang", "gone"),
    "webhook": ("ok", "refuse", "throttle", "hang", "gone"),
}
BENCHES: dict[str, Callable[[Path], Bench]] = {"console": ConsoleBench, "email": MailBench, "webhook": HookBench}
