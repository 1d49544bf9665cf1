"""Commands on events as they are typed, over an archive that the worker judged."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.app.conftest import Desk, new_desk

FIRE = "示例汽车城东店的X7在望江大道起火，机舱盖冒白烟，消防六分钟到场，车主投诉无门"
FIRE_AGAIN = "望江大道一辆示例汽车X7起火自燃，消防来得快，机舱盖先冒白烟，投诉到店里没人理"
LEAK = "示例汽车X7提车半个月天窗漏水，内衬湿了，副驾脚垫能拧出水，售后一直推诿"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, forks: subprocess.Popen[str]) -> Path:
    """Three judged posts: two of a fire, one of a leak."""
    desk = new_desk(tmp_path_factory.mktemp("archive") / "desk", forks)
    rows = [
        {
            "text": text,
            "url": f"https://bbs.example/t/{number}",
            "published": f"2026-03-01T1{number}:00:00+08:00",
            "author": {"name": f"车主{number}", "followers": 100 * number},
        }
        for number, text in enumerate((FIRE, FIRE_AGAIN, LEAK), start=1)
    ]
    file = desk.folder / "posts.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    assert desk.run("import", str(file)).code == 0
    assert desk.run("work", "--once").code == 0
    return desk.folder


@pytest.fixture
def desk(tmp_path: Path, archive: Path, forks: subprocess.Popen[str]) -> Desk:
    """A copy of that archive."""
    folder = tmp_path / "desk"
    shutil.copytree(archive, folder)
    return Desk(folder, forks)


def test_events_are_listed_and_shown(desk: Desk) -> None:
    """Those with company by themselves, all on demand; one with first publisher, growth, spread and posts."""
    short = desk.run("events", "list").out
    assert "示例汽车" in short
    assert len(re.findall(r"[0-9a-f]{24}", short)) == 1
    assert len(re.findall(r"[0-9a-f]{24}", desk.run("events", "list", "--all").out)) == 2
    id_ = re.findall(r"[0-9a-f]{24}", short)[0]
    shown = desk.run("events", "show", id_[:8])
    assert shown.code == 0, shown.err
    assert "首发：2026-03-01 11:00  manual  车主1" in shown.out
    assert "共 2 篇" in shown.out
    assert "2 位作者" in shown.out
    assert "作者粉丝合计 300" in shown.out


def test_two_events_become_one_and_are_parted_again(desk: Desk) -> None:
    """With who and why in the history; what makes no sense ends with a sentence."""
    [big] = re.findall(r"[0-9a-f]{24}", desk.run("events", "list").out)
    both = re.findall(r"[0-9a-f]{24}", desk.run("events", "list", "--all").out)
    [small] = [event for event in both if event != big]
    assert desk.run("events", "merge", big, big, "--note", "x").err.strip() == "错误：事件不能与自己合并"
    assert desk.run("events", "merge", big, small, "--note", " ").code == 1
    merged = desk.run("events", "merge", big[:10], small[:10], "--note", "同一车主", "--actor", "王")
    assert merged.code == 0, merged.err
    assert "移动 1 篇，现有 3 篇" in merged.out
    assert desk.run("work", "--once").code == 0
    [hit] = desk.lines("search", "天窗", "--json")
    assert hit["verdict"]["event"] == big
    again = desk.run("events", "merge", big, small, "--note", "再来")
    assert (again.code, "已并入" in again.err) == (1, True)
    assert f"已并入 {big}" in desk.run("events", "show", small).out
    [post] = [line.split()[0] for line in desk.run("events", "show", big).out.splitlines() if "天窗" in line]
    parted = desk.run("events", "split", big, post[:8], "--note", "不是同一件事", "--actor", "李")
    assert parted.code == 0, parted.err
    assert "余 2 篇" in parted.out
    history = desk.run("events", "history", big).out.splitlines()
    assert [line.split("  ")[1] for line in history] == ["王", "李"]
    assert "同一车主" in history[0]
    assert desk.run("work", "--once").code == 0


HALVES = (
    "示例汽车X7望江大道起火，机舱盖冒白烟，消防六分钟到场，投诉无门",
    "示例汽车X7在沙洲路口自燃，车烧成空壳，一家三口跳车逃生，投诉无门",
    "望江大道沙洲路口，示例汽车X7起火自燃，一家三口跳车逃生，机舱盖冒白烟，消防六分钟到场，车烧成空壳，投诉无门",
)


def test_the_machine_merges_with_an_audit(tmp_path: Path, forks: subprocess.Popen[str]) -> None:
    """A post that tells two filed stories at once makes them one through the whole chain; the history names 听风."""
    desk = new_desk(tmp_path / "desk", forks)
    for number, text in enumerate(HALVES):
        row = {"text": text, "url": f"https://bbs.example/h/{number}", "published": f"2026-03-01T1{number}:00:00+08:00"}
        file = desk.folder / f"{number}.jsonl"
        file.write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
        assert desk.run("import", str(file)).code == 0
        assert desk.run("work", "--once").code == 0
    [one] = re.findall(r"[0-9a-f]{24}", desk.run("events", "list", "--all").out)
    assert "共 3 篇" in desk.run("events", "show", one).out
    [line] = desk.run("events", "history", one).out.splitlines()
    assert line.split("  ")[1] == "听风"
    assert "同时讲述两个事件" in line


@pytest.mark.parametrize("command", ["list", "show", "merge", "split", "history"])
def test_each_command_has_an_example(desk: Desk, command: str) -> None:
    """In its help, which needs no archive."""
    assert f"例：tingfeng events {command}" in desk.run("events", command, "--help").out


@pytest.mark.parametrize("arguments", [("show", "zzz"), ("history", "zzz"), ("split", "zzz", "a", "--note", "x")])
def test_an_unknown_event_is_said_to_be_unknown(desk: Desk, arguments: tuple[str, ...]) -> None:
    """One line, exit code 1."""
    done = desk.run("events", *arguments)
    assert (done.code, done.err.strip()) == (1, "错误：没有这个事件：zzz")
