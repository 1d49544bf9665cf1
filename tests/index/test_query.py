"""The search language: what people type becomes the tree they mean, or an error that says where."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.tokens import characters
from core.errors import QuerySyntaxError
from core.model import CHANNELS, GRADES, Author, Mention, Post, Verdict
from index.base import All, AnyOf, FieldIs, Node, Not, Query, Term, Within
from index.query import parse, render
from index.sqlite import SqliteIndex

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


def tree(text: str) -> Node | None:
    return parse(text, now=NOW, zone=ZONE)


def midnight(day: int) -> datetime:
    """When a day of March 2026 begins in Shanghai."""
    return datetime(2026, 3, day, tzinfo=ZONE)


A, B, C = Term("甲"), Term("乙"), Term("丙")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        (" 　\n", None),
        ("甲", A),
        ("甲 乙", All((A, B))),
        ("甲　AND　乙 与 丙", All((A, B, C))),
        ("甲 乙 OR 丙", AnyOf((All((A, B)), C))),
        ("甲 (乙 或 丙)", All((A, AnyOf((B, C))))),
        ("甲（乙 OR 丙）", All((A, AnyOf((B, C))))),
        ("(甲 乙) 丙", All((A, B, C))),
        ("甲 OR (乙 OR 丙)", AnyOf((A, B, C))),
        ("((甲))", A),
        ("-甲", Not(A)),
        ("－甲", Not(A)),
        ("甲 -乙", All((A, Not(B)))),
        ("-(甲 乙)", Not(All((A, B)))),
        ("NOT NOT 甲", Not(Not(A))),
        ("非 甲 或 乙", AnyOf((Not(A), B))),
        ("4S-店", Term("4S-店")),
        ("and", Term("and")),
        ("与众不同", Term("与众不同")),
        ('"甲 OR 乙"', Term("甲 OR 乙")),
        ("“甲 乙”", Term("甲 乙")),
        ("「甲 乙」", Term("甲 乙")),
        ('"与"', Term("与")),
        (r'"甲\"乙\\"', Term('甲"乙\\')),
        ('甲"乙"丙', All((A, B, C))),
        ("12:30", Term("12:30")),
        ("关于:甲", Term("关于:甲")),
        ("channel:论坛", FieldIs("channel", "forum")),
        ("渠道：WEIBO", FieldIs("channel", "weibo")),
        ("grade:特急", FieldIs("grade", "A")),
        ("等级:b", FieldIs("grade", "B")),
        ("SUBJECT:星辰汽车", FieldIs("subject", "星辰汽车")),
        ('作者:"老 王"', FieldIs("author", "老 王")),
        ("-site:a.example 甲", All((Not(FieldIs("site", "a.example")), A))),
        ("日期:昨天", Within(since=midnight(14), until=midnight(15))),
        ("day:2026-03-01", FieldIs("day", "2026-03-01")),
        ("event:e1 category:质量", All((FieldIs("event", "e1"), FieldIs("category", "质量")))),
    ],
)
def test_what_is_meant(text: str, expected: Node | None) -> None:
    """Blanks mean and, NOT binds tightest, OR loosest; Chinese and English spellings mean the same."""
    assert tree(text) == expected


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("甲 (乙", 2, "括号没有闭合"),
        ("甲）", 1, "多了一个右括号"),
        (")", 0, "多了一个右括号"),
        ("()", 0, "括号里没有检索词"),
        ("(", 0, "括号没有闭合"),
        ('甲 "乙', 2, "引号没有闭合"),
        ("subject:“乙", 8, "引号没有闭合"),
        ("甲 OR", 2, "“OR”后面缺少检索词"),
        ("或 甲", 0, "“或”前面缺少检索词"),
        ("甲 AND AND 乙", 2, "“AND”后面缺少检索词"),
        ("甲 NOT", 2, "“NOT”后面缺少检索词"),
        ("-(", 1, "括号没有闭合"),
        ("甲 NOT OR 乙", 2, "“NOT”后面缺少检索词"),
        ("甲 !!!", 2, "没有可以检索的文字"),
        ('""', 0, "没有可以检索的文字"),
        ("- 甲", 0, "减号后面没有词"),
        ("甲 subjct:乙", 2, "没有字段“subjct”"),
        ("https://a.example", 0, "没有字段“https”"),
        ("甲 subject:", 10, "后面缺少值"),
        ("channel:火星", 8, "不认识的值“火星”"),
        ("grade:D", 6, "不认识的值“D”"),
        ("day:某天", 4, "不认识的日期“某天”"),
        ("(" * 50 + "甲" + ")" * 50, 21, "嵌套太深"),
        ("甲 " * 250, 400, "检索词太多"),
        ("甲" * 3000, 2000, "检索式太长"),
    ],
)
def test_what_is_wrong_and_where(text: str, position: int, problem: str) -> None:
    """A mistake is named, with its place and a way out."""
    with pytest.raises(QuerySyntaxError, match="检索式有误") as caught:
        tree(text)
    assert problem in caught.value.problem
    assert caught.value.position == position
    assert caught.value.fix


@pytest.mark.parametrize(
    ("typed", "meant"), [("subjct", "subject"), ("shop", "store"), ("score", "risk"), ("Sites", "site")]
)
def test_an_unknown_field_is_met_with_a_suggestion(typed: str, meant: str) -> None:
    """People guess names; we guess back."""
    with pytest.raises(QuerySyntaxError) as caught:
        tree(f"{typed}:x")
    assert f"是否想用 {meant}:" in caught.value.fix


@given(st.text(max_size=80) | st.text(alphabet='甲乙a1 ()"“”「」:-\\ANDORT与或非subject：　', max_size=40))
@settings(max_examples=400, deadline=None)
def test_nothing_but_a_syntax_error(text: str) -> None:
    """Any text is a tree, nothing, or a QuerySyntaxError whose position lies in the text."""
    try:
        found = tree(text)
    except QuerySyntaxError as bad:
        found, position = None, bad.position
    else:
        position = 0
    assert 0 <= position <= len(text)
    assert found is None or tree(render(found)) == found


TERMS = st.text(alphabet='甲乙丙刹车4sS店\\"“”」 ，\ud800🍋-:()', min_size=1, max_size=6).filter(characters).map(Term)
FIELDS = st.one_of(
    st.sampled_from(CHANNELS).map(lambda value: FieldIs("channel", value)),
    st.sampled_from(GRADES).map(lambda value: FieldIs("grade", value)),
    st.sampled_from(["星辰汽车", "城东店", 'a"b']).map(lambda value: FieldIs("subject", value)),
    st.sampled_from(["老王", "老 王"]).map(lambda value: FieldIs("author", value)),
    st.sampled_from(["2026-03-14", "2026-03-15"]).map(lambda value: FieldIs("day", value)),
)


def _grow(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=2, max_size=4)
    return st.one_of(
        inner.map(Not),
        several.filter(lambda nodes: not any(isinstance(node, All) for node in nodes)).map(
            lambda nodes: All(tuple(nodes))
        ),
        several.filter(lambda nodes: not any(isinstance(node, AnyOf) for node in nodes)).map(
            lambda nodes: AnyOf(tuple(nodes))
        ),
    )


NODES: st.SearchStrategy[Node] = st.recursive(TERMS | FIELDS, _grow, max_leaves=8)


@given(NODES)
@settings(max_examples=300, deadline=None)
def test_a_rendered_tree_reads_back(node: Node) -> None:
    """`render` and `parse` are each other's inverse on every tree that parse can give."""
    assert tree(render(node)) == node


# -- the index against an oracle that knows nothing of indexes -------------------------------------------------------

CORPUS_TEXT = st.text(alphabet="甲乙丙刹车4sS店ａ ，🍋\n", max_size=14)


@st.composite
def corpora(draw: st.DrawFn) -> list[Mention]:
    mentions = []
    for number in range(draw(st.integers(1, 8))):
        post = Post(
            kind="forum", site="s", native_id=str(number), url="", text=draw(CORPUS_TEXT),
            title=draw(st.none() | CORPUS_TEXT), channel=draw(st.sampled_from(CHANNELS)), collected=NOW,
            author=Author(name=draw(st.sampled_from([None, "老王", "老　王"]))),
            published=NOW - timedelta(hours=draw(st.integers(0, 30))),
        )  # fmt: skip
        verdict = Verdict(
            id=post.id, negative=0.5, grade=draw(st.sampled_from([None, *GRADES])),
            subjects=tuple(draw(st.sets(st.sampled_from(["星辰汽车", "城东店", 'a"b'])))),
        )  # fmt: skip
        mentions.append(Mention(post=post, verdict=verdict))
    return mentions


def oracle(mention: Mention, node: Node) -> bool:
    """What a tree means, said as plainly as possible."""
    post, verdict = mention.post, mention.verdict
    match node:
        case Not(inner):
            return not oracle(mention, inner)
        case All(nodes):
            return all(oracle(mention, inner) for inner in nodes)
        case AnyOf(nodes):
            return any(oracle(mention, inner) for inner in nodes)
        case Term(text):
            wished = "\x1f".join(["", *characters(text), ""])
            return any(wished in "\x1f".join(["", *characters(part), ""]) for part in (post.title or "", post.text))
        case FieldIs("author", value):
            return (post.author.name or "").replace("　", " ") == value
        case FieldIs(name, value):
            day = post.when.astimezone(ZONE).date().isoformat()
            known: dict[str, Sequence[str | None]] = {
                "channel": [post.channel],
                "grade": [verdict.grade],
                "subject": verdict.subjects,
                "day": [day],
            }
            return value in known[name]
        case _:
            raise AssertionError(node)


@given(corpora(), st.lists(NODES, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_index_agrees_with_a_naive_reader(
    tmp_path_factory: pytest.TempPathFactory, corpus: list[Mention], nodes: list[Node]
) -> None:
    """On any corpus and any tree, SQLite's hits are those that a reader would pick by hand, in every order."""
    index = SqliteIndex(Path(tmp_path_factory.mktemp("oracle")) / "index.sqlite", zone=ZONE)
    index.add_many(corpus)
    for node in nodes:
        expected = {mention.id for mention in corpus if oracle(mention, node)}
        page = index.search(Query(where=node, limit=50))
        assert {hit.mention.id for hit in page.hits} == expected
        assert page.total == len(expected)
        ranked = index.search(Query(where=node, limit=50, sort="relevance"))
        assert {hit.mention.id for hit in ranked.hits} == expected
    index.close()
