"""The contrast cases: minimal pairs that differ in what is meant and hardly in their words.

`contrast.jsonl` is what the rules were developed beside; `contrast_reserve.jsonl` holds more of the same kinds that no
rule was ever tuned on. Both were written before the rules. `scripts/contrast.py` writes the figures into the card.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.analyser import Analyser
from analysis.sentiment import SentimentModel
from core.model import Author, Channel, Post, Verdict
from core.settings import RiskSettings, SubjectSettings

FOLDER = Path(__file__).parent
NOW = datetime(2026, 3, 16, 4, 0, tzinfo=UTC)
#: What a customer would write into subjects.toml: an invented group, and two brands named like ordinary words.
SUBJECTS = (
    SubjectSettings(name="曜行汽车", aliases=("曜行", "Yaoxing", "药行汽车", "耀行"), exclude=("七曜",)),
    SubjectSettings(name="曜行东湖店", kind="store", aliases=("东湖店", "曜行东湖4S店"), exclude=("奶茶",)),
    SubjectSettings(name="曜行城西4S店", kind="store", aliases=("城西4S店", "城西店")),
    SubjectSettings(
        name="启程S7", kind="model", aliases=("S7", "曜行S7"), require=("曜行", "启程", "4S", "车主"), exclude=("三星",)
    ),
    SubjectSettings(name="启程X5", kind="model", aliases=("X5", "曜行X5"), require=("曜行", "启程", "4S")),
    SubjectSettings(name="周启明", kind="person", require=("曜行", "董事长", "车主", "年会", "老板")),
    SubjectSettings(
        name="远方汽车", aliases=("远方", "远方4S店"), require=("汽车", "4S", "销售"), exclude=("诗和远方",)
    ),
    SubjectSettings(name="蓝天汽车", aliases=("蓝天", "蓝天汽贸"), require=("汽车", "汽贸"), exclude=("蓝天保卫战",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One text, and what a careful reader says of it."""

    id: str
    kind: str
    #: Id of the case that differs from it in meaning.
    pair: str
    text: str
    #: Whom of `SUBJECTS` it speaks of.
    subjects: tuple[str, ...]
    #: Whether it speaks badly of one of them.
    negative: bool
    why: str
    parent_text: str | None = None
    #: Of several subjects, whom it speaks badly of.
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A case, our verdict, and whether that is right."""

    case: Case
    verdict: Verdict
    is_right: bool


def cases(name: str = "contrast") -> list[Case]:
    """The cases of one file: "contrast" or "contrast_reserve"."""
    lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [_case(json.loads(line)) for line in lines]


def analyser() -> Analyser:
    """The whole analyser with the model that ships."""
    return Analyser(subjects=SUBJECTS, risk=RiskSettings(), model=SentimentModel.load(None))


def judge(found: Sequence[Case], judge_with: Analyser) -> list[Judged]:
    """Judge each case alone, a reply with the post that it answers."""
    return [_judge(case, judge_with) for case in found]


def _case(row: dict[str, Any]) -> Case:
    return Case(**{**row, "subjects": tuple(row["subjects"]), "about": tuple(row.get("about", ()))})


def _judge(case: Case, judge_with: Analyser) -> Judged:
    channel: Channel = "weibo" if case.kind == "retweet" else "forum"
    parents = [] if case.parent_text is None else [_post(f"{case.id}-head", case.parent_text, channel)]
    parent = parents[0].id if parents else None
    posts = [*parents, _post(case.id, case.text, channel, parent)]
    verdict = judge_with.assess(posts, now=NOW)[-1]
    return Judged(case=case, verdict=verdict, is_right=_is_right(case, verdict))


def _is_right(case: Case, verdict: Verdict) -> bool:
    """Whether the mention is counted as negative exactly if it is, and of those it speaks of.

    A reply that says nothing bad need not be filed under its thread's subjects (`analysis.context` says why).
    """
    given, meant = set(verdict.subjects), set(case.subjects)
    is_negative = verdict.negative >= 0.5
    if not meant:
        return not given
    if case.negative:
        return is_negative and given >= meant
    return not (is_negative and given) and (given >= meant or case.parent_text is not None)


def _post(native_id: str, text: str, channel: Channel, parent: str | None = None) -> Post:
    return Post(
        kind="weibo" if channel == "weibo" else "forum",
        site="bbs.example",
        native_id=native_id,
        url="",
        channel=channel,
        text=text,
        collected=NOW,
        parent=parent,
        author=Author(name="路人甲"),
    )
