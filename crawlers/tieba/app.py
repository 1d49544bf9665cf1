"""Tieba as its own phone app reads it, with aiotieba as the codec and nothing else.

aiotieba (an extra, `tingfeng[tieba]`) knows the app's protobuf messages. It packs our questions and unpacks the
answers; the bytes travel through our own fetcher, so that robots.txt, delays, budgets and the vault hold. Its client,
its network code and its accounts are never used.

[R aiotieba 4.8.2] Reading asks for no `sign` and no login: a question is one protobuf message in a multipart form,
POSTed to /c/f/frs/page (a bar), /c/f/pb/page (a thread) or /c/f/pb/floor (sub-comments) with the header
`x_bd_data_type`. The form calls of the same host want a signature; none of them is used. Not verified on the live site.

What a call asks for stands in its address as well (`kw`, `kz`, `pid`, `pn` beside the `cmd` that aiotieba sends), so
that cursors, the vault and the record of what is gone tell two threads apart; the server reads the message.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from core.errors import TingfengError

#: The web site's host and the one that answers its app.
WEB_HOST, APP_HOST = "tieba.baidu.com", "tiebac.baidu.com"
BAR, THREAD, FLOOR = "/c/f/frs/page", "/c/f/pb/page", "/c/f/pb/floor"
_COMMANDS = {BAR: 301001, THREAD: 302001, FLOOR: 302002}
_MESSAGES = {
    BAR: ("aiotieba.api.get_threads.protobuf.FrsPageResIdl_pb2", "FrsPageResIdl"),
    THREAD: ("aiotieba.api.get_posts.protobuf.PbPageResIdl_pb2", "PbPageResIdl"),
    FLOOR: ("aiotieba.api.get_comments.protobuf.PbFloorResIdl_pb2", "PbFloorResIdl"),
}
#: Threads, floors and sub-comments of one answer.
_THREADS, _FLOORS, _COMMENTS = 50, 30, 10
#: Sorted by last reply; floors in their order (`aiotieba.enums`).
_BY_REPLY, _IN_ORDER = 6, 0
_BOUNDARY = "-*_r1999"
HOW_TO_INSTALL = (
    '缺少附加组件 aiotieba，无法读取贴吧应用接口；请安装：pip install "tingfeng[tieba]"，或改用 surface = "html"'
)


class CodecMissing(TingfengError):
    """aiotieba is not installed. `str()` says in Chinese how to install it."""

    def __init__(self) -> None:
        super().__init__(HOW_TO_INSTALL)


class Undecodable(TingfengError):
    """Bytes that are no answer of this call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRequest:
    """A question to the app's server, to be POSTed."""

    url: str
    headers: dict[str, str]
    body: bytes


def installed() -> bool:
    """Whether the codec can be loaded; loads it."""
    try:
        for module in ("aiotieba", "google.protobuf.json_format", *(module for module, _ in _MESSAGES.values())):
            _load(module)
    except CodecMissing:
        return False
    return True


def app_base(url: str) -> str:
    """Scheme and host of the app's server for a source's address; another host than Tieba's own serves itself."""
    parts = urlsplit(url)
    if (parts.hostname or "") == WEB_HOST:
        return f"https://{APP_HOST}"
    return f"{parts.scheme}://{parts.netloc}"


def bar_url(base: str, name: str, page: int) -> str:
    """The address of one page of a bar's threads; pages count from 1."""
    return f"{base}{BAR}?cmd={_COMMANDS[BAR]}&kw={quote(name, safe='')}&pn={page}"


def thread_url(base: str, tid: str, page: int) -> str:
    """The address of one page of a thread."""
    return f"{base}{THREAD}?cmd={_COMMANDS[THREAD]}&kz={tid}&pn={page}"


def floor_url(base: str, tid: str, pid: str, page: int) -> str:
    """The address of one page of a floor's sub-comments."""
    return f"{base}{FLOOR}?cmd={_COMMANDS[FLOOR]}&kz={tid}&pid={pid}&pn={page}"


def call_of(url: str) -> str | None:
    """Which of the three calls an address is; `None` for any other."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    return path if path in _COMMANDS else None


def pack(url: str) -> AppRequest:
    """The question that an address of this module asks. Raise `CodecMissing`, or `ValueError` for another address."""
    call = call_of(url)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    page = int(asked.get("pn", "1"))
    if call == BAR:
        packed = _load("aiotieba.api.get_threads._api").pack_proto(
            asked["kw"], page, _THREADS, _BY_REPLY, False, _load("aiotieba.const").LEGACY_VERSION
        )
    elif call == THREAD:
        nobody = _load("aiotieba.core.account").Account()
        packed = _load("aiotieba.api.get_posts._api").pack_proto(
            nobody, int(asked["kz"]), page, _FLOORS, _IN_ORDER, False, True, False, _COMMENTS
        )
    elif call == FLOOR:
        packed = _load("aiotieba.api.get_comments._api").pack_proto(
            int(asked["kz"]), int(asked["pid"]), page, False, _IN_ORDER
        )
    else:
        raise ValueError(f"not a call of the app: {url}")
    return AppRequest(
        url=url,
        headers={"x_bd_data_type": "protobuf", "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"},
        body=_form(packed),
    )


def unpack(call: str, body: bytes) -> dict[str, Any]:
    """An answer as an object: its fields by their names, ids as text, fields that hold nothing left out.

    Raise `CodecMissing`, or `Undecodable` for other bytes.
    """
    module, name = _MESSAGES[call]
    answer = getattr(_load(module), name)()
    decoding = _load("google.protobuf.message").DecodeError
    try:
        answer.ParseFromString(body)
    except (decoding, ValueError, RecursionError) as bad:
        raise Undecodable("bytes that are no such message") from bad
    found: dict[str, Any] = _load("google.protobuf.json_format").MessageToDict(answer, preserving_proto_field_name=True)
    return found


def _form(packed: bytes) -> bytes:
    """The message as the only part of a multipart form, as the app sends it."""
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="data"; filename="file"\r\n\r\n'
    return head.encode() + packed + f"\r\n--{_BOUNDARY}--\r\n".encode()


def _load(module: str) -> Any:
    """A module of aiotieba or of the protobuf runtime that comes with it."""
    try:
        with _logging_left_alone():
            return importlib.import_module(module)
    except ImportError as bad:
        raise CodecMissing from bad


@contextmanager
def _logging_left_alone() -> Iterator[None]:
    """Undo what importing aiotieba does: it renames log levels and silences logging errors for the whole program."""
    names = {level: logging.getLevelName(level) for level in (logging.WARNING, logging.CRITICAL)}
    raising = logging.raiseExceptions
    try:
        yield
    finally:
        logging.raiseExceptions = raising
        for level, name in names.items():
            logging.addLevelName(level, name)
