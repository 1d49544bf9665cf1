"""The judge of a long-running process follows the model in use, and outlives a damaged one."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from analysis.sentiment import SentimentModel
from analysis.versions import BUNDLED, ModelVersions
from app.judging import LiveJudge
from app.wiring import Product
from core.errors import ModelError
from core.model import Post
from core.settings import AnalysisSettings, General, Settings

NOW = datetime(2026, 3, 15, 4, tzinfo=UTC)
POST = Post(
    kind="forum", site="bbs.example", native_id="1", url="https://bbs.example/1", channel="forum", text="又漏油了",
    collected=NOW,
)  # fmt: skip


@pytest.fixture
def product(tmp_path: Path) -> Product:
    """With one version that finds everything bad."""
    found = Product(Settings(general=General(data_dir=tmp_path)))
    base = found.load_model()
    nothing = np.zeros(len(base.words.keys)), np.zeros(len(base.characters.keys))
    found.versions.add(base.plus(*nothing, 20.0, "local-1"), {})
    return found


def choose(versions: ModelVersions, name: str) -> None:
    versions.use(name, actor="张三", note="", now=NOW)


def test_the_next_batch_is_judged_by_the_model_chosen_meanwhile(product: Product) -> None:
    """No restart; and back again."""
    judge = product.judge
    assert judge.assess([POST], now=NOW)[0].negative < 0.999
    choose(product.versions, "local-1")
    after = judge.assess([POST], now=NOW)[0]
    assert (after.model, after.negative > 0.999) == ("local-1", True)
    product.versions.roll_back(actor="张三", note="", now=NOW)
    assert judge.assess([POST], now=NOW)[0].model == product.versions.load(BUNDLED).name


def test_without_a_change_nothing_is_loaded_again(product: Product) -> None:
    """A look at one file a batch, no more."""
    built = []

    def build() -> object:
        built.append(1)
        return product.build_analyser(product.load_model())

    judge = LiveJudge(build, product.versions.page, shipped=build)  # type: ignore[arg-type]
    for _ in range(3):
        judge.assess([POST], now=NOW)
    assert len(built) == 1


@pytest.mark.parametrize("damage", ["page", "weights"])
def test_a_damaged_model_leaves_the_one_before_in_place(
    product: Product, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An alert by the old model is worth more than none by the new one; the log says so."""
    judge = product.judge
    before = judge.assess([POST], now=NOW)[0].model
    choose(product.versions, "local-1")
    broken = product.versions.page if damage == "page" else product.versions.folder / "local-1" / "weights.npz"
    broken.write_bytes(b"not what it was")
    with caplog.at_level(logging.ERROR, logger="tingfeng.app"):
        assert judge.assess([POST], now=NOW)[0].model == before
    assert [record.message for record in caplog.records] == ["model_not_changed"]
    assert "损坏" in caplog.records[0].reason  # type: ignore[attr-defined]


@pytest.mark.parametrize("damage", ["page", "weights"])
def test_a_damaged_model_at_the_start_leaves_the_shipped_one_to_judge(
    product: Product, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Alerts go on after a restart; commands of people refuse instead, and say what is damaged."""
    choose(product.versions, "local-1")
    broken = product.versions.page if damage == "page" else product.versions.folder / "local-1" / "weights.npz"
    broken.write_bytes(b"not what it was")
    with caplog.at_level(logging.ERROR, logger="tingfeng.app"):
        assert product.judge.assess([POST], now=NOW)[0].model == SentimentModel.load().name
    assert [record.message for record in caplog.records] == ["model_not_loaded"]
    with pytest.raises(ModelError, match="损坏"):
        product.load_model()


def test_a_model_that_the_operator_named_is_never_replaced(tmp_path: Path) -> None:
    """To judge by another one would be against his word."""
    named = Settings(general=General(data_dir=tmp_path), analysis=AnalysisSettings(model=str(tmp_path / "nowhere")))
    with pytest.raises(ModelError, match="nowhere"):
        _ = Product(named).judge
