"""Labelled texts for training and validation: several public sets, cleared of repetition before anything is split.

The sets overlap and hold near-duplicates. A text that stands on both sides of a split makes every number a lie, so
texts with the same letters, or the same beginning or end, form one group, and a group is on one side only.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis.features import prepare
from analysis.topic_catalogue import bundled_catalogue
from core.errors import BadInput, ModelError
from core.model import Channel
from core.wire import read_lines

Progress = Callable[[str], None]

#: What is read, and where such texts are found. `weibo100k` is left out: its labels are its emoticons.
SETS: dict[str, Channel] = {
    "car2018": "forum",
    "finfe": "forum",
    "stockba": "forum",
    "finneg_grouped": "news",
    "finhead": "news",
    "weibo2018": "weibo",
    "smp_virus": "weibo",
    "covidweibo": "weibo",
    "emo8": "weibo",
    "nlpcc2013": "weibo",
    "weibo100k_noemo": "weibo",
    "shop10": "complaint",
    "waimai": "complaint",
    "nlpcc2014t2": "complaint",
}
DOMAIN = Path(__file__).parent / "lexicons" / "domain.jsonl"
#: Kinds of our own sentences that a bag of words cannot learn from; attribution handles them (`analysis.attribution`).
_NOT_FOR_TRAINING = frozenset({"rival"})
#: The names in our sentences, blanked as the analyser blanks those of its subjects: a brand is no opinion.
_NAMES = re.compile(r"(?:曜行汽车|曜行|启程)(?:[SX]\d)?")
#: From this score on a word of the category lexicon tells of trouble by itself.
_TELLING = 2
#: What all these words together weigh in training, in sentences.
_OF_ALL_WORDS = 100.0
_LONGEST = 600
_EDGE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One labelled text, prepared."""

    set: str
    channel: Channel
    text: str
    negative: bool
    #: Never trained on: what evaluation is allowed to see.
    held_out: bool
    #: How much it counts in training, against the others of its set.
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFile:
    """What a set's file was, for the model card."""

    name: str
    rows: int
    sha256: str


def read_sets(folder: Path, *, limit: int | None, seed: int) -> tuple[list[Example], list[SetFile]]:
    """All examples of the sets in a folder, each text once, and what the files were.

    `limit` bounds the rows taken from each set (and a quarter of it the held-out ones), drawn by `seed`.
    Raise `ModelError` if the folder holds none of the sets, `BadInput` if a file lacks a column.
    """
    examples: list[Example] = []
    files: list[SetFile] = []
    for name, channel in SETS.items():
        path = folder / f"{name}.csv"
        if path.is_file():
            rows = _read_csv(path)
            files.append(SetFile(name=name, rows=len(rows), sha256=sha256(path)))
            examples += (_example(name, channel, row) for row in rows)
    if not files:
        raise ModelError(f"{folder} 中没有任何训练集（需要 {'、'.join(SETS)} 中至少一个 .csv）")
    # Sides are settled over all rows, so that no choice of `limit` can put a text on both.
    return _sample(one_side_each([one for one in examples if one.text]), limit=limit, seed=seed), files


def sha256(path: Path) -> str:
    """Of a file's bytes, in hex: which edition of it a model was trained on."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _sample(examples: Sequence[Example], *, limit: int | None, seed: int) -> list[Example]:
    if limit is None:
        return list(examples)
    parts: dict[tuple[str, bool], list[Example]] = defaultdict(list)
    for example in examples:
        parts[example.set, example.held_out].append(example)
    taken: list[Example] = []
    for number, ((_, held_out), part) in enumerate(parts.items()):
        order = np.random.default_rng([seed, number]).permutation(len(part))
        taken += (part[int(at)] for at in order[: limit // 4 if held_out else limit])
    return taken


def read_domain(path: Path = DOMAIN) -> list[Example]:
    """Our own sentences about dealers and cars; those of the scenarios set apart are held out."""
    with path.open(encoding="utf-8") as lines:
        return [
            _domain_example(row) for _, row in read_lines(lines, file=str(path)) if row["kind"] not in _NOT_FOR_TRAINING
        ]


def trouble_words() -> list[Example]:
    """The words of our category lexicon that say of themselves that something is wrong, as examples of little weight.

    Among the domain's sentences a word like "漏油" stands as often in a question, a denial or a matter that was settled
    as in a complaint; alone, it is bad news.
    """
    words = [
        text
        for category in bundled_catalogue().categories
        for word, score in category.terms.items()
        if score >= _TELLING and (text := prepare(word))
    ]
    texts = list(dict.fromkeys(words))
    weight = _OF_ALL_WORDS / len(texts)
    return [
        Example(set="domain", channel="forum", text=text, negative=True, held_out=False, weight=weight)
        for text in texts
    ]


def one_side_each(examples: Sequence[Example]) -> list[Example]:
    """Drop repetitions; of a group of near-duplicates keep the held-out ones if there are any, else all."""
    leader = list(range(len(examples)))

    def find(at: int) -> int:
        while leader[at] != at:
            leader[at] = leader[leader[at]]
            at = leader[at]
        return at

    first_with: dict[str, int] = {}
    unique: list[int] = []
    for at, example in enumerate(examples):
        letters = "".join(example.text.split())
        if f"={letters}" in first_with:
            # The same text again: only its side matters.
            leader[find(at)] = find(first_with[f"={letters}"])
        else:
            unique.append(at)
        for key in _keys(letters):
            leader[find(at)] = find(first_with.setdefault(key, at))
    held_out = {find(at) for at, example in enumerate(examples) if example.held_out}
    return [examples[at] for at in unique if examples[at].held_out or find(at) not in held_out]


def _keys(letters: str) -> list[str]:
    keys = [f"={letters}"]
    if len(letters) >= 2 * _EDGE:
        keys += [f"<{letters[:_EDGE]}", f">{letters[-_EDGE:]}"]
    return keys


def _read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = {"text", "y", "part"} - set(reader.fieldnames or ())
        if missing:
            raise BadInput(file=str(path), line=1, key="、".join(sorted(missing)), value="", fix="需要列 text,y,part")
        return [row for row in reader if row["text"]]


def _example(name: str, channel: Channel, row: dict[str, str]) -> Example:
    text = prepare(row["text"][:_LONGEST])
    return Example(set=name, channel=channel, text=text, negative=row["y"] == "1", held_out=row["part"] == "valid")


def _domain_example(row: dict[str, Any]) -> Example:
    text = prepare(_NAMES.sub(" ", row["text"]))
    is_apart = row.get("part") == "valid"
    return Example(set="domain", channel=row["channel"], text=text, negative=row["y"] == 1, held_out=is_apart)


def describe(files: Sequence[SetFile]) -> list[dict[str, Any]]:
    """The files as rows for `model.json`."""
    return [asdict(file) for file in files]
