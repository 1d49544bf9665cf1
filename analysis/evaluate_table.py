"""The rows of an evaluation for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from analysis.evaluate_figures import Interval, Row
from core.wire import dumps

_HEAD = (
    "模型",
    "数据集",
    "条数",
    "负面占比",
    "AUC",
    "负面精确率",
    "负面召回率",
    "负面 F1",
    "F1（工作点）",
    "准确率",
    "Brier",
    "ECE",
    "条/秒",
)


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table; precision, recall and F1 with their 95 % intervals."""
    lines = [f"| {' | '.join(_HEAD)} |", "|---|---|" + "--:|" * (len(_HEAD) - 2)]
    for row in rows:
        cells = [
            row.model,
            row.set,
            str(row.n),
            _short(row.share),
            _short(row.auc),
            *(_between(one) for one in (row.precision, row.recall, row.f1)),
            "—" if row.f1_operating is None else _short(row.f1_operating),
            _short(row.accuracy),
            _short(row.brier),
            _short(row.ece),
            f"{row.speed:.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def json_lines(rows: Sequence[Row]) -> str:
    """One JSON object a row, with the names of `Row`."""
    return "\n".join(dumps(asdict(row)) for row in rows)


def _short(figure: float) -> str:
    return f"{figure:.3f}"


def _between(one: Interval) -> str:
    return f"{one.value:.3f} ({one.low:.2f}–{one.high:.2f})"
