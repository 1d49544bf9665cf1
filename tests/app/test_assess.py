"""`tingfeng assess`: a verdict a line, in order, as the lines come; what is wrong is named after what was right."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.cli.judging import _batches
from app.wiring import Product
from core.errors import BadInput, ConfigError
from core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
GOOD = '{"text":"曜行S7又漏油了"}'


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings file: the product without subjects."""
    monkeypatch.chdir(tmp_path)


def assess(*arguments: str, stdin: bytes = b"") -> tuple[list[dict[str, Any]], BaseException | None]:
    done = CliRunner().invoke(app, ["assess", *arguments], input=stdin)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return [json.loads(line) for line in lines], done.exception


def test_one_verdict_a_line_in_the_same_order() -> None:
    """More lines than one batch, from standard input, blank lines and line ends of any kind between."""
    posts = [{"text": f"第{number}次漏油", "native_id": number} for number in range(1_203)]
    stdin = "\r\n\n".join(json.dumps(post) for post in posts).encode()
    verdicts, wrong = assess("-", stdin=stdin)
    alone, _ = assess(stdin=json.dumps(posts[700]).encode())
    assert wrong is None
    assert len({verdict["id"] for verdict in verdicts}) == len(verdicts) == 1_203
    assert verdicts[700] == alone[0]
    assert set(verdicts[0]) == {
        *("id", "negative", "subjects", "categories", "event", "risk", "grade", "reasons", "model"),
    }


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        (b'{"text":3}', "text", "3"),
        (b'{"text":""}', "text", "''"),
        (b"{}", "text", "None"),
        (b"[]", "(整行)", "[]"),
        (b"{", "(整行)", "{"),
        ('{"text":"中文"}'.encode("gbk"), "(整行)", '{"text":"'),
        (b'{"text":"a","x":' + b"[" * 100_000, "(整行)", '{"text":"a","x":[['),
        (b'{"text":"a","floor":' + b"9" * 5_000 + b"}", "(整行)", '{"text":"a","floor":99'),
        (b'{"text":"a\x00b"}', "(整行)", '{"text":"a'),
        (b'{"text":"a","channel":"tv"}', "channel", "'tv'"),
        (b'{"text":"a","published":"gestern"}', "published", "'gestern'"),
        (b'{"text":"a","counts":{"views":NaN}}', "counts.views", "nan"),
    ],
)
def test_a_bad_line_is_named_after_the_verdicts_before_it(tmp_path: Path, line: bytes, key: str, value: str) -> None:
    """File, line, key, value; the lines behind it are not read."""
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"\n".join([GOOD.encode(), b"", GOOD.encode(), line, GOOD.encode()]))
    verdicts, wrong = assess(str(path))
    assert len(verdicts) == 2
    assert isinstance(wrong, BadInput)
    assert (wrong.file, wrong.line, wrong.key) == (str(path), 4, key)
    assert wrong.value.startswith(value)
    assert wrong.fix


@pytest.mark.parametrize(
    "line",
    [
        b'\xef\xbb\xbf{"text":"\xe6\xbc\x8f\xe6\xb2\xb9"}',
        b'{"text":"\\ud800\xe6\xbc\x8f\xe6\xb2\xb9"}',
        b'{"text":"\\u0000\\u200b"}',
        b'{"text":"a","published":"0001-01-01T00:00:00+08:00"}',
        b'{"text":"a","published":"9999-12-31T23:59:59-10:00"}',
        b'{"text":"a","counts":{"views":99999999999999999999999}}',
        b'{"text":"a","title":"\\ud83d","author":{"name":"\\udc00"},"unknown":[1]}',
    ],
)
def test_odd_lines_are_read(line: bytes) -> None:
    verdicts, wrong = assess(stdin=line)
    assert (len(verdicts), wrong) == (1, None)


@pytest.mark.parametrize("text", ["曜行坏了", "漏" * 1_000_000, "\u200b", "[" * 100_000, "//@" * 100_000, "😡", "\x00"])
def test_one_text(text: str) -> None:
    verdicts, wrong = assess("--text", text)
    assert (len(verdicts), wrong) == (1, None)


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (("--text", ""), BadInput),
        (("--text", " \n"), BadInput),
        (("--text", "a", "posts.jsonl"), ConfigError),
        (("gone.jsonl",), ConfigError),
        ((".",), ConfigError),
    ],
)
def test_what_cannot_be_judged_is_refused(arguments: tuple[str, ...], refusal: type[Exception]) -> None:
    verdicts, wrong = assess(*arguments)
    assert verdicts == []
    assert isinstance(wrong, refusal)


def test_nothing_in_nothing_out(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    assert assess("empty.jsonl") == ([], None)


def test_memory_does_not_grow_with_the_input(tmp_path: Path) -> None:
    """No more is read than the batch that is judged: of an endless input, too."""
    product = Product(Settings())
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield GOOD.encode()

    size = product.settings.analysis.batch
    for batch in itertools.islice(_batches(product, endless(), name="-"), 5):
        assert len(batch) == size
    assert read == 5 * size


def test_a_reader_that_has_enough_ends_it_silently(tmp_path: Path) -> None:
    """As in `tingfeng assess posts.jsonl | head -1`."""
    path = tmp_path / "posts.jsonl"
    path.write_text(f"{GOOD}\n" * 2_000, encoding="utf-8")
    running = subprocess.Popen(
        [sys.executable, "-m", "app", "assess", str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert running.stdout is not None
    assert running.stderr is not None
    assert json.loads(running.stdout.readline())["risk"] >= 0
    running.stdout.close()
    said = running.stderr.read().decode()
    running.stderr.close()
    assert running.wait(timeout=60) == 1
    assert "Traceback" not in said
