"""`tingfeng train` without data: corrections become a model, or a refusal with its reasons; and the way back."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from analysis.corrections import Objection
from analysis.labelled import DOMAIN
from analysis.versions import BUNDLED
from app.cli import models
from app.wiring import Product
from core.clock import system_clock
from core.config import load_settings
from core.model import Post
from tests.app.conftest import Desk

#: What the shipped model takes for anger, and this shop's customers mean as a joke: "坑" is the name of its café.
PLACES = [
    "周末",
    "昨天",
    "下午",
    "提车那天",
    "保养时",
    "等配件时",
    "带孩子",
    "同事聚会",
    "中午",
    "路过",
    "雨天",
    "年底",
]
JOKES = ["又来坑里了", "坑里的咖啡", "坑里坐坐", "坑里见", "掉坑里了"]


def product_of(desk: Desk) -> Product:
    return Product(load_settings(desk.folder / "monitor.toml", {}))


def post(number: int, text: str) -> Post:
    now = system_clock()
    return Post(
        kind="forum", site="bbs.example", native_id=str(number), url=f"https://bbs.example/{number}", channel="forum",
        text=text, collected=now, published=now - timedelta(hours=1),
    )  # fmt: skip


def corrected(desk: Desk, texts: list[str], *, note: str = "") -> int:
    """Keep and judge the texts, and call each one that is graded or negative a false alarm. Returns how many."""
    product = product_of(desk)
    posts = [post(number, text) for number, text in enumerate(texts)]
    product.posts.keep(posts, source="s", raw=None, now=system_clock())
    product.worker.drain()
    count = 0
    for mention in product.verdicts.mentions([one.id for one in posts]):
        if mention.verdict.grade is None and mention.verdict.negative < product.settings.risk.negative_from:
            continue
        with product.database.write() as connection:
            product.corrections.add(
                connection,
                mention.id,
                Objection(kind="false_alarm", actor="张三", note=note),
                now=system_clock(),
                categories=(),
            )
        count += 1
    return count


def texts() -> list[str]:
    return [f"示例汽车城东店，{place}{joke}，坑得我气死了，哈哈" for place in PLACES for joke in JOKES]


def labels_file(desk: Desk, rows: list[dict[str, object]]) -> Path:
    path = desk.folder / "labels.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_corrections_become_a_model_and_the_way_back_is_one_command(desk: Desk) -> None:
    """False alarms of one kind are learnt: the next such post is judged less negative; rollback undoes it."""
    assert corrected(desk, texts()) > 40
    done = desk.run("train", "--by", "李四")
    assert done.code == 0, done.out + done.err
    assert "已换用 local-1" in done.out
    assert "本单位的留出标注" in done.out
    product = product_of(desk)
    assert product.versions.current() == "local-1"
    new = post(999, "示例汽车城东店，夏天坑里的咖啡，气死我了，哈哈")
    learnt = product.analyser.assess([new], now=system_clock())[0]
    shipped = product.build_analyser(product.versions.load(BUNDLED)).assess([new], now=system_clock())[0]
    assert learnt.negative < shipped.negative - 0.1
    assert learnt.model == "local-1"
    (change,) = product.versions.history()
    assert change.actor == "李四"
    listed = desk.run("models", "list")
    assert "local-1" in listed.out
    assert "条更正" in listed.out
    back = desk.run("models", "rollback", "--note", "试完了")
    assert (back.code, "已退回 bundled" in back.out) == (0, True)
    assert product_of(desk).model.name == shipped.model


def test_a_dry_run_keeps_nothing(desk: Desk) -> None:
    """It shows the comparison and leaves the model as it is."""
    corrected(desk, texts())
    done = desk.run("train", "--dry-run")
    assert done.code == 0, done.out + done.err
    assert "没有保存" in done.out
    assert product_of(desk).versions.all() == []


def test_labels_the_wrong_way_round_are_refused(desk: Desk) -> None:
    """Somebody mixed up true and false: our own sentences say otherwise, the old model stays, exit code 1."""
    sentences = [json.loads(line) for line in DOMAIN.read_text(encoding="utf-8").splitlines()[:300]]
    rows: list[dict[str, object]] = [{"text": row["text"], "negative": row["y"] == 0} for row in sentences]
    done = desk.run("train", "--labels", str(labels_file(desk, rows)))
    assert done.code == 1, done.out + done.err
    assert "没有采用" in done.out
    assert product_of(desk).versions.current() == BUNDLED


def test_false_alarms_about_whom_teach_nothing_about_words(desk: Desk) -> None:
    """The text may be as angry as the model thought: only the subject was wrong."""
    corrected(desk, texts(), note="同名的另一家公司，不是说我们")
    done = desk.run("train")
    assert done.code == 1
    assert "可学习的标注只有 0 条" in done.err


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ({"negative": True}, "text"),
        ({"text": "", "negative": True}, "text"),
        ({"text": "好"}, "negative"),
        ({"text": "好", "negative": 1}, "negative"),
        ({"text": "好", "negative": "true"}, "negative"),
        ({"text": "好", "negative": False, "channel": "论坛"}, "channel"),
    ],
)
def test_a_bad_line_of_a_label_file_is_named(desk: Desk, row: dict[str, object], key: str) -> None:
    """File, line, key and value; nothing is learnt."""
    path = labels_file(desk, [{"text": "好", "negative": False}, row])
    done = desk.run("train", "--labels", str(path))
    assert done.code == 1
    for part in (str(path), "第2行", f"字段={key}"):
        assert part in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("train",), 1, "至少要 20 条"),
        (("train", "--labels", "nowhere.jsonl"), 2, "nowhere.jsonl"),
        (("models", "use", "local-7"), 1, "没有名为 local-7"),
        (("models", "rollback"), 1, "没有可以退回的版本"),
    ],
)
def test_what_cannot_be_done_is_said(desk: Desk, arguments: tuple[str, ...], code: int, sentence: str) -> None:
    """In one line, with what to do."""
    done = desk.run(*arguments)
    assert (done.code, sentence in done.err) == (code, True)


def test_a_model_named_in_the_settings_is_not_managed(desk: Desk) -> None:
    """Two ways to choose the model at once would leave nobody sure which one judges."""
    path = desk.folder / "monitor.toml"
    path.write_text(path.read_text(encoding="utf-8") + '\n[analysis]\nmodel = "elsewhere"\n', encoding="utf-8")
    done = desk.run("models", "use", BUNDLED)
    assert done.code == 2
    assert "elsewhere" in done.err


def test_the_commands_and_the_versions_call_the_shipped_model_alike() -> None:
    """The name is written out in the commands, so that `--help` does not wait for numpy."""
    assert models.BUNDLED == BUNDLED
