"""Whom the anger is for."""

from __future__ import annotations

import pytest

from analysis.attribution import about_subjects
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
