"""Looking up which searches may match never loses one that does; and it leaves nearly all others unasked."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.search_narrowing import Narrowed, hook_of, keys_of
from index.base import All, AnyOf, Between, FieldIs, Node, Not, Term, Within
from index.matching import matches, prepare
from tests.alerts.world import NOW, make_mention

ZONE = ZoneInfo("Asia/Shanghai")
PREPARED = [
    prepare(mention, zone=ZONE)
    for mention in (
        make_mention(1),
        make_mention(2, text="4S店 ４Ｓ店，ABC-123 异响！异响", title="", channel="weibo", grade=None, subjects=()),
        make_mention(3, text="", title=None, event=None, categories=(), author=""),
        make_mention(4, text="后備箱異響 BMW", title="後備箱", author="ＡＢＣ"),
    )
]
FIELDS = frozenset(PREPARED[0].values)

_WORDS = st.text(st.sampled_from("失去动力高速4s店异響响ABC123 ，後后"), max_size=5)
_LEAVES = st.one_of(
    st.builds(Term, _WORDS),
    st.builds(
        FieldIs,
        st.sampled_from([*sorted(FIELDS), "store", "nothing"]),
        st.sampled_from(
            ["forum", "ＦＯＲＵＭ", "weibo", "A", "a", "b", "星辰汽车", "安全", "abc", "车主老周", "e1", ""]
        ),
    ),
    st.builds(Between, st.sampled_from(["risk", "negative"]), st.sampled_from([None, 0, 0.5, 60])),
    st.just(Within(since=NOW)),
)


def _groups(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    nodes = st.lists(inner, max_size=4).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(All, nodes), st.builds(AnyOf, nodes))


_TREES: st.SearchStrategy[Node | None] = st.one_of(st.none(), st.recursive(_LEAVES, _groups, max_leaves=12))


@given(st.lists(_TREES, max_size=8))
def test_whatever_matches_is_asked(trees: list[Node | None]) -> None:
    """In the order in which the trees came."""
    narrowed = Narrowed(list(zip(trees, range(len(trees)), strict=True)), fields=FIELDS)
    for mention in PREPARED:
        asked = [number for _, number in narrowed.asked(mention)]
        matching = [number for number, tree in enumerate(trees) if matches(tree, mention)]
        assert set(matching) <= set(asked)
        assert asked == sorted(asked)


@pytest.mark.parametrize(
    ("tree", "asked"),
    [
        (Term("失去动力"), [0]),
        (Term("退一赔三"), []),
        (Term("！"), []),  # nothing can match it
        (All((Term("车"), FieldIs("grade", "A"), Term("退一赔三"))), []),  # hangs on what tells most
        (AnyOf((Term("退一赔三"), FieldIs("author", "ABC"))), [3]),
        (All((Not(Term("失去动力")), FieldIs("channel", "weibo"))), [1]),
        (AnyOf(()), []),
        (Not(Term("失去动力")), [0, 1, 2, 3]),  # nothing to hang on
        (AnyOf((Term("退一赔三"), Between("risk", 60))), [0, 1, 2, 3]),
        (FieldIs("store", "星辰汽车"), [0, 1, 2, 3]),  # a field that mentions do not hold: left to the definition
        (None, [0, 1, 2, 3]),
    ],
)
def test_a_search_meets_only_what_it_may_match(tree: Node | None, asked: list[int]) -> None:
    narrowed = Narrowed([(tree, "it")], fields=FIELDS)
    assert [number for number, mention in enumerate(PREPARED) if narrowed.asked(mention)] == asked


def test_a_long_word_hangs_on_its_end() -> None:
    """Stores of one group begin alike."""
    north, south = (hook_of(Term(f"星辰汽车城{where}店"), FIELDS) for where in "北南")
    assert north is not None
    assert south is not None
    assert north.keys.isdisjoint(south.keys)
    mention = prepare(make_mention(text="在星辰汽车城北店。"), zone=ZONE)
    assert north.keys <= set(keys_of(mention))
