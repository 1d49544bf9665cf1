"""A server that breaks HTTP on purpose: what it writes to a connection is a test's own, byte by byte."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Writes an answer to one request; `alive` says whether anybody still wants it.
Write = Callable[[socket.socket, threading.Event], None]

NO_RULES = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@contextmanager
def raw_serving(write: Write) -> Iterator[str]:
    """Answer robots.txt with 404 and everything else with `write`; gives the server's address."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)

    def answer(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            head = connection.recv(65_536)
            if head.startswith(b"GET /robots.txt"):
                connection.sendall(NO_RULES)
            else:
                write(connection, over)

    def accept() -> None:
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = listener.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        accepting.join()
        listener.close()


def drip(pieces: Iterator[bytes], every: float) -> Write:
    """A piece now and then, for as long as anybody listens."""

    def write(connection: socket.socket, over: threading.Event) -> None:
        for piece in pieces:
            connection.sendall(piece)
            if over.wait(every):
                return

    return write


def at_once(*pieces: bytes) -> Write:
    """These bytes, then the end of the connection."""

    def write(connection: socket.socket, _over: threading.Event) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return write
