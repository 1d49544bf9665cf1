"""Settings: what is right loads, what is wrong is one line that names file, key, value and the fix."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from core.config import load_settings
from core.errors import ConfigError
from core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = {name: ROOT / f"{name}.example.toml" for name in ("monitor", "sources", "subjects", "rules")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the examples with every channel switched on."""
    for name, example in EXAMPLES.items():
        shutil.copy(example, tmp_path / f"{name}.toml")
    monitor = tmp_path / "monitor.toml"
    monitor.write_text(re.sub(r"(?m)^#(?=[\[a-z])", "", monitor.read_text(encoding="utf-8")), encoding="utf-8")
    return tmp_path


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / f"{name}.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


ENVIRONMENT = {"SMTP_PASSWORD": "hunter2-secret", "WEBHOOK_SECRET": "webhook-secret"}


def test_the_examples_load_as_they_are(tmp_path: Path) -> None:
    """A plain copy starts: no secret, no account."""
    for name, example in EXAMPLES.items():
        shutil.copy(example, tmp_path / f"{name}.toml")
    assert list(load_settings(tmp_path / "monitor.toml", {}).notifiers) == ["console"]


def test_the_examples_load_with_every_channel(folder: Path) -> None:
    """What the example shows behind a # is right as well."""
    settings = load_settings(folder / "monitor.toml", ENVIRONMENT)
    assert settings.sources
    assert settings.subjects
    assert settings.rules
    assert settings.data_dir == folder / "var"
    assert sorted(settings.notifiers) == ["console", "hook", "pr_mail"]


def model_keys(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


SECTIONS = [
    name
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
]


@pytest.mark.parametrize("section", SECTIONS)
def test_the_example_shows_every_key(section: str) -> None:
    """Nobody has to read the code to learn which keys a section has."""
    example = tomllib.loads(EXAMPLES["monitor"].read_text(encoding="utf-8"))
    field = Settings.model_fields[section].annotation
    assert isinstance(field, type)
    assert set(example[section]) == model_keys(field)


@pytest.mark.parametrize("section", SECTIONS)
def test_the_example_shows_the_defaults(section: str, folder: Path) -> None:
    """The values in the example are the ones that hold without it, except where the example must name a channel."""
    settings = load_settings(folder / "monitor.toml", ENVIRONMENT)
    default = getattr(Settings(), section)
    shown = getattr(settings, section)
    differs = {key for key in model_keys(type(default)) if getattr(default, key) != getattr(shown, key)}
    assert differs <= {"data_dir"}  # made absolute when read


@pytest.mark.parametrize(("catalogue", "table"), [("sources", "source"), ("subjects", "subject"), ("rules", "rule")])
def test_the_catalogue_examples_show_every_key(catalogue: str, table: str) -> None:
    """A key that cannot have a working example value (a secret) stands there behind a `#`."""
    text = re.sub(r"(?m)^#(?=\w+ = )", "", EXAMPLES[catalogue].read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = tomllib.loads(text)[table]
    field = Settings.model_fields[catalogue].annotation
    row_model = field.__args__[0]  # type: ignore[union-attr]
    assert set().union(*rows) == model_keys(row_model)


def test_the_environment_wins(folder: Path) -> None:
    settings = load_settings(folder / "monitor.toml", ENVIRONMENT | {"TINGFENG_WEB__PORT": "9001"})
    assert settings.web.port == 9001


WRONG = [
    # what, file edited, old text, new text, what the line must name
    ("unknown key", "monitor", "[web]", "[web]\nprot = 1", ["monitor.toml", "web.prot", "不认识的键"]),
    ("unknown section", "monitor", "[web]", "[wbe]\nx = 1\n[web]", ["monitor.toml", "wbe", "不认识的键"]),
    ("bad type", "monitor", "port = 8315", 'port = "abc"', ["monitor.toml", "web.port", "abc"]),
    ("out of range", "monitor", "port = 8315", "port = 99999", ["web.port", "99999", "不大于 65535"]),
    ("bad duration", "monitor", 'delay = "2s"', 'delay = "2 parsecs"', ["crawl.delay", "2 parsecs", "10m"]),
    ("bad zone", "monitor", "Asia/Shanghai", "Mars/Olympus", ["general.timezone", "Mars/Olympus"]),
    ("bad clock time", "monitor", 'at = "08:30"', 'at = "25:00"', ["digest.at", "25:00"]),
    ("thresholds out of order", "monitor", "grade_b = 50", "grade_b = 90", ["risk.grade_a/b/c", "75/90/30"]),
    (
        "digest to nobody",
        "monitor",
        '日报\nto = ["console"]',
        '日报\nto = ["pigeon"]',
        ["digest.to", "pigeon", "console"],
    ),
    ("health to nobody", "monitor", 'to = ["console"]', 'to = ["pigeon"]', ["health.to", "pigeon", "console"]),
    (
        "cookie in clear",
        "sources",
        '#cookie = "env:WEIBO_COOKIE"',
        'cookie = "SUB=1"',
        ["sources.toml", "cookie", "***"],
    ),
    ("cookie not set", "sources", '#cookie = "env:W', 'cookie = "env:W', ["source[weibo-brand].cookie", "env:WEIBO_"]),
    ("cookie of nothing", "sources", "browser = false", 'user = "12"', ["source[city-forum].user"]),
    ("weibo.com without a user", "sources", 'surface = ""', 'surface = "web"', ["source[weibo-brand].user", "mobile"]),
    ("surface of another kind", "sources", 'surface = ""', 'surface = "app"', ["weibo-brand", "surface", "mobile"]),
    ("notifier of no kind", "monitor", 'type = "console"', 'type = "pager"', ["notifiers.console", "pager"]),
    ("secret in clear", "monitor", '"env:SMTP_PASSWORD"', '"hunter2"', ["password", "env:"]),
    ("secret not set", "monitor", "env:SMTP_PASSWORD", "env:NOT_THERE", ["password", "env:NOT_THERE", "export"]),
    ("secret unreadable", "monitor", "env:SMTP_PASSWORD", "file:nowhere.txt", ["password", "file:nowhere.txt"]),
    ("syntax", "monitor", "[web]", "[web", ["monitor.toml", "TOML"]),
    ("catalogue in the wrong file", "monitor", "[web]", "[[rules]]\nname='x'\n[web]", ["rules", "rules.toml"]),
    ("source kind", "sources", 'kind = "forum"', 'kind = "forvm"', ["sources.toml", "kind", "forvm"]),
    ("source url", "sources", "https://", "ftp://", ["sources.toml", "url", "ftp://"]),
    ("weibo without keyword", "sources", 'keyword = "', 'keyword = ""\nowner = "', ["sources.toml", "keyword"]),
    ("grade", "rules", 'grades = ["A"', 'grades = ["S"', ["rules.toml", "grades", "S"]),
    ("rule to nobody", "rules", 'to = ["console"', 'to = ["nobody"', ["rules.toml", "nobody"]),
    ("subject kind", "subjects", 'kind = "brand"', 'kind = "planet"', ["subjects.toml", "planet"]),
    ("wrong table", "rules", "\n[[rule]]", "\n[[rulez]]", ["rules.toml", "rulez"]),
]


@pytest.mark.parametrize(("name", "old", "new", "named"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_mistake_is_one_line_that_names_it(folder: Path, name: str, old: str, new: str, named: list[str]) -> None:
    edit(folder, name, old, new)
    with pytest.raises(ConfigError) as caught:
        load_settings(folder / "monitor.toml", ENVIRONMENT)
    line = str(caught.value)
    assert "\n" not in line
    assert "修正" in line
    for part in named:
        assert part in line
    assert "hunter2" not in line


@pytest.mark.parametrize("name", ["monitor", "sources", "subjects", "rules"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / f"{name}.toml").unlink()
    with pytest.raises(ConfigError, match=rf"{name}\.toml"):
        load_settings(folder / "monitor.toml", ENVIRONMENT)


@pytest.mark.parametrize(
    ("variable", "value"), [("TINGFENG_WEB__PROT", "1"), ("TINGFENG_PORT", "1"), ("TINGFENG_RULES__X", "1")]
)
def test_a_variable_that_means_nothing_is_refused(folder: Path, variable: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(folder / "monitor.toml", ENVIRONMENT | {variable: value})
    assert variable in str(caught.value)


def test_no_secret_shows(folder: Path) -> None:
    """Neither the repr of the settings nor an error about the same section gives a secret away."""
    settings = load_settings(folder / "monitor.toml", ENVIRONMENT)
    shown = repr(settings) + str(settings) + repr(settings.notifiers)
    for secret in ENVIRONMENT.values():
        assert secret not in shown


def test_files_that_are_not_utf8_are_named(folder: Path) -> None:
    (folder / "rules.toml").write_bytes("# 规则".encode("gbk"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load_settings(folder / "monitor.toml", ENVIRONMENT)
