"""The Rust path gives the words of our own path, whatever the text."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.features import prepare
from analysis.rust_words import RustWords, is_installed
from analysis.tokens import Segmenter, segmenter
from core.text import clean, fold
from demo import library

ROOT = Path(__file__).resolve().parents[2]
LABELLED = ROOT.parent / "shared" / "data" / "labelled"
#: What stands where letters, digits, kana, pictures, marks and words of mixed kinds touch.
PIECES = (
    *(
        "4s店",
        "4s",
        "店",
        "t恤",
        "卡拉ok",
        "vip卡",
        "ktv",
        "a股",
        "dvd",
        "发动机",
        "刹车失灵",
        "乒乓球拍卖完了",
        "南京市长江大桥",
    ),
    *(
        "的",
        "和",
        "s7",
        "2",
        ".",
        "0t",
        "カ",
        "ラ",
        "🔥",
        "〇",
        "𠮷",
        "鿏",
        "é",
        "_",
        " ",
        "\n",
        "[泪]",
        "!",
        "\x01",
        "α",
        "한",
        "３",
    ),
)


@pytest.fixture(scope="module")
def rust() -> RustWords:
    found = segmenter().rust
    assert found is not None
    return found


def ours(text: str) -> list[str]:
    return segmenter().words_of_prepared([text])[0]


def test_it_is_what_a_batch_goes_through() -> None:
    """A batch and its texts one by one: the same words."""
    texts = [f"第{number}次修4S店还是漏油[泪]" for number in range(200)]
    prepared = [prepare(text) for text in texts]
    assert segmenter().words_of_prepared(prepared) == [ours(text) for text in prepared]


def test_on_every_text_we_have(rust: RustWords) -> None:
    lines = (ROOT / "analysis" / "lexicons" / "domain.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [str(json.loads(line)["text"]) for line in lines if line]
    texts += [text for draft in library.drafts() for text in (draft.title, draft.text) if text]
    prepared = [prepare(text) for text in texts]
    assert rust.words_of_many(prepared) == [ours(text) for text in prepared]


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), min_size=1, max_size=4))
def test_where_kinds_of_characters_touch(texts: list[str]) -> None:
    """Raw folded text, as hostile as it comes."""
    rust = segmenter().rust
    assert rust is not None
    folded = [fold(text) for text in texts]
    assert rust.words_of_many(folded) == [ours(text) for text in folded]


@given(st.text(st.characters(codec="utf-8")))
def test_on_any_text(text: str) -> None:
    rust = segmenter().rust
    assert rust is not None
    folded = fold(clean(text)).replace("[", "(")
    assert rust.words_of_many([folded]) == [ours(folded)]


def test_extra_words_count_in_both() -> None:
    with_alias = Segmenter(["曜行城东店"])
    assert with_alias.rust is not None
    assert with_alias.rust.words_of_many(["曜行城东店异响"]) == [["曜行城东店", "异响"]]


def test_without_the_extra_our_own_path_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.tokens.is_installed", lambda: False)
    alone = Segmenter()
    assert alone.rust is None
    assert alone.words_of_prepared(["发动机漏油"] * 100) == [["发动机", "漏油"]] * 100
    assert is_installed()


def test_on_thousands_of_public_texts(rust: RustWords) -> None:
    """500 texts of each set of the shared data, as the model reads them and as they came."""
    if not LABELLED.is_dir():
        pytest.skip(f"no labelled data at {LABELLED}")
    texts: list[str] = []
    for path in sorted(LABELLED.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row["text"][:1_000] for row in csv.DictReader(file)]
        texts += random.Random(315).sample(rows, min(500, len(rows)))
    assert len(texts) >= 5_000
    for folded in ([prepare(text) for text in texts], [fold(clean(text)).replace("[", "(") for text in texts]):
        different = [number for number, words in enumerate(rust.words_of_many(folded)) if words != ours(folded[number])]
        assert different == [], f"{len(different)} of {len(texts)}"
