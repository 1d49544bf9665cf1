"""What every search index promises. A new adapter is one more row in `ADAPTERS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.errors import QuerySyntaxError
from core.model import Author, Channel, Grade, Mention, Post, Verdict
from index.base import Added, Query, SearchIndex, Sort
from index.query import parse
from index.sqlite import SqliteIndex

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 14, 15, 30, tzinfo=UTC)  # 23:30 of the 14th in Shanghai
HOUR = timedelta(hours=1)

ADAPTERS: dict[str, Callable[[Path], SearchIndex]] = {
    "sqlite": lambda folder: SqliteIndex(folder / "index.sqlite", zone=ZONE),
}


@pytest.fixture(params=ADAPTERS)
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchIndex]:
    made = ADAPTERS[request.param](tmp_path)
    yield made
    made.close()


def mention(
    number: int,
    text: str,
    *,
    title: str | None = None,
    channel: Channel = "forum",
    grade: Grade | None = None,
    risk: int = 10,
    negative: float = 0.5,
    subjects: tuple[str, ...] = (),
    categories: tuple[str, ...] = (),
    event: str | None = None,
    author: str | None = None,
    site: str = "bbs.example",
    when: datetime | None = None,
) -> Mention:
    post = Post(
        kind="forum",
        site=site,
        native_id=str(number),
        url=f"https://{site}/{number}",
        channel=channel,
        title=title,
        text=text,
        author=Author(name=author),
        published=when or START + number * HOUR,
        collected=START + 100 * HOUR,
    )
    verdict = Verdict(
        id=post.id,
        negative=negative,
        subjects=subjects,
        categories=categories,
        event=event,
        grade=grade,
        risk=risk,
        model="m",
    )
    return Mention(post=post, verdict=verdict)


MENTIONS = [
    mention(0, "提车三天刹车异响，4S店说是正常现象。", title="星辰S7刹车问题", grade="A", risk=80, negative=0.93,
            subjects=("星辰汽车", "城东店"), categories=("质量",), event="e1", author="李先生"),
    mention(1, "４Ｓ店 异响！找了三次都没修好", channel="weibo", grade="B", risk=60, negative=0.8,
            subjects=("星辰汽车",), categories=("质量", "服务"), event="e1", author="老王"),
    mention(2, "服务很好，交车顺利，感谢城东店的小张。", channel="weibo", risk=0, negative=0.02, subjects=("城东店",)),
    mention(3, "iPhone15 连不上 CarPlay，版本 3.15 之后才好", channel="qa", grade="C", risk=35, author="li xian"),
    mention(4, "14S店异响", channel="news", site="news.example", title="标题到此为刹"),
    mention(5, "车停了，刹不住的期待🍋"),
]  # fmt: skip


def find(index: SearchIndex, text: str = "", **wishes: Any) -> list[int]:
    query = Query(where=parse(text, now=START, zone=ZONE), **wishes)
    return [int(hit.mention.post.native_id) for hit in index.search(query).hits]


@pytest.fixture
def filled(index: SearchIndex) -> SearchIndex:
    assert index.add_many(MENTIONS) == Added(count=len(MENTIONS))
    index.refresh()
    return index


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [5, 4, 3, 2, 1, 0]),
        ("刹车", [0]),
        ("异响", [4, 1, 0]),
        ("4S店异响", [1]),
        ("4s店", [1, 0]),
        ("４ｓ店", [1, 0]),
        ("s店", []),
        ("星辰S7", [0]),
        ("星辰", [0]),
        ("3.15", [3]),
        ("3·15", [3]),
        ("carplay", [3]),
        ("IPHONE15", [3]),
        ("iphone", []),
        ("🍋", [5]),
        ("刹车停", []),
        ("题刹", []),
        ("为刹14S店", []),
        ("异响 正常", [0]),
        ("异响 AND 正常现象", [0]),
        ("刹车 OR 服务", [2, 0]),
        ("刹车 或 服务", [2, 0]),
        ("异响 非 4s店", [4]),
        ("异响 -4s店", [4]),
        ("NOT 异响", [5, 3, 2]),
        ("-异响 -服务", [5, 3]),
        ("NOT (异响 OR 服务)", [5, 3]),
        ("NOT NOT 服务", [2]),
        ("服务 OR NOT 店", [5, 3, 2]),
        ('"现象。"', [0]),
        ('"找了 三次"', [1]),
        ("channel:微博", [2, 1]),
        ("渠道：微博 等级：紧急", [1]),
        ("grade:a", [0]),
        ("subject:星辰汽车", [1, 0]),
        ("对象:城东店 -grade:A", [2]),
        ("subject:星辰", []),
        ("category:质量", [1, 0]),
        ("author:李先生", [0]),
        ('author:"LI  XIAN"', [3]),
        ("site:news.example", [4]),
        ("event:e1 channel:forum", [0]),
        ("day:2026-03-14", [0]),
        ("day:03-15", [5, 4, 3, 2, 1]),
        ("子虚乌有", []),
    ],
)
def test_search_texts(filled: SearchIndex, text: str, found: list[int]) -> None:
    """What people type finds these mentions, newest first."""
    assert find(filled, text) == found


@pytest.mark.parametrize(
    ("wishes", "found"),
    [
        ({"grades": ("A",)}, [0]),
        ({"grades": ("A", "C")}, [3, 0]),
        ({"channels": ("weibo", "news")}, [4, 2, 1]),
        ({"channels": ("weibo",), "grades": ("B",)}, [1]),
        ({"subjects": ("城东店",)}, [2, 0]),
        ({"categories": ("服务", "没有的")}, [1]),
        ({"since": START + 4 * HOUR}, [5, 4]),
        ({"until": START + HOUR}, [0]),
        ({"since": START + HOUR, "until": START + 3 * HOUR}, [2, 1]),
        ({"since": START + HOUR + timedelta(milliseconds=1), "until": START + 3 * HOUR}, [2]),
        ({"min_risk": 35}, [3, 1, 0]),
        ({"min_risk": 0}, [5, 4, 3, 2, 1, 0]),
        ({"min_negative": 0.8}, [1, 0]),
        ({"min_risk": 35, "channels": ("qa", "forum"), "since": START + HOUR}, [3]),
        ({"sort": "risk"}, [0, 1, 3, 5, 4, 2]),
        ({"sort": "relevance"}, [5, 4, 3, 2, 1, 0]),
        ({"limit": 2}, [5, 4]),
    ],
)
def test_filters_and_orders(filled: SearchIndex, wishes: dict[str, Any], found: list[int]) -> None:
    """Filters narrow, orders order, alone and with a search text."""
    assert find(filled, **wishes) == found
    with_text = find(filled, "异响 OR NOT 异响", **wishes)
    if wishes.get("sort") == "relevance":
        assert sorted(with_text) == sorted(found)
    else:
        assert with_text == found


def test_filters_join_a_search_text(filled: SearchIndex) -> None:
    """A text and filters together mean both."""
    assert find(filled, "异响 OR 服务", channels=("weibo",)) == [2, 1]
    assert find(filled, "NOT 服务", channels=("weibo",)) == [1]


def test_relevance_prefers_what_says_it_more(index: SearchIndex) -> None:
    """The mention that is about the words comes before the one that has them in passing, and scores say so."""
    index.add_many(
        [
            mention(1, "刹车失灵！刹车失灵！刹车失灵！"),
            mention(2, "今天天气很好，我们去了公园，路上说起刹车失灵的新闻，后来吃了饭，又看了一场电影才回家。"),
            mention(3, "天气很好"),
        ]
    )
    page = index.search(Query(where=parse("刹车失灵", now=START, zone=ZONE), sort="relevance"))
    assert [hit.mention.post.native_id for hit in page.hits] == ["1", "2"]
    assert page.hits[0].score is not None
    assert page.hits[1].score is not None
    assert page.hits[0].score > page.hits[1].score


def test_hits_carry_the_mention_as_it_was_added(filled: SearchIndex) -> None:
    """Nothing is lost between adding and finding, including picture-only posts and odd probabilities."""
    odd = mention(9, "", negative=0.123456789, grade="A")
    filled.add_many([odd])
    found = {hit.mention.id: hit.mention for hit in filled.search(Query(limit=100)).hits}
    assert found == {one.id: one for one in [*MENTIONS, odd]}


@pytest.mark.parametrize("sort", ["time", "risk", "relevance"])
@pytest.mark.parametrize("text", ["", "店"])
def test_pages_join_to_the_whole(index: SearchIndex, sort: Sort, text: str) -> None:
    """Page after page gives every hit once, in the order of one long page, with the same total on each."""
    index.add_many([mention(number, "店" * (number % 5 + 1), risk=number % 3, when=START) for number in range(23)])
    query = Query(where=parse(text, now=START, zone=ZONE), sort=sort, limit=100)
    whole = [hit.mention.id for hit in index.search(query).hits]
    assert len(set(whole)) == 23
    pages, after = [], None
    while True:
        page = index.search(replace(query, limit=4, after=after))
        assert page.total == 23
        pages += [hit.mention.id for hit in page.hits]
        if page.next is None:
            break
        after = page.next
    assert pages == whole


def test_a_new_mention_does_not_disturb_the_pages_after_it(filled: SearchIndex) -> None:
    """Someone who turns the page while news comes in misses nothing and sees nothing twice."""
    first = filled.search(Query(limit=3))
    filled.add_many([mention(50, "刚刚发布")])
    second = filled.search(Query(limit=10, after=first.next))
    assert [int(hit.mention.post.native_id) for hit in second.hits] == [2, 1, 0]


@pytest.mark.parametrize(
    "cursor", ["x", "", "!!!!", "e30", "WyJyaXNrIiwxLDJd", "WyJ0aW1lIiwieCJd", "WyJ0aW1lIiwxZTk5XQ", "é"]
)
def test_a_cursor_that_is_none_is_refused(filled: SearchIndex, cursor: str) -> None:
    """A mangled address is an error that the page can show, not a crash; an empty one is the first page."""
    if cursor == "":
        assert len(filled.search(Query(after=cursor)).hits) == 6
        return
    with pytest.raises(QuerySyntaxError, match="翻页标记无效"):
        filled.search(Query(after=cursor))


@pytest.mark.parametrize(
    ("facet", "text", "counts"),
    [
        ("channel", "", {"forum": 2, "weibo": 2, "news": 1, "qa": 1}),
        ("channel", "异响", {"forum": 1, "news": 1, "weibo": 1}),
        ("grade", "", {"A": 1, "B": 1, "C": 1}),
        ("category", "", {"质量": 2, "服务": 1}),
        ("subject", "异响", {"星辰汽车": 2, "城东店": 1}),
        ("site", "", {"bbs.example": 5, "news.example": 1}),
        ("event", "", {"e1": 2}),
        ("day", "", {"2026-03-15": 5, "2026-03-14": 1}),
        ("subject", "子虚乌有", {}),
    ],
)
def test_facets(filled: SearchIndex, facet: str, text: str, counts: dict[str, int]) -> None:
    """Each value with its number, most first; a mention without a value counts nowhere."""
    found = filled.count_by(Query(where=parse(text, now=START, zone=ZONE)), facet)  # type: ignore[arg-type]
    assert list(found.items()) == list(counts.items())


def test_facets_obey_filters_but_not_pages(filled: SearchIndex) -> None:
    """The numbers beside the hits are those of the whole answer."""
    page = filled.search(Query(limit=1))
    assert filled.count_by(Query(min_risk=35, channels=("weibo", "qa")), "channel") == {"qa": 1, "weibo": 1}
    assert filled.count_by(Query(limit=1, after=page.next, since=START + HOUR), "day") == {"2026-03-15": 5}


def test_highlights_mark_matches_only(filled: SearchIndex) -> None:
    """Every match of a wanted term is marked, at its place in the original, none of an unwanted one."""
    hits = filled.search(Query(where=parse("4s店异响 -服务", now=START, zone=ZONE))).hits
    assert [hit.highlight for hit in hits] == ["\ue000４Ｓ店 异响\ue001！找了三次都没修好"]
    assert "\ue000" not in filled.search(Query()).hits[0].highlight


def test_adding_again_changes_nothing(filled: SearchIndex) -> None:
    """A step that ran twice after a crash leaves one mention, also within one batch."""
    assert filled.add_many([*MENTIONS, *MENTIONS]).count == 2 * len(MENTIONS)
    assert filled.search(Query()).total == len(MENTIONS)
    assert find(filled, "异响") == [4, 1, 0]


def test_adding_a_changed_mention_replaces_it(filled: SearchIndex) -> None:
    """An edited or newly judged post is found by what it is now, and no longer by what it was."""
    edited = mention(
        0, "问题已解决", title="星辰S7好车", channel="blog", risk=5, subjects=("城西店",), when=START + 9 * HOUR
    )
    filled.add_many([edited])
    assert filled.search(Query()).total == len(MENTIONS)
    for gone in ("刹车", "subject:城东店 channel:forum", "grade:A", "day:2026-03-14", "event:e1 channel:forum"):
        assert find(filled, gone) == []
    assert find(filled, "已解决 channel:博客 subject:城西店") == [0]
    assert find(filled)[0] == 0
    assert filled.count_by(Query(), "subject") == {"城东店": 1, "城西店": 1, "星辰汽车": 1}
    assert find(filled, min_risk=60) == [1]


def test_deleted_mentions_are_gone(filled: SearchIndex) -> None:
    """Retention removes a mention from hits, totals and facets; unknown ids do no harm."""
    assert filled.delete([MENTIONS[0].id, MENTIONS[1].id, "unknown", MENTIONS[0].id]) == 2
    filled.refresh()
    assert find(filled, "异响") == [4]
    assert filled.count_by(Query(), "subject") == {"城东店": 1}
    assert filled.search(Query()).total == 4
    assert filled.delete([]) == 0
    filled.add_many([MENTIONS[0]])
    assert find(filled, "刹车") == [0]


def test_a_bad_mention_is_refused_by_name_and_the_others_are_in(index: SearchIndex) -> None:
    """One malformed document does not cost the batch; what can be cleaned is."""
    good = mention(1, "好的")
    foreign = replace(mention(2, "张冠李戴"), verdict=replace(good.verdict, id="0" * 24))
    odd = mention(3, "坏\ud800字\x00符\u200b在此", author="\udfff王", subjects=("\ud800x",), categories=("a\x00b",))
    nameless = mention(4, "无名")
    nameless = replace(nameless, post=replace(nameless.post, native_id="\ud800"))
    added = index.add_many([foreign, odd, nameless, good])
    assert added.count == 2
    assert set(added.refused) == {"0" * 24, nameless.verdict.id}
    assert all(added.refused.values())
    index.refresh()
    assert find(index, "好的") == [1]
    assert find(index, "坏字符在此") == [3]
    assert find(index, "author:王") == [3]


def test_an_alias_added_later_finds_old_posts(filled: SearchIndex) -> None:
    """Single characters are indexed: a word that no dictionary knew when the post came in is found all the same."""
    filled.add_many([mention(7, "网友都叫它绝绝子战车，说星辰七号烂尾了")])
    assert find(filled, "绝绝子战车") == [7]
    assert find(filled, "辰七") == [7]


@pytest.mark.parametrize(
    "text",
    [
        '" OR 1=1 --',
        "chars:x",
        "x* AND NEAR(a b)",
        "{chars words}: a",
        "^刹车",
        "刹车*",
        "a\x00b",
        "tags:every",
        "'",
        "a + b",
        "%",
        "_",
    ],
)
def test_a_search_text_is_never_syntax_of_the_engine(filled: SearchIndex, text: str) -> None:
    """Whatever is typed either is a search text of ours or a QuerySyntaxError."""
    try:
        where = parse(text, now=START, zone=ZONE)
    except QuerySyntaxError:
        return
    assert filled.search(Query(where=where)).total <= len(MENTIONS)


def test_terms_without_anything_to_search_match_nothing(filled: SearchIndex) -> None:
    """A tree made by hand may hold an empty term: it is in no mention."""
    from index.base import Not, Term

    assert filled.search(Query(where=Term("！？"))).total == 0
    assert filled.search(Query(where=Not(Term("")))).total == len(MENTIONS)


def test_many_mentions_of_one_moment(index: SearchIndex) -> None:
    """A source that shows only days gives thousands of posts the same time; each is found and can be removed."""
    many = [mention(number, "同一天", when=START) for number in range(3000)]
    assert index.add_many(many).count == 3000
    assert index.search(Query(where=parse("同一天", now=START, zone=ZONE))).total == 3000
    assert index.delete([one.id for one in many]) == 3000
    assert index.search(Query()).total == 0


def test_old_and_far_times(index: SearchIndex) -> None:
    """Posts from before 1970 and far in the future keep their order."""
    times = [
        datetime(1955, 5, 1, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        START,
        datetime(2099, 12, 31, tzinfo=UTC),
    ]
    index.add_many([mention(number, "年代", when=when) for number, when in enumerate(times)])
    assert find(index, "年代") == [3, 2, 1, 0]
    assert find(index, "年代", until=times[1]) == [0]


@pytest.mark.parametrize(
    "text",
    [
        " ".join(["异响"] * 100),
        " OR ".join(["异响"] * 100),
        " ".join(["-异响"] * 99),
        "NOT " * 20 + "异响",
        "(异响 OR (车 " * 10 + "异响" + "))" * 10,
        "-(异响 或 -(车 " * 5 + "异响" + "))" * 5,
        "channel:weibo OR " * 60 + "车",
    ],
)
@pytest.mark.parametrize("sort", ["time", "relevance", "risk"])
def test_the_largest_search_texts_are_answered(filled: SearchIndex, text: str, sort: Sort) -> None:
    """Whatever the language accepts, the engine can do: no text is too deep or too long for it."""
    where = parse(text, now=START, zone=ZONE)
    filters: dict[str, object] = {"grades": ("A", "B"), "channels": ("forum", "weibo"), "subjects": ("星辰汽车",)}
    assert filled.search(Query(where=where, sort=sort)).total >= 0
    assert filled.search(Query(where=where, sort=sort, **filters)).total >= 0  # type: ignore[arg-type]
