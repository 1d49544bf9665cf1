"""The models of one installation: kept, chosen, rolled back, and safe against damage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from analysis.sentiment import SentimentModel
from analysis.versions import BUNDLED, ModelVersions
from core.errors import ModelError, NotFound

NOW = datetime(2026, 3, 15, 4, tzinfo=UTC)


@pytest.fixture
def versions(tmp_path: Path) -> ModelVersions:
    """Two versions, neither in use."""
    found = ModelVersions(tmp_path / "models")
    base = SentimentModel.load()
    for bias in (1.0, 2.0):
        model = base.plus(np.zeros(len(base.words.keys)), np.zeros(len(base.characters.keys)), bias, found.next_name())
        found.add(model, {"base": base.name})
    return found


def use(versions: ModelVersions, *names: str) -> None:
    for number, name in enumerate(names):
        versions.use(name, actor="张三", note="试用", now=NOW + timedelta(minutes=number))


def test_the_shipped_model_judges_until_another_is_chosen(tmp_path: Path) -> None:
    """An empty folder is no fault."""
    versions = ModelVersions(tmp_path / "models")
    assert versions.current() == BUNDLED
    assert versions.load().name == SentimentModel.load().name
    assert versions.all() == []
    assert versions.next_name() == "local-1"


def test_what_was_chosen_judges_and_the_history_says_who_chose_it(versions: ModelVersions) -> None:
    """The page survives a new start."""
    use(versions, "local-2")
    again = ModelVersions(versions.folder)
    assert again.current() == again.load().name == "local-2"
    assert [(one.name, one.is_current) for one in again.all()] == [("local-1", False), ("local-2", True)]
    (change,) = again.history()
    assert (change.version, change.actor, change.note, change.at) == ("local-2", "张三", "试用", NOW)
    assert versions.next_name() == "local-3"


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (["local-1"], [BUNDLED]),
        (["local-1", "local-2"], ["local-1", BUNDLED]),
        (["local-1", BUNDLED, "local-2"], [BUNDLED]),
        (["local-1", "local-2", "local-1", "local-2"], ["local-1", BUNDLED]),
        (["local-1", "local-1"], [BUNDLED]),
    ],
)
def test_each_rollback_goes_one_further_back(versions: ModelVersions, chosen: list[str], expected: list[str]) -> None:
    """And never forth again to what was rolled back from."""
    use(versions, *chosen)
    found = []
    for _ in expected:
        found.append(versions.roll_back(actor="李四", note="", now=NOW + timedelta(hours=1)).version)
    assert found == expected
    with pytest.raises(NotFound, match="没有可以退回"):
        versions.roll_back(actor="李四", note="", now=NOW + timedelta(hours=2))


@pytest.mark.parametrize("name", ["local-9", "", "../../etc", "LOCAL-1", "local-1/../local-2", "."])
def test_an_unknown_version_is_refused_by_name(versions: ModelVersions, name: str) -> None:
    """And the model in use stays."""
    use(versions, "local-1")
    with pytest.raises(NotFound, match="已有"):
        versions.use(name, actor="张三", note="", now=NOW)
    assert versions.current() == "local-1"


def test_a_damaged_version_is_never_chosen(versions: ModelVersions) -> None:
    """It could not judge."""
    weights = versions.folder / "local-1" / "weights.npz"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelError, match="损坏"):
        versions.use("local-1", actor="张三", note="", now=NOW)
    assert versions.current() == BUNDLED


@pytest.mark.parametrize("page", ["", "{", "[]", '{"changes": 3}', '{"changes": [{"at": "gestern"}]}'])
def test_a_damaged_page_is_reported_with_its_path(versions: ModelVersions, page: str) -> None:
    """Better no verdict than one by another model than everybody thinks."""
    use(versions, "local-1")
    versions.page.write_text(page, encoding="utf-8")
    with pytest.raises(ModelError, match=r"versions\.json"):
        versions.load()


def test_a_version_is_never_written_twice(versions: ModelVersions) -> None:
    """What judged last month can be looked at as it was."""
    model = versions.load("local-1")
    with pytest.raises(ModelError, match="已有名为"):
        versions.add(model, {})


def test_half_a_version_left_by_a_crash_is_passed_over(versions: ModelVersions) -> None:
    """It has no page about itself; its number is not used again."""
    (versions.folder / "local-3").mkdir()
    (versions.folder / "local-3" / "weights.npz").write_bytes(b"half")
    assert [one.name for one in versions.all()] == ["local-1", "local-2"]
    assert versions.next_name() == "local-4"
