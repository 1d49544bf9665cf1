"""How much a hundred or five hundred labels of its own teach the model about a kind of text that it never met.

For each set in turn a model is trained without it, then `analysis.learning` learns from k of its rows, and both are
measured on its held-out rows. Run: .venv/bin/python benchmarks/few_shot.py [FOLDER [set …]]; without FOLDER it is
the one beside the checkout.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from analysis.evaluate_figures import calibration_error
from analysis.labelled import Example, read_domain, read_sets
from analysis.learning import learn
from analysis.sentiment import SentimentModel
from analysis.train import fit

_BESIDE = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "labelled"
_SETS = ("finhead", "stockba", "weibo2018", "car2018")
_COUNTS = (100, 500)
_LIMIT, _SEED, _ANCHORS = 4_000, 315, 1_000


def measured(model: SentimentModel, rows: list[Example]) -> tuple[float, float]:
    """AUC and calibration error; the channel is not told."""
    labels = np.array([one.negative for one in rows])
    found = model.judge([one.text for one in rows], ["other"] * len(rows)).probabilities
    return float(roc_auc_score(labels, found)), calibration_error(labels, found)


def main(folder: Path, names: tuple[str, ...]) -> None:
    examples, _ = read_sets(folder, limit=_LIMIT, seed=_SEED)
    ours = [one for one in read_domain() if not one.held_out]
    print(f"| set | never met: AUC, ECE | {' | '.join(f'{k} labels' for k in _COUNTS)} | seconds to learn |")
    print("|---|---|" + "---|" * (len(_COUNTS) + 1))
    for name in names:
        others = [one for one in examples if one.set != name and not one.held_out]
        base = fit([*others, *ours], name="without", seed=_SEED)
        own = [one for one in examples if one.set == name and not one.held_out]
        asked = [one for one in examples if one.set == name and one.held_out]
        order = np.random.default_rng(_SEED).permutation(len(own))
        rows = [own[int(at)] for at in order]
        cells, took = ["{:.3f}, {:.3f}".format(*measured(base, asked))], 0.0
        for count in _COUNTS:
            start = time.process_time()
            learned = learn(base, rows[:count], anchors=rows[count : count + _ANCHORS], name="few")
            took = time.process_time() - start
            cells.append("{:.3f}, {:.3f}".format(*measured(learned.model, asked)))
        print(f"| {name} | {' | '.join(cells)} | {took:.1f} |", flush=True)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else _BESIDE
    if folder.is_dir():
        main(folder, tuple(sys.argv[2:]) or _SETS)
    else:
        print(f"needs the labelled sets, which are not at {folder}: nothing was measured")
