"""The web process: the console on uvicorn."""

from __future__ import annotations

import socket
import time

import uvicorn

from app.wiring import Product
from core.errors import TingfengError

#: What helps where the console's port is taken.
ANOTHER_PORT = "设置 TINGFENG_WEB__PORT=其他端口"


class PortTaken(TingfengError):
    """Another program listens on the console's port."""


def refuse_taken_port(host: str, port: int, *, fix: str, patience_seconds: float = 0.0) -> None:
    """Raise `PortTaken` with the fix if something listens there, and still does after `patience_seconds`.

    After a `kill -9` the children of the run before need a moment to notice and to end.
    """
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            with socket.create_server((host, port)):
                return
        except OSError as bad:
            if time.monotonic() >= deadline:
                raise PortTaken(f"端口 {host}:{port} 不能使用（{bad.strerror}）。停掉占用它的程序，或{fix}") from None
        time.sleep(0.1)


def serve_console(product: Product) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    from web.console import Console
    from web.server import create_app

    refuse_taken_port(product.settings.web.host, product.settings.web.port, fix=ANOTHER_PORT)
    console = Console(
        settings=product.settings,
        clock=product.clock,
        database=product.database,
        index=product.index,
        verdicts=product.verdicts,
        exhibits=product.exhibits,
        ledger=product.ledger,
        catalogue=product.catalogue,
        cases=product.cases,
    )
    uvicorn.run(
        create_app(console),
        host=product.settings.web.host,
        port=product.settings.web.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
