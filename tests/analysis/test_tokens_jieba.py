"""The segmentation is jieba's: the same words on every text of the demo world and every sentence of our own."""

from __future__ import annotations

import json
import logging
import unicodedata
import warnings
from pathlib import Path
from typing import Any

import pytest

from analysis.tokens import words
from core.text import clean, fold
from demo import library

ROOT = Path(__file__).resolve().parents[2]
LEXICONS = ROOT / "analysis" / "lexicons"


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Jieba itself, with its own dictionary folded as all our text is, and our domain words added."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
    jieba.setLogLevel(logging.CRITICAL)
    counts: dict[str, int] = {}
    with jieba.get_dict_file() as file:
        bundled = fold(file.read().decode())
    for line in bundled.splitlines():
        word, count, _ = line.split()
        counts[word] = max(counts.get(word, 0), int(count))
    for line in (LEXICONS / "dictionary.txt").read_text(encoding="utf-8").splitlines():
        word, _, number = line.partition(" ")
        if word and not word.startswith("#"):
            counts[fold(word)] = max(counts.get(fold(word), 0), int(number or 2_000))
    folder = tmp_path_factory.mktemp("jieba")
    dictionary = folder / "dictionary.txt"
    dictionary.write_text("".join(f"{word} {count}\n" for word, count in counts.items()), encoding="utf-8")
    tokenizer = jieba.Tokenizer(str(dictionary))
    tokenizer.tmp_dir = str(folder)
    return tokenizer


def is_word(token: str) -> bool:
    """Whether it holds a letter, a digit or a picture: an emoji is a word, a comma is not."""
    return any(character.isalnum() or unicodedata.category(character) == "So" for character in token)


def texts() -> list[str]:
    lines = (LEXICONS / "domain.jsonl").read_text(encoding="utf-8").splitlines()
    ours = [str(json.loads(line)["text"]) for line in lines if line]
    told = [text for draft in library.drafts() for text in (draft.title, draft.text) if text]
    return [*ours, *told]


def test_the_path_is_jiebas_path_on_every_text_we_have(reference: Any) -> None:
    """More than a thousand texts, word for word, HMM off; jieba's punctuation and blanks are no words of ours."""
    found = texts()
    assert len(found) > 800
    different = []
    for text in found:
        theirs = [word for word in reference.lcut(fold(clean(text)), HMM=False) if is_word(word)]
        if words(text) != theirs:
            different.append((text, words(text), theirs))
    assert not different, f"{len(different)} of {len(found)}: {different[:3]}"
