"""Where raw responses rest: each file is named after the SHA-256 of its content, so that nothing can change unseen.

Files are compressed with zlib: on Chinese pages of some 30 KB lzma made files 6 % smaller for fourteen times the
processor time, which the crawler and the browser need.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.errors import EvidenceError
from core.model import require_aware
from evidence.durable import canonical_json, sha256, write_whole

_ADDRESS = re.compile(r"[0-9a-f]{64}")
_TYPE = "tingfeng.response/1"
_COOKIE_VALUE = re.compile(r"=[^;]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawResponse:
    """One HTTP response as it came: headers in order, the body with its transfer coding undone and nothing else."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    fetched: datetime
    #: Address of the server that answered, where the client knew it.
    ip: str | None = None

    def __post_init__(self) -> None:
        require_aware(self, fetched=self.fetched)


class Vault:
    """A folder of content-addressed files: `ab/cdef…` for the address `abcdef…`. Safe for many processes at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> str:
        """Keep `content` durably and return its address. Keeping the same twice is free; a damaged copy is healed."""
        address = sha256(content)
        if not self._holds(address):
            write_whole(self._home(address), zlib.compress(content, 6))
        return address

    def get(self, address: str) -> bytes:
        """The content at `address`. Raise `EvidenceError` if there is none or if it is not what was put."""
        try:
            packed = self._home(address).read_bytes()
        except FileNotFoundError:
            raise EvidenceError(f"原始响应库中没有 {address}") from None
        try:
            content = zlib.decompress(packed)
        except zlib.error as bad:
            raise EvidenceError(f"原始响应库中的 {address} 已损坏（{bad}）") from None
        if sha256(content) != address:
            raise EvidenceError(f"原始响应库中的 {address} 已损坏（内容与地址不符）")
        return content

    def contains(self, address: str) -> bool:
        """Whether something lies at `address`; `get` says whether it is intact."""
        return bool(_ADDRESS.fullmatch(address)) and self._home(address).is_file()

    def put_response(self, response: RawResponse) -> str:
        """Keep a response and return the address of its envelope, which names the address of the body.

        Of `Set-Cookie` only names and attributes are kept: a site may renew a login there, and logins are secrets.
        """
        envelope = {
            "type": _TYPE,
            "url": response.url,
            "status": response.status,
            "headers": [[name, _shown(name, value)] for name, value in response.headers],
            "body": self.put(response.body),
            "fetched": response.fetched.isoformat(),
            "ip": response.ip,
        }
        return self.put(canonical_json(envelope))

    def get_response(self, address: str) -> RawResponse:
        """The response whose envelope lies at `address`. Raise `EvidenceError` if it or its body is not intact."""
        content = self.get(address)
        try:
            envelope = json.loads(content)
            if envelope["type"] != _TYPE:
                raise ValueError(envelope["type"])
            return RawResponse(
                url=envelope["url"],
                status=envelope["status"],
                headers=tuple((name, value) for name, value in envelope["headers"]),
                body=self.get(envelope["body"]),
                fetched=datetime.fromisoformat(envelope["fetched"]),
                ip=envelope["ip"],
            )
        except (KeyError, TypeError, ValueError):
            raise EvidenceError(f"{address} 不是一份原始响应的记录") from None

    def _holds(self, address: str) -> bool:
        try:
            self.get(address)
        except EvidenceError:
            return False
        return True

    def _home(self, address: str) -> Path:
        if not _ADDRESS.fullmatch(address):
            raise EvidenceError(f"不是原始响应库的地址：{address[:80]!r}")
        return self.folder / address[:2] / address[2:]


def _shown(name: str, value: str) -> str:
    # "SUB=_2A25…; path=/; HttpOnly"
    return _COOKIE_VALUE.sub("=***", value, count=1) if name.lower() == "set-cookie" else value
