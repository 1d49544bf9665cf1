"""The grouping without a database: what is one story, what is not, and that the order of arrival hardly matters."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.event_marks import marks_of
from analysis.event_quality import b_cubed, group
from analysis.event_stories import Elder, Stories, Told
from analysis.stories import Candidate, signature
from core.text import fold

START = datetime(2026, 3, 15, tzinfo=UTC)

LEAK = [
    "曜行S7提车十五天，天窗漏水，车顶内衬湿了一大片，副驾脚垫能拧出水，滨江店说师傅排队到下周四",
    "消费者反映新车漏水：在曜行滨江店购买的S7提车半个月天窗漏水，车顶内衬有水渍，副驾脚垫潮湿，师傅要排队到下周四",
    "天窗漏水的S7，副驾成了游泳池，内衬黄了，滨江店的回复是师傅排队到下周四",
]
DASH = [
    "跨江大桥上曜行E3仪表和中控一起黑屏，转向灯打不打都不知道，后面货车按喇叭，断电三分钟才亮",
    "转自车友会：晚上八点多跨江大桥，曜行E3仪表中控黑屏，转向灯亮没亮不知道，货车按喇叭，断电三分钟恢复",
    "车机升级后仪表短时黑屏：曜行E3车主称行驶在跨江大桥上，无法确认转向灯，靠边断电后恢复，厂家已推送程序",
]
FIRE = [
    "望江大道一辆曜行S7行驶中起火，一家三口跳车逃生，机舱盖冒白烟，消防六分钟到场",
    "望江大道沙洲路口，曜行S7车头突然窜出明火，一家三口逃生，机舱盖先冒白烟，店里做过保养",
    "曜行S7自燃！望江大道，三口人跳车，消防来得快，车烧成空壳",
]
ALONE = [
    "曜行滨江店服务态度差，前台让我等了两个小时",
    "曜行S7油耗高，城市道路十二个油",
    "曜行E3座椅开线，让我自己找皮匠",
    "曜行定金两万不退，说合同写了",
    "曜行城东店乱收上牌费，一千八",
    "曜行S7变速箱低速顿挫，说是正常现象",
    "曜行E3变速箱低速顿挫，升级程序也没用",
    "曜行S7雨刮异响，换了胶条还响",
]
WORLD = [*((text, "leak") for text in LEAK), *((text, "dash") for text in DASH), *((text, "fire") for text in FIRE)]
WORLD += [(text, text) for text in ALONE]


def told(
    post: str, text: str, *, hours: float = 0, parent: str | None = None, subjects: Sequence[str] = ("曜行",)
) -> Told:
    when = START + timedelta(hours=hours)
    candidate = Candidate(
        post=post,
        channel="forum",
        headline=text,
        text=fold(text),
        subjects=tuple(subjects),
        names=("曜行",),
        categories=(),
        when=when,
        parent=parent,
    )
    return Told(post=post, when=when.timestamp(), signature=signature(candidate))


def stories() -> Stories:
    return Stories(window=timedelta(hours=72), copies=timedelta(days=30))


def decide(found: Stories, posts: Sequence[Told], elder: Elder = lambda *_: None) -> list[str]:
    return found.decide(posts, lambda post: f"e-{post}", elder)[0]


def all_pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    return [(one, other) for at, one in enumerate(texts) for other in texts[at + 1 :]]


@pytest.mark.parametrize("texts", [LEAK, DASH, FIRE], ids=["leak", "dash", "fire"])
def test_one_story_told_by_owner_newspaper_and_forwarder_is_one(texts: Sequence[str]) -> None:
    """Also where nothing of our list of incidents happened, only rare things together."""
    found = decide(stories(), [told(str(at), text, hours=at) for at, text in enumerate(texts)])
    assert len(set(found)) == 1


@pytest.mark.parametrize(("one", "other"), all_pairs([LEAK[0], DASH[0], FIRE[0], *ALONE]))
def test_two_stories_stay_two(one: str, other: str) -> None:
    """Each pair of different complaints about one brand, alone in an empty archive."""
    assert len(set(decide(stories(), [told("a", one), told("b", other, hours=1)]))) == 2


FORM = "{city}一辆曜行{model}在高速收费站附近追尾护栏，现场交警和拖车都到了，车主说刹车没有反应，店里说要检测"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("杭州", "S7"), ("杭州", "S7"), True),
        (("杭州", "S7"), ("成都", "S7"), False),
        (("杭州", "S7"), ("杭州", "E3"), False),
        (("大连", "S7"), ("石家庄", "S7"), False),
    ],
)
def test_a_form_filled_in_twice_is_two_stories(one: tuple[str, str], other: tuple[str, str], same: bool) -> None:
    """The same sentences about another car, or in another city, are no copy."""
    texts = [FORM.format(city=city, model=model) for city, model in (one, other)]
    found = decide(stories(), [told(str(at), text, hours=at) for at, text in enumerate(texts)])
    assert (found[0] == found[1]) is same


def test_a_post_without_a_place_does_not_tie_two_places_together() -> None:
    """It joins one of them; the other stays apart, though it fits the post."""
    posts = [
        told("a", "曜行S7在杭州滨江起火，消防车来了三台"),
        told("b", "曜行S7起火，消防车来了三台，浓烟滚滚", hours=1),
        told("c", "曜行S7在成都武侯起火，消防车来了三台，浓烟滚滚", hours=2),
    ]
    found = decide(stories(), posts)
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(("days", "same"), [(0, True), (2, True), (29, True), (31, False)])
def test_copies_are_waited_for_longer_than_retellings(days: int, same: bool) -> None:
    """Thirty days for the same text; three for other words."""
    found = stories()
    first = decide(found, [told("a", LEAK[0])])
    assert (decide(found, [told("b", LEAK[0], hours=24 * days)]) == first) is same
    assert (decide(found, [told("c", LEAK[1], hours=24 * days)]) == first) is (days <= 2 or same)


def test_words_that_everybody_uses_tie_nothing_together() -> None:
    """A rare word that turns out to be the talk of the archive loses its weight."""
    found = stories()
    parts = ["轮胎", "座椅", "车窗", "空调", "大灯", "喇叭", "雨刮", "钥匙", "导航", "音响"]
    posts = [
        told(
            f"{at}",
            f"曜行车友会今年的自驾游第{at}天{parts[at % 10]}坏了，领队组织的露营烧烤篝火晚会{at * 37 % 91}人",
            hours=at / 9,
        )
        for at in range(300)
    ]
    rare = stories()
    before = np.median(rare.shelf.rarity.nats(marks_of(["a"], [0.0], [posts[0].signature]))[0, :8])
    decide(found, posts)
    after = np.median(found.shelf.rarity.nats(found.shelf.marks)[0, :8])
    assert before > 4.0
    assert after < 2.0


def shuffled(seed: int, batch: int) -> list[str]:
    """The events of `WORLD`'s posts, which arrive in a random order in batches."""
    order = list(range(len(WORLD)))
    random.Random(seed).shuffle(order)
    found, events = stories(), [""] * len(WORLD)
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        for row, event in zip(
            rows, decide(found, [told(f"{row}", WORLD[row][0], hours=row / 2) for row in rows]), strict=True
        ):
            events[row] = event
    return events


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6), batch=st.sampled_from([1, 3, 7, 50]))
def test_the_order_of_arrival_never_mixes_stories(seed: int, batch: int) -> None:
    """Whatever comes first: no post in a foreign story, and at most one of nine retellings away from its own."""
    agreement = b_cubed([story for _, story in WORLD], shuffled(seed, batch))
    assert agreement.precision == 1.0
    assert agreement.recall >= 0.88


def test_the_order_within_a_batch_means_nothing() -> None:
    """The posts are taken by their times."""
    assert len({tuple(shuffled(seed, 50)) for seed in range(5)}) == 1


BRIDGE = "望江大道沙洲路口，曜行S7起火自燃，一家三口跳车逃生，机舱盖冒白烟，消防六分钟到场，车烧成空壳，店里做过保养"


def test_a_post_that_tells_both_makes_one_of_two() -> None:
    """The callback chooses the survivor; a refusal leaves two."""
    halves = [
        told("a", "曜行S7望江大道起火，消防六分钟到场"),
        told("b", "曜行S7在沙洲路口自燃，车烧成空壳，一家三口跳车逃生", hours=1),
    ]
    for answer in (None, "e-a"):
        found = stories()
        found.recall(halves, ["e-a", "e-b"])
        events, unions = found.decide(
            [told("c", BRIDGE, hours=2)], lambda post: f"e-{post}", lambda *_, answer=answer: answer
        )
        assert events[0] in ("e-a", "e-b")
        assert [(one.survivor, one.absorbed) for one in unions] in ([], [("e-a", "e-b")])
        if answer is None:
            assert unions == []


def test_a_reply_never_bridges() -> None:
    """Whoever answers in one thread may speak of everything."""
    found = stories()
    found.recall([told("a", LEAK[0]), told("b", FIRE[0], hours=1)], ["e-a", "e-b"])
    reply = told("c", f"{FIRE[0]} {LEAK[0]}", hours=2, parent="a")
    events, unions = found.decide([reply], lambda post: f"e-{post}", lambda *_: "e-a")
    assert (events, unions) == (["e-a"], [])


def test_what_was_recalled_decides_like_what_was_decided() -> None:
    """A restart changes nothing: the same posts, remembered, put new ones into the same stories."""
    posts = [told(f"{row}", text, hours=row / 2) for row, (text, _) in enumerate(WORLD)]
    lived, reborn = stories(), stories()
    events = decide(lived, posts[:10])
    order = sorted(range(10), key=lambda row: posts[row].when)
    reborn.recall([posts[row] for row in order], [events[row] for row in order])
    assert decide(lived, posts[10:]) == decide(reborn, posts[10:])


@pytest.mark.parametrize(
    ("meant", "found", "precision", "recall"),
    [
        ("aabb", "xxyy", 1.0, 1.0),
        ("aabb", "xxxx", 0.5, 1.0),
        ("aabb", "wxyz", 1.0, 0.5),
        ("aab", "xyy", 2 / 3, 2 / 3),
        ("", "", 0.0, 0.0),
    ],
)
def test_b_cubed(meant: str, found: str, precision: float, recall: float) -> None:
    """By hand."""
    agreement = b_cubed(list(meant), list(found))
    assert agreement.precision == pytest.approx(precision)
    assert agreement.recall == pytest.approx(recall)


@pytest.mark.parametrize("texts", [[], [""], ["", ""], ["\ud800"], ["🔥" * 50] * 2])
def test_any_texts_can_be_grouped(texts: list[str]) -> None:
    """Empty and strange ones included."""
    assert len(group(texts)) == len(texts)
