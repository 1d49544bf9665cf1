"""Training and using the heads: what they find that words miss, what they may not do, and that bytes come out again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.modelfile import write_model
from analysis.reading import read
from analysis.sentiment import SentimentModel
from analysis.topic_catalogue import Catalogue, parse_catalogue
from analysis.topic_evaluate import BOTH, MACRO, MICRO, WORDS, evaluate_topics, false_alarms, mistakes, topic_table
from analysis.topic_examples import read_topic_examples
from analysis.topic_model import TopicModel, _pieces
from analysis.topic_train import train_topics
from analysis.topics import Topic, TopicFinder
from core.errors import BadInput, ModelError

TREE = parse_catalogue(
    {
        "category": [
            {"name": "欠薪", "severity": 20, "code": "wages", "clear": ["克扣工资"], "weak": ["工资"]},
            {"name": "漏雨", "severity": 40, "accident": True, "outright": ["漏雨"]},
            {"name": "少见", "severity": 5, "clear": ["少见"]},
        ]
    },
    file=Path("own.toml"),
)
_WHEN = ["三月", "四月", "五月", "去年", "年底", "上周", "月初", "节后", "春天", "夏天"]
_WAGES = ["{}的提成到现在一分没见", "{}拖着奖金不肯发", "{}干完活老板说没钱给"]
_RAIN = ["{}下雨屋顶滴滴答答", "{}天花板渗水淹了地毯", "{}下雨后座全是水"]
_NOTHING = ["{}去公园看花很开心", "{}同事聚餐味道不错", "{}的演出很精彩", "想问{}几点开门"]


def rows() -> list[dict[str, Any]]:
    kinds: tuple[tuple[list[str], list[str], int], ...] = (
        (_WAGES, ["欠薪"], 1),
        (_RAIN, ["漏雨"], 1),
        (_NOTHING, [], 0),
    )
    found = [
        {"text": text.format(when), "y": y, "categories": names, "group": f"{names}{at}{number % 5}"}
        for texts, names, y in kinds
        for at, text in enumerate(texts)
        for number, when in enumerate(_WHEN)
    ]
    return [*found, {"text": "少见的一句", "y": 0, "categories": ["少见"], "group": "x"}]


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of two small categories."""
    home = tmp_path_factory.mktemp("heads")
    train_topics(None, home / "model", rows=[write(home / "rows.jsonl", rows())], catalogue=TREE)
    return home


@pytest.fixture(scope="module")
def finder(folder: Path) -> TopicFinder:
    return TopicFinder(TREE, TopicModel.load(folder / "model"))


def find(finder: TopicFinder, text: str, negative: float = 0.9) -> dict[str, Topic]:
    return {topic.name: topic for topic in finder.find_all([read(text).own], np.array([negative]))[0]}


def test_training_again_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    """Whoever retrains gets what was shipped."""
    report = train_topics(None, tmp_path, rows=[folder / "rows.jsonl"], catalogue=TREE)
    assert report.sentences == {"欠薪": 30, "漏雨": 30}
    assert report.left_out == ("少见",)
    for name in ("model.json", "weights.npz"):
        assert (tmp_path / name).read_bytes() == (folder / "model" / name).read_bytes()


def test_heads_find_what_no_word_says(finder: TopicFinder) -> None:
    """The topic shows the very characters that made it, weighs by its probability, and says that the model spoke."""
    text = "十月的奖金拖着不肯发"
    topic = find(finder, text)["欠薪"]
    assert topic.by_model
    assert topic.probability is not None
    assert topic.severity == round(20 * topic.probability)
    assert topic.code == "wages"
    hit = topic.hits[0]
    assert text[slice(*hit.span)] == hit.word
    assert len(hit.word) in (2, 3)


@pytest.mark.parametrize(
    ("text", "negative"),
    [
        ("十月的奖金拖着不肯发", 0.2),  # nobody is angry
        ("十月去公园看花", 0.9),  # angry about something else
        ("", 0.9),
        ("😀😀", 0.9),
        ("abc 123", 0.9),
        ("如果下雨屋顶滴滴答答", 0.9),  # an accident that is only imagined
        ("少见多怪", 0.9),
    ],
)
def test_heads_keep_silent(finder: TopicFinder, text: str, negative: float) -> None:
    """Alone they speak only of negative posts, only of what they know, and of no imagined accident."""
    assert not {name for name, topic in find(finder, text, negative).items() if topic.by_model}


def test_words_of_accidents_are_never_outvoted(finder: TopicFinder) -> None:
    """A missed accident is the worst mistake; other weak words the heads may doubt."""
    assert "漏雨" in find(finder, "去公园看花很开心，漏雨", 0.1)
    assert "漏雨" in find(finder, "漏雨")


def test_a_category_without_a_head_has_its_words(finder: TopicFinder) -> None:
    """Too few sentences to learn from; nothing is lost."""
    assert finder.learned == {"欠薪", "漏雨"}
    topic = find(finder, "真少见")["少见"]
    assert (topic.probability, topic.by_model) == (None, False)


def test_a_category_may_refuse_its_head(folder: Path) -> None:
    """`model = false` leaves the words alone."""
    plain = parse_catalogue(
        {"category": [{"name": "欠薪", "severity": 20, "clear": ["克扣工资"], "model": False}]}, file=Path("own.toml")
    )
    finder = TopicFinder(plain, TopicModel.load(folder / "model"))
    assert finder.learned == frozenset()
    assert find(finder, "十月的奖金拖着不肯发") == {}
    assert set(find(finder, "克扣工资")) == {"欠薪"}


def test_a_long_text_is_judged_by_its_pieces(finder: TopicFinder) -> None:
    """One clear sentence in a long story counts, and its place holds in the whole text."""
    story = "十月的奖金拖着不肯发。十月的提成到现在一分没见。干完活老板说没钱给。" * 2
    text = read("去公园看花很开心。同事聚餐味道不错。" * 40 + story + "演出很精彩。" * 40).own
    topic = find(finder, text)["欠薪"]
    assert text[slice(*topic.hits[0].span)] == topic.hits[0].word
    assert text.index("十月") <= topic.hits[0].span[0] <= text.rindex("钱给")


@pytest.mark.parametrize(
    "text", ["", "短", "长" * 500, "一句。" * 100, "长" * 130 + "。" + "短。", "。" * 300, "\n" * 300]
)
def test_pieces_are_all_of_a_text(text: str) -> None:
    """Nothing is judged twice, nothing is left out, none is longer than allowed."""
    pieces = _pieces(text)
    assert "".join(text[start:end] for start, end in pieces) == text
    assert all(end - start <= 120 for start, end in pieces)


def test_measures(finder: TopicFinder, folder: Path) -> None:
    """Both ways are measured on the same sentences; on what was trained on, both together miss little."""
    examples, sentiment = read_topic_examples(folder / "rows.jsonl"), SentimentModel.load()
    found = evaluate_topics(examples, finder, sentiment, seed=1)
    by_key = {(row.way, row.category): row for row in found}
    assert by_key[WORDS, MICRO].recall < by_key[BOTH, MICRO].recall or by_key[BOTH, MICRO].recall == 0
    assert all(row.low <= row.high for row in found)
    assert MACRO in topic_table(found)
    plain = [one for one in examples if not one.categories]
    assert false_alarms(plain, finder, sentiment, where="自编").texts == len(plain)
    assert all(one.missed or one.false for one in mistakes(examples, finder, sentiment))


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ({"y": 1, "categories": []}, "text"),
        ({"text": " ", "y": 1, "categories": []}, "text"),
        ({"text": "甲", "y": 1}, "categories"),
        ({"text": "甲", "y": 1, "categories": "欠薪"}, "categories"),
        ({"text": "甲", "y": "1", "categories": []}, "y"),
        ({"text": "甲", "y": 1, "categories": [], "part": "test"}, "part"),
        ({"text": "甲", "y": 1, "categories": [], "channel": "电视"}, "channel"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, line: dict[str, Any], key: str) -> None:
    """With its file, its line and its key."""
    path = write(tmp_path / "rows.jsonl", [{"text": "乙", "y": 0, "categories": []}, line])
    with pytest.raises(BadInput) as caught:
        read_topic_examples(path)
    assert (caught.value.line, caught.value.key) == (2, key)


def test_too_few_sentences_train_nothing(tmp_path: Path) -> None:
    """A head of three sentences would be a guess."""
    path = write(tmp_path / "rows.jsonl", rows()[:3])
    with pytest.raises(ModelError, match="标注太少"):
        train_topics(None, tmp_path / "model", rows=[path], catalogue=TREE)


def test_held_out_rows_are_never_trained_on(tmp_path: Path) -> None:
    """Not even if they are all there is."""
    path = write(tmp_path / "rows.jsonl", [{**row, "part": "valid"} for row in rows()])
    with pytest.raises(ModelError, match="标注太少"):
        train_topics(None, tmp_path / "model", rows=[path], catalogue=TREE)


@pytest.mark.parametrize("damage", ["missing", "changed", "foreign"])
def test_a_damaged_model_is_refused(folder: Path, tmp_path: Path, damage: str) -> None:
    """Damage is noticed before anything is judged with it."""
    if damage == "changed":
        for name in ("model.json", "weights.npz"):
            (tmp_path / name).write_bytes((folder / "model" / name).read_bytes() + (b"x" if name[0] == "w" else b""))
    if damage == "foreign":
        write_model(tmp_path, {"name": "other"}, {"steps": np.zeros(1)})
    with pytest.raises(ModelError):
        TopicModel.load(tmp_path)


def test_the_same_catalogue_without_heads(finder: TopicFinder) -> None:
    """The lexicon alone stays available, for replies' heads and for measuring."""
    assert isinstance(TREE, Catalogue)
    assert finder.by_words_alone().learned == frozenset()
    assert [topic.name for topic in finder.find(read("屋里漏雨"))] == ["漏雨"]


def test_many_texts_at_once_as_one_by_one(folder: Path) -> None:
    """The batch gives each text the very evidence that it has alone."""
    model = TopicModel.load(folder / "model")
    texts = [row["text"] for row in rows()] + ["", "abc", "😀", "十月的奖金拖着不肯发。" * 30, "下雨下雨后座全是水"]
    asked = [(text, head) for text in texts for head in model.heads]
    for one, (text, head) in zip(model.strongest_of(asked), asked, strict=True):
        alone = next(iter(model.evidence(text, head)), None)
        assert (one is None) == (alone is None)
        if one and alone:
            assert one.logit == pytest.approx(alone.logit)
            assert text[slice(*one.span)] == one.word
    assert model.strongest_of([]) == []
