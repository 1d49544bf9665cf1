"""Training and evaluation, end to end on a small set of our own, and briefly on the shared sets where they exist."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from analysis.evaluate import BASELINE, MEAN, calibration_error, evaluate, table
from analysis.labelled import DOMAIN, Example, one_side_each, read_domain, read_sets
from analysis.sentiment import SentimentModel
from analysis.train import train
from core.errors import BadInput, ModelError

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "labelled"
BAD = ["太差了", "坑人", "很失望", "坏了没人修", "态度恶劣", "漏油严重"]
GOOD = ["很满意", "非常好", "值得推荐", "省心", "态度热情", "安静舒服"]
THINGS = ["这家店", "这台车", "售后", "变速箱", "空调", "座椅", "销售", "保养", "轮胎", "车机", "音响", "大灯"]
ENDS = ["", "，唉", "，就这样", "，说一下"]


def write_set(folder: Path, name: str, rows: Iterable[tuple[str, int, str]]) -> None:
    folder.mkdir(exist_ok=True)
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "raw", "y", "part"])
        writer.writerows([text, label, label, part] for text, label, part in rows)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two sets of a few hundred sentences; every fifth is held out."""
    folder = tmp_path / "data"
    pairs = itertools.product(THINGS, [(word, 1) for word in BAD] + [(word, 0) for word in GOOD], ENDS)
    rows = [
        (f"{thing}{word}{end}", label, "valid" if number % 5 == 0 else "train")
        for number, (thing, (word, label), end) in enumerate(sorted(pairs, key=str))
    ]
    write_set(folder, "car2018", rows[::2])
    write_set(folder, "weibo2018", rows[1::2])
    return folder


def test_train_and_evaluate_end_to_end(data: Path, tmp_path: Path) -> None:
    """A trained folder loads, judges, and is measured on what it never saw, beside its baseline."""
    said: list[str] = []
    report = train(data, tmp_path / "model", progress=said.append)
    assert report.rows["car2018"] > 50
    assert report.features > 100
    assert said
    model = SentimentModel.load(tmp_path / "model")
    bad, good = model.probabilities(["座椅坏了没人修，坑人", "座椅非常好，很满意"], ["forum", "forum"])
    assert bad > 0.5 > good
    rows = evaluate(data, model)
    sets = ("car2018", "weibo2018", "domain", MEAN)
    assert [(row.model, row.set) for row in rows] == [(name, one) for name in (model.name, BASELINE) for one in sets]
    assert all(row.n > 0 and math.isfinite(row.ece) and row.speed > 0 for row in rows)
    assert all(row.auc > 0.9 for row in rows if row.set in sets[:2])
    assert all(one.low <= one.value <= one.high for row in rows for one in (row.precision, row.recall, row.f1))
    assert table(rows).count("\n") == len(rows) + 1


def test_training_is_reproducible(data: Path, tmp_path: Path) -> None:
    """The same data and seed give the same bytes."""
    for name in ("one", "two"):
        train(data, tmp_path / name)
    for file in ("model.json", "weights.npz"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_trained_model_judges_as_its_file_does(data: Path, tmp_path: Path) -> None:
    """Rounding happens in training, not in saving."""
    from analysis.train import fit

    examples, _ = read_sets(data, limit=None, seed=1)
    model = fit(examples, name="m", seed=1)
    model.save(tmp_path / "m", {})
    texts, channels = ["座椅坏了", "很满意"], ["forum", "weibo"]
    loaded = SentimentModel.load(tmp_path / "m")
    assert np.allclose(model.probabilities(texts, channels), loaded.probabilities(texts, channels), atol=1e-9)  # type: ignore[arg-type]


def test_a_folder_without_sets_is_refused(tmp_path: Path) -> None:
    """The error names what is missing."""
    with pytest.raises(ModelError, match="car2018"):
        train(tmp_path, tmp_path / "model")


def test_a_set_without_a_column_is_refused(tmp_path: Path) -> None:
    """The error names file and column."""
    (tmp_path / "car2018.csv").write_text("text,y\n好,0\n", encoding="utf-8")
    with pytest.raises(BadInput, match="part"):
        read_sets(tmp_path, limit=None, seed=1)


def example(text: str, *, held_out: bool = False, name: str = "a") -> Example:
    return Example(set=name, channel="forum", text=text, negative=True, held_out=held_out)


def test_no_text_stands_on_both_sides() -> None:
    """Copies across sets, and near-duplicates by their beginning or end, are held out together or dropped."""
    long = "这是一段足够长的文字，用来看看开头相同而结尾不同的两段话是不是会被当作同一组，" * 3
    kept = one_side_each(
        [
            example("一样 的话"),
            example("一样的话", held_out=True, name="b"),
            example("别的话"),
            example("别的话", name="b"),
            example(long + "结尾甲"),
            example(long + "结尾乙", held_out=True),
            example("只在训练里"),
        ]
    )
    train_side = {one.text for one in kept if not one.held_out}
    assert train_side == {"别的话", "只在训练里"}
    assert len(kept) == len({one.text.replace(" ", "") for one in kept})


def test_our_sentences_are_many_and_of_all_kinds() -> None:
    """At least 300, both classes, no repetition; a rival's fault is left to attribution."""
    found = read_domain()
    assert len(found) >= 300
    assert {one.negative for one in found} == {True, False}
    lines = DOMAIN.read_text(encoding="utf-8").splitlines()
    assert len(set(lines)) == len(lines)
    assert len(found) < len(lines)
    assert not any("曜行" in one.text for one in found)


@pytest.mark.parametrize(
    ("labels", "found", "error"),
    [([1, 0], [1.0, 0.0], 0.0), ([1, 0], [0.0, 1.0], 1.0), ([1, 0, 1, 0], [0.5] * 4, 0.0), ([1, 1], [0.75] * 2, 0.25)],
)
def test_calibration_error(labels: list[int], found: list[float], error: float) -> None:
    """Zero where what was said came true as often as said."""
    assert calibration_error(np.array(labels, dtype=bool), np.array(found)) == pytest.approx(error)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared labelled sets are not on this machine")
def test_the_shipped_model_on_held_out_texts() -> None:
    """A sample of every set: clearly better than chance everywhere, useful on the mean, calibrated roughly."""
    rows = evaluate(SHARED, SentimentModel.load(), limit=800, baseline=False)
    mean = rows[-1]
    assert mean.set == MEAN
    assert mean.auc > 0.85
    assert mean.f1.value > 0.70
    assert mean.ece < 0.15
    assert all(row.auc > 0.65 for row in rows)
