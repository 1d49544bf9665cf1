"""What the model reads of a text: no links, no people, no long numbers, and emoticons as signs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.emoticons import bundled_emoticons
from analysis.features import Alphabet, prepare, segment
from analysis.tokens import segmenter


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("太差了[怒][怒]再也不来", "太差了 [怒] [怒] 再也不来"),
        ("又坏了T_T", "又坏了 [泪]"),
        ("等了两个月[大哭]", "等了两个月 [大哭]"),
        ("-_-||什麼服務", "[黑线] 什么服务"),
        ("(╯°□°)╯退钱", "[怒] 退钱"),
        ("真好:)啊", "真好 [嘻嘻] 啊"),
        # What is no emoticon is read as words, or not at all.
        ("[投诉]我的车漏油", "投诉 我的车漏油"),
        ("[图片]漏油[/img]", "漏油"),
        ("价格:(含税)", "价格 含税"),
        ("run att.t t_test", "run att t t test"),
        ("[[泪]]]x[", "[泪] x"),
        ("[泪", "泪"),
        ("[这个名字比表情长得多]", "这个名字比表情长得多"),
        # Nobody's opinion.
        ("看 https://a.cn/b?c=1 @车友 电话13812345678", "看 电话"),
        ("打12315投诉", "打12315投诉"),
        ("😡😡退钱!!", "😡😡退钱!!"),
        ("漏\u200b油\u0336了\ufe0f", "漏油了"),
        ("", ""),
        ("，。…", ""),
    ],
)
def test_what_is_left_of_a_text(text: str, prepared: str) -> None:
    assert prepare(text) == prepared


@given(st.text(st.characters(codec=None)) | st.text("[]泪a_T^-:()@w.h0123456789 /"))
def test_brackets_stand_only_around_known_emoticons(text: str) -> None:
    """So whatever reads prepared text may trust them; and it is plain UTF-8, on one line."""
    prepared = prepare(text)
    prepared.encode()
    pieces = prepared.replace("[", "\n[").replace("]", "]\n").split("\n")
    assert all(piece[0] == "[" and piece[-1] == "]" for piece in pieces if set("[]") & set(piece))
    assert not {"\t", "\0", "_"} & set(prepared)


def test_every_emoticon_of_the_table_is_read() -> None:
    table = bundled_emoticons()
    for name, sign in table.named.items():
        kept = f"[{name}]" if sign.strip() else ""
        assert prepare(f"好[{name}]了") == f"好 {kept} 了".replace("  ", " "), name
    for face, sign in table.faces.items():
        assert prepare(f"好 {face} 了") == f"好 {sign.strip()} 了", face


def test_an_emoticon_is_one_word_and_its_letters() -> None:
    """The word is the sign; as letters it has much in common with its relatives; no run crosses its brackets."""
    (words,) = segment([prepare("车坏了[可怜]唉")], segmenter())
    assert words == ["车", "坏", "了", "[可怜]", "唉"]
    alphabet = Alphabet.of("车坏了衰唉", [])
    rows, keys = alphabet.character_keys([prepare("车坏了[衰]唉")])
    assert alphabet.characters[ord("衰")] in keys
    assert len(rows) == len(keys) == 5 + 2 + 1


def test_a_bracket_in_raw_text_hides_nothing() -> None:
    """Not in its own text, and not in those behind it."""
    alphabet = Alphabet.of("车坏了", [])
    rows, _ = alphabet.character_keys(["[车坏了", "车坏了"], marks=False)
    assert rows.tolist().count(0) == rows.tolist().count(1) == 6
