"""The settings that the demo writes: valid, full, faithful to the ports, and not overwritten once edited."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from core.config import load_settings
from core.settings import Settings
from demo import config, server

BASE_PORT = 18700


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(config.materialise(tmp_path / "config", base_port=BASE_PORT), {})


def test_the_settings_load(settings: Settings, tmp_path: Path) -> None:
    """The written files are valid and put the product's own files beside them, not into the package."""
    assert settings.data_dir == tmp_path / "var"
    assert {source.id for source in settings.sources} == {"demo-forum", "demo-bbs", "demo-weibo", "demo-news"}
    assert settings.digest.at == "08:30"
    assert settings.zone.key == "Asia/Shanghai"


def test_the_data_folder_can_be_overridden(tmp_path: Path) -> None:
    """`TINGFENG_GENERAL__DATA_DIR` wins over the file."""
    path = config.materialise(tmp_path / "config", base_port=BASE_PORT)
    settings = load_settings(path, {"TINGFENG_GENERAL__DATA_DIR": str(tmp_path / "elsewhere")})
    assert settings.data_dir == tmp_path / "elsewhere"


def test_sources_point_at_the_four_sites(settings: Settings) -> None:
    """Each source is one of the ports, is read every ten seconds without a pause, and may be captured."""
    ports = [urlsplit(source.url).port for source in settings.sources]
    assert ports == list(server.ports(BASE_PORT).values())
    assert {source.every for source in settings.sources} == {timedelta(seconds=10)}
    assert {source.delay for source in settings.sources} == {timedelta()}
    assert all(source.owner and not source.ignore_robots_because for source in settings.sources)
    assert settings.evidence.allow_private == tuple(f"127.0.0.1:{port}" for port in ports)


def test_a_and_b_ring_and_c_waits_for_the_digest(settings: Settings) -> None:
    """No rule names grade C."""
    assert {grade for rule in settings.rules for grade in rule.grades} == {"A", "B"}
    assert {name for rule in settings.rules for name in rule.to} == {"console"}


def test_short_aliases_need_company_and_other_meanings_are_excluded(settings: Settings) -> None:
    """S7 alone is no car, and a dance company is no brand."""
    subjects = {subject.name: subject for subject in settings.subjects}
    assert len(subjects) == 6
    for subject in subjects.values():
        if any(len(alias) <= 2 and alias.isascii() for alias in subject.aliases):
            assert subject.require, subject.name
    assert "舞团" in subjects["曜行汽车"].exclude
    assert "星河" not in subjects["星河汽车集团"].aliases


def test_edits_survive_a_restart(tmp_path: Path) -> None:
    """Files of this version and these ports are left alone."""
    path = config.materialise(tmp_path, base_port=BASE_PORT)
    edited = path.read_text(encoding="utf-8").replace('at = "08:30"', 'at = "07:15"')
    path.write_text(edited, encoding="utf-8")
    config.materialise(tmp_path, base_port=BASE_PORT)
    assert load_settings(path, {}).digest.at == "07:15"


def test_other_ports_replace_the_files_and_keep_the_old_ones(tmp_path: Path) -> None:
    """A new base port is taken over everywhere; what was edited lies beside it as .bak."""
    path = config.materialise(tmp_path, base_port=BASE_PORT)
    path.write_text(path.read_text(encoding="utf-8") + "# 我的修改\n", encoding="utf-8")
    settings = load_settings(config.materialise(tmp_path, base_port=BASE_PORT + 10), {})
    assert urlsplit(settings.sources[0].url).port == BASE_PORT + 10
    assert (tmp_path / "monitor.toml.bak").read_text(encoding="utf-8").endswith("# 我的修改\n")


def test_a_foreign_file_is_not_lost(tmp_path: Path) -> None:
    """A monitor.toml that the demo did not write is kept as .bak."""
    (tmp_path / "monitor.toml").write_text("[web]\nport = 9000\n", encoding="utf-8")
    config.materialise(tmp_path, base_port=BASE_PORT)
    assert (tmp_path / "monitor.toml.bak").read_text(encoding="utf-8") == "[web]\nport = 9000\n"


@pytest.mark.parametrize("name", config.NAMES)
def test_no_placeholder_is_left(tmp_path: Path, name: str) -> None:
    """Every port is filled in, and every file explains itself in Chinese."""
    config.materialise(tmp_path, base_port=BASE_PORT)
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert "_port}" not in text
    assert sum(line.lstrip().startswith("#") for line in text.splitlines()) >= 3
