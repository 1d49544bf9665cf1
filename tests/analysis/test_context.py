"""Replies and reposts that name nobody: judged by their own words, filed under what their thread is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from analysis.analyser import Analyser
from analysis.events import Candidate
from analysis.sentiment import SentimentModel
from core.model import Author, Event, Post, Verdict
from core.settings import RiskSettings, SubjectSettings

NOON = datetime(2026, 6, 10, 4, 0, tzinfo=UTC)
SUBJECTS = [
    SubjectSettings(name="曜行汽车", aliases=("曜行",), exclude=("舞团",)),
    SubjectSettings(name="曜行S7", kind="model", aliases=("S7",), require=("曜行", "4S")),
    SubjectSettings(name="城东店", kind="store", aliases=("城东店",), require=("曜行",)),
    SubjectSettings(name="城西店", kind="store", aliases=("城西店",), require=("曜行",)),
]
BOTH = ("曜行汽车", "曜行S7")


def post(text: str, native_id: str | None = None, **more: Any) -> Post:
    fixed = {"kind": "forum", "site": "bbs.example", "url": "", "channel": "forum", "collected": NOON}
    return Post(text=text, native_id=native_id or text or "empty", **{**fixed, **more})


HEAD = post("昨天高速上刹车踩下去没有反应，差点追尾，售后说没有故障码", "head", title="曜行S7高速刹车失灵", floor=1)


def reply(text: str, to: Post = HEAD, **more: Any) -> Post:
    return post(text, parent=to.id, **{"floor": 7, **more})


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser(subjects=SUBJECTS, risk=RiskSettings(), model=SentimentModel.load(None))


def judge_reply(analyser: Analyser, text: str, head: Post = HEAD, **more: Any) -> Verdict:
    return analyser.assess([head, reply(text, head, **more)], now=NOON)[1]


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("刹车失灵不是小事！厂家赶紧给个说法吧，太吓人了", "B"),
        ("我的也漏油，修了三次都没修好，气死人", "C"),
        ("店里态度极差，打了五次电话都推诿，真恶心", "C"),
        ("这种垃圾厂家必须曝光，我已经打了12315投诉，等着瞧", "B"),
    ],
)
def test_words_of_substance_take_over_the_subject(analyser: Analyser, text: str, grade: str) -> None:
    """Negative, and about a category or with a threat: graded, and the reason says whence the subject is."""
    verdict = judge_reply(analyser, text)
    assert verdict.subjects == BOTH
    assert verdict.grade == grade, verdict
    told = [reason for reason in verdict.reasons if reason.code == "subject.context"]
    assert [(reason.text, reason.points, reason.span) for reason in told] == [
        ("所在主帖提到曜行汽车", 0, None),
        ("所在主帖提到曜行S7", 0, None),
    ]
    assert sum(reason.points for reason in verdict.reasons) == verdict.risk


@pytest.mark.parametrize(
    "text",
    [
        "顶", "沙发", "围观", "前排", "无语", "太惨了", "什么情况", "心疼楼主", "同问", "呵呵", "😡😡😡", "",
        "顶一个，让更多人看到", "楼主加油，支持维权", "希望尽快解决", "坐等官方回复", "楼主辛苦了，学习了",
        # About somebody else's car.
        "我那台旧车才叫垃圾，天天漏油", "隔壁启程的车也自燃了，太吓人了", "别家的售后态度更恶劣",
        "丰田也一样，异响修了三次没修好，垃圾",
        # Advice.
        "建议先打12315投诉，不行再找律师起诉", "合同有违约条款的话，可以要求双倍返还定金",
        # Nothing bad.
        "我的没有这个问题，开着挺好", "质量很好，售后也很满意", "请问后来怎么处理的？",
        # Denied and imagined.
        "我的从没出现过刹车失灵，质量很好", "怎么预防自燃，谁来科普一下",
    ],
)  # fmt: skip
def test_the_rest_stays_without_subject_and_grade(analyser: Analyser, text: str) -> None:
    """Cheers, sighs, advice, other people's cars and harmless words are no mentions."""
    verdict = judge_reply(analyser, text)
    assert (verdict.subjects, verdict.grade, verdict.risk) == ((), None, 0), verdict


@pytest.mark.parametrize(
    "text",
    [
        "发动机起火了，浓烟滚滚，烧成空壳，太可怕了，12315维权，求媒体曝光，法院见！",
        "刹车失灵太可怕了，差点没命，垃圾厂家推卸责任，必须起诉，消协、12345都投诉了",
    ],
)
def test_a_presumed_subject_reaches_grade_b_at_most(analyser: Analyser, text: str) -> None:
    """The words would be an A with a name; without one the surplus is taken off, and a reason says so."""
    assert judge_reply(analyser, "曜行" + text).grade == "A"
    verdict = judge_reply(analyser, text)
    assert verdict.grade == "B"
    assert verdict.risk == RiskSettings().grade_a - 1
    (cap,) = [reason for reason in verdict.reasons if reason.code == "subject.context.cap"]
    assert cap.points < 0
    assert sum(reason.points for reason in verdict.reasons) == verdict.risk


def test_an_accident_of_its_own_subject_is_an_emergency(analyser: Analyser) -> None:
    """ "S7" alone is too vague; in a thread about 曜行 it is a name like any other."""
    text = "我的S7今天也刹车失灵了，太吓人，厂家不管"
    assert analyser.assess([reply(text)], now=NOON)[0].subjects == ()
    verdict = judge_reply(analyser, text)
    assert (verdict.subjects, verdict.grade) == (("曜行S7", "曜行汽车"), "A")
    named = {reason.text: reason.span for reason in verdict.reasons if reason.code.startswith("subject")}
    assert named == {"提到曜行S7": (2, 4), "所在主帖提到曜行汽车": None}


def test_another_store_named_takes_the_stores_place(analyser: Analyser) -> None:
    """The thread is about one store, the reply complains of another."""
    head = post("曜行城东店保养怎么样", "store")
    verdict = judge_reply(analyser, "城西店千万别去，乱收费，态度恶劣", head)
    assert set(verdict.subjects) == {"城西店", "曜行汽车"}
    assert verdict.grade == "C"


def test_a_reply_keeps_its_own_subject(analyser: Analyser) -> None:
    """Who names a subject is not about the others of the thread."""
    verdict = judge_reply(analyser, "曜行的售后真垃圾，修了三次都没修好")
    assert verdict.subjects == ("曜行汽车",)
    assert "subject.context" not in {reason.code for reason in verdict.reasons}


@pytest.mark.parametrize(
    ("author", "text"),
    [
        ("曜行汽车", "刹车失灵一事我们高度重视，起火原因正在调查，差点追尾的车主已联系"),
        ("曜行汽车客户关怀", "对刹车失灵、自燃给大家造成的恐慌，我们非常痛心"),
        ("小张", "王先生您好，对刹车失灵的问题我司高度重视，由此给您造成的恐慌和危险，我们向您致歉"),
        ("小李", "您好，非常抱歉给您带来极差的体验，刹车失灵的事故工程师正在检测，让您久等了"),
        ("曜行官方客服", "曜行S7刹车失灵、起火等网传事故，正在核实，太令人痛心"),
    ],
)
def test_the_subjects_own_answers_have_no_grade(analyser: Analyser, author: str, text: str) -> None:
    """Official accounts and customer service speak of accidents all day, whether they name the subject or not."""
    verdict = judge_reply(analyser, text, author=Author(name=author))
    assert (verdict.grade, verdict.risk) == (None, 0), verdict


@pytest.mark.parametrize("author", ["曜行受害者", "曜行S7车主", "反对曜行汽车"])
def test_an_angry_customers_name_is_no_office(analyser: Analyser, author: str) -> None:
    """An account that only contains the brand's name is heard."""
    assert judge_reply(analyser, "您好？刹车失灵谁负责，太吓人了！", author=Author(name=author)).grade == "B"


def test_the_heads_words_are_not_the_replys(analyser: Analyser) -> None:
    """Probability, categories and words are those of the reply alone."""
    text = "我的也漏油，修了三次都没修好，气死人"
    alone, with_head = analyser.assess([reply(text)], now=NOON)[0], judge_reply(analyser, text)
    assert (alone.negative, alone.categories) == (with_head.negative, with_head.categories)
    assert "安全事故" not in with_head.categories


def test_a_comparing_headline_passes_nothing_on(analyser: Analyser) -> None:
    """In "曜行 or 丰田?" nobody knows whose car leaks."""
    head = post("预算十五万", "which", title="曜行S7和丰田哪个好")
    assert judge_reply(analyser, "漏油，修了三次都没修好，气死人", head).subjects == ()


def test_another_meaning_of_the_name_passes_nothing_on(analyser: Analyser) -> None:
    """The thread is about a dance company; "曜行" in its replies is not the car."""
    head = post("曜行舞团今晚演出", "dance")
    for text in ("态度极差，退票都推诿，真恶心", "曜行真恶心，态度极差，拒绝退款"):
        found = judge_reply(analyser, text, head)
        assert "subject.context" not in {reason.code for reason in found.reasons}


def test_a_repost_says_so(analyser: Analyser) -> None:
    """On Weibo the parent is what was reposted."""
    head = post("曜行S7高速刹车失灵，差点没命", "w1", kind="weibo", channel="weibo")
    verdict = judge_reply(
        analyser, "刹车失灵这种事太吓人了，厂家还在装死", head, kind="weibo", channel="weibo", floor=None
    )
    assert verdict.grade == "B"
    assert "所转原文提到曜行S7" in {reason.text for reason in verdict.reasons}


def test_context_is_asked_once_and_only_for_what_is_missing(analyser: Analyser) -> None:
    """One question a batch; none for posts that name somebody, or whose parent is in the batch."""
    asked: list[list[str]] = []
    other = post("曜行S7漏油，售后推诿", "other")

    def context(ids: Sequence[str]) -> Mapping[str, Post]:
        asked.append(list(ids))
        return {other.id: other}

    texts = ("也漏油，修了三次没修好，气死人", "同样漏油，售后态度恶劣，真恶心")
    posts = [
        HEAD,
        reply("刹车失灵太吓人了"),
        *(reply(text, other) for text in texts),
        reply("曜行不错", post("", "far")),
    ]
    found = analyser.assess(posts, now=NOON, context=context)
    assert asked == [[other.id]]
    assert [verdict.subjects for verdict in found[2:4]] == [BOTH, BOTH]
    analyser.assess([HEAD, post("今天吃什么")], now=NOON, context=context)
    assert len(asked) == 1


@pytest.mark.parametrize("context", [None, lambda ids: {}])
def test_a_parent_that_nobody_has_is_no_error(analyser: Analyser, context: Any) -> None:
    """The reply is judged without context."""
    (verdict,) = analyser.assess([reply("刹车失灵不是小事！太吓人了")], now=NOON, context=context)
    assert (verdict.subjects, verdict.grade) == ((), None)
    assert verdict.negative > 0.5


def test_only_one_level(analyser: Analyser) -> None:
    """A reply to a reply that inherited its subject inherits nothing; circles end."""
    first = reply("我的也漏油，修了三次都没修好，气死人")
    second = reply("一样漏油，售后态度恶劣，真恶心", first)
    found = analyser.assess([HEAD, first, second], now=NOON, context=lambda ids: pytest.fail(f"asked for {ids}"))
    assert found[1].subjects == BOTH
    assert found[2].subjects == ()
    own = post("漏油，修了三次都没修好，气死人", "circle")
    loop = post(own.text, "circle", parent=own.id)
    assert analyser.assess([loop], now=NOON)[0].subjects == ()


def test_order_and_batch_do_not_matter(analyser: Analyser) -> None:
    """With the head in the batch, after the reply, or fetched: the same verdict."""
    one = reply("我的也漏油，修了三次都没修好，气死人")
    fetched = analyser.assess([one], now=NOON, context=lambda ids: {HEAD.id: HEAD})
    assert analyser.assess([one, HEAD], now=NOON)[:1] == analyser.assess([HEAD, one], now=NOON)[1:] == fetched


def test_the_grouping_is_told_the_parent_and_the_subjects(analyser: Analyser) -> None:
    """An inherited mention asks for its event like any other."""
    asked: list[Candidate] = []

    def group(candidates: Sequence[Candidate]) -> list[Event | None]:
        asked.extend(candidates)
        return [None] * len(candidates)

    analyser.assess([HEAD, reply("我的也漏油，修了三次都没修好，气死人"), reply("顶")], now=NOON, group=group)
    assert [(one.parent, one.subjects) for one in asked] == [(None, BOTH), (HEAD.id, BOTH)]
