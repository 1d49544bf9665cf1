"""`tingfeng parse`: what a saved page yields, and the state it would cause, without network or database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.cli import app
from core.errors import ConfigError
from tests.app.test_cli import tingfeng

PAGES = Path(__file__).resolve().parents[1] / "pages"
NOW = "2026-03-15T10:00:00+08:00"


def parsed(*arguments: str, standard_input: str = "") -> list[dict[str, Any]]:
    done = tingfeng("parse", *arguments, "--now", NOW, standard_input=standard_input)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("kind", ["complaint", "auto"])
def test_posts_then_links_then_one_state(kind: str) -> None:
    """A list of complaints in GBK: links with what they lead to, and how far each has come."""
    page = PAGES / "complaint" / "table_gbk"
    url = json.loads((page / "expected.json").read_text(encoding="utf-8"))["url"]
    *links, state = parsed(str(page / "page.html"), "--kind", kind, "--url", url)
    assert state == {"record": "state", "state": "ok", "reason": "读到 2 条投诉"}
    assert [link["record"] for link in links] == ["link"] * 3
    assert [(link["leads_to"], link["standing"]) for link in links] == [
        ("thread", "厂家受理"), ("thread", "厂家已回复"), ("list", None)
    ]  # fmt: skip


def test_a_saved_refusal_can_be_replayed() -> None:
    """Status and redirect decide as they did when the page was fetched."""
    page = str(PAGES / "qa" / "zhidao_best_gbk" / "page.html")
    address = "https://zhidao.baidu.com/question/1.html"
    assert parsed(page, "--url", address)[-1]["state"] == "ok"
    assert parsed(page, "--url", address, "--status", "403")[-1]["state"] == "blocked"
    gate = ("--url", "https://passport.baidu.com/v2/?login", "--requested-url", address)
    refused = parsed(page, *gate)
    assert (refused[-1]["state"], len(refused)) == ("blocked", 1)
    assert parsed(page, "--url", address, "--status", "502")[-1]["state"] == "down"


def test_a_page_from_standard_input() -> None:
    """`curl … | tingfeng parse -`."""
    [state] = parsed("-", "--kind", "qa", standard_input="<html><body><p>别的页面</p></body></html>")
    assert state["state"] == "broken"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("/nowhere.html",), "不存在"),
        (("/",), "是一个文件夹"),
        (("/dev/zero",), "超过 50 MB"),
        (("-", "--kind", "zhidao"), "complaint"),
        (("-", "--url", "zhidao.baidu.com/question/1.html"), "--url"),
        (("-", "--requested-url", "http://[::1"), "--requested-url"),
        (("-", "--now", "soon"), "--now"),
    ],
    ids=["missing", "folder", "endless", "kind", "url", "requested", "now"],
)
def test_what_cannot_be_parsed_is_said(arguments: tuple[str, ...], said: str) -> None:
    """A wrong argument names itself; `tingfeng` makes one line and exit code 2 of it."""
    with pytest.raises(ConfigError) as raised:
        app(["parse", *arguments], standalone_mode=False)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_wrong_argument_ends_with_exit_code_2() -> None:
    """As a script sees it."""
    done = tingfeng("parse", "/nowhere.html")
    assert (done.returncode, done.stdout) == (2, "")
    assert "不存在" in done.stderr
    assert "Traceback" not in done.stderr
