"""What a post is about."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from analysis.reading import read
from analysis.topic_catalogue import parse_catalogue
from analysis.topics import SAFETY, TopicFinder, bundled_topics


def categories(text: str) -> set[str]:
    return {topic.name for topic in bundled_topics().find(read(text))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("保养两次，同一个地方返修三回，售后查不出", {"售后维修"}),
        ("冷车抖动明显，低速顿挫，开了半年就烧机油", {"车辆质量"}),
        ("车贷利率和说好的不一样，续保押金也不退", {"精品/信贷/保险", "销售欺诈/价格"}),
        ("两万定金不给退，明显是消费欺诈", {"销售欺诈/价格"}),
        ("前台不理不睬，客服互相踢皮球", {"服务态度"}),
        ("等了四十天配件还是没货", {"配件/交付"}),
        ("说好月底交车，一拖再拖", {"配件/交付"}),
        ("车在路边起火", {SAFETY}),
        ("刹车突然没有反应", {SAFETY}),
        ("高速上突然失去动力", {SAFETY}),
        ("踏板硬得像踩砖头", {SAFETY}),
        ("充电的时候车门漏电", {SAFETY}),
        ("高速上仪表全黑", {SAFETY}),
        ("今天天气不错", set()),
        ("", set()),
        ("起", set()),
    ],
)
def test_categories_of_a_sentence(text: str, expected: set[str]) -> None:
    """Every category of the tree is found by its own words; nothing is found in nothing."""
    assert expected <= categories(text)
    assert (categories(text) == set()) == (expected == set())


@pytest.mark.parametrize(
    "text",
    [
        "开了三年没有起火",
        "从未发生过自燃",
        "没有任何起火的迹象",
        "会不会起火啊",
        "这车会自燃吗",
        "如果刹车失灵怎么办",
        "万一起火，应该先断电",
        "消防员教你汽车起火自救",
        "店里举行起火演练",
        "有点担心自燃",
        "买了自燃险",
        "加强起火隐患排查",
        "电瓶被说得马上要爆炸一样",
    ],
)
def test_denied_and_imagined_accidents_are_none(text: str) -> None:
    """安全事故 means that somebody says it happened."""
    assert SAFETY not in categories(text)


@pytest.mark.parametrize(
    "text",
    [
        "没想到起火了",
        "提车没多久自燃",
        "没开几天就起火了",
        "发动机起火，还有没有人管？",
        "刹车失灵，4S店居然说没有问题",
        "没有人管，车都自燃了",
        "起​火了",
        "发动机着火了！",
    ],
)
def test_reported_accidents_are_found_beside_a_negation(text: str) -> None:
    """A negation that belongs to something else does not hide an accident."""
    assert SAFETY in categories(text)


def test_denied_trouble_of_any_kind_is_left_out() -> None:
    """Praise names trouble to deny it."""
    assert categories("没有异响，没有漏油，没有顿挫") == set()


def test_safety_comes_first() -> None:
    """The gravest category leads, and its words are shown with their places."""
    text = "4S店乱收费，发动机起火也不管"
    topics = bundled_topics().find(read(text))
    assert topics[0].name == SAFETY
    assert [text[slice(*hit.span)] for hit in topics[0].hits] == ["发动机起火", "起火"]


def test_quoted_words_are_not_the_authors() -> None:
    """What follows "//@" belongs to somebody else."""
    assert categories("天哪//@车友:我的车自燃了") == set()


def test_a_lexicon_of_ones_own() -> None:
    """The format carries masks, terms and pairs."""
    finder = TopicFinder(
        parse_catalogue(
            tomllib.loads("""
masks = ["甲乙"]
[[category]]
name = "一"
severity = 1
[category.terms]
"乙" = 2
[[category.pairs]]
first = ["丙"]
then = ["丁"]
within = 2
score = 2
"""),
            file=Path("own.toml"),
        )
    )
    found = {
        text: [topic.name for topic in finder.find(read(text))] for text in ("乙", "甲乙", "丙丁", "丁丙", "丙一二三丁")
    }
    assert found == {"乙": ["一"], "甲乙": [], "丙丁": ["一"], "丁丙": [], "丙一二三丁": []}
