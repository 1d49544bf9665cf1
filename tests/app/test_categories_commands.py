"""A customer's own categories from the settings to the verdict, and the rules that ask for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.app.conftest import Desk

OWN = """
extend = true
off = ["精品/信贷/保险"]
[[category]]
name = "招聘纠纷"
severity = 30
code = "hiring"
outright = ["拖欠工资"]
"""
RULE = '[[rule]]\nname = "人事"\ngrades = ["A", "B", "C"]\ncategories = ["招聘纠纷"]\nto = ["console"]\n'
SUBJECT = '[[subject]]\nname = "曜行汽车"\naliases = ["曜行"]\n'


def with_categories(desk: Desk, text: str = OWN) -> None:
    monitor = desk.folder / "monitor.toml"
    monitor.write_text('[files]\ncategories = "own.toml"\n' + monitor.read_text(encoding="utf-8"), encoding="utf-8")
    (desk.folder / "own.toml").write_text(text, encoding="utf-8")
    (desk.folder / "subjects.toml").write_text(SUBJECT, encoding="utf-8")


def test_own_categories_reach_the_verdict(desk: Desk) -> None:
    """Its name among the categories, its code among the reasons, its points in the sum."""
    with_categories(desk)
    done = desk.run("assess", "--text", "曜行这家黑心店拖欠工资半年，太恶心了，一群骗子")
    assert done.code == 0
    verdict = json.loads(done.out)
    assert "招聘纠纷" in verdict["categories"]
    (reason,) = [one for one in verdict["reasons"] if one["code"] == "category.hiring"]
    assert (reason["points"], reason["text"]) == (30, "涉及招聘纠纷：“拖欠工资”")


def test_a_category_switched_off_is_gone(desk: Desk) -> None:
    """Nothing of it in the table, nor in a verdict."""
    with_categories(desk)
    table = desk.run("categories").out
    assert "招聘纠纷" in table
    assert "只有词表" in table
    assert "精品/信贷/保险" not in table
    verdict = json.loads(desk.run("assess", "--text", "曜行贷款手续费乱收，征信逾期，太坑了").out)
    assert "精品/信贷/保险" not in verdict["categories"]


def test_a_rule_may_ask_for_an_own_category(desk: Desk) -> None:
    """With the file it is right."""
    with_categories(desk)
    (desk.folder / "rules.toml").write_text(RULE, encoding="utf-8")
    assert desk.run("categories").code == 0


@pytest.mark.parametrize("command", [("categories",), ("cases", "list"), ("assess", "--text", "好")])
def test_a_rule_for_no_category_stops_every_command(desk: Desk, command: tuple[str, ...]) -> None:
    """It would never ring, and nobody would notice."""
    (desk.folder / "rules.toml").write_text(RULE, encoding="utf-8")
    done = desk.run(*command)
    assert done.code == 2
    for part in ("rules.toml", "rule[人事].categories", "招聘纠纷", "安全事故"):
        assert part in done.err


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("extend = 1", ("own.toml", "extend", "true 或 false")),
        ('[[category]]\nname = "其他"\n', ("own.toml", "其他")),
        ("[[", ("own.toml", "TOML 语法错误")),
    ],
)
def test_a_wrong_file_is_named(desk: Desk, text: str, parts: tuple[str, ...]) -> None:
    """In one line, before anything starts."""
    with_categories(desk, text)
    done = desk.run("categories")
    assert done.code == 2
    assert all(part in done.err for part in parts)
    assert len(done.err.splitlines()) == 1


def test_a_missing_file_is_named(desk: Desk) -> None:
    """A typing error in the settings must not mean the bundled categories."""
    with_categories(desk)
    (desk.folder / "own.toml").unlink()
    done = desk.run("categories")
    assert done.code == 2
    assert "own.toml" in done.err


def test_training_from_ones_own_rows(desk: Desk) -> None:
    """A category of one's own gets a head as soon as there are enough sentences, and the file names the model."""
    with_categories(desk)
    rows = [
        {"text": f"{when}{what}", "y": 1, "categories": ["招聘纠纷"]}
        for when in ("三月", "四月", "五月", "去年", "年底")
        for what in ("说好的提成一分没发", "干完活不给钱", "押着身份证不让走")
    ]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (desk.folder / "rows.jsonl").write_text(lines, encoding="utf-8")
    done = desk.run("train-categories", "--rows", "rows.jsonl", "--out", "heads")
    assert done.code == 0, done.err
    assert "招聘纠纷：15 句" in done.out
    with_model = 'model = "heads"\n' + OWN
    (desk.folder / "own.toml").write_text(with_model, encoding="utf-8")
    assert "只有词表" not in desk.run("categories").out


def test_training_without_rows_of_that_name(desk: Desk) -> None:
    """A file that is not there ends in one line."""
    done = desk.run("train-categories", "--rows", "nowhere.jsonl", "--out", "heads")
    assert done.code == 1
    assert "nowhere.jsonl" in done.err
