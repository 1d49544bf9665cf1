"""Judges the contrast cases and writes the figures and every failure into the model card's section about them.

    python scripts/contrast.py          write
    python scripts/contrast.py --check  only compare; the exit status says whether the card is up to date

Run it after every change of the model, of the rules of `analysis`, or of the cases.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.analysis.contrast_cases import Judged, analyser, cases, judge  # noqa: E402

CARD = ROOT / "docs" / "model-card.md"
TITLE = "## 对照例（contrast）"
#: Kinds as the card calls them.
KINDS = {
    "negation": "否定",
    "irony": "反话",
    "comparison": "与别家比",
    "quoted": "引语",
    "retweet": "转发链",
    "rival": "别家的错",
    "question": "提问与质问",
    "joke": "玩笑",
    "advertisement": "广告、招聘、转让",
    "official": "官方答复",
    "other_meaning": "名称的其他含义",
    "conditional": "假设",
    "resolved": "已了结",
    "thread_reply": "跟帖",
    "several": "一帖几个对象",
}


def section() -> str:
    """The section of the card, from a fresh run."""
    judge_with = analyser()
    tuned, reserve = (judge(cases(name), judge_with) for name in ("contrast", "contrast_reserve"))
    lines = [
        TITLE,
        "",
        "成对的短文，用词几乎相同、意思相反，全部由我们手写，写在规则之前。",
        "算对：该是负面提及的，负面概率不低于 0.5 且对象都认出；不该的，不成为负面提及；与我们无关的，不认出任何对象。",
        "`contrast.jsonl` 是写规则时看着的 200 例；`contrast_reserve.jsonl` 的 100 例只用来量，",
        "从不据以修改规则，所以更接近真实的水平。",
        f"模型 `{judge_with.model.name}`；`python scripts/contrast.py` 重新生成本节，",
        "`tests/analysis/test_contrast.py` 核对。",
        "",
        "判断一半靠模型，一半靠规则：归属（`attribution.py`、`comparisons.py`、`shares.py`）决定读哪几句，",
        "说话方式（`analysis/speech_acts.py`，词与分量在 `lexicons/speech.toml`）使负面的对数几率增减，写进理由；",
        "说到安全事故时只增不减。只用于说到监测对象的帖文和跟帖。两部分的差距（200 例与备用 100 例）说明规则认得的",
        "说法有限，没见过的说法主要靠模型。",
        "",
        "| 种类 | 200 例 | 备用 100 例 |",
        "|---|--:|--:|",
        *(f"| {name} | {_share(tuned, kind)} | {_share(reserve, kind)} |" for kind, name in KINDS.items()),
        f"| **合计** | **{_share(tuned)}** | **{_share(reserve)}** |",
        f"| 其中该报而漏 | {_missed(tuned)} | {_missed(reserve)} |",
        f"| 其中不该报而报 | {_false(tuned)} | {_false(reserve)} |",
        "",
        "200 例中判错的（备用 100 例的不列出，免得有人照着改）：",
        "",
        *(_line(one) for one in tuned if not one.is_right),
    ]
    return "\n".join(lines) + "\n"


def replaced(card: str, new: str) -> str:
    """The card with its section replaced, or added at the end."""
    start = card.find(TITLE)
    if start < 0:
        return f"{card.rstrip()}\n\n{new}"
    end = card.find("\n## ", start + 1)
    return card[:start] + new + ("" if end < 0 else card[end:])


def _share(judged: Sequence[Judged], kind: str | None = None) -> str:
    counts = Counter(one.is_right for one in judged if kind in (None, one.case.kind))
    return f"{counts[True]}/{counts.total()}"


def _missed(judged: Sequence[Judged]) -> int:
    return sum(one.case.negative and not one.is_right for one in judged)


def _false(judged: Sequence[Judged]) -> int:
    return sum(not one.case.negative and not one.is_right for one in judged)


def _line(one: Judged) -> str:
    given = "、".join(one.verdict.subjects) or "无对象"
    wrong = "漏报" if one.case.negative else "误报"
    return f"- `{one.case.id}` {wrong}，概率 {one.verdict.negative:.2f}，{given}：{one.case.text}（{one.case.why}）"


def main() -> None:
    """Write the section, or compare it."""
    card = CARD.read_text(encoding="utf-8")
    fresh = replaced(card, section())
    if "--check" in sys.argv[1:]:
        sys.exit(0 if fresh == card else "docs/model-card.md: run python scripts/contrast.py")
    CARD.write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    main()
