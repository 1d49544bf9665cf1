"""The reviewers' commands as they are typed: feedback, explain, reassess."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.app.conftest import Desk, new_desk

TROUBLE = "示例汽车的店修了三次，发动机还是漏油，一直推诿"
DULL = "示例汽车城东店周末照常营业，地址没有变"
NICKNAMED = "小示修了三次，发动机还是漏油，一直推诿"


def url(number: int) -> str:
    return f"https://bbs.example/t/{number}"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, forks: subprocess.Popen[str]) -> Path:
    """Three judged posts from long ago."""
    desk = new_desk(tmp_path_factory.mktemp("archive") / "desk", forks)
    rows = [
        {"text": text, "url": url(number), "published": "2026-03-01T10:00:00+08:00"}
        for number, text in enumerate((TROUBLE, DULL, NICKNAMED), start=1)
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


def explained(desk: Desk, *arguments: str) -> dict[str, Any]:
    [row] = desk.lines("explain", *arguments)
    return row


def test_a_false_alarm_is_recorded_and_taken_back(desk: Desk) -> None:
    done = desk.run("feedback", url(1), "--false-alarm", "--by", "张三", "--note", "车主在夸我们")
    assert done.code == 0, done.err
    assert "已记为第 1 号更正：误报（张三）" in done.out
    assert "现在：无等级，风险 0" in done.out
    listed = desk.run("feedback", "list")
    assert "张三" in listed.out
    [row] = desk.lines("feedback", "list")
    assert (row["kind"], row["actor"], row["note"], row["withdrawn"]) == ("false_alarm", "张三", "车主在夸我们", None)
    back = desk.run("feedback", "withdraw", "1", "--by", "李四")
    assert "已撤回第 1 号更正" in back.out
    assert explained(desk, url(1))["verdict"]["grade"]


def test_the_verb_may_be_written_out_and_options_may_come_first(desk: Desk) -> None:
    assert desk.run("feedback", "say", url(2), "--missed", "--grade", "b", "--by", "张三").code == 0
    assert desk.run("feedback", "--categories", "服务态度，售后维修", "--by", "张三", url(2)).code == 0
    verdict = explained(desk, url(2))["verdict"]
    assert (verdict["grade"], verdict["categories"]) == ("B", ["服务态度", "售后维修"])


def test_json_tells_the_effect(desk: Desk) -> None:
    [row] = desk.lines("feedback", url(1), "--grade", "A", "--by", "张三")
    assert (row["after"]["grade"], row["corrections"][0]["kind"]) == ("A", "grade")
    assert row["before"]["grade"] in ("B", "C")


MISTAKES = [
    ((url(1),), 2, "没有说错在哪里"),
    ((url(1), "--false-alarm", "--missed"), 2, "不能与"),
    ((url(1), "--grade", "甲"), 2, "没有“甲”这一等级"),
    ((url(1), "--false-alarm", "--subject", "示例汽车"), 2, "--missed"),
    ((url(1), "--missed"), 1, "没有漏报"),
    ((url(2), "--false-alarm"), 1, "谈不上误报"),
    ((url(2), "--missed", "--subject", "别家"), 1, "没有这个监测对象"),
    ((url(1), "--categories", "天气"), 1, "没有这个类别：天气"),
    ((url(1), "--false-alarm", "--by", "  "), 1, "谁更正"),
    (("https://bbs.example/t/99", "--missed"), 1, "库中没有这个网址"),
    (("abcd1234", "--missed"), 1, "没有编号以"),
    (("withdraw", "9"), 1, "没有第 9 号更正"),
    (("withdraw", "99999999999999999999999"), 2, "Invalid value"),
]


def test_mistakes_are_named_and_change_nothing(desk: Desk) -> None:
    for arguments, code, why in MISTAKES:
        done = desk.run("feedback", *arguments)
        assert (done.code, why in done.err) == (code, True), done
    assert desk.lines("feedback", "list") == []


def test_every_command_has_help_with_an_example(desk: Desk) -> None:
    for command in ("feedback", "feedback say", "feedback list", "feedback withdraw", "explain", "reassess"):
        done = desk.run(*command.split(), "--help")
        assert done.code == 0
        assert "例：tingfeng" in done.out or command == "feedback"


def test_an_explanation_reads_from_text_to_similar_posts(desk: Desk) -> None:
    """All that a person needs to argue: marked text, sentences, the sum, the points, the rules, who else says so."""
    done = desk.run("explain", url(1))
    assert done.code == 0, done.err
    for said in ("【漏油】", "理由", "起点", "模型的对数几率", "风险怎么加的", "类别 ", "对象 示例汽车", "相似的帖文"):
        assert said in done.out, said
    row = explained(desk, url(1))
    total = row["sum"]
    pushed = sum(one["logit"] for one in (*total["up"], *total["down"]))
    assert total["base"] + pushed + total["rest_up"]["logit"] + total["rest_down"]["logit"] == pytest.approx(
        total["logit"]
    )
    assert sum(reason["points"] for reason in row["verdict"]["reasons"]) == row["points"]["total"]
    assert row["similar"]


def test_an_explanation_tells_corrections_and_what_was_thought_before(desk: Desk) -> None:
    desk.run("feedback", url(1), "--false-alarm", "--by", "张三")
    done = desk.run("explain", url(1))
    assert "人工更正" in done.out
    assert "以前的研判" in done.out
    row = explained(desk, url(1))
    assert row["history"][0]["why"] == "correction"
    assert row["today"] is None


def test_a_sentence_is_explained_without_an_archive(desk: Desk) -> None:
    row = explained(desk, "--text", TROUBLE)
    assert row["verdict"]["subjects"] == ["示例汽车"]
    assert row["similar"] == row["history"] == []


def test_what_cannot_be_explained_is_refused(desk: Desk) -> None:
    for arguments, code in (((), 2), (("abcd", "--text", "漏油"), 2), (("没有",), 1), (("--text", ""), 1)):
        assert desk.run("explain", *arguments).code == code


def test_an_alias_added_today_finds_what_was_said_in_march(desk: Desk) -> None:
    """From the operator's edit of subjects.toml to the search, without a ring."""
    assert explained(desk, url(3))["verdict"]["subjects"] == []
    subjects = desk.folder / "subjects.toml"
    text = subjects.read_text(encoding="utf-8")
    subjects.write_text(text.replace('aliases = ["示例", ', 'aliases = ["示例", "小示", '), encoding="utf-8")
    dry = desk.run("reassess", "--since", "2026-02-01", "--dry-run")
    assert "试算 3 条" in dry.out
    assert "新提及监测对象 1" in dry.out
    assert explained(desk, url(3))["verdict"]["subjects"] == []
    [row] = desk.lines("reassess", "--since", "2026-02-01")
    assert (row["judged"], row["mentioned"], row["graded"]) == (3, 1, 1)
    [hit] = desk.lines("search", "小示", "--subject", "示例汽车")
    assert hit["verdict"]["grade"]
    assert not (desk.data / "alerts.jsonl").exists()
    assert desk.lines("reassess", "--since", "2026-02-01")[0]["changed"] == 0


def test_a_reassessment_needs_times(desk: Desk) -> None:
    for arguments in ((), ("--since", "昨日"), ("--since", "7d", "--until", "明日")):
        assert desk.run("reassess", *arguments).code == 2


def test_a_reassessment_of_nothing_says_so(desk: Desk) -> None:
    """Names that no post has are no error, since the archive may know those of last year; but they are not silent."""
    done = desk.run("reassess", "--since", "2026-02-01", "--subject", "没有这个对象")
    assert done.code == 0
    assert "没有符合条件" in done.out


def test_a_reassessment_that_ends_before_it_begins_is_refused(desk: Desk) -> None:
    """The option and the value are named."""
    done = desk.run("reassess", "--since", "2026-02-01", "--until", "2026-01-01")
    assert done.code == 2
    assert "--until" in done.err
    assert "2026-01-01" in done.err
