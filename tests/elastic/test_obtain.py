"""Where the real server comes from, and what is said where it cannot be had."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.elastic import obtain
from tests.elastic.obtain import Unobtainable, cache_folder, find_archive, find_java, java_homes, read_modules

FULL = "java.base@{0}\njava.compiler@{0}\njdk.incubator.vector@{0}\njdk.jfr@{0}\n"
HOME = Path("/opt/java")


def fake_java(folder: Path, listing: str, *, status: int = 0) -> Path:
    """A Java home whose `java` answers with this list of modules."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{listing}\nEND\nexit {status}\n", encoding="utf-8")
    program.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("listing", "version", "usable"),
    [
        (FULL.format("25.0.3"), 25, True),
        (FULL.format("21"), 21, True),
        (FULL.format("17.0.15"), 17, False),
        ("java.base@25.0.1\njava.xml@25.0.1\n", 25, False),
        ("java.base@22\njdk.incubator.vectors@22\n", 22, False),
    ],
)
def test_a_java_is_judged_by_its_modules(listing: str, version: int, usable: bool) -> None:
    """Too old is too old, and a runtime without the vector module does not do, however new."""
    java = read_modules(HOME, listing)
    assert java is not None
    assert (java.version, java.usable) == (version, usable)


@pytest.mark.parametrize("listing", ["", "no such option", "jdk.incubator.vector@25"])
def test_what_is_no_java_is_none(listing: str) -> None:
    assert read_modules(HOME, listing) is None


def test_a_chosen_java_comes_first(tmp_path: Path) -> None:
    """ES_JAVA_HOME before JAVA_HOME before what lies about."""
    first = fake_java(tmp_path / "first", FULL.format(25))
    second = fake_java(tmp_path / "second", FULL.format(25))
    homes = {"ES_JAVA_HOME": str(first), "JAVA_HOME": str(second), "PATH": ""}
    assert list(java_homes(homes))[:2] == [first, second]
    assert find_java(homes) == first


def test_a_java_that_does_not_do_is_passed_over(tmp_path: Path) -> None:
    """Too old, broken, absent: the next one is asked."""
    old = fake_java(tmp_path / "old", FULL.format("17.0.1"))
    good = fake_java(tmp_path / "good", FULL.format(21))
    assert find_java({"ES_JAVA_HOME": str(old), "JAVA_HOME": str(good), "PATH": ""}) == good
    broken = fake_java(tmp_path / "broken", FULL.format(25), status=1)
    assert find_java({"ES_JAVA_HOME": str(broken), "JAVA_HOME": str(good), "PATH": ""}) == good
    assert find_java({"ES_JAVA_HOME": str(tmp_path / "absent"), "JAVA_HOME": str(good), "PATH": ""}) == good


def test_without_java_the_reason_says_what_was_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person reads what is missing and how to get it."""
    monkeypatch.setattr(obtain, "JVM_FOLDER", tmp_path)
    old = fake_java(tmp_path / "old", FULL.format("17.0.1"))
    with pytest.raises(Unobtainable, match=r"JDK 21 以上（已看过：.*old=17.*scripts/elasticsearch.sh.*ES_JAVA_HOME"):
        find_java({"ES_JAVA_HOME": str(old), "PATH": ""})


def test_without_maven_and_archive_the_reason_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unobtainable, match=r"没有 mvn 可以下载.*there is no mvn"):
        find_archive(tmp_path)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo '[ERROR] Could not find artifact' >&2; exit 1", "Could not find artifact"),
        ('for word; do case "$word" in -DoutputDirectory=*) echo x > "${word#*=}/'
         f'elasticsearch-{obtain.VERSION}.zip";; esac; done', "not the expected one"),
    ],
)  # fmt: skip
def test_a_failed_download_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str) -> None:
    """Maven's first complaint is handed on; an archive with another content is refused; nothing half stays behind."""
    program = tmp_path / "bin" / "mvn"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    with pytest.raises(Unobtainable, match=said):
        find_archive(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"TINGFENG_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, Path("/a")),
        ({"XDG_CACHE_HOME": "/b"}, Path("/b/tingfeng")),
        ({}, Path.home() / ".cache" / "tingfeng"),
    ],
)
def test_where_downloads_are_kept(environment: dict[str, str], folder: Path) -> None:
    assert cache_folder(environment) == folder
