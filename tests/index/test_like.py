"""More like this: copies, retellings and the same trouble are found, on every index alike, with few questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import IndexUnavailable
from core.model import Mention
from index.base import Query, SearchIndex
from index.like import CANDIDATES, QUESTIONS, telling
from index.like import like as like_post
from index.query import parse
from index.similar import Similar
from index.sqlite import SqliteIndex
from tests.index.export_world import NOW, ZONE, mention
from tests.index.plain_index import PlainIndex

STORY = "在曜行汽车城北店提的新车，开了三天变速箱顿挫，找了四次都说正常，售后推诿不给说法，要求退一赔三"


def told(number: int, text: str, *, event: str | None = None, **changes: Any) -> Mention:
    found = mention(number, text, title=None, **changes)
    return replace(found, verdict=replace(found.verdict, event=event))


ASKED = told(0, STORY, event="e7")
ARCHIVE = [
    ASKED,
    told(1, f"转：{STORY}！"),
    told(2, STORY[:30] + "，后来换了总成"),
    told(3, "听说有家店卖的车有毛病", event="e7"),
    told(4, "我的也是变速箱顿挫，售后推诿"),
    told(5, "今天天气真好，去吃饭"),
    told(6, "新车提了，很满意"),
]


def both_indices(folder: Path, mentions: Sequence[Mention]) -> list[SearchIndex]:
    real = SqliteIndex(folder / "index.sqlite", zone=ZONE)
    real.add_many(mentions)
    return [real, PlainIndex(mentions)]  # type: ignore[list-item]


def like(index: SearchIndex, asked: Mention, **wishes: Any) -> list[Similar]:
    return like_post(index, asked.post, event=asked.verdict.event, **wishes)


def numbers(found: Sequence[Similar]) -> list[int]:
    return [int(one.mention.post.native_id) for one in found]


def test_the_most_alike_come_first_on_every_index(tmp_path: Path) -> None:
    """A copy, a text with much in common, the same event in other words, the same trouble; not the weather."""
    real, plain = both_indices(tmp_path, ARCHIVE)
    found = like(real, ASKED)
    assert numbers(found)[:2] == [1, 2]
    assert set(numbers(found)) >= {1, 2, 3, 4}
    assert 5 not in numbers(found)
    assert found[0].said == "几乎同文"
    assert numbers(like(plain, ASKED)) == numbers(found)
    real.close()


def test_the_post_need_not_be_in_the_index(tmp_path: Path) -> None:
    real, plain = both_indices(tmp_path, ARCHIVE[1:])
    assert numbers(like(real, ASKED))[:2] == numbers(like(plain, ASKED))[:2] == [1, 2]
    real.close()


def test_only_hits_of_a_query_are_looked_at() -> None:
    """Filters and search text narrow what is compared."""
    index: Any = PlainIndex(ARCHIVE)
    among = Query(where=parse("售后推诿 -退一赔三", now=NOW, zone=ZONE), sort="risk", limit=1, after="somewhere")
    assert numbers(like(index, ASKED, among=among)) == [4]


def test_a_copy_is_found_among_thousands_that_use_the_same_words() -> None:
    """Every word of it is common: runs and pairs of words find it all the same, far behind the newest."""
    many = [told(number, f"变速箱顿挫 售后推诿 新车 要求退一赔三 {number}") for number in range(10, 700)]
    index: Any = PlainIndex([*many, told(5000, STORY)])
    assert numbers(like(index, told(0, STORY), limit=1)) == [5000]


@pytest.mark.parametrize(
    "text", ["", "！！！", "啊", "12345 678", "的", "\ud83d", "哈" * 6000, '= OR ( NOT "', "a" * 500]
)
def test_a_text_that_tells_nothing_finds_nothing_wrong(tmp_path: Path, text: str) -> None:
    """No error, and not the whole archive."""
    real, plain = both_indices(tmp_path, ARCHIVE)
    assert numbers(like(real, told(99, text))) == numbers(like(plain, told(99, text)))
    assert len(like(real, told(99, text))) < len(ARCHIVE) - 1
    real.close()


@pytest.mark.parametrize("size", [1, 40, 4000])
def test_the_number_of_questions_and_candidates_is_bounded(size: int) -> None:
    plain = PlainIndex([told(number, STORY) for number in range(CANDIDATES + 50)])
    like(plain, told(9999, (STORY * 100)[:size], event="e1"))  # type: ignore[arg-type]
    assert len(plain.asked) <= QUESTIONS + 1
    assert max(query.limit for query in plain.asked) <= CANDIDATES


def test_at_most_as_many_as_asked_for() -> None:
    index: Any = PlainIndex([told(number, STORY) for number in range(30)])
    assert len(like(index, told(99, STORY), limit=7)) == 7


def test_an_index_that_fails_says_so() -> None:
    class Down(PlainIndex):
        def search(self, query: Query) -> Any:
            raise IndexUnavailable("没有应答")

    with pytest.raises(IndexUnavailable):
        like(Down([]), ASKED)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("曜行的变速箱又坏了", lambda words: words == ["又坏了", "变速箱"]),
        ("2026 1234567", lambda words: words == []),
        ("的了是", lambda words: words == []),
        ("CarPlay 连不上", lambda words: "carplay" in words),
    ],
)
def test_telling_words(text: str, is_right: Callable[[list[str]], bool]) -> None:
    """The rarest in the language first; no numbers, no single characters."""
    words = telling(told(1, text).post)
    assert is_right(words), words
