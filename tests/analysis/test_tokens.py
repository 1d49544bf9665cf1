"""Tokens: what the index and the classifier see of a text."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from analysis.tokens import Segmenter, characters, search_words, words

SENTENCES = [
    "我来到北京清华大学",
    "这家店的服务态度真的很差打了三次电话都没有人接",
    "买车容易修车难等了两个月的零件至今没有到货",
    "乒乓球拍卖完了",
    "南京市长江大桥上发生交通事故",
    "小明硕士毕业于中国科学院计算所后在日本京都大学深造",
    "他说的确实在理",
    "结婚的和尚未结婚的",
]


@pytest.fixture(scope="module")
def jieba() -> Any:
    """Jieba itself, silenced, as the reference."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba as module
    module.setLogLevel(60)
    return module.Tokenizer()


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_path_is_jiebas_path(jieba: Any, sentence: str) -> None:
    """Without domain words the segmentation equals jieba's own, HMM off."""
    assert words(sentence) == jieba.lcut(sentence, HMM=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("４Ｓ店乱收费", ["4s店", "乱收费"]),
        ("发动机起火，退一赔三！", ["发动机", "起火", "退一赔三"]),
        ("曜行S7异响", ["曜", "行", "s7", "异响"]),
        ("", []),
        ("！？。…  \n", []),
        ("\u200b发\u200b动\u200b机", ["发动机"]),
        ("x\ud800y", ["xy"]),
    ],
)
def test_words_are_folded_and_domain_words_stay_whole(text: str, expected: list[str]) -> None:
    """Width, case, hidden characters and punctuation never reach a token; domain words are one token."""
    assert words(text) == expected


def test_a_dictionary_word_never_cuts_a_run_of_letters() -> None:
    """A word that ends in a letter must not swallow the beginning of a longer Latin word."""
    assert words("卡拉okay") == ["卡拉", "okay"]
    assert words("T恤4sx") == ["t恤", "4sx"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("异响 S7", ["异", "响", "s7"]),
        ("3.15晚会", ["3", "15", "晚", "会"]),
        ("ＢＭＷ３系", ["bmw3", "系"]),
        ("カラ🔥오늘", ["カ", "ラ", "🔥", "오늘"]),
        ("𠮷野家", ["𠮷", "野", "家"]),
        ("a_b", ["a", "b"]),
        ("", []),
    ],
)
def test_characters_split_every_ideograph_and_keep_runs(text: str, expected: list[str]) -> None:
    """The exact index holds single ideographs and whole runs of letters and digits."""
    assert characters(text) == expected


def test_search_words_of_many_texts_are_those_of_each() -> None:
    """However many come at once, and whichever splitter takes them: brackets, line ends and empty texts included."""
    texts = ["清华大学[泪]很好", "", "刹车失灵\n4s店说[doge", "[[]]", "vip卡 ev车", "a[b]c清华大学"]
    split = Segmenter()
    for many in (texts, texts * 20):
        assert split.search_words_of_many(many) == [split.search_words_of_folded(one) for one in many]


def test_search_words_add_the_shorter_words_within() -> None:
    """Search mode finds 大学 within 清华大学."""
    assert search_words("清华大学") == ["清华", "华大", "大学", "清华大学"]


def test_extra_words_stay_with_their_segmenter() -> None:
    """An alias is a word where it was given, and nowhere else."""
    assert Segmenter(["曜行"]).words("曜行异响") == ["曜行", "异响"]
    assert words("曜行异响") == ["曜", "行", "异响"]


def test_nothing_is_written_and_nothing_is_said(tmp_path: Path) -> None:
    """Segmentation needs no writable folder and keeps stdout and stderr clean."""
    missing = str(tmp_path / "gone")
    env = {**os.environ, "TMPDIR": missing, "HOME": missing, "XDG_CACHE_HOME": missing}
    code = "from analysis.tokens import words; assert words('发动机起火') == ['发动机', '起火']"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=root, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
