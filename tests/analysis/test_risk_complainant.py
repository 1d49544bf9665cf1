"""The same person again: by which marks, with how many points, and what is only a remark."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from analysis.background import Asked, Background, Earlier, Outcome, Sign
from analysis.reading import read
from analysis.risk import bundled_table
from analysis.risk.marks import Marker, contacts
from core.model import Author, Channel
from core.text import fold
from tests.analysis.risk_world import NOON, facts_of, make_post, points, weigh

MARKER = Marker(bundled_table())
DAY = timedelta(days=1)
STORY = "提车两个月变速箱顿挫，店里看了三次都说正常，谁来管管这件事"


def earlier(
    days: float, *, sign: Sign = "account", channel: Channel = "weibo", outcome: Outcome | None = None, site: str = "s"
) -> Earlier:
    return Earlier(post=f"p{days}", sign=sign, channel=channel, site=site, when=NOON - days * DAY, outcome=outcome)


def reasons(*known: Earlier, text: str = "曜行S7异响", **post: Any) -> dict[str, tuple[int, str]]:
    facts = facts_of(make_post(text, **post), background=Background(earlier=known))
    return {reason.code: (reason.points, reason.text) for reason in weigh(facts).reasons}


@pytest.mark.parametrize(
    ("known", "given", "text"),
    [
        ([earlier(12)], 3, "同一作者 12 天内在论坛、微博第 2 次投诉"),
        ([earlier(30), earlier(2, channel="forum")], 6, "同一作者 30 天内在论坛、微博第 3 次投诉"),
        ([earlier(n) for n in (1, 2, 3, 4)], 9, "第 5 次"),
        ([earlier(89)], 3, "89 天内"),
        ([earlier(0.1)], 3, "1 天内"),
        ([earlier(5, sign="contact"), earlier(6, sign="name")], 6, "同一联系方式或车辆"),
        ([earlier(5, sign="name"), earlier(6, sign="name")], 3, "同名作者"),
        ([earlier(5, sign="text", channel="complaint")], 3, "相同的文字 5 天内在论坛、投诉平台第 2 次投诉"),
    ],
)
def test_repeated_complaints(known: list[Earlier], given: int, text: str) -> None:
    """The sentence says by what, since when, where and how often; a mere name weighs little."""
    found = reasons(*known)["complainant"]
    assert found[0] == given
    assert text in found[1]


@pytest.mark.parametrize("known", [[], [earlier(91)], [earlier(300)]])
def test_long_ago_is_not_again(known: list[Earlier]) -> None:
    """Ninety days, as the table says."""
    assert "complainant" not in reasons(*known)


def test_an_answer_is_no_further_complaint() -> None:
    """Who writes again below somebody's thread has not complained a second time."""
    assert "complainant" not in reasons(earlier(3), parent="x" * 24)


@pytest.mark.parametrize(
    ("known", "codes"),
    [
        ([earlier(40, outcome="settled")], {"malice.repeated"}),
        ([earlier(40, outcome="unfounded")], {"malice.repeated"}),
        ([earlier(n, outcome="unfounded") for n in (40, 90, 200)], {"malice.repeated"}),
        ([earlier(n, outcome="unfounded") for n in (40, 90, 200, 364)], {"malice.repeated", "malice.unfounded"}),
        ([earlier(n, outcome="unfounded") for n in (40, 90, 200, 366)], {"malice.repeated"}),
        ([earlier(n, outcome="unfounded", sign="name") for n in (40, 90, 200, 300)], set()),
        ([earlier(n) for n in (1, 2, 3, 4, 5)], set()),
        ([earlier(n, sign="text", site=f"s{n}") for n in (1, 2)], {"malice.same_text.places"}),
        ([earlier(n, sign="text") for n in (1, 2, 3)], set()),
    ],
)
def test_history_is_a_remark(known: list[Earlier], codes: set[str]) -> None:
    """More than three unfounded within a year, again after a finding, the same text on many sites: 0 points each."""
    found = {code: given for code, (given, _) in reasons(*known).items() if code.startswith("malice")}
    assert set(found) == codes
    assert not any(found.values())


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("曜行异响，匿名信已寄给集团领导", "malice.anonymous", "上级"),
        ("匿名举报曜行店，异响", "malice.anonymous", "匿名举报"),
        ("曜行异响，网上那张图是P图", "malice.forged", "核对原件"),
        ("曜行不赔钱就天天发，异响", "malice.demand", "不赔钱就"),
        ("曜行异响，已寄12315、消协、信访、纪委", "malice.bodies", "4 个机构"),
    ],
)
def test_wording_is_a_remark(text: str, code: str, part: str) -> None:
    """Every mark says what it saw and gives no points."""
    given, sentence = reasons(text=text)[code]
    assert given == 0
    assert sentence.startswith("提示：")
    assert part in sentence


def test_remarks_do_not_change_the_grade() -> None:
    """The same complaint with and without a past has the same score, less what repetition itself adds."""
    known = [earlier(n, outcome="unfounded") for n in (100, 120, 200, 364)]
    plain, marked = weigh(facts_of(make_post("曜行S7异响"))), reasons(*known)
    assert sum(given for given, _ in marked.values()) == plain.score


# -- marks -----------------------------------------------------------------------------------------------------------


def marks(text: str = STORY, **post: Any) -> dict[str, str]:
    one = make_post(text, native_id=text[:9], **post)
    asked = Asked(post=one, own=read(one.full_text).own, subjects=("曜行汽车",), negative=0.9)
    return {mark.sign: mark.key for mark in MARKER.marks(asked)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("曜行异响，联系电话13812345678", ["phone:13812345678"]),
        ("曜行异响，手机 138-1234-5678", ["phone:13812345678"]),
        ("曜行异响，电话：+86 138 1234 5678", ["phone:13812345678"]),
        ("曜行异响，加我微信 laowang_2020", ["wechat:laowang_2020"]),
        ("曜行异响，QQ：123456789", ["qq:123456789"]),
        ("曜行异响，车牌鄂A·12B45", ["plate:鄂a12b45"]),
        ("曜行异响，车架号后六位 123456", ["vin:123456"]),
        ("曜行异响，VIN码 LSVAA4187E2123456", ["vin:123456"]),
        ("曜行异响，13812345678", []),
        ("曜行异响，销售经理电话13812345678不接", []),
        ("曜行异响，店里电话打了一百遍", []),
        ("曜行异响，400-800-8888打不通，热线电话13812345678", []),
        ("曜行异响，车牌鄂A·12***", []),
        ("曜行异响，手机价格13812345678901", []),
        ("曜行异响", []),
    ],
)
def test_contacts(text: str, found: list[str]) -> None:
    """The author's own numbers, by a word before them; the other side's, masked and chance digits are none."""
    assert list(dict.fromkeys(contacts(fold(text)))) == found


@pytest.mark.parametrize(
    "name",
    [
        "匿名用户",
        "车主",
        "用户1234567",
        "手机用户_77",
        "王",
        "小李",
        "张**",
        "138****1234",
        "12345",
        "",
        None,
        "user_0007",
    ],
)
def test_names_that_anybody_has(name: str | None) -> None:
    """Placeholders, masked names, and names shorter than three characters identify nobody."""
    assert "name" not in marks(author=Author(name=name))


def test_marks_are_hashes_and_comparable() -> None:
    """Width, case and blanks do not hide anybody; nothing readable is kept."""
    one = marks(f"{STORY}，联系电话13812345678", author=Author(id="7", name="Ｌaowang的车"))
    two = marks(f"{STORY}，联系 电话１３８１２３４５６７８ ", author=Author(id="8", name="laowang的车"))
    assert one["contact"] == two["contact"]
    assert one["name"] == two["name"]
    assert one["account"] != two["account"]
    assert {key[:2] for key in one.values()} == {"c:", "i:", "t:", "n:"}
    assert all("1381234" not in key and len(key) <= 80 for key in one.values())


def test_an_account_belongs_to_its_site() -> None:
    """Number 7 of one forum is not number 7 of the next."""
    assert marks(author=Author(id="7"), site="a")["account"] != marks(author=Author(id="7"), site="b")["account"]


def test_short_texts_and_answers_leave_fewer_marks() -> None:
    """ "垃圾车" is everybody's text; an answer counts by text and contact only."""
    assert set(marks("曜行垃圾", author=Author(name="老王的车库"))) == {"name"}
    assert set(marks(author=Author(name="老王的车库", id="7"), parent="x" * 24)) == {"text"}


@pytest.mark.parametrize(
    ("channel", "name"), [("news", "小王记者"), ("broadcast", "小王记者"), ("weibo", "滨江晚报"), ("weibo", "人民日报")]
)
def test_reporters_are_no_complainants(channel: Channel, name: str) -> None:
    """A paper that writes twice has not complained twice."""
    assert marks(channel=channel, author=Author(name=name, id="7")) == {}


def test_a_quoted_contact_is_not_the_authors() -> None:
    """Who passes a post on does not become its author."""
    assert "contact" not in marks(f"{STORY}//@车友:曜行异响，联系电话13812345678")


def test_hostile_text_is_read_quickly() -> None:
    """A megabyte of digits and letters."""
    for text in ("1" * 1_000_000, "a1" * 500_000, "电话" * 500_000, "鄂a" * 500_000):
        assert isinstance(marks(text), dict)


def test_points_without_a_past() -> None:
    """An empty background says nothing."""
    found = points(facts_of(make_post("曜行S7异响"), background=Background()))
    assert set(found) == {"negative", "category.quality"}
