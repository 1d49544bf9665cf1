"""Our own labelled sentences: well-formed, balanced, without repetition, and honestly split.

A number measured on the "valid" part means nothing if a scenario, or nearly the same sentence, stands in both parts, or
if a sentence was taken from a public set that the model is trained on.
"""

from __future__ import annotations

import csv
import json
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.model import CHANNELS

ROOT = Path(__file__).resolve().parents[2]
LEXICONS = ROOT / "analysis" / "lexicons"
LABELLED = ROOT.parent / "shared" / "data" / "labelled"

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
KEYS = ["text", "y", "kind", "channel", "categories", "group", "part"]
#: What a row may be, and how many of it there are at least: in all, and in the valid part.
KINDS = {
    "complaint": (600, 150),
    "praise": (150, 30),
    "neutral": (120, 30),
    "question": (100, 25),
    "news": (100, 25),
    "phrase": (100, 15),
    "irony": (70, 15),
    "ad": (40, 10),
    "official": (25, 6),
    "rival": (20, 5),
    "other_meaning": (20, 6),
    "joke": (15, 5),
    "quoted": (15, 5),
}
#: Rows that speak badly, per category: in all, and in the valid part.
CATEGORIES = {
    "售后维修": (120, 24),
    "车辆质量": (120, 24),
    "精品/信贷/保险": (120, 24),
    "销售欺诈/价格": (120, 24),
    "服务态度": (120, 24),
    "配件/交付": (120, 24),
    "安全事故": (90, 20),
    "其他": (90, 20),
}
NEAR_DUPLICATE = 0.6
NEAR_ACROSS_PARTS = 0.45
#: A run of so many letters in common is not chance.
COPIED = 15


def rows() -> list[dict[str, Any]]:
    lines = (LEXICONS / "domain.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def runs(text: str, length: int) -> set[str]:
    plain = letters(text)
    return {plain[at : at + length] for at in range(len(plain) - length + 1)}


def grams(text: str) -> set[str]:
    return runs(text, 4) or {letters(text) or text}


def near_pairs(found: list[dict[str, Any]], *, least: float) -> Iterator[tuple[float, dict[str, Any], dict[str, Any]]]:
    """Every pair whose character 4-grams overlap by at least `least` (Jaccard), found through shared grams."""
    sets = [grams(row["text"]) for row in found]
    holders: dict[str, list[int]] = defaultdict(list)
    for at, mine in enumerate(sets):
        shared = Counter(other for gram in mine for other in holders[gram])
        for other, count in shared.items():
            likeness = count / (len(mine) + len(sets[other]) - count)
            if likeness >= least:
                yield likeness, found[other], found[at]
        for gram in mine:
            holders[gram].append(at)


def test_every_row_has_the_same_shape() -> None:
    """The keys in their order, a text without blanks around it, and a group named as a slug."""
    for row in rows():
        assert list(row) == KEYS, row
        assert 0 < len(row["text"]) <= 400, row
        assert row["text"] == row["text"].strip(), row
        assert SLUG.fullmatch(row["group"]), row


def test_every_value_is_an_allowed_one() -> None:
    """Labels, kinds, channels, categories and parts are those that the code knows."""
    configured = {one["name"] for one in tomllib.loads((LEXICONS / "categories.toml").read_text("utf-8"))["category"]}
    assert configured | {"其他"} == set(CATEGORIES)
    for row in rows():
        assert type(row["y"]) is int, row
        assert row["y"] in (0, 1), row
        assert row["kind"] in KINDS, row
        assert row["channel"] in CHANNELS, row
        assert row["part"] in ("train", "valid"), row
        assert set(row["categories"]) <= set(CATEGORIES), row
        assert len(set(row["categories"])) == len(row["categories"]), row


def test_what_speaks_badly_says_of_what() -> None:
    """A negative row has a category; praise, a rival's trouble, an ad and other meanings are not negative."""
    for row in rows():
        assert row["categories"] or not row["y"], row
        assert not (row["y"] and row["kind"] in ("praise", "rival", "ad", "official", "other_meaning", "neutral")), row
        assert row["y"] or row["kind"] not in ("complaint", "irony"), row
        assert not (row["categories"] and row["kind"] in ("ad", "other_meaning")), row


def test_there_is_enough_of_everything_in_both_parts() -> None:
    """At least 1,500 rows, a fifth or more of them for validation, and no kind or category starved in either part."""
    found = rows()
    valid = [row for row in found if row["part"] == "valid"]
    assert len(found) >= 1500
    assert 0.18 <= len(valid) / len(found) <= 0.35
    for part in (found, valid):
        assert 0.5 <= sum(row["y"] for row in part) / len(part) <= 0.65
    for at, part in enumerate((found, valid)):
        kinds = Counter(row["kind"] for row in part)
        categories = Counter(name for row in part if row["y"] for name in row["categories"])
        assert {kind: kinds[kind] for kind, least in KINDS.items() if kinds[kind] < least[at]} == {}
        assert {name: categories[name] for name, least in CATEGORIES.items() if categories[name] < least[at]} == {}


def test_a_scenario_is_in_one_part_only() -> None:
    """Sentences that vary one scenario share a group, and a group is trained on or measured on, never both."""
    parts: dict[str, set[str]] = defaultdict(set)
    for row in rows():
        parts[row["group"]].add(row["part"])
    assert {group for group, where in parts.items() if len(where) > 1} == set()


def test_no_sentence_stands_twice() -> None:
    """No two rows are the same, nor nearly; across the parts the bound is stricter."""
    texts = Counter(letters(row["text"]) or row["text"] for row in rows())
    assert [text for text, count in texts.items() if count > 1] == []
    near = [
        (round(likeness, 2), one["text"], other["text"])
        for likeness, one, other in near_pairs(rows(), least=NEAR_ACROSS_PARTS)
        if likeness >= NEAR_DUPLICATE or one["part"] != other["part"]
    ]
    assert near == []


def test_near_duplicates_are_found_when_there_are_any() -> None:
    """The search itself sees a sentence with one word changed, and not two that share a phrase."""
    made = [
        {"text": "等了三个月配件还没有到，店里也没有一句解释"},
        {"text": "等了两个月配件还没有到，店里也没有一句解释"},
        {"text": "配件还没有到的话先别拆车，装回去更麻烦"},
    ]
    assert [(one, other) for _, one, other in near_pairs(made, least=NEAR_DUPLICATE)] == [(made[0], made[1])]


def test_nothing_is_taken_from_the_public_sets() -> None:
    """No run of fifteen letters is shared with any text of the labelled sets."""
    files = sorted(LABELLED.glob("*.csv"))
    if not files:
        pytest.skip(f"the public sets are not here: {LABELLED}")
    ours = {run: row["text"] for row in rows() for run in runs(row["text"], COPIED)}
    # Most texts share not even the beginning of one of our runs: that is quicker to see.
    heads = {run[:6] for run in ours}
    copied = set()
    for path in files:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                theirs = letters(row["text"] or "")
                for at in range(len(theirs) - COPIED + 1):
                    if theirs[at : at + 6] in heads and theirs[at : at + COPIED] in ours:
                        copied.add(ours[theirs[at : at + COPIED]])
    assert copied == set()
