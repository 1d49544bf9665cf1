"""A JSON body, posted and signed. For systems of the reader's own, and for bots behind a small adapter.

The receiver checks `X-Tingfeng-Signature: sha256=HMAC-SHA256(secret, timestamp + "." + body)` and the age of
`X-Tingfeng-Timestamp` (Unix seconds). At least once: `Idempotency-Key` is the message's id, the same on every try.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from alerts.notifiers.attached import LoadedFile, load, with_notes
from alerts.notifiers.base import Delivery, Message
from alerts.notifiers.hiding import quoted
from core.clock import Clock
from core.settings import WebhookNotifierSettings
from core.wire import dumps

#: An answer is a few words; more is not read.
_ANSWER_BYTES = 64 * 1024
#: Body codes that mean "not now": WeCom busy and too frequent, DingTalk and Feishu too frequent.
_THROTTLED = frozenset({-1, 45009, 130101, 9499, 11232})
_THROTTLE_PAUSE = timedelta(minutes=1)


class WebhookNotifier:
    """Posts each message once a try. Redirects are not followed: the signature was made for this address."""

    def __init__(
        self,
        settings: WebhookNotifierSettings,
        *,
        clock: Clock,
        transport: Callable[[], httpx.BaseTransport] = lambda: httpx.HTTPTransport(trust_env=False),
    ) -> None:
        self.settings, self.clock, self.transport = settings, clock, transport

    def send(self, message: Message) -> Delivery:
        """Post and read the answer; an HTTP 200 whose body says no is a refusal."""
        files, notes = load(message.attachments)
        body = dumps(payload(message, files, notes)).encode()
        request = httpx.Request(
            "POST",
            self.settings.url,
            content=body,
            headers=self._headers(message, body),
            extensions={"timeout": httpx.Timeout(self.settings.timeout.total_seconds()).as_dict()},
        )
        try:
            status, headers, answer = self._post(request)
        except httpx.TimeoutException:
            return Delivery(ok=False, retry=True, reason="回调地址超时未应答")
        except httpx.InvalidURL as bad:
            return Delivery(ok=False, reason=f"回调地址无效（{self._said(bad)}）")
        except httpx.TransportError as bad:
            return Delivery(ok=False, retry=True, reason=f"无法连接回调地址（{type(bad).__name__}：{self._said(bad)}）")
        verdict = self._judge(status, headers, answer)
        if verdict.ok and notes:
            return Delivery(ok=True, reason="；".join(notes), provider_code=verdict.provider_code)
        return verdict

    def _post(self, request: httpx.Request) -> tuple[int, httpx.Headers, bytes]:
        # The transport itself: an httpx.Client would log the address, and the address of a bot holds its token.
        with self.transport() as transport:
            response = transport.handle_request(request)
            try:
                return response.status_code, response.headers, self._beginning(response)
            finally:
                response.close()

    def _beginning(self, response: httpx.Response) -> bytes:
        """The answer's first bytes; httpx bounds each read, this bounds a server that drips."""
        until = time.monotonic() + self.settings.timeout.total_seconds()
        found = b""
        for piece in response.iter_raw():
            found += piece
            if len(found) >= _ANSWER_BYTES:
                break
            if time.monotonic() > until:
                raise httpx.ReadTimeout("the answer drips")
        return found[:_ANSWER_BYTES]

    def _headers(self, message: Message, body: bytes) -> dict[str, str]:
        timestamp = str(int(self.clock().timestamp()))
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Tingfeng",
            "Idempotency-Key": message.id,
            "X-Tingfeng-Timestamp": timestamp,
            "X-Tingfeng-Signature": f"sha256={signature(self.settings.secret.reveal(), timestamp, body)}",
        }

    def _judge(self, status: int, headers: httpx.Headers, answer: bytes) -> Delivery:
        code = str(status)
        if 200 <= status < 300:
            return self._judge_body(answer, code)
        said = self._said(answer)
        if status == 429 or status == 503:
            after = _retry_after(headers, self.clock)
            return Delivery(ok=False, retry=True, reason=f"对方限流或暂停服务：{said}", provider_code=code, after=after)
        if 300 <= status < 400:
            return Delivery(ok=False, reason="回调地址要求跳转，未跟随；请填写最终地址", provider_code=code)
        # 408 and 425 are the server's way of saying "again".
        retry = status >= 500 or status in (408, 425)
        return Delivery(ok=False, retry=retry, reason=f"对方答复 HTTP {status}：{said}", provider_code=code)

    def _judge_body(self, answer: bytes, status: str) -> Delivery:
        row = _object(answer)
        errcode = row.get("errcode")
        if isinstance(errcode, int) and errcode != 0:
            throttled = errcode in _THROTTLED
            return Delivery(
                ok=False,
                retry=throttled,
                reason=f"对方答复 errcode {errcode}：{self._said(row.get('errmsg', ''))}",
                provider_code=str(errcode),
                after=_THROTTLE_PAUSE if throttled else None,
            )
        if row.get("ok") is False:
            why = self._said(row.get("error") or row.get("reason") or answer)
            retry = row.get("retry") is True
            return Delivery(ok=False, retry=retry, reason=f"对方拒收：{why}", provider_code=status)
        return Delivery(ok=True, provider_code=status)

    def _said(self, words: object) -> str:
        return quoted(words, (self.settings.secret,)) or "（无说明）"


def payload(message: Message, files: Sequence[LoadedFile], notes: Sequence[str]) -> dict[str, Any]:
    """The JSON body. Files are Base64 with their SHA-256, so that they can be held against the exhibit."""
    return {
        "version": 1,
        "id": message.id,
        "kind": message.kind,
        "title": message.title,
        "text": with_notes(message.text, notes),
        "grade": message.grade,
        "link": message.link,
        "evidence": message.evidence,
        "facts": message.facts,
        "attachments": [
            {
                "name": file.name,
                "media_type": file.media_type,
                "sha256": file.sha256,
                "size": len(file.content),
                "base64": base64.b64encode(file.content).decode(),
            }
            for file in files
        ],
        "notes": list(notes),
    }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 in hex over timestamp, a dot and the body."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _object(answer: bytes) -> dict[str, Any]:
    try:
        row = json.loads(answer)
    except ValueError:
        return {}  # "ok", an empty body, a page: the status is the answer
    return row if isinstance(row, dict) else {}


def _retry_after(headers: httpx.Headers, clock: Clock) -> timedelta | None:
    """Seconds or an HTTP date; `None` where the header is absent or senseless."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value), 10**7))
    try:
        wished = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if wished.utcoffset() is None:
        return None
    return max(wished - clock(), timedelta())
