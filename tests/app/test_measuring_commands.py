"""`tingfeng evaluate` and `tingfeng adapt`, as a user types them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from tests.app.conftest import Desk

THINGS = ["这家店", "这台车", "售后", "变速箱", "空调", "座椅", "销售", "保养", "轮胎", "车机", "音响", "大灯"]
SAID = [("太差了", 1), ("坑人", 1), ("很失望", 1), ("坏了没人修", 1), ("很满意", 0), ("非常好", 0), ("省心", 0)]
ENDS = ["", "，唉", "，就这样", "，说一下"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """One set of a few hundred sentences; every fourth is held out."""
    folder = tmp_path / "data"
    folder.mkdir()
    rows = [(f"{thing}{word}{end}", y) for thing in THINGS for word, y in SAID for end in ENDS]
    with (folder / "car2018.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "raw", "y", "part"])
        writer.writerows((text, y, y, "train" if at % 4 else "valid") for at, (text, y) in enumerate(rows))
    return folder


def test_evaluate_prints_a_table_or_lines(data: Path) -> None:
    """The shipped model beside the baseline, on held-out texts; one JSON object a row on request."""
    shown = CliRunner().invoke(app, ["evaluate", str(data)])
    assert shown.exit_code == 0, shown.output
    assert "| general-3 | car2018 |" in shown.output
    assert "| words-only | car2018 |" in shown.output
    lines = CliRunner().invoke(app, ["evaluate", str(data), "--json"]).stdout.strip().splitlines()
    rows = [json.loads(line) for line in lines if line.startswith("{")]
    assert {row["set"] for row in rows} >= {"car2018", "平均"}
    assert all(0 <= row["auc"] <= 1 and row["f1"]["low"] <= row["f1"]["high"] for row in rows)


def test_adapt_makes_a_version_and_leaves_the_choice(desk: Desk) -> None:
    """Nothing is put in use; too few posts, or a file that is not there, are refused by name."""
    posts = desk.folder / "posts.jsonl"
    texts = [f"{thing}{word}{end}" for thing in THINGS for word, _ in SAID for end in ENDS]
    posts.write_text("\n".join(json.dumps({"text": text}, ensure_ascii=False) for text in texts), encoding="utf-8")
    done = desk.run("adapt", str(posts))
    assert done.code == 0, done.err
    assert "local-1" in done.out
    listed = desk.run("models", "list").out
    assert "local-1" in listed
    assert "条帖文调整" in listed
    posts.write_text(json.dumps({"text": "太差"}) + "\n", encoding="utf-8")
    few = desk.run("adapt", str(posts))
    assert few.code != 0
    assert "200" in few.err
    assert desk.run("adapt", "none.jsonl").code != 0
