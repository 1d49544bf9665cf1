"""Whom the anger is for."""

from __future__ import annotations

import pytest

from analysis.attribution import about_subjects, said_of_each
from analysis.reading import read
from analysis.subjects import SubjectFinder
from core.settings import SubjectSettings

FINDER = SubjectFinder([SubjectSettings(name="曜行汽车", aliases=("曜行",))])


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("隔壁启程的车又自燃了，还好我买的是曜行", "还好我买的是曜行"),
        ("启程4S店态度太差，转头来曜行店里，服务好多了", "转头来曜行店里,服务好多了"),
        ("曜行三年没毛病，朋友的启程天天漏油", "曜行三年没毛病,"),
        ("之前开的大众天天坏。换了曜行之后省心多了。", "换了曜行之后省心多了。"),
        ("大众十年没毛病，换了曜行三天就漏油", "换了曜行三天就漏油"),
    ],
)
def test_a_contrast_leaves_only_our_part(text: str, ours: str) -> None:
    """Somebody else's trouble is not judged as ours, nor their praise."""
    reading = read(text)
    narrowed = about_subjects(reading, FINDER.find(reading.text))
    assert narrowed.own.strip() == ours
    assert len(narrowed.own) == len(reading.own)
    assert narrowed.text == reading.text


@pytest.mark.parametrize(
    "text",
    [
        "等了三个月没人管，气死了。曜行你们看看吧",
        "曜行S7漏油，售后不管",
        "气死了，退钱！我的曜行才开三天",
        "朋友的曜行自燃了，厂家不管",
        "还好没出人命，曜行刹车失灵",
        "今天天气不错，还好没下雨",
        "",
    ],
)
def test_without_a_contrast_the_whole_post_speaks(text: str) -> None:
    """Anger that stands before the name is still anger at the name."""
    reading = read(text)
    assert about_subjects(reading, FINDER.find(reading.text)) is reading


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        # Who only looks on, or thinks of us next.
        ("长风又召回了，高速上断电。曜行车主默默喝茶", "曜行车主默默喝茶"),
        ("某厂的变速箱修了四回，销售装死。下一台考虑曜行了", "下一台考虑曜行了"),
        ("澜图又漏油了，曜行起码有人接电话", "曜行起码有人接电话"),
        # We are only the measure, or the landmark.
        ("长风的底盘跟曜行比差远了，过个坎像挨了一锤", ""),
        ("曜行旁边那家火锅店难吃死了，还贵", ""),
        # Somebody else's fault beside us.
        ("外面店说要换总成，坑死人。曜行拧紧一颗螺丝就好了", "曜行拧紧一颗螺丝就好了"),
    ],
)
def test_somebody_elses_fault_is_not_ours(text: str, ours: str) -> None:
    """What is left is about us; nothing is left where nothing is."""
    reading = read(text)
    assert about_subjects(reading, FINDER.find(reading.text)).own.strip() == ours


@pytest.mark.parametrize(
    "text",
    [
        "曜行又召回了，高速上断电。我开长风的默默喝茶",
        "漏油修了四回，气死了，考虑把曜行卖了",
        "曜行旁边那个售后车间态度恶劣",
        "修了三次了，还是曜行的老毛病",
        "漏油三个月，曜行至少给个说法",
        "三天两头熄火，换了曜行的原厂件也没用",
        "曜行隔壁吃了碗面，回来取车，修坏了",
        "曜行比长风差远了，过个坎像挨了一锤",
        "曜行车门比例失调，缝隙大",
    ],
)
def test_our_own_fault_stays_ours(text: str) -> None:
    """Words like 旁边, 比 and 考虑 take nothing from us by themselves."""
    reading = read(text)
    assert about_subjects(reading, FINDER.find(reading.text)) is reading


SEVERAL = SubjectFinder(
    [
        SubjectSettings(name="曜行汽车", aliases=("曜行",)),
        SubjectSettings(name="曜行东湖店", kind="store", aliases=("东湖店",)),
        SubjectSettings(name="启程S7", kind="model", aliases=("启程s7",)),
    ]
)


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        (
            "曜行的车没得挑，省油。东湖店太恶心，乱收费",
            {"曜行汽车": "曜行的车没得挑,省油。", "曜行东湖店": "东湖店太恶心,乱收费"},
        ),
        (
            "启程s7在东湖店修了三次。曜行不管",
            {"启程S7": "启程s7在东湖店修了三次。", "曜行东湖店": "启程s7在东湖店修了三次。", "曜行汽车": "曜行不管"},
        ),
        # One subject, one clause, or a brand within the name of its store: nothing to share.
        ("曜行的车不错，曜行的店也不错", {}),
        ("曜行和东湖店都不错", {}),
        ("曜行东湖店不错，很热情", {}),
        ("今天天气不错", {}),
    ],
)
def test_what_is_said_of_each(text: str, shares: dict[str, str]) -> None:
    """A clause belongs to the subjects it names, or to those named before it."""
    reading = read(text)
    found = said_of_each(reading, SEVERAL.find(reading.text))
    assert {name: part.own.strip() for name, part in found} == shares
    assert all(len(part.own) == len(reading.own) for _, part in found)


def test_who_names_us_hundreds_of_times_is_not_taken_apart() -> None:
    reading = read("曜行好。东湖店坏。" * 100)
    assert said_of_each(reading, SEVERAL.find(reading.text)) == []
