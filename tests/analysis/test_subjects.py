"""Whom a post is about."""

from __future__ import annotations

import pytest

from analysis.subjects import SubjectFinder, Surroundings
from core.settings import SubjectSettings
from core.text import fold

SUBJECTS = [
    SubjectSettings(name="曜行汽车", aliases=("曜行", "YX Auto")),
    SubjectSettings(name="曜行汽车城东店", kind="store", aliases=("曜行城东店",)),
    SubjectSettings(name="曜行S7", kind="model", aliases=("S7",), require=("曜行", "汽车", "4s店")),
    SubjectSettings(name="曜行汽车金融"),
    SubjectSettings(name="远山", exclude=("远山的呼唤", "群山")),
    SubjectSettings(name="Mac"),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("曜行的车不错", ["曜行汽车"]),
        ("ＹＸ　ＡＵＴＯ真好", ["曜行汽车"]),
        ("曜行汽车城东店没人理我", ["曜行汽车", "曜行汽车城东店"]),
        ("曜行汽车金融利息太高", ["曜行汽车金融"]),
        ("曜行S7漏油", ["曜行汽车", "曜行S7"]),
        ("三星S7手机", []),
        ("这台S7在4S店修了三次", ["曜行S7"]),
        ("这台S70在4S店修了三次", []),
        ("我的远山漏油", ["远山"]),
        ("电影远山的呼唤真好看", []),
        ("远山如黛，群山连绵", []),
        ("my machine is broken", []),
        ("mac坏了", ["Mac"]),
        ("新买的mac。", ["Mac"]),
        ("2mac", []),
        ("", []),
        ("今天天气真好", []),
    ],
)
def test_subjects_named_in_a_sentence(text: str, expected: list[str]) -> None:
    """Aliases, width, word boundaries, required and excluded context, names within names."""
    found = SubjectFinder(SUBJECTS).find(fold(text))
    assert list(dict.fromkeys(match.subject for match in found)) == expected


def test_spans_hold_in_the_text() -> None:
    """Every mention is reported with its place."""
    text = fold("听说曜行S7和曜行汽车城东店")
    spans = {(match.subject, text[slice(*match.span)]) for match in SubjectFinder(SUBJECTS).find(text)}
    assert ("曜行汽车城东店", "曜行汽车城东店") in spans
    assert ("曜行汽车", "曜行汽车") in spans


def test_two_subjects_may_share_an_alias() -> None:
    """An ambiguous alias names both."""
    finder = SubjectFinder(
        [SubjectSettings(name="甲", aliases=("阳光",)), SubjectSettings(name="乙", aliases=("阳光",))]
    )
    assert {match.subject for match in finder.find("阳光店")} == {"甲", "乙"}


def test_no_subjects_find_nothing() -> None:
    """An empty list is allowed."""
    assert SubjectFinder([]).find("曜行") == []


@pytest.mark.parametrize(
    ("text", "around", "expected"),
    [
        ("我的S7也漏油", "曜行车友会", ["曜行S7"]),
        ("我的S7也漏油", "三星手机", []),
        ("我的S7也漏油", "", []),
        ("远山也漏油", "电影远山的呼唤", []),
        ("也漏油", "曜行S7漏油", []),
    ],
)
def test_the_words_around_settle_what_is_meant(text: str, around: str, expected: list[str]) -> None:
    """Required and excluded context may stand in the thread's first post; names must stand in the text itself."""
    finder = SubjectFinder(SUBJECTS)
    found = finder.find(fold(text), finder.surroundings(fold(around)))
    assert list(dict.fromkeys(match.subject for match in found)) == expected
    assert SubjectFinder([]).surroundings(text) == Surroundings()


NEAR = [
    SubjectSettings(
        name="远方汽车", aliases=("远方",), require=("汽车", "4S", "提车"), within=12, exclude=("诗和远方", "舞团")
    ),
    SubjectSettings(name="林远航", kind="person"),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Near, on either side, and too far.
        ("在远方提车，门上就有划痕", ["远方汽车"]),
        ("提车那天远方的人不见了", ["远方汽车"]),
        ("远方" + "天气很好" * 5 + "提车", []),
        ("提车" + "天气很好" * 5 + "远方", []),
        ("望着远方的路", []),
        # Excluded words that hold the name concern that mention alone; others concern them all.
        ("生活有诗和远方，可远方4S店只有扯皮", ["远方汽车"]),
        ("生活有诗和远方，我去提车", []),
        ("远方舞团坐汽车来演出", []),
        ("看完舞团演出，去远方4S店提车", []),
        # A person's name does not begin within another word.
        ("森林远航计划启动", []),
        ("董事长林远航道歉", ["林远航"]),
        ("林远航行程公布", ["林远航"]),
        ("森林远航计划启动，林远航捐了款", ["林远航"]),
    ],
)
def test_context_near_the_name(text: str, expected: list[str]) -> None:
    """How far, on which mention, and where words begin."""
    found = SubjectFinder(NEAR).find(fold(text))
    assert list(dict.fromkeys(match.subject for match in found)) == expected
