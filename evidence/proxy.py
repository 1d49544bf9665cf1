"""The browser's only way out: a forward proxy that connects to addresses it has checked itself.

A hostile page can redirect, embed or script its way to an intranet host. Filtering in the browser does not see
redirects; a proxy that resolves the name, checks the address and connects to that same address sees everything,
and a name that resolves differently a moment later gains nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: Gives the addresses of a host name.
Resolver = Callable[[str, int], Awaitable[list[str]]]

MAX_BYTES = 25_000_000
_MAX_HEAD = 64_000
_CHUNK = 65_536
_CONNECT_SECONDS = 10.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: Azure's host agent answers on a public address, Oracle's metadata on one of IETF's own.
_METADATA = (ipaddress.ip_network("168.63.129.16/32"), ipaddress.ip_network("192.0.0.0/24"))


def refusal(address: Address) -> str | None:
    """Why nothing may connect to this address, in Chinese; `None` for an address of the public internet."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return refusal(inner)
        if address.is_site_local or address.teredo:
            return "内网地址"
    for is_such, name in (
        (address.is_loopback, "本机地址"),
        (address.is_link_local or any(address in network for network in _METADATA), "链路本地或云元数据地址"),
        (address.is_multicast, "组播地址"),
        (address.is_unspecified, "未指定地址"),
        (not address.is_global, "内网或保留地址"),
    ):
        if is_such:
            return name
    return None


@dataclass(slots=True)
class EgressLog:
    """What went through one proxy: which hosts at which addresses, what was refused and what was cut."""

    #: "host:port" to the address that was checked and connected to.
    connected: dict[str, str] = field(default_factory=dict)
    #: "host:port" to the Chinese reason.
    refused: dict[str, str] = field(default_factory=dict)
    #: "host:port" to what went wrong on the way there.
    unreachable: dict[str, str] = field(default_factory=dict)
    #: "host:port" of connections that hit the byte limit.
    cut: set[str] = field(default_factory=set)
    received: int = 0


class EgressProxy:
    """One listener on loopback. Use as `async with`; leaving ends every connection."""

    def __init__(
        self,
        *,
        allow_private: Iterable[str] = (),
        max_bytes: int = MAX_BYTES,
        closed: bool = False,
        resolve: Resolver | None = None,
    ) -> None:
        self.log = EgressLog()
        self._allowed = frozenset(pair.lower() for pair in allow_private)
        self._max_bytes = max_bytes
        #: A closed proxy refuses everything: it stands where the browser itself would call home.
        self._closed = closed
        self._resolve = resolve or _resolve
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> EgressProxy:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_MAX_HEAD)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """What the browser is told."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            # A refused or unreachable target gets no answer of ours: it could be taken for the site's.
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
                await self._forward(reader, writer)
        finally:
            writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, version = head.split("\r\n", 1)[0].split(" ")
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            opened = await self._open(host.strip("[]"), int(port))
            if opened is None:
                return
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await self._relay(reader, writer, *opened, name=target, uploads=None)
            return
        parts = urlsplit(target)
        if parts.scheme != "http" or not parts.hostname:
            return
        opened = await self._open(parts.hostname, parts.port or 80)
        if opened is None:
            return
        path = target.split("/", 3)[3] if target.count("/") >= 3 else ""
        lines = [f"{method} /{path} {version}", *_end_to_end(head), "Connection: close", "", ""]
        opened[1].write("\r\n".join(lines).encode("latin-1"))
        await self._relay(reader, writer, *opened, name=_pair(parts.hostname, parts.port or 80), uploads=_length(head))

    async def _open(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        name = _pair(host, port)
        if self._closed:
            self.log.refused[name] = "浏览器自身的联网请求"
            return None
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                address = self._checked(name, await self._resolve(host, port))
                if address is None:
                    return None
                opened = await asyncio.open_connection(address, port, limit=_MAX_HEAD)
        except (OSError, UnicodeError) as bad:
            self.log.unreachable[name] = _why_unreachable(bad)
            return None
        self.log.connected[name] = address
        return opened

    def _checked(self, name: str, addresses: list[str]) -> str | None:
        reasons = [(text, refusal(ipaddress.ip_address(text.partition("%")[0]))) for text in addresses]
        for text, reason in reasons:
            if reason is None or name.lower() in self._allowed:
                return text
        if reasons:
            self.log.refused[name] = f"{reasons[0][1]} {reasons[0][0]}"
        else:
            self.log.unreachable[name] = "域名没有地址"
        return None

    async def _relay(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        back: asyncio.StreamWriter,
        *,
        name: str,
        uploads: int | None,
    ) -> None:
        """Copy both ways until either side ends. `uploads` is how many bytes of body follow; `None`: a tunnel."""
        up = asyncio.ensure_future(_upload(reader, back, uploads))
        down = asyncio.ensure_future(self._download(there, writer, name, is_tunnel=uploads is None))
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            back.close()
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)

    async def _download(
        self, there: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str, *, is_tunnel: bool
    ) -> None:
        received = 0
        if not is_tunnel:
            # One request a connection: a kept-alive one could carry the next request to a host nobody checked.
            head = (await there.readuntil(b"\r\n\r\n")).decode("latin-1")
            while head.split(" ", 2)[1].startswith("1"):  # 100 and 103 precede the answer
                head = (await there.readuntil(b"\r\n\r\n")).decode("latin-1")
            first = head.split("\r\n", 1)[0]
            writer.write("\r\n".join([first, *_end_to_end(head), "Connection: close", "", ""]).encode("latin-1"))
        while chunk := await there.read(_CHUNK):
            received += len(chunk)
            self.log.received += len(chunk)
            if received > self._max_bytes:
                self.log.cut.add(name)
                return
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()


async def _upload(reader: asyncio.StreamReader, back: asyncio.StreamWriter, left: int | None) -> None:
    while left is None or left > 0:
        chunk = await reader.read(_CHUNK if left is None else min(_CHUNK, left))
        if not chunk:
            return
        left = None if left is None else left - len(chunk)
        back.write(chunk)
        await back.drain()
    await reader.read(1)  # all is sent: from here on only the end of the connection is of interest


async def _resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _pair(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


_HOP_BY_HOP = frozenset({"connection", "proxy-connection", "keep-alive", "proxy-authorization", "te", "trailer"})


def _end_to_end(head: str) -> list[str]:
    """The header lines that concern both ends, as they are."""
    lines = head.split("\r\n")[1:-2]
    return [line for line in lines if line.partition(":")[0].strip().lower() not in _HOP_BY_HOP]


def _length(head: str) -> int:
    """How long the request's body is. Raise `ValueError` for chunked bodies, which no page load needs."""
    fields = {
        name.strip().lower(): value.strip() for name, _, value in (ln.partition(":") for ln in head.split("\r\n"))
    }
    if "transfer-encoding" in fields:
        raise ValueError("chunked upload")
    return int(fields.get("content-length", "0"))


def _why_unreachable(bad: Exception) -> str:
    if isinstance(bad, TimeoutError):
        return "连接超时"
    return "域名无法解析" if isinstance(bad, socket.gaierror | UnicodeError) else "连接被拒绝或中断"
