"""What every search index promises of changes: adding, replacing, removing, building beside, maintenance."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.model import Mention
from index.base import Added, FieldIs, Query, SearchIndex
from tests.contracts.search_world import HOUR, MENTIONS, START, ask, find, find_node, mention, put

EARLIER, LATER = START, START + timedelta(milliseconds=1)


def test_hits_carry_the_mention_as_it_was_added(filled: SearchIndex) -> None:
    """Nothing is lost between adding and finding, including picture-only posts and odd probabilities."""
    odd = mention(9, "", negative=0.123456789, grade="A")
    put(filled, [odd])
    found = {hit.mention.id: hit.mention for hit in filled.search(Query(limit=100)).hits}
    assert found == {one.id: one for one in [*MENTIONS, odd]}


def test_adding_again_changes_nothing(filled: SearchIndex) -> None:
    """A step that ran twice after a crash leaves one mention, also within one batch."""
    assert put(filled, [*MENTIONS, *MENTIONS]).count == 2 * len(MENTIONS)
    assert filled.search(Query()).total == len(MENTIONS)
    assert find(filled, "异响") == [4, 1, 0]


def test_adding_a_changed_mention_replaces_it(filled: SearchIndex) -> None:
    """An edited or newly judged post is found by what it is now, and no longer by what it was."""
    edited = mention(
        0, "问题已解决", title="星辰S7好车", channel="blog", risk=5, subjects=("城西店",), when=START + 9 * HOUR
    )
    put(filled, [edited])
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
    put(filled, [MENTIONS[0]])
    assert find(filled, "刹车") == [0]


def test_a_bad_mention_is_refused_by_name_and_the_others_are_in(index: SearchIndex) -> None:
    """One malformed document does not cost the batch; what can be cleaned is."""
    good = mention(1, "好的")
    foreign = replace(mention(2, "张冠李戴"), verdict=replace(good.verdict, id="0" * 24))
    odd = mention(3, "坏\ud800字\x00符\u200b在此", author="\udfff王", subjects=("\ud800x",), categories=("a\x00b",))
    nameless = mention(4, "无名")
    nameless = replace(nameless, post=replace(nameless.post, native_id="\ud800"))
    added = put(index, [foreign, odd, nameless, good])
    assert added.count == 2
    assert set(added.refused) == {"0" * 24, nameless.verdict.id}
    assert all(added.refused.values())
    assert find(index, "好的") == [1]
    assert find(index, "坏字符在此") == [3]
    assert find(index, "author:王") == [3]


def test_an_alias_added_later_finds_old_posts(filled: SearchIndex) -> None:
    """Single characters are indexed: a word that no dictionary knew when the post came in is found all the same."""
    put(filled, [mention(7, "网友都叫它绝绝子战车，说星辰七号烂尾了")])
    assert find(filled, "绝绝子战车") == [7]
    assert find(filled, "辰七") == [7]


def test_many_mentions_of_one_moment(index: SearchIndex) -> None:
    """A source that shows only days gives thousands of posts the same time; each is found and can be removed."""
    many = [mention(number, "同一天", when=START) for number in range(3000)]
    assert put(index, many).count == 3000
    assert index.search(ask("同一天")).total == 3000
    assert index.delete([one.id for one in many]) == 3000
    index.refresh()
    assert index.search(Query()).total == 0


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        (EARLIER, LATER, "第二"),
        (LATER, EARLIER, "第一"),
        (LATER, LATER, "第二"),
        (None, EARLIER, "第一"),
        (EARLIER, None, "第二"),
        (None, None, "第二"),
    ],
)
def test_what_was_read_earlier_never_replaces_what_was_read_later(
    index: SearchIndex, first: datetime | None, second: datetime | None, found: str
) -> None:
    """A slow reader that comes late does no harm, and is told that its mention is in; `None` is now."""
    put(index, [mention(1, "第一次的说法", subjects=("城东店",))], as_of=first)
    assert put(index, [mention(1, "第二次的说法", subjects=("城西店",))], as_of=second) == Added(count=1)
    assert (find(index, "第一"), find(index, "第二")) == (([1], []) if found == "第一" else ([], [1]))
    assert index.search(Query()).total == index.count() == 1
    assert sum(index.count_by(Query(), "subject").values()) == 1


def test_a_reading_that_confirms_what_is_in_counts_as_a_reading(index: SearchIndex) -> None:
    """The same mention read again later: what was read in between loses, though it differs from what is in."""
    moments = [START + timedelta(seconds=second) for second in (0, 1, 2)]
    put(index, [mention(1, "甲种说法")], as_of=moments[0])
    put(index, [mention(1, "甲种说法")], as_of=moments[2])
    put(index, [mention(1, "乙种说法")], as_of=moments[1])
    assert find(index, "甲种") == [1]


def test_a_late_reading_loses_only_what_is_older(index: SearchIndex) -> None:
    """Of one batch each mention is compared for itself."""
    put(index, [mention(1, "新的")], as_of=LATER)
    assert put(index, [mention(1, "旧的"), mention(2, "旧的")], as_of=EARLIER).count == 2
    assert find(index, "旧的") == [2]
    assert find(index, "新的") == [1]


def test_a_removal_that_was_read_earlier_removes_nothing_that_was_read_later(index: SearchIndex) -> None:
    """Who saw the post gone before it came back does no harm."""
    put(index, [mention(1, "回来了"), mention(2, "旧的")], as_of=LATER)
    put(index, [mention(2, "旧的")], as_of=LATER)
    assert index.delete([mention(1, "").id], as_of=EARLIER) == 0
    assert index.delete([mention(2, "").id], as_of=LATER) == 1
    index.refresh()
    assert find(index) == [1]


def test_what_was_read_before_a_removal_does_not_come_back(index: SearchIndex) -> None:
    """A slow reader does not undo a removal; a later reading does."""
    put(index, [mention(1, "曾经")], as_of=START)
    assert index.delete([mention(1, "").id], as_of=START + timedelta(seconds=2)) == 1
    index.refresh()
    assert put(index, [mention(1, "曾经")], as_of=START + timedelta(seconds=1)) == Added(count=1)
    assert find(index) == []
    put(index, [mention(1, "又有了")], as_of=START + timedelta(seconds=3))
    assert find(index, "又有了") == [1]


def test_of_one_batch_the_last_counts(index: SearchIndex) -> None:
    """Two versions of one mention in a batch are one mention, the later one."""
    assert put(index, [mention(1, "前一版"), mention(2, "另一条"), mention(1, "后一版")]).count == 3
    assert find(index, "后一版") == [1]
    assert index.count() == 2


OLD = mention(1, "不变的正文")


@pytest.mark.parametrize(
    "new",
    [
        replace(OLD, source="late"),
        replace(OLD, evidence="complete"),
        replace(OLD, verdict=replace(OLD.verdict, risk=99)),
        replace(OLD, verdict=replace(OLD.verdict, negative=0.500000001)),
        replace(OLD, verdict=replace(OLD.verdict, subjects=("城西店",))),
        replace(OLD, post=replace(OLD.post, images=("https://bbs.example/new.jpg",))),
    ],
)
def test_a_change_of_anything_is_a_change(index: SearchIndex, new: Mention) -> None:
    """What is not in the text changes too: a verdict, a picture, the evidence."""
    put(index, [OLD])
    put(index, [new])
    assert [hit.mention for hit in index.search(ask("不变")).hits] == [new]


def test_evidence_that_comes_later_is_found(index: SearchIndex) -> None:
    """A capture makes the same post one that has evidence."""
    put(index, [mention(1, "取证", evidence="pending")])
    assert find_node(index, FieldIs("has", "evidence")) == []
    put(index, [mention(1, "取证", evidence="complete")])
    assert find_node(index, FieldIs("has", "evidence")) == [1]


def test_pruned_mentions_are_gone(index: SearchIndex) -> None:
    """Retention by the time of collection: what was published long ago but collected lately stays."""
    june = datetime(2026, 6, 15, tzinfo=UTC)
    put(
        index,
        [
            mention(1, "一月收集", collected=datetime(2026, 1, 10, tzinfo=UTC)),
            mention(2, "二月收集", collected=datetime(2026, 2, 28, 23, 59, tzinfo=UTC), subjects=("城东店",)),
            mention(3, "六月收集", collected=june, when=datetime(2025, 12, 1, tzinfo=UTC)),
            mention(4, "六月收集", collected=june + HOUR, subjects=("城东店",)),
        ],
    )
    assert index.prune(datetime(2026, 4, 1, tzinfo=UTC)) == 2
    index.refresh()
    assert find(index, "收集") == [4, 3]
    assert index.count() == 2
    assert index.count_by(Query(), "subject") == {"城东店": 1}
    assert index.prune(datetime(2026, 4, 1, tzinfo=UTC)) == 0
    put(index, [mention(1, "一月收集", collected=datetime(2026, 1, 10, tzinfo=UTC))])
    assert find(index, "一月") == [1]


def test_pruning_spares_what_was_collected_since(index: SearchIndex) -> None:
    """Within the month of the moment an adapter may keep more than asked, never less."""
    moment = datetime(2026, 6, 15, tzinfo=UTC)
    put(index, [mention(1, "当时", collected=moment), mention(2, "之后", collected=moment + HOUR)])
    assert index.prune(moment) == 0
    index.refresh()
    assert find(index) == [2, 1]


def test_an_index_says_how_it_is(filled: SearchIndex) -> None:
    """The state counts what is in, piece by piece, and names its engine."""
    state = filled.state()
    assert state.mentions == filled.count() == sum(piece.mentions for piece in state.pieces) == len(MENTIONS)
    assert state.engine
    assert all(piece.name and (piece.size is None or piece.size > 0) for piece in state.pieces)


def test_an_empty_index_answers(index: SearchIndex) -> None:
    """Nothing was ever added, and everything may be asked."""
    page = index.search(ask("刹车"))
    assert (page.hits, page.total, page.next) == ((), 0, None)
    assert index.count_by(Query(), "hour") == {}
    assert index.count() == index.state().mentions == index.delete(["0" * 24]) == index.prune(START) == 0
    index.maintain()
    assert put(index, []) == Added(count=0)


def test_maintenance_changes_no_answer(filled: SearchIndex) -> None:
    """Searches and additions go on during it, and afterwards everything is as it was."""
    filled.delete([MENTIONS[2].id])
    filled.refresh()
    maintenance = threading.Thread(target=filled.maintain)
    maintenance.start()
    for number in range(10, 30):
        put(filled, [mention(number, "保养期间")])
        assert find(filled, "异响") == [4, 1, 0]
    maintenance.join()
    assert filled.search(ask("保养期间")).total == 20
    assert filled.count() == len(MENTIONS) - 1 + 20
    filled.maintain()
    assert find(filled, "异响") == [4, 1, 0]


def test_a_closed_index_may_be_used_again(filled: SearchIndex) -> None:
    """Closing gives back connections and loses nothing."""
    filled.close()
    assert find(filled, "异响") == [4, 1, 0]
