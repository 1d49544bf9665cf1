"""Webhook: the signature, the body code, throttling, redirects."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.notifiers.base import Delivery
from tests.contracts.bench import NOW, PASSWORD, PICTURE, make_message
from tests.contracts.channels import HookBench


@pytest.fixture
def hook(tmp_path: Path) -> Iterator[HookBench]:
    made = HookBench(tmp_path)
    yield made
    made.close()


def test_the_signature_covers_timestamp_and_body(hook: HookBench, tmp_path: Path) -> None:
    """A receiver can check who sent it, that it is whole, and that it is fresh."""
    hook.notifier.send(make_message(tmp_path))
    [(headers, body)] = hook.server.requests
    stamp = headers["x-tingfeng-timestamp"]
    assert stamp == str(int(NOW.timestamp()))
    expected = hmac.new(PASSWORD.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["x-tingfeng-signature"] == f"sha256={expected}"
    row = json.loads(body)
    assert row["facts"] == {"risk": 86, "subjects": ["星辰汽车"]}
    assert row["attachments"][0]["sha256"] == hashlib.sha256(PICTURE).hexdigest()


@pytest.mark.parametrize(
    ("status", "body", "delivery"),
    [
        (200, b"", Delivery(ok=True, provider_code="200")),
        (204, b"", Delivery(ok=True, provider_code="204")),
        (200, b"ok", Delivery(ok=True, provider_code="200")),
        (200, b"[1]", Delivery(ok=True, provider_code="200")),
        (200, b"\xff\xfe", Delivery(ok=True, provider_code="200")),
        (200, b'{"errcode": 0}', Delivery(ok=True, provider_code="200")),
        (200, b'{"ok": false}', Delivery(ok=False, retry=False, provider_code="200")),
        (200, b'{"ok": false, "retry": true}', Delivery(ok=False, retry=True, provider_code="200")),
        (200, b'{"errcode": 93000}', Delivery(ok=False, retry=False, provider_code="93000")),
        (200, b'{"errcode": 130101}', Delivery(ok=False, retry=True, provider_code="130101")),
        (200, b'{"errcode": -1}', Delivery(ok=False, retry=True, provider_code="-1")),
        (400, b"bad", Delivery(ok=False, retry=False, provider_code="400")),
        (401, b"", Delivery(ok=False, retry=False, provider_code="401")),
        (408, b"", Delivery(ok=False, retry=True, provider_code="408")),
        (500, b"<html>", Delivery(ok=False, retry=True, provider_code="500")),
        (503, b"", Delivery(ok=False, retry=True, provider_code="503")),
    ],
)
def test_the_body_is_read(hook: HookBench, tmp_path: Path, status: int, body: bytes, delivery: Delivery) -> None:
    """An HTTP 200 that says no is a no."""
    hook.reply(status, body)
    got = hook.notifier.send(make_message(tmp_path))
    assert (got.ok, got.retry, got.provider_code) == (delivery.ok, delivery.retry, delivery.provider_code)


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ("30", timedelta(seconds=30)),
        ("Sun, 15 Mar 2026 12:02:00 GMT", timedelta(minutes=2)),
        ("Sun, 15 Mar 2026 11:00:00 GMT", timedelta()),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_respected(hook: HookBench, tmp_path: Path, value: str, after: timedelta | None) -> None:
    """In both spellings of the standard."""
    hook.reply(429, b"", Retry_After=value)
    assert hook.notifier.send(make_message(tmp_path)).after == after


def test_redirects_are_not_followed(hook: HookBench, tmp_path: Path) -> None:
    """The signed body goes to the configured address or nowhere."""
    hook.reply(302, b"", Location="/elsewhere")
    delivery = hook.notifier.send(make_message(tmp_path))
    assert (delivery.ok, delivery.retry, delivery.provider_code) == (False, False, "302")
    assert len(hook.server.requests) == 1
