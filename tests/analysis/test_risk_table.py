"""The table of points: a customer's is laid over ours key by key, and what is wrong is said in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from analysis.risk import bundled_table, load_table
from app.wiring import Product
from core.config import load_settings
from core.errors import ConfigError
from tests.analysis.risk_world import facts_of, make_post, points, weigh

ROOT = Path(__file__).resolve().parents[2]


def own(folder: Path, text: str) -> Path:
    path = folder / "risk.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_bundled_table_is_frozen() -> None:
    """Nobody changes a weight on the way."""
    table = bundled_table()
    with pytest.raises(ValidationError):
        table.rights.first = 99
    assert bundled_table() is table


def test_no_single_circumstance_makes_an_emergency() -> None:
    """What is no accident adds at most 25: no circumstance alone lifts an ordinary complaint to A."""
    table = bundled_table()
    assert max(
        table.severity.most, table.rights.most, table.reach.most, table.spread.most, table.evidence.most,
        *(tier.points for tier in table.authority.tiers.values()),
        *(given for _, given in (*table.velocity.points, *table.complainant.points)),
    ) <= 25  # fmt: skip


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    """Only what stands there is laid over ours."""
    assert load_table(own(tmp_path, "")) == bundled_table()


def test_keys_are_overridden_one_by_one(tmp_path: Path) -> None:
    """A key of a section, a list as a whole, a group switched off, and a group of one's own."""
    table = load_table(
        own(
            tmp_path,
            """
            [rights]
            first = 20
            [reach]
            likes = [[5, 1]]
            [severity.groups.recall]
            points = 0
            [severity.groups.lawsuit]
            name = "本店官司"
            points = 7
            words = ["东湖案"]
            patterns = []
            needs_safety = false
            sober = false
            [calendar.windows.jubilee]
            name = "店庆"
            from = "06-09"
            until = "06-11"
            points = 4
            """,
        )
    )
    assert table.rights.first == 20
    assert table.rights.each == bundled_table().rights.each
    assert table.reach.likes == ((5, 1),)
    assert table.reach.views == bundled_table().reach.views
    found = points(facts_of(make_post("曜行S7异响，又是东湖案，该召回，已打12315")), table)
    assert found["severity.lawsuit"] == 7
    assert "severity.recall" not in found
    assert found["rights"] == 20
    assert found["calendar"] == 4


@pytest.mark.parametrize(
    ("text", "key", "value", "problem", "fix"),
    [
        ("[rihgts]\nfirst = 1", "rihgts", "first", "不认识的键", "risk.toml"),
        ("[rights]\nfrist = 1", "rights.frist", "1", "不认识的键", "risk.toml"),
        ('[rights]\nfirst = "12"', "rights.first", "'12'", "应为数字", "不带引号"),
        ("[rights]\nfirst = 12.5", "rights.first", "12.5", "应为数字", "不带引号"),
        ("[rights]\nfirst = -1", "rights.first", "-1", "超出范围", "不小于 0"),
        ("[rights]\nfirst = 101", "rights.first", "101", "超出范围", "不大于 100"),
        ("[rights]\nfirst = true", "rights.first", "True", "应为数字", "不带引号"),
        ('[malice]\ndemands = "给钱"', "malice.demands", "'给钱'", "应为列表", "["),
        ("[malice]\ndemands = [1]", "malice.demands.0", "1", "应为文字", "引号"),
        ('[malice]\ndemands = [""]', "malice.demands.0", "''", "", ""),
        ("[reach]\nviews = [[100, 5], [10, 2]]", "reach.views", "100", "递增", "改正"),
        ("[reach]\nviews = [[100]]", "reach.views.0.1", "100", "缺少", "补上"),
        ("[reach]\nviews = [[0, 5]]", "reach.views.0.0", "0", "超出范围", "不小于 1"),
        ("rights = 3", "rights", "3", "应为一节", "[节名]"),
        ('[severity.groups.recall]\npatterns = ["("]', "severity.groups.recall.patterns.0", "(", "正则", "改正"),
        ('[severity.groups.recall]\nsober = "yes"', "severity.groups.recall.sober", "yes", "应为真假", "true"),
        ('[severity.groups.mine]\nname = "x"', "severity.groups.mine.points", "", "缺少", "补上"),
        ('[calendar.windows.march15]\nfrom = "3月8日"', "calendar.windows.march15.from", "3月8日", "月-日", "改正"),
        ('[calendar.windows.march15]\nfrom = "2026-03-08"', "calendar.windows.march15", "2026", "同为", "改正"),
        ("[velocity]\nchance = 2", "velocity.chance", "2", "超出范围", "小于 1"),
        ("[velocity]\nhours = 48", "velocity.hours", "48", "超出范围", "不大于 24"),
        ("[velocity", "files.risk", "risk.toml", "TOML 语法错误", "行列"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, text: str, key: str, value: str, problem: str, fix: str) -> None:
    """File, key, value, problem and fix."""
    path = own(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_table(path)
    found = caught.value
    assert found.file == str(path)
    assert found.key == key
    assert value in found.value
    assert problem in found.problem
    assert fix in found.fix
    assert "\n" not in str(found)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing, a folder, not UTF-8."""
    (tmp_path / "gbk.toml").write_bytes("# 加分表".encode("gbk"))
    for path, problem in ((tmp_path / "none.toml", "不存在"), (tmp_path, "无法读取"), (tmp_path / "gbk.toml", "UTF-8")):
        with pytest.raises(ConfigError) as caught:
            load_table(path)
        assert problem in caught.value.problem


@pytest.fixture
def monitor(tmp_path: Path) -> Path:
    for name in ("monitor", "sources", "subjects", "rules"):
        text = (ROOT / f"{name}.example.toml").read_text(encoding="utf-8")
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    path = tmp_path / "monitor.toml"
    text = path.read_text(encoding="utf-8")
    assert 'risk = ""' in text
    path.write_text(text.replace('risk = ""', 'risk = "risk.toml"'), encoding="utf-8")
    return path


def test_the_settings_name_the_file(tmp_path: Path, monitor: Path) -> None:
    """`[files] risk` is relative to monitor.toml, and wrong points stop the program before it starts."""
    own(tmp_path, "[negativity]\nbase = 33")
    product = Product(load_settings(monitor, {})).checked()
    assert product.risk_table.negativity.base == 33
    own(tmp_path, "[negativity]\nbase = 133")
    with pytest.raises(ConfigError, match=r"键=negativity\.base"):
        Product(load_settings(monitor, {})).checked()


def test_without_a_file_the_bundled_points_count() -> None:
    """The default."""
    from core.settings import Settings

    assert Product(Settings()).risk_table is bundled_table()


def test_everything_switched_off_leaves_nothing(tmp_path: Path) -> None:
    """A table of noughts is a table: no reason with points is left but the category's own."""
    table = load_table(own(tmp_path, "[negativity]\nbase = 0\nmost = 0\n[rights]\nfirst = 0\neach = 0\nmost = 0"))
    found = weigh(facts_of(make_post("曜行S7异响，12315见")), table)
    assert found.score == sum(reason.points for reason in found.reasons) == 12
