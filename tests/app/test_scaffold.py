"""`tingfeng new-source` and `new-case`: what they write works at once, and they never write over anything."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.scaffold.cases import read_case
from app.scaffold.checkout import Checkout, check_name
from app.scaffold.expectation import expected
from core.errors import ConfigError
from crawlers.pages import PARSERS, PageContext
from tests.crawlers_pages.test_saved_pages import CASES, load

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("forum", "qa", "complaint", "news", "tieba")
#: What a copy of the checkout needs of its own; the rest it shares.
OWN = ("crawlers", "tests/pages", "tests/crawlers_pages")
SHARED = (
    "core",
    "analysis",
    "evidence",
    "index",
    "alerts",
    "web",
    "app",
    "demo",
    "pyproject.toml",
    "tests/conftest.py",
    "tests/elastic",
)


@dataclass
class Copy:
    """A checkout to write in."""

    root: Path

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("TINGFENG_")}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env={**environment, "PYTHONPATH": str(self.root), "COLUMNS": "200", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def tingfeng(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = self.python("-m", "app", *arguments)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def files(self) -> set[str]:
        places = (self.root / "crawlers/pages", self.root / "tests/pages")
        found = (path for place in places for path in place.rglob("*") if "__pycache__" not in path.parts)
        return {str(path.relative_to(self.root)) for path in found if path.is_file()}


def copy_checkout(root: Path) -> Copy:
    for name in OWN:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in SHARED:
        (root / name).symlink_to(ROOT / name)
    return Copy(root)


@pytest.fixture(scope="module")
def scaffolded(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A checkout with one new parser of each kind."""
    copy = copy_checkout(tmp_path_factory.mktemp("checkout"))
    for kind in KINDS:
        url = f"https://{kind}.acme.example:8443/c/cars?sort=new"
        done = copy.tingfeng("new-source", f"acme_{kind}", "--kind", kind, "--url", url)
        assert done.returncode == 0, done.stderr
    return copy


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return copy_checkout(tmp_path)


def test_what_is_written_passes_the_project_s_own_checks(scaffolded: Copy) -> None:
    """Format, lint, strict types and the suite of saved pages: a newcomer starts on green."""
    written = [f"crawlers/pages/acme_{kind}.py" for kind in KINDS]
    for tool in (("ruff", "format", "--check"), ("ruff", "check")):
        done = scaffolded.python("-m", *tool, *written)
        assert done.returncode == 0, done.stdout
    strict = ("--strict", "--follow-imports=silent", "--explicit-package-bases", "--cache-dir", ".mypy")
    done = scaffolded.python("-m", "mypy", *strict, *written)
    assert done.returncode == 0, done.stdout
    suite = "tests/crawlers_pages/test_saved_pages.py"
    done = scaffolded.python("-m", "pytest", suite, "-q", "-k", "acme", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    assert f"{len(KINDS) * 3 * 3} passed" in done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_a_skeleton_reads_its_placeholders(scaffolded: Copy, kind: str) -> None:
    """Every field of the made-up page is read, quotes are left out, and the changed page is not called ok."""
    folder = scaffolded.root / "tests/pages" / f"acme_{kind}"
    cases = {path.parent.name: json.loads(path.read_text("utf-8")) for path in folder.glob("*/expected.json")}
    assert {name: case["state"] for name, case in cases.items()} == {"example": "ok", "list": "ok", "changed": "broken"}
    first, *replies = cases["example"]["posts"]
    assert first["title"] == "提车一周的感受"
    assert first["author"] == {"name": "北郊老周"}
    assert first["published"] == "2026-03-14T20:31:05+08:00"
    assert first["text"] == "上周三提的车，跑了三百公里。\n空调有异味，店里说过几天就好。"
    assert first["counts"] == {"likes": 3}
    assert first["images"] == [f"https://{kind}.acme.example:8443/upload/dash.jpg"]
    if kind != "news":
        [reply] = replies
        assert (reply["text"], reply["floor"], reply["parent"]) == ("我的也是，换了滤芯才好。", 2, first["id"])
    leads = [link["leads_to"] for link in cases["list"]["links"]]
    assert leads == ["article" if kind == "news" else "thread"] * 2 + ["list"]


def test_a_skeleton_survives_hostile_pages(scaffolded: Copy) -> None:
    """The suite that every parser stands is stood by a new one."""
    suite = "tests/crawlers_pages/test_hostile_pages.py"
    done = scaffolded.python("-m", "pytest", suite, "-q", "-k", "acme_forum or acme_news", "-p", "no:cacheprovider")
    assert done.returncode in (0, 5), done.stdout[-3000:]


BAD_NAMES = [
    ("discuz", "已有这个名字的解析器"),
    ("auto", "已有这个名字的解析器"),
    ("forum", "已有这个名字的解析器"),
    ("markup", "已有 crawlers/pages/markup.py"),
    ("blocks", "已有 "),
    ("Acme", "不能作为名字"),
    ("1acme", "不能作为名字"),
    ("class", "不能作为名字"),
    ("../acme", "不能作为名字"),
    ("acme.x", "不能作为名字"),
    ("", "不能作为名字"),
    ("a" * 41, "不能作为名字"),
]
MISTAKES = [
    (("new-source", "acme_forum"), "已有这个名字的解析器"),
    (("new-source", "acme2", "--url", "bbs.example.invalid"), "http://"),
    (("new-source", "acme2", "--kind", "weibo"), "weibo"),
    (("new-source", "acme2", "--page", "none.html"), "none.html"),
    (("new-source", "acme2", "--page", "pyproject.toml", "--now", "gestern"), "不是时间"),
    (("new-source", "acme2", "--add"), "monitor.toml"),
    (("new-case", "acme_forum", "list", "--page", "pyproject.toml", "--url", "https://a.invalid/"), "已有 tests/pages"),
    (("new-case", "acme_forum", "../../x", "--again"), "不能作为名字"),
    (("new-case", "acme_forum", "none", "--again"), "没有可读的"),
    (("new-case", "acme_forum", "new"), "--page"),
    (("new-case", "acme_forum", "new", "--page", "pyproject.toml"), "http://"),
    (("new-case", "nobody", "new", "--again"), "没有这个解析器"),
]


@pytest.mark.parametrize(("name", "said"), BAD_NAMES)
def test_a_name_that_is_none_or_taken_is_refused(name: str, said: str) -> None:
    """A parser is a module, a folder and a word of the command line: its name must be free as all three."""
    with pytest.raises(ConfigError, match=said):
        check_name(name, Checkout(root=ROOT))


@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=range(len(MISTAKES)))
def test_mistakes_write_nothing(scaffolded: Copy, arguments: tuple[str, ...], said: str) -> None:
    """What is wrong is said before the first file is opened."""
    before = scaffolded.files()
    done = scaffolded.tingfeng(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert scaffolded.files() == before


def test_a_folder_in_the_way_stops_it(copy: Copy) -> None:
    """Somebody's pages without a parser are somebody's work."""
    mine = copy.root / "tests/pages/acme/mine/page.html"
    mine.parent.mkdir(parents=True)
    mine.write_text("mein", encoding="utf-8")
    done = copy.tingfeng("new-source", "acme")
    assert done.returncode == 2
    assert "已有 tests/pages/acme" in done.stderr
    assert mine.read_text(encoding="utf-8") == "mein"


def test_an_installed_program_says_that_it_needs_the_source(tmp_path: Path) -> None:
    """A wheel has no tests to write into: the way out is named, nothing is written beside the packages."""
    for name in (*(name for name in SHARED if "." not in name and "/" not in name), "crawlers"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "crawlers").unlink()
    shutil.copytree(ROOT / "crawlers", tmp_path / "crawlers", ignore=shutil.ignore_patterns("__pycache__"))
    done = Copy(tmp_path).tingfeng("new-source", "acme")
    assert done.returncode == 1
    assert "git 检出" in done.stderr
    assert not (tmp_path / "crawlers/pages/acme.py").exists()


def test_the_row_is_written_with_the_parser(copy: Copy) -> None:
    """`--add` puts the row below the others; a second one of that id is refused before anything is written."""
    for name in ("monitor", "subjects", "rules"):
        shutil.copy(ROOT / f"{name}.example.toml", copy.root / f"{name}.toml")
    (copy.root / "sources.toml").write_text("# meine\n", encoding="utf-8")
    done = copy.tingfeng("new-source", "acme_bbs", "--url", "https://bbs.acme.example/cars", "--add")
    assert done.returncode == 0, done.stderr
    text = (copy.root / "sources.toml").read_text(encoding="utf-8")
    assert text.startswith("# meine\n")
    assert tomllib.loads(text)["source"] == [
        {"id": "acme-bbs", "name": "bbs.acme.example", "kind": "forum", "url": "https://bbs.acme.example/cars",
         "parser": "acme_bbs", "channel": "forum"},
    ]  # fmt: skip
    (copy.root / "crawlers/pages/acme_bbs.py").unlink()
    shutil.rmtree(copy.root / "tests/pages/acme_bbs")
    before = copy.files()
    done = copy.tingfeng("new-source", "acme_bbs", "--add")
    assert done.returncode == 2
    assert copy.files() == before


def test_a_given_page_becomes_the_example(copy: Copy) -> None:
    """A page that `sources test --save` kept brings its address and time; what is found there is written beside it."""
    page = copy.root / "pages/page-1.html"
    page.parent.mkdir()
    page.write_text(
        '<html><body><h1>刹车异响</h1><article id="p7"><b class="author">老周</b><time>5分钟前</time>'
        '<div class="content">换了片还响</div></article></body></html>',
        encoding="utf-8",
    )
    facts = {"url": "https://bbs.acme.example/t/9", "now": "2026-11-22T16:00:00+08:00", "status": 200}
    page.with_name("page-1.meta.json").write_text(json.dumps(facts), encoding="utf-8")
    url = "https://bbs.acme.example/cars"
    done = copy.tingfeng("new-source", "acme", "--url", url, "--page", "pages/page-1.html")
    assert done.returncode == 0, done.stderr
    case = copy.root / "tests/pages/acme/example"
    wanted = json.loads((case / "expected.json").read_text("utf-8"))
    assert (case / "page.html").read_bytes() == page.read_bytes()
    assert (wanted["url"], wanted["state"]) == ("https://bbs.acme.example/t/9", "ok")
    assert wanted["posts"][0]["published"] == "2026-11-22T15:55:00+08:00"


def test_an_expectation_is_renewed_only_when_asked(copy: Copy) -> None:
    """After the parser was changed, `--again` writes what it finds now and leaves the page alone."""
    assert copy.tingfeng("new-source", "acme").returncode == 0
    parser = copy.root / "crawlers/pages/acme.py"
    parser.write_text(parser.read_text("utf-8").replace("' likes '", "' none '"), encoding="utf-8")
    case = copy.root / "tests/pages/acme/example"
    page, before = (case / "page.html").read_bytes(), (case / "expected.json").read_text("utf-8")
    assert "likes" in before
    assert copy.tingfeng("new-case", "acme", "example", "--again").returncode == 0
    after = (case / "expected.json").read_text("utf-8")
    assert "likes" not in after
    assert (case / "page.html").read_bytes() == page


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.parent.name}-{path.parent.name}")
def test_expectations_are_written_as_the_suite_reads_them(path: Path) -> None:
    """What `new-case --again` would write of each saved page of the project says what stands there."""
    wanted, body, page = load(path)
    name, case = path.parent.parent.name, path.parent.name
    saved = read_case(name, case, Checkout(root=ROOT))
    assert (saved.body, saved.url, saved.now) == (body, page.url, page.now)
    if wanted["kind"] in PARSERS:
        context = PageContext(
            url=page.url, now=page.now, zone=page.zone, content_type=page.content_type, status=page.status
        )
        parsed = PARSERS[wanted["kind"]].parse(body, context)
        written = json.loads(expected(parsed, page=context, said=saved.said))
        assert {key: written.get(key) for key in wanted} == wanted
