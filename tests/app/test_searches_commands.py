"""Saved searches as they are typed: keep, list, show, run, change, quieten, remove, tell."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.app.conftest import Desk, new_desk

POSTS = [
    {"text": "示例汽车的店修了三次，发动机还是漏油，一直推诿", "url": "https://bbs.example/t/1"},
    {"text": "示例汽车城东店周末照常营业", "url": "https://bbs.example/t/2"},
]


@pytest.fixture
def kept(desk: Desk) -> Desk:
    """One search of 李经理 that tells the console."""
    done = desk.run("searches", "add", "漏油", "漏油 或 渗油", "--owner", "李经理", "--notify", "console")
    assert done.code == 0, done.err
    return desk


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, forks: subprocess.Popen[str]) -> Desk:
    """The same, for tests that change nothing."""
    desk = new_desk(tmp_path_factory.mktemp("shelf") / "desk", forks)
    assert desk.run("searches", "add", "漏油", "漏油 或 渗油", "--owner", "李经理").code == 0
    return desk


def take_in(desk: Desk) -> None:
    file = desk.folder / "posts.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in POSTS), encoding="utf-8")
    assert desk.run("import", str(file)).code == 0
    assert desk.run("work", "--once").code == 0


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, forks: subprocess.Popen[str]) -> Path:
    """The search, and then the posts, one of which it finds."""
    desk = new_desk(tmp_path_factory.mktemp("archive") / "desk", forks)
    kept = desk.run("searches", "add", "漏油", "漏油 或 渗油", "--owner", "李经理", "--notify", "console")
    assert kept.code == 0, kept.err
    take_in(desk)
    return desk.folder


@pytest.fixture
def full(tmp_path: Path, archive: Path, forks: subprocess.Popen[str]) -> Desk:
    """A copy of that archive."""
    return Desk(Path(shutil.copytree(archive, tmp_path / "desk")), forks)


def test_a_search_is_kept_told_and_removed(full: Desk) -> None:
    """From the command that saves it to the message that came of it."""
    [row] = full.lines("searches", "list")
    assert (row["waiting"], row["told"], row["problem"]) == (1, None, None)
    assert "1 条（1 个检索订阅，1 条新结果）" in full.run("searches", "tell").out
    assert "0 条（0 个检索订阅，0 条新结果）" in full.run("searches", "tell").out
    shown = full.run("searches", "show", "漏油", "--owner", "李经理").out
    assert "漏油 或 渗油" in shown
    assert "0 条待通知，1 条已通知" in shown
    assert "console  待发送" in shown
    assert "http://127.0.0.1:8315/search?q=" in shown
    removed = full.run("searches", "remove", "漏油", "--owner", "李经理")
    assert (removed.code, removed.out.strip()) == (0, "漏油：已删除")
    assert full.lines("searches", "list") == []


def test_what_is_removed_untold_is_said(full: Desk) -> None:
    assert "1 条结果未及通知" in full.run("searches", "remove", "漏油", "--owner", "李经理").out


def test_running_one_shows_the_archive_as_search_does(full: Desk) -> None:
    ran, searched = full.run("searches", "run", "漏油", "--owner", "李经理"), full.run("search", "漏油 或 渗油")
    assert ran.out == searched.out
    assert "https://bbs.example/t/1" in ran.out
    found = [json.loads(line)["url"] for line in full.run(
        "searches", "run", "漏油", "--owner", "李经理", "--json").out.splitlines()]  # fmt: skip
    assert found == ["https://bbs.example/t/1"]


def test_every_option_is_kept(desk: Desk) -> None:
    """Chinese names of grades and channels are taken as well."""
    done = desk.run(
        "searches", "add", "全", "--owner", "李", "--grade", "特急", "--grade", "b", "--channel", "微博", "--subject",
        "示例汽车", "--category", "质量", "--min-risk", "60", "--min-negative", "0.8", "--sort", "risk",
        "--notify", "console", "--pause", "1h",
    )  # fmt: skip
    assert done.code == 0, done.err
    [row] = desk.lines("searches", "list", "--owner", "李")
    assert row["filters"] == {
        "grades": ["A", "B"],
        "channels": ["weibo"],
        "subjects": ["示例汽车"],
        "categories": ["质量"],
        "min_risk": 60,
        "min_negative": 0.8,
        "sort": "risk",
    }
    assert (row["pause"], row["notify"], row["text"]) == ("1h", ["console"], "")
    assert "等级 特急、紧急；渠道 微博；监测对象 示例汽车；类别 质量；风险 ≥ 60；负面概率 ≥ 0.8" in done.out
    assert desk.lines("searches", "list", "--owner", "王") == []


def test_the_owner_is_whoever_types_unless_said(desk: Desk) -> None:
    assert desk.run("searches", "add", "漏油", "漏油").code == 0
    assert desk.run("searches", "show", "漏油").code == 0


def test_changes_as_they_are_typed(kept: Desk) -> None:
    """What is not named stays; filters are replaced one by one or dropped together."""

    def change(*arguments: str) -> dict[str, object]:
        done = kept.run("searches", "change", "漏油", "--owner", "李经理", *arguments)
        assert done.code == 0, done.err
        [row] = kept.lines("searches", "list")
        return row

    assert change("--text", "渗油")["text"] == "渗油"
    graded = change("--grade", "A", "--min-risk", "50")
    assert (graded["text"], graded["filters"]["grades"], graded["filters"]["min_risk"]) == ("渗油", ["A"], 50)  # type: ignore[index]
    fewer = change("--no-filters", "--channel", "论坛")
    assert (fewer["filters"]["grades"], fewer["filters"]["channels"]) == ([], ["forum"])  # type: ignore[index]
    assert change("--pause", "2h")["pause"] == "2h"
    assert change("--no-notify")["notify"] == []
    assert change("--notify", "console", "--name", "新名")["notify"] == ["console"]
    assert kept.run("searches", "show", "漏油", "--owner", "李经理").code == 1
    assert kept.run("searches", "show", "新名", "--owner", "李经理").code == 0


def test_quiet_and_loud_again(kept: Desk) -> None:
    assert kept.run("searches", "mute", "漏油", "--owner", "李经理").code == 0
    assert "已暂停通知" in kept.run("searches", "list").out
    take_in(kept)
    assert kept.lines("searches", "list")[0]["waiting"] == 0
    assert kept.run("searches", "unmute", "漏油", "--owner", "李经理").code == 0
    assert kept.lines("searches", "list")[0]["muted"] is False


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("add", "漏油", "x", "--owner", "李经理"), 2, "键=name 值=漏油"),
        (("add", " ", "x"), 2, "键=name"),
        (("add", "空"), 2, "没有任何条件"),
        (("add", "错", "(漏油"), 1, "第1个字符处括号没有闭合"),
        (("add", "错", "漏油", "--notify", "fax"), 2, "键=notify 值=fax：没有这个通知渠道。修正：可用：console"),
        (("add", "错", "漏油", "--pause", "soon"), 2, "键=--pause 值=soon"),
        (("add", "错", "漏油", "--pause", "5s"), 2, "键=pause 值=5s"),
        (("add", "错", "漏油", "--grade", "X"), 2, "键=--grade 值=X"),
        (("add", "错", "漏油", "--channel", "电报"), 2, "键=--channel 值=电报"),
        (("add", "错", "漏油", "--min-negative", "2"), 2, "键=min_negative 值=2"),
        (("show", "漏油", "--owner", "王"), 1, "李经理 有同名的，用 --owner 指明"),
        (("run", "别的", "--owner", "李经理"), 1, "已有：漏油"),
        (("remove", "别的", "--owner", "李经理"), 1, "已有：漏油"),
        (("mute", "别的", "--owner", "李经理"), 1, "已有：漏油"),
        (("change", "漏油", "--owner", "李经理", "--notify", "console", "--no-notify"), 2, "键=--no-notify"),
        (("change", "漏油", "--owner", "李经理", "--text", "(漏油"), 1, "括号没有闭合"),
        (("change", "漏油", "--owner", "李经理", "--text", ""), 2, "没有任何条件"),
    ],
)
def test_mistakes_are_named(shelf: Desk, arguments: tuple[str, ...], code: int, said: str) -> None:
    """Key, value, fix."""
    done = shelf.run("searches", *arguments)
    assert (done.code, said in done.err) == (code, True), done.err


def test_a_mistake_changes_nothing(shelf: Desk) -> None:
    before = shelf.lines("searches", "list")
    assert shelf.run("searches", "change", "漏油", "--owner", "李经理", "--text", "渗油", "--pause", "5s").code == 2
    assert shelf.lines("searches", "list") == before
