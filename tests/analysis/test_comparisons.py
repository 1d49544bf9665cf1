"""Who comes off worse, by grammar: the rivals' names are listed nowhere."""

from __future__ import annotations

import time

import pytest

from analysis.comparisons import MARK, better, blames_others, covered, mark, worse
from core.text import fold


def marked(text: str) -> str:
    return fold(text).replace("曜行", MARK * 2)


@pytest.mark.parametrize(
    "text",
    [
        "长风的客服比曜行强多了",
        "长风的客服比曜行靠谱",
        "曜行跟长风比差远了",
        "曜行的隔音比长风差远了",
        "曜行不如长风",
        "曜行的售后真比不上人家长风",
        "长风跟曜行比省心多了，好太多",
        "跟曜行比，长风的服务好",
        "早知道就买长风了，曜行半年进了五回厂",
        "早知道不买曜行了",
        "早知道就不买了，曜行真坑",
        "后悔买曜行",
        "后悔没买长风，曜行真不行",
        "幸亏没买曜行",
        "还好没选曜行",
        "从曜行换到长风以后清静了",
    ],
)
def test_we_are_the_worse_one(text: str) -> None:
    """Whichever is named first."""
    assert worse(marked(text)) or worse(marked(text.replace("，长风", "长风"))), text
    assert not better(marked(text))


@pytest.mark.parametrize(
    "text",
    [
        "曜行的客服比长风强多了",
        "曜行比长风省油不少，省得多",
        "服务比别家好多了",
        "长风的底盘比曜行差多了",
        "长风跟曜行比差远了",
        "长风不如曜行",
        "长风没有曜行这么好",
        "还是曜行靠谱",
        "还是曜行把客户当人看",
        "幸亏买的是曜行",
        "还好去了曜行，三天就提走了",
        "早知道不买长风了，修了十几回",
    ],
)
def test_we_are_the_better_one(text: str) -> None:
    assert better(marked(text)), text
    assert not worse(marked(text))


@pytest.mark.parametrize(
    "text",
    [
        "曜行的车漏油",
        "还是曜行的老毛病，没人管",
        "还是曜行坑人",
        "曜行比较坑",
        "比赛在曜行中心举行",
        "幸好没出事，曜行刹车失灵",
        "换了曜行的刹车片",
        "没有曜行的授权",
        "我比较看好曜行",
        "",
        MARK * 5,
    ],
)
def test_no_comparison(text: str) -> None:
    """Nobody is set beside us, or nothing says who is better."""
    assert not better(marked(text))
    assert not worse(marked(text))


def test_a_clause_about_somebody_else() -> None:
    """We are only the measure."""
    text = marked("长风的底盘跟曜行比差远了，过个坎像挨了一锤")
    assert blames_others(text, 0, 13)
    assert not blames_others(text, 13, len(text))


def test_marking_keeps_the_places() -> None:
    assert mark("曜行城东店真好", [(0, 2), (0, 5)]) == MARK * 5 + "真好"
    assert covered("abcdef", [(4, 5), (1, 2)], " ") == "a cd f"
    assert covered("abc", [], " ") == "abc"


@pytest.mark.parametrize("unit", ["比" + MARK, MARK + "比", "早知道不", "还是" + MARK, "幸亏", "从" + MARK])
def test_repetition_costs_no_time(unit: str) -> None:
    started = time.process_time()
    worse(unit * 10_000)
    better(unit * 10_000)
    assert time.process_time() - started < 1.0
