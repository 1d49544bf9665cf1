"""The browser's only way out lets nothing through to addresses that are nobody's business."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Awaitable, Callable, Sequence

import pytest

from evidence.proxy import EgressProxy, refusal


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200",
        "0.0.0.0", "224.0.0.1", "239.1.1.1", "255.255.255.255", "240.0.0.1", "192.0.0.192", "198.18.0.1",
        "168.63.129.16", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
    ],
)  # fmt: skip
def test_private_and_special_addresses_are_refused(address: str) -> None:
    """Every disguise of an inner address is seen through."""
    assert refusal(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "223.5.5.5", "114.114.114.114", "2400:3200::1", "64:ff9b::808:808"])
def test_public_addresses_pass(address: str) -> None:
    """The public internet is open."""
    assert refusal(ipaddress.ip_address(address)) is None


def _resolver(table: dict[str, Sequence[str]]) -> Callable[[str, int], Awaitable[list[str]]]:
    async def resolve(host: str, port: int) -> list[str]:
        return list(table[host])

    return resolve


async def _talk(proxy: EgressProxy, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2]))
    writer.write(request)
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


class _Upstream:
    """A server that keeps what it was sent and answers with fixed bytes, leaving the connection open."""

    def __init__(self, answer: bytes, *, closes: bool = True) -> None:
        self.answer, self.closes = answer, closes
        self.requests: list[bytes] = []

    async def __aenter__(self) -> _Upstream:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append(await reader.read(65_536))
        writer.write(self.answer)
        await writer.drain()
        if not self.closes:
            await reader.read()
        writer.close()


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\nX-A: b\r\n\r\nhi"


def test_a_page_is_forwarded_in_origin_form() -> None:
    """The server sees path, headers and body; nothing of the proxy; one request a connection."""

    async def run() -> None:
        async with (
            _Upstream(ANSWER) as site,
            EgressProxy(
                allow_private=[f"site.example:{site.port}"], resolve=_resolver({"site.example": ["127.0.0.1"]})
            ) as proxy,
        ):
            head = f"POST http://site.example:{site.port}/a?b=c HTTP/1.1\r\nHost: site.example\r\nContent-Length: 3\r\n"
            answer = await _talk(proxy, head.encode() + b"Proxy-Connection: keep-alive\r\nX-Y: z\r\n\r\nabc")
            assert answer == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\nConnection: close\r\n\r\nhi"
            sent = b"".join(site.requests)
            assert sent.startswith(b"POST /a?b=c HTTP/1.1\r\nHost: site.example\r\nContent-Length: 3\r\nX-Y: z\r\n")
            assert b"Proxy" not in sent
            assert sent.endswith(b"Connection: close\r\n\r\nabc")
            assert proxy.log.connected == {f"site.example:{site.port}": "127.0.0.1"}

    asyncio.run(run())


def test_a_second_request_on_the_connection_goes_nowhere() -> None:
    """What follows the first request is not sent to the host that was checked for the first."""

    async def run() -> None:
        async with _Upstream(ANSWER) as site, EgressProxy(allow_private=[f"127.0.0.1:{site.port}"]) as proxy:
            one = f"GET http://127.0.0.1:{site.port}/1 HTTP/1.1\r\nHost: a\r\n\r\n"
            await _talk(proxy, (one + "GET http://evil.example/2 HTTP/1.1\r\nHost: evil\r\n\r\n").encode())
            assert b"evil" not in b"".join(site.requests)

    asyncio.run(run())


def test_early_hints_do_not_hide_the_answer() -> None:
    """A 103 before the answer is passed over."""

    async def run() -> None:
        async with (
            _Upstream(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ANSWER) as site,
            EgressProxy(allow_private=[f"127.0.0.1:{site.port}"]) as proxy,
        ):
            answer = await _talk(proxy, f"GET http://127.0.0.1:{site.port}/ HTTP/1.1\r\n\r\n".encode())
            assert answer.startswith(b"HTTP/1.1 200 OK")

    asyncio.run(run())


def test_a_tunnel_carries_bytes_both_ways() -> None:
    """CONNECT gives a tunnel to the checked address."""

    async def run() -> None:
        async with _Upstream(b"pong") as site, EgressProxy(allow_private=[f"127.0.0.1:{site.port}"]) as proxy:
            answer = await _talk(proxy, f"CONNECT 127.0.0.1:{site.port} HTTP/1.1\r\n\r\nping".encode())
            assert answer == b"HTTP/1.1 200 Connection established\r\n\r\npong"
            assert site.requests == [b"ping"]

    asyncio.run(run())


@pytest.mark.parametrize("form", ["GET http://{0}/ HTTP/1.1\r\n\r\n", "CONNECT {0} HTTP/1.1\r\n\r\n"])
@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("127.0.0.1", ["127.0.0.1"]),
        ("rebind.example", ["127.0.0.1"]),
        ("rebind.example", ["::ffff:127.0.0.1"]),
        ("meta.example", ["169.254.169.254"]),
    ],
)
def test_refused_hosts_get_no_connection_and_no_page(form: str, host: str, addresses: list[str]) -> None:
    """The client gets nothing to take for an answer, the neighbour no connection, the log the reason."""

    async def run() -> None:
        async with _Upstream(b"INTERNAL SECRET") as victim, EgressProxy(resolve=_resolver({host: addresses})) as proxy:
            target = f"{host}:{victim.port}"
            assert await _talk(proxy, form.format(target).encode()) == b""
            assert victim.requests == []
            assert list(proxy.log.refused) == [target]

    asyncio.run(run())


def test_the_checked_address_is_the_one_connected_to() -> None:
    """A name that resolves to a private address the second time gains nothing: it is resolved once."""

    async def run() -> None:
        asked: list[str] = []

        async def resolve(host: str, port: int) -> list[str]:
            asked.append(host)
            return ["127.0.0.1"]

        async with (
            _Upstream(ANSWER) as site,
            EgressProxy(allow_private=[f"once.example:{site.port}"], resolve=resolve) as proxy,
        ):
            await _talk(proxy, f"GET http://once.example:{site.port}/ HTTP/1.1\r\n\r\n".encode())
            assert asked == ["once.example"]

    asyncio.run(run())


def test_a_connection_is_cut_at_its_limit() -> None:
    """More than the limit never reaches the browser, and the log says whose connection it was."""

    async def run() -> None:
        big = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 500_000
        async with (
            _Upstream(big) as site,
            EgressProxy(allow_private=[f"127.0.0.1:{site.port}"], max_bytes=100_000) as proxy,
        ):
            answer = await _talk(proxy, f"GET http://127.0.0.1:{site.port}/ HTTP/1.1\r\n\r\n".encode())
            assert len(answer) <= 100_100
            assert proxy.log.cut == {f"127.0.0.1:{site.port}"}

    asyncio.run(run())


def test_a_closed_proxy_refuses_everything() -> None:
    """What the browser itself asks of the internet ends here."""

    async def run() -> None:
        async with EgressProxy(closed=True, resolve=_resolver({})) as proxy:
            assert await _talk(proxy, b"CONNECT update.example:443 HTTP/1.1\r\n\r\n") == b""
            assert list(proxy.log.refused) == ["update.example:443"]

    asyncio.run(run())


@pytest.mark.parametrize(
    "request_",
    [
        b"", b"\r\n\r\n", b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET ftp://a/ HTTP/1.1\r\n\r\n",
        b"CONNECT nohost HTTP/1.1\r\n\r\n", b"CONNECT a:b HTTP/1.1\r\n\r\n", b"GET http://[::1 HTTP/1.1\r\n\r\n",
        b"GET http://a:99999/ HTTP/1.1\r\n\r\n", b"x" * 100_000, b"\xff\xfe \x00 \x00\r\n\r\n",
    ],
)  # fmt: skip
def test_nonsense_ends_the_connection(request_: bytes) -> None:
    """Whatever is sent, the proxy neither answers nor stops working."""

    async def run() -> None:
        async with EgressProxy(resolve=_resolver({})) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2]))
            writer.write(request_)
            writer.write_eof()
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            writer.close()
            assert await _talk(proxy, b"CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n") == b""

    asyncio.run(run())


def test_an_unreachable_host_is_named() -> None:
    """A refused connection is logged with its reason and gives the browser no page."""

    async def run() -> None:
        async with _Upstream(b"") as site:
            port = site.port
        async with EgressProxy(allow_private=[f"127.0.0.1:{port}"]) as proxy:
            assert await _talk(proxy, f"GET http://127.0.0.1:{port}/ HTTP/1.1\r\n\r\n".encode()) == b""
            assert proxy.log.unreachable == {f"127.0.0.1:{port}": "连接被拒绝或中断"}

    asyncio.run(run())
