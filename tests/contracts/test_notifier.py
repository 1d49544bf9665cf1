"""The contract of every channel, held against a real SMTP server, a real HTTP server and a real file.

One bench per channel makes the other side do what a test names; the tests are the same for all.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.notifiers import NOTIFIERS
from alerts.notifiers.attached import LIMIT_BYTES
from alerts.notifiers.base import Attachment
from tests.contracts.bench import PASSWORD, PICTURE, Bench, make_message
from tests.contracts.channels import BENCHES, WORLDS, MailBench

#: Each channel with each thing that the world behind it can do.
EVERYTHING = [(channel, how) for channel, ways in WORLDS.items() for how in ways]

#: The loopback test server takes passwords without TLS, and says each time that nobody should.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")


@pytest.fixture(params=list(BENCHES))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    made = BENCHES[request.param](tmp_path)
    yield made
    made.close()


def test_every_channel_of_the_list_has_a_bench() -> None:
    """A new notifier without its contract does not pass."""
    assert set(BENCHES) == set(NOTIFIERS)


def test_a_message_arrives_whole(bench: Bench, tmp_path: Path) -> None:
    """Chinese title and text, the stable id, and the picture byte for byte."""
    message = make_message(tmp_path)
    assert bench.notifier.send(message).ok
    [got] = bench.received()
    assert (got.id, got.title, got.text) == (message.id, message.title, message.text)
    assert got.files == {"post.png": PICTURE}


@pytest.mark.parametrize(("bench", "how"), [pair for pair in EVERYTHING if pair[1] != "ok"], indirect=["bench"])
def test_what_the_world_does_is_an_answer(bench: Bench, tmp_path: Path, how: str) -> None:
    """No exception; a reason for the operator; `retry` says whether trying again can help."""
    bench.answer(how)
    delivery = bench.notifier.send(make_message(tmp_path))
    assert (delivery.ok, delivery.retry) == (False, how != "refuse")
    assert delivery.reason
    assert "\n" not in delivery.reason


@pytest.mark.parametrize(
    ("bench", "how"), [("console", "gone"), ("email", "throttle"), ("webhook", "throttle")], indirect=["bench"]
)
def test_after_a_failure_the_next_try_gets_through_under_the_same_id(bench: Bench, tmp_path: Path, how: str) -> None:
    """Trying again is safe."""
    bench.answer(how)
    assert not bench.notifier.send(make_message(tmp_path)).ok
    bench.answer("ok")
    assert bench.notifier.send(make_message(tmp_path)).ok
    assert bench.received()[-1].id == make_message(tmp_path).id


@pytest.mark.parametrize(("bench", "how"), EVERYTHING, indirect=["bench"])
def test_no_secret_in_reason_log_or_repr(
    bench: Bench, tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Even when the other side quotes the secret back to us."""
    caplog.set_level(logging.DEBUG)
    bench.answer(how)
    delivery = bench.notifier.send(make_message(tmp_path))
    logged = [record for record in caplog.records if not record.name.startswith("mail.")]  # the test server's own log
    written = f"{delivery!r} {bench.notifier!r} {[str(vars(record)) for record in logged]}"
    for form in (PASSWORD, base64.b64encode(PASSWORD.encode()).decode()):
        assert form not in written + repr(vars(bench.notifier))
    assert "token-in-url" not in written


def test_a_missing_file_does_not_stop_the_message(bench: Bench, tmp_path: Path) -> None:
    """The message goes and says what is missing; so does the delivery."""
    gone = Attachment(path=tmp_path / "gone.png", name="gone.png", media_type="image/png")
    message = make_message(tmp_path)
    delivery = bench.notifier.send(replace(message, attachments=(gone, *message.attachments)))
    assert delivery.ok
    assert "gone.png" in delivery.reason
    [got] = bench.received()
    assert "附件 gone.png 无法读取" in got.text
    assert got.text.startswith(message.text)
    assert got.files == {"post.png": PICTURE}


def test_too_large_files_are_left_out_and_named(bench: Bench, tmp_path: Path) -> None:
    """The slices of a long page may be more than a channel takes."""
    large = tmp_path / "large.png"
    large.write_bytes(b"\0" * (LIMIT_BYTES + 1))
    message = make_message(tmp_path)
    slices = (Attachment(path=large, name="large.png", media_type="image/png"), *message.attachments)
    assert bench.notifier.send(replace(message, attachments=slices)).ok
    [got] = bench.received()
    assert "附件 large.png（8.0 MB）过大" in got.text
    assert set(got.files) == {"post.png"}


@pytest.mark.parametrize(
    "title",
    [
        "标题\r\nBcc: all@example.com\r\n\r\n<b>body</b>",
        "标题\nX-Injected: 1",
        "\x00\u202e标题\u2028X-Injected: 1",
        "很长的标题" * 300,
        "\ud800 半个字符",
        "",
    ],
)
def test_hostile_titles_arrive_as_one_line(bench: Bench, tmp_path: Path, title: str) -> None:
    """Whoever writes a post writes no headers."""
    assert bench.notifier.send(make_message(tmp_path, title=title)).ok
    assert len(bench.received()) == 1
    if isinstance(bench, MailBench):
        [got] = bench.mails()
        assert got["Bcc"] is None
        assert got["X-Injected"] is None
        assert got["To"].addresses[0].addr_spec == "pr@example.com"
