"""Where a real Elasticsearch for tests comes from: an archive fetched once with Maven, and a Java that can run it.

The archive is the engine as it is published for integration tests (the same server with few modules); it lies in a
cache outside the checkout. Nothing here changes the machine: `scripts/elasticsearch.sh` installs what is missing where
that is allowed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

VERSION = "9.3.2"
#: Of the archive of `VERSION`: what Maven brings is checked against it, whoever answered for the registry.
SHA256 = "99b5b540c8d3a5c53cbe1e4f35c46acefff59131760ddc330a7616cd319086f1"
ARTIFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"

OLDEST_JAVA = 21
#: Elasticsearch 9 starts its Java with this module; a Java without it ends at once.
MODULE = "jdk.incubator.vector"
JVM_FOLDER = Path("/usr/lib/jvm")
HOW = "取得方法：sh scripts/elasticsearch.sh（需要 Maven 与 JDK 21 以上；已有 JDK 时可设置 ES_JAVA_HOME）"
HOW_EN = "to get it: sh scripts/elasticsearch.sh (needs Maven and a JDK of 21 or later; ES_JAVA_HOME names one)"


class Unobtainable(Exception):
    """No Elasticsearch can be had here; `str()` says what is missing and how to get it, in Chinese and English."""

    def __init__(self, missing: str, missing_en: str) -> None:
        super().__init__(f"没有真实的 Elasticsearch：{missing}。{HOW} / no real Elasticsearch: {missing_en}; {HOW_EN}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Java:
    """A Java home, its major version, and whether it has what Elasticsearch asks for."""

    home: Path
    version: int
    complete: bool

    @property
    def usable(self) -> bool:
        return self.version >= OLDEST_JAVA and self.complete


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where downloads are kept: TINGFENG_CACHE, else tingfeng/ in the user's cache folder."""
    chosen = environment.get("TINGFENG_CACHE")
    if chosen:
        return Path(chosen)
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tingfeng"


def read_modules(home: Path, listing: str) -> Java | None:
    """What `java --list-modules` said: lines like `java.base@25.0.3`."""
    version = re.search(r"^java\.base@(\d+)", listing, re.MULTILINE)
    if version is None:
        return None
    complete = re.search(rf"^{re.escape(MODULE)}(@|$)", listing, re.MULTILINE) is not None
    return Java(home=home, version=int(version[1]), complete=complete)


def java_homes(environment: Mapping[str, str] = os.environ) -> Iterator[Path]:
    """Where a Java may be, the most deliberate choice first."""
    for name in ("ES_JAVA_HOME", "JAVA_HOME"):
        if environment.get(name):
            yield Path(environment[name])
    yield from sorted((home.parent.parent for home in JVM_FOLDER.glob("*/bin/java")), reverse=True)
    on_path = shutil.which("java", path=environment.get("PATH"))
    if on_path:
        yield Path(on_path).resolve().parent.parent


def ask_java(home: Path) -> Java | None:
    """What this Java is; `None` if it cannot be started."""
    try:
        command = [str(home / "bin" / "java"), "--list-modules"]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return read_modules(home, answer.stdout) if answer.returncode == 0 else None


def find_java(environment: Mapping[str, str] = os.environ) -> Path:
    """The home of the first Java that can run the server. Raise `Unobtainable` that names those that cannot."""
    seen: dict[Path, str] = {}
    for home in java_homes(environment):
        real = home.resolve()
        if real in seen:
            continue
        java = ask_java(home)
        if java is not None and java.usable:
            return home
        seen[real] = f"{home}={java.version if java else '?'}{'' if java is None or java.complete else ' (no vector)'}"
    found = ", ".join(seen.values()) or "-"
    raise Unobtainable(
        f"没有带 {MODULE} 模块的 JDK {OLDEST_JAVA} 以上（已看过：{found}）",
        f"no JDK of {OLDEST_JAVA} or later with {MODULE} (looked at: {found})",
    )


def find_archive(cache: Path | None = None) -> Path:
    """The archive of the server, fetched if it is not in the cache yet (115 MB). Raise `Unobtainable`."""
    folder = cache or cache_folder()
    archive = folder / f"elasticsearch-{VERSION}.zip"
    if archive.is_file() and _is_right(archive):
        return archive
    maven = shutil.which("mvn")
    if maven is None:
        raise Unobtainable(
            f"{archive} 不存在，也没有 mvn 可以下载", f"{archive} is absent and there is no mvn to fetch it"
        )
    fresh = folder / f"fetching-{os.getpid()}"
    command = [maven, "-q", "-B", PLUGIN, f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={fresh}"]
    try:
        fresh.mkdir(parents=True, exist_ok=True)
        answer = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, cwd=fresh)
        fetched = fresh / archive.name
        if answer.returncode != 0 or not _is_right(fetched):
            said = (answer.stdout + answer.stderr).strip().splitlines()
            reason = said[0][:300] if said else "the file is not the expected one"
            raise Unobtainable(f"下载失败（{reason}）", f"the download failed ({reason})")
        fetched.replace(archive)  # at one moment: another session may be looking for it
    except (OSError, subprocess.TimeoutExpired) as bad:
        raise Unobtainable(f"下载失败（{bad}）", f"the download failed ({bad})") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return archive


def _is_right(archive: Path) -> bool:
    if not archive.is_file():
        return False
    with archive.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == SHA256


def main() -> int:
    """Fetch, and say what there is: 0 if a server can be started on this machine, 3 if not."""
    try:
        home, archive = find_java(), find_archive()
    except Unobtainable as missing:
        sys.stderr.write(f"{missing}\n")
        return 3
    java = ask_java(home)
    sys.stdout.write(f"Elasticsearch {VERSION} ({archive}), Java {java.version if java else '?'} ({home})\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
