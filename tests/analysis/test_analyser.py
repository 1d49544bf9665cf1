"""From posts to verdicts, with the model that ships."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analysis.analyser import Analyser
from analysis.events import Candidate, EventGrouper
from analysis.sentiment import SentimentModel
from core.database import Database
from core.model import Channel, Event, Post, Verdict
from core.settings import RiskSettings, SubjectSettings

#: An ordinary day: on 3·15 complaints weigh more (`[calendar]`).
NOON = datetime(2026, 6, 10, 4, 0, tzinfo=UTC)
SUBJECTS = [
    SubjectSettings(name="曜行汽车", aliases=("曜行",)),
    SubjectSettings(name="曜行S7", kind="model", aliases=("S7",), require=("曜行",)),
    SubjectSettings(name="曜行城东店", kind="store", aliases=("曜行汽车城东店",)),
]


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser(subjects=SUBJECTS, risk=RiskSettings(), model=SentimentModel.load(None))


def post(text: str, *, channel: Channel = "forum", native_id: str | None = None, **more: Any) -> Post:
    return Post(
        kind="manual",
        site="manual",
        native_id=native_id or text or "empty",
        url="",
        channel=channel,
        text=text,
        collected=more.pop("collected", NOON),
        **more,
    )


def judge(analyser: Analyser, *posts: Post) -> list[Verdict]:
    return analyser.assess(posts, now=NOON)


@pytest.mark.parametrize(
    ("channel", "text", "grades"),
    [
        # Accidents.
        ("forum", "昨晚刚提的曜行S7，今天早上发动机起火了，4S店让我等通知", "A"),
        ("forum", "曜行S7高速上刹车突然失灵，全家人差点没命，厂家到现在不露面", "A"),
        ("weibo", "气愤！曜行S7充电时自燃，烧得只剩骨架，客服居然说是我操作不当", "A"),
        ("weibo", "曜行S7在高架上突然失去动力，后车差点撞上来，太危险了", "A"),
        ("news", "一辆曜行S7在机场高速起火，消防部门已到场处置", "A"),
        # Fraud with a threat.
        ("forum", "曜行城东店欺诈消费者，拒绝退还两万定金，已经向12315投诉，继续维权", "B"),
        ("weibo", "曜行4S店隐瞒事故车当新车卖，必须退一赔三，求媒体曝光", "B"),
        ("forum", "定金三万死活不退，曜行城东店你们等着，3·15见，消协已经受理", "B"),
        # Ordinary complaints.
        ("forum", "曜行S7一过坑就异响，跑了四次售后都没修好，烦死了", "C"),
        ("forum", "曜行城东店服务态度太差了，坐了半小时没人搭理", "C"),
        ("forum", "曜行S7才开一年就漏油，地上一大滩，售后说没事", "C"),
        ("weibo", "曜行的售后真的垃圾，保养完机油盖都没拧紧", "C"),
        ("forum", "曜行4S店乱收费，换个空调滤芯要我六百", "C"),
        ("weibo", "呵呵，曜行这服务真周到，修个车让我等了一个月", "C"),
        # Nothing to report.
        ("forum", "曜行S7提车两个月，空间大油耗低，全家都喜欢", ""),
        ("forum", "曜行城东店的师傅很专业，异响一次就解决了，感谢", ""),
        ("forum", "请问曜行S7的机油多久换一次比较好？", ""),
        ("forum", "曜行S7和别的车比哪个省油？求推荐", ""),
        ("forum", "想问问曜行S7会不会漏油，准备下定了", ""),
        ("weibo", "隔壁启程的车又自燃了，幸好我开的是曜行", ""),
        ("weibo", "曜行今天开了新门店，到场送小礼品", ""),
        ("news", "曜行汽车公布一季度销量，同比增长一成", ""),
        ("forum", "开了曜行三年，没有起火没有漏油，质量确实可以", ""),
        ("forum", "曜行城东店退定金两天就到账了，处理得干脆，点赞", ""),
        ("weibo", "转发微博", ""),
        # Not about us.
        ("forum", "这家4S店拒绝退定金，已经打了12315", ""),
        ("weibo", "楼下着火了，浓烟滚滚，太吓人了", ""),
    ],
)
def test_grades_of_posts(analyser: Analyser, channel: Channel, text: str, grades: str) -> None:
    """The sentences a PR officer would grade at sight."""
    (verdict,) = judge(analyser, post(text, channel=channel))
    assert (verdict.grade or "") == grades, verdict


def test_without_a_subject_there_is_no_risk(analyser: Analyser) -> None:
    """A post about nobody we watch has a probability and categories, and nothing else."""
    (verdict,) = judge(analyser, post("气死了，发动机起火，4S店态度恶劣，垃圾，求曝光"))
    assert verdict.negative > 0.5
    assert "安全事故" in verdict.categories
    assert (verdict.subjects, verdict.risk, verdict.grade, verdict.event) == ((), 0, None, None)


def test_reasons_explain_the_risk(analyser: Analyser) -> None:
    """The points add up to the risk, and the strongest words are named with their places."""
    one = post("跑了四次售后都没修好，烦死了", title="曜行S7一过坑就异响")
    (verdict,) = judge(analyser, one)
    assert sum(reason.points for reason in verdict.reasons) == verdict.risk
    words = [reason for reason in verdict.reasons if reason.code == "model.token"]
    assert 1 <= len(words) <= 3
    for reason in verdict.reasons:
        if reason.span is not None:
            assert one.full_text[slice(*reason.span)]
    assert verdict.subjects == ("曜行汽车", "曜行S7")
    assert verdict.model == SentimentModel.load().name


HOSTILE = {
    "empty": "",
    "blank": " \n\t\u3000",
    "emoji": "🔥😡" * 50,
    "links": "https://example.test/a?b=c " * 40,
    "hidden": "\u200b\u200d\ufeff" * 1_000,
    "controls": "".join(map(chr, range(32))) + "\x7f\x9f",
    "surrogates": "\ud800曜行\udfff异响\ud800",
    "astral": "𠮷𠮷𠮷曜行",
    "growing case": "İ" * 500 + "曜行",
    "regex": "((((((((((" * 500 + "[[[[" + "\\" * 99,
    "quotes": "//@" * 5_000 + "[quote]" * 2_000,
    "one letter": "a" * 1_000_000,
    "megabyte": "曜行起火，没有异响！" * 100_000,
    "lines": "\n" * 1_000_000,
    "brackets": "[" * 200_000,
    "null": "\0曜行\0",
    "at signs": "@" * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.timeout(20)
def test_hostile_text_gets_a_verdict(analyser: Analyser, name: str) -> None:
    """No text makes the analyser fail or stall."""
    one = post(HOSTILE[name], native_id=name)
    (verdict,) = judge(analyser, one)
    assert verdict.id == one.id
    for reason in verdict.reasons:
        reason.text.encode()
        if reason.span is not None:
            assert 0 <= reason.span[0] <= reason.span[1] <= len(one.full_text)


def test_a_long_text_says_so(analyser: Analyser) -> None:
    """Judged on head and tail, with a reason; trouble told at the end counts."""
    one = post("曜行S7用车记录。" + "今天出门。" * 10_000 + "曜行S7发动机起火，厂家推卸责任，太气人了！")
    (verdict,) = judge(analyser, one)
    assert "text.cut" in {reason.code for reason in verdict.reasons}
    assert "安全事故" in verdict.categories


def test_a_bare_repost_is_nobodys_opinion(analyser: Analyser) -> None:
    """The subject is named in the quoted words, the author says nothing."""
    (verdict,) = judge(analyser, post("转发微博//@车友:曜行S7自燃了，垃圾车", channel="weibo"))
    assert verdict.subjects == ("曜行汽车", "曜行S7")
    assert verdict.negative < 0.5
    assert "text.silent" in {reason.code for reason in verdict.reasons}


def test_order_and_batch_do_not_matter(analyser: Analyser) -> None:
    """The same post has the same verdict, alone or among others."""
    texts = ["曜行S7异响", "曜行真不错", "", "今天吃什么", "曜行店拒绝退定金，12315见"]
    posts = [post(text, native_id=str(number)) for number, text in enumerate(texts)]
    together = judge(analyser, *posts)
    assert [verdict.id for verdict in together] == [one.id for one in posts]
    assert together == [judge(analyser, one)[0] for one in posts]
    assert judge(analyser, *posts[::-1]) == together[::-1]
    assert judge(analyser) == []


def test_events_are_asked_for_mentions_of_trouble_only(analyser: Analyser) -> None:
    """Praise and strangers' posts are not offered to the grouping; future times are held to now."""
    asked: list[Candidate] = []

    def group(candidates: Sequence[Candidate]) -> list[Event | None]:
        asked.extend(candidates)
        return [None] * len(candidates)

    posts = [
        post("曜行S7低速异响，烦死了", published=NOON + timedelta(days=900)),
        post("曜行真不错，喜欢"),
        post("别家的车自燃了，太气人了"),
    ]
    analyser.assess(posts, now=NOON, group=group)
    assert [candidate.post for candidate in asked] == [posts[0].id]
    assert asked[0].when == NOON


def test_spread_raises_the_risk(analyser: Analyser, tmp_path: Path) -> None:
    """A story told on three channels weighs more than one post, and its posts share an event."""
    database = Database(f"sqlite:///{tmp_path / 'spread.sqlite'}")
    database.migrate()
    grouper = EventGrouper(database)
    posts = [
        post("我的曜行S7断轴了，就在杭州滨江收费站，厂家不管", native_id="1"),
        post("杭州滨江收费站一辆曜行S7断轴，太可怕了", native_id="2", channel="weibo"),
        post("曜行S7在杭州滨江收费站断轴，车主投诉厂家", native_id="3", channel="news"),
    ]
    with database.write() as connection:
        found = analyser.assess(posts, now=NOON, group=lambda asked: grouper.assign(connection, asked))
    database.close()
    assert len({verdict.event for verdict in found}) == 1
    assert found[0].event is not None
    assert "spread" in {reason.code for reason in found[0].reasons}
    assert found[0].risk > judge(analyser, posts[0])[0].risk
