"""Serves the four look-alike sites from one process on four neighbouring ports of the loopback interface."""

from __future__ import annotations

import asyncio
import http.client
import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import uvicorn
from starlette.applications import Starlette

from core.clock import Clock, system_clock
from core.errors import TingfengError
from demo.posts import SITES, SiteName
from demo.sites.discuz import CAR_CLUB, CITY_FORUM, forum_app
from demo.sites.news import news_app
from demo.sites.weibo import weibo_app
from demo.world import World

log = logging.getLogger("tingfeng.demo")

HOST = "127.0.0.1"
#: How often the servers look whether they should stop, in seconds.
_GLANCE = 0.1


class PortTaken(TingfengError):
    """Another programme listens on a port that the demo needs; names the port and the way out."""

    def __init__(self, port: int, why: str) -> None:
        self.port = port
        super().__init__(f"演示站点的端口 {port} 不可用（{why}）；请关闭占用它的程序，或换一个起始端口")


def ports(base_port: int) -> dict[SiteName, int]:
    """Which site listens where: base_port and the three after it."""
    return {site: base_port + offset for offset, site in enumerate(SITES)}


def applications(world: World, clock: Clock) -> dict[SiteName, Starlette]:
    """The four sites."""
    return {
        "forum": forum_app(world, CAR_CLUB, clock),
        "bbs": forum_app(world, CITY_FORUM, clock),
        "weibo": weibo_app(world, clock),
        "news": news_app(world, clock),
    }


def serve(world: World, *, base_port: int, stop: threading.Event | None = None, clock: Clock = system_clock) -> None:
    """Serve until `stop` is set or, in the main thread, SIGTERM or SIGINT arrives. Raise `PortTaken` before serving."""
    stop = stop or threading.Event()
    sites = applications(world, clock)
    listening = _listen(ports(base_port))
    servers = [_server(sites[site]) for site in SITES]
    try:
        log.info("demo_serving", extra={"ports": list(ports(base_port).values())})
        asyncio.run(_serve(servers, [listening[site] for site in SITES], stop))
    finally:
        for opened in listening.values():
            opened.close()
        log.info("demo_stopped")


def ready(base_port: int, *, timeout: float = 1.0) -> bool:
    """Whether all four sites answer their robots.txt."""
    return all(_answers(port, timeout) for port in ports(base_port).values())


def _answers(port: int, timeout: float) -> bool:
    with closing(http.client.HTTPConnection(HOST, port, timeout=timeout)) as connection:
        try:
            connection.request("GET", "/robots.txt")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


def _listen(wanted: dict[SiteName, int]) -> dict[SiteName, socket.socket]:
    """All sockets or none: what was opened is closed again where one fails."""
    opened: dict[SiteName, socket.socket] = {}
    try:
        for site, port in wanted.items():
            opened[site] = _socket(port)
    except TingfengError:
        for listening in opened.values():
            listening.close()
        raise
    return opened


def _socket(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen(128)
    except (OSError, OverflowError) as bad:
        listening.close()
        why = bad.strerror if isinstance(bad, OSError) and bad.strerror else "端口号应在 1 到 65535 之间"
        raise PortTaken(port, why) from None
    return listening


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to us: four of them share one process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(site: Starlette) -> _Server:
    config = uvicorn.Config(
        site,
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    return _Server(config)


async def _serve(servers: list[_Server], sockets: list[socket.socket], stop: threading.Event) -> None:
    if threading.current_thread() is threading.main_thread():
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
    running = [
        asyncio.create_task(server.serve(sockets=[opened])) for server, opened in zip(servers, sockets, strict=True)
    ]
    while not stop.is_set() and not any(task.done() for task in running):
        await asyncio.sleep(_GLANCE)
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*running)
