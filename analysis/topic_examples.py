"""Sentences with categories, for training and measuring: ours, a customer's, and public texts that belong to none."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from analysis.labelled import DOMAIN, SETS
from analysis.reading import read
from core.errors import BadInput, ModelError
from core.model import CHANNEL_NAMES, Channel
from core.wire import read_lines

#: The names in our sentences, blanked: no head may learn a brand.
_NAMES = re.compile(r"(?:曜行汽车|曜行|启程)(?:[SX]\d)?")
#: Public sets in which hardly anybody complains of a car, a shop that sells it or a loan for it.
UNRELATED = ("weibo2018", "smp_virus", "emo8", "nlpcc2013", "finhead", "shop10")
#: Reviews of goods and hotels do complain of service, quality and delivery: not ours, but rightly called so.
REVIEWS = frozenset({"shop10"})
_LONGEST = 600
#: The first rows of our own file are older than the lexicon, which was written beside them.
_BESIDE_LEXICON = 514


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicExample:
    """One text and what it is about."""

    #: As the categories read it: folded, the author's own words.
    text: str
    categories: frozenset[str]
    negative: bool
    channel: Channel
    #: Sentences of one scenario; a group is never on both sides of a split.
    group: str
    #: Never trained on.
    held_out: bool
    #: Whether the lexicon was written with this sentence in view: then it cannot tell how good the lexicon is.
    seen_by_lexicon: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrelated:
    """A public text that belongs to none of our categories, as far as one can know without reading it."""

    set: str
    text: str
    channel: Channel
    held_out: bool


def read_topic_examples(path: Path = DOMAIN) -> list[TopicExample]:
    """The rows of a JSONL file with `text`, `y` and `categories`; `group` and `part` ("train", "valid") if given.

    Raise `BadInput` that names the line, `ModelError` if the file cannot be read.
    """
    examples = []
    try:
        with path.open(encoding="utf-8") as lines:
            for number, row in read_lines(lines, file=str(path)):
                seen = path == DOMAIN and number <= _BESIDE_LEXICON
                examples.append(replace(_example(row, file=str(path), line=number), seen_by_lexicon=seen))
    except OSError as bad:
        raise ModelError(f"无法读取 {path}：{bad.strerror}") from None
    return examples


def read_unrelated(folder: Path, *, each: int, seed: int, names: Sequence[str] = UNRELATED) -> list[Unrelated]:
    """At most `each` texts of either part of each set in a folder, drawn by `seed`; sets that are missing are left out.

    Raise `ModelError` if there is none of them.
    """
    found: list[Unrelated] = []
    for number, name in enumerate(names):
        path = folder / f"{name}.csv"
        if not path.is_file():
            continue
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(row["text"], row["part"] == "valid") for row in csv.DictReader(file) if row["text"]]
        for held_out in (False, True):
            part = sorted({text[:_LONGEST] for text, is_held_out in rows if is_held_out == held_out})
            order = np.random.default_rng([seed, number, held_out]).permutation(len(part))[:each]
            found += (
                Unrelated(set=name, text=read(part[int(at)]).own, channel=SETS[name], held_out=held_out)
                for at in sorted(order.tolist())
            )
    if not found:
        raise ModelError(f"{folder} 中没有无关文本（需要 {'、'.join(names)} 中至少一个 .csv）")
    return found


def sha256_of(path: Path) -> str:
    """What a file was, for the model's page."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _example(row: dict[str, object], *, file: str, line: int) -> TopicExample:
    def wrong(key: str, fix: str) -> BadInput:
        return BadInput(file=file, line=line, key=key, value=str(row.get(key, ""))[:60], fix=fix)

    text, names = row.get("text"), row.get("categories")
    if not isinstance(text, str) or not text.strip():
        raise wrong("text", "写上这句话")
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise wrong("categories", '写成类别名的列表，例如 ["售后维修"]；不属于任何类别写 []')
    if row.get("y") not in (0, 1):
        raise wrong("y", "负面写 1，否则写 0")
    if row.get("part", "train") not in ("train", "valid"):
        raise wrong("part", '写 "train" 或 "valid"')
    channel = next((one for one in CHANNEL_NAMES if one == row.get("channel", "other")), None)
    if channel is None:
        raise wrong("channel", f"可用：{'、'.join(CHANNEL_NAMES)}")
    own = read(_NAMES.sub(lambda found: " " * len(found.group()), text)).own
    return TopicExample(
        text=own,
        categories=frozenset(map(str, names)),
        negative=row["y"] == 1,
        channel=channel,
        group=str(row.get("group") or text),
        held_out=row.get("part") == "valid",
    )
