"""The command line: every command explains itself; every mistake ends in one line and a telling exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer.main

from app.cli import app
from app.schedule import jobs
from core.config import load_settings


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group) or hasattr(command, "commands"):
            yield from leaves(command, (*path, name))  # type: ignore[arg-type]
        else:
            yield (*path, name), command


TREE = typer.main.get_command(app)
COMMANDS = dict(leaves(TREE))  # type: ignore[arg-type]


def tingfeng(*arguments: str, standard_input: str = "") -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TINGFENG_")}
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        input=standard_input,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**environment, "COLUMNS": "200", "NO_COLOR": "1"},
    )


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    assert command.help
    assert command.epilog
    assert command.epilog.startswith("例：")
    assert f"tingfeng {' '.join(path)}" in command.epilog


def test_the_commands_of_the_design_are_there() -> None:
    """Names that people and scripts rely on."""
    first = ["run", "crawl", "work", "parse", "assess", "import", "search"]
    wanted = [*first, "digest", "cases", "evidence", "train", "evaluate", "doctor", "demo"]
    assert set(wanted) <= {path[0] for path in COMMANDS}


def test_every_scheduled_job_is_a_command(demo_config: Path) -> None:
    for job in jobs(load_settings(demo_config, {})):
        [path] = [path for path in COMMANDS if job.command[: len(path)] == path]
        COMMANDS[path].make_context(job.name, list(job.command[len(path) :]), resilient_parsing=False)


MISTAKES = [
    ("unknown key", "monitor", "[web]", "[web]\nprot = 1", ["monitor.toml", "web.prot"]),
    ("bad value", "monitor", "port = 8315", "port = 99999", ["monitor.toml", "web.port", "99999"]),
    ("missing file", "monitor", '"rules.toml"', '"regeln.toml"', ["regeln.toml", "不存在"]),
    ("open to the world", "monitor", '"127.0.0.1"', '"0.0.0.0"', ["web.host", "0.0.0.0"]),
]


@pytest.mark.parametrize(
    ("name", "old", "new", "named"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES]
)
def test_a_wrong_setting_is_one_line_and_exit_2(
    demo_config: Path, name: str, old: str, new: str, named: list[str]
) -> None:
    path = demo_config.parent / f"{name}.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    done = tingfeng("web", "--config", str(demo_config))
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    for part in (*named, "修正"):
        assert part in done.stderr


def test_an_unreadable_secret_is_one_line_and_exit_2(demo_config: Path) -> None:
    with demo_config.open("a", encoding="utf-8") as file:
        file.write('[notifiers.hook]\ntype = "webhook"\nurl = "https://example.invalid"\nsecret = "file:gone.txt"\n')
    done = tingfeng("doctor", "--config", str(demo_config))
    assert done.returncode == 2
    assert "notifiers.hook.secret" in done.stderr
    assert "gone.txt" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("search", "(异响"), "第1个字符"),
        (("search", "x", "--grade", "S"), "--grade"),
        (("search", "x", "--since", "soon"), "--since"),
        (("digest", "--date", "someday"), "--date"),
        (("crawl", "nowhere"), "nowhere"),
        (("cases", "show", "nothing"), "nothing"),
        (("evidence", "verify", "nothing"), "nothing"),
        (("import", "/nowhere.jsonl"), "/nowhere.jsonl"),
    ],
)
def test_a_wrong_argument_is_named(demo_config: Path, arguments: tuple[str, ...], named: str) -> None:
    done = tingfeng(*arguments, "--config", str(demo_config))
    assert done.returncode in (1, 2)
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_verdicts_come_in_the_order_of_the_posts(demo_config: Path) -> None:
    """Only `text` is required; each line gets its verdict, and the lines before a bad one are not lost."""
    lines = "".join(json.dumps({"text": text}) + "\n" for text in ("示例汽车漏油", "天气真好", "示例汽车刹车失灵"))
    done = tingfeng("assess", "-", "--config", str(demo_config), standard_input=lines + '{"text": 5}\n')
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [verdict["subjects"] for verdict in verdicts] == [["示例汽车"], [], ["示例汽车"]]
    assert done.returncode == 1
    assert "第4行" in done.stderr


def test_an_import_with_a_bad_line_takes_nothing(demo_config: Path, tmp_path: Path) -> None:
    """Half an import is worse than none: nobody knows which half."""
    file = tmp_path / "posts.jsonl"
    file.write_text('{"text": "示例汽车漏油"}\n{"text": ""}\n', encoding="utf-8")
    done = tingfeng("import", str(file), "--config", str(demo_config))
    assert done.returncode == 1
    assert "第2行" in done.stderr
    file.write_text('{"text": "示例汽车漏油"}\n{"text": "示例汽车刹车失灵"}\n', encoding="utf-8")
    assert "新 2 条" in tingfeng("import", str(file), "--config", str(demo_config)).stdout
    assert "已研判 2 条" in tingfeng("work", "--once", "--config", str(demo_config)).stdout
    assert "刹车失灵" in tingfeng("search", "刹车", "--config", str(demo_config)).stdout


def test_parse_needs_neither_network_nor_settings(tmp_path: Path) -> None:
    page = Path(__file__).resolve().parents[1] / "pages" / "discuz"
    [saved, *_] = sorted(page.glob("*/page.html"))
    done = tingfeng("parse", str(saved), "--kind", "auto", "--url", "https://bbs.example.invalid/thread-1-1-1.html")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [record["record"] for record in records].count("state") == 1
    assert records[-1]["state"] in ("ok", "empty", "blocked", "broken")


def test_the_whole_explains_itself() -> None:
    """Help names the first thing to try."""
    done = tingfeng("--help")
    assert done.returncode == 0
    assert "tingfeng run --demo" in done.stdout


def test_what_a_post_says_is_never_markup(demo_config: Path, tmp_path: Path) -> None:
    """Brackets in a post are the post's: neither swallowed nor a crash."""
    text = "示例汽车[怒]刹车失灵[/b][link=x]"
    file = tmp_path / "posts.jsonl"
    file.write_text(json.dumps({"text": text}) + "\n", encoding="utf-8")
    tingfeng("import", str(file), "--config", str(demo_config))
    tingfeng("work", "--once", "--config", str(demo_config))
    assert text in tingfeng("search", "刹车", "--config", str(demo_config)).stdout
