"""What a captured page is taken for."""

from __future__ import annotations

import pytest

from evidence.recognise import PageFacts, comparable, judge, share_shown

POST = "提车第三天，刹车踏板突然变硬[怒]，打了三次售后电话都没有人回复！"
LONG = "".join(f"第{number}段写的是售后流程走了{number}遍还是没有结果。" for number in range(1, 20))


def _facts(
    text: str = POST, status: int | None = 200, url: str = "https://bbs.example/t/1", **more: object
) -> PageFacts:
    return PageFacts(status=status, url=url, text=text, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("刹车，失灵！", "刹车 失灵"),
        ("ＢＭＷ　Ｘ５", "bmw x5"),
        ("不行[怒][笑cry]了", "不行了"),
        ("第\u200b一\n\n行", "第一行"),
        ("😡气死", "气死"),
    ],
)
def test_texts_that_a_reader_calls_equal_compare_equal(one: str, other: str) -> None:
    """Width, case, blanks, punctuation, emoticons and unseen characters do not count."""
    assert comparable(one) == comparable(other)


@pytest.mark.parametrize(
    ("expected", "shown", "share"),
    [
        (POST, f"首页 > 论坛\n{POST}\n回复", 1.0),
        (POST, "首页 > 论坛", 0.0),
        (LONG, LONG, 1.0),
        ("好", "大家好", 1.0),
        ("[怒]", "随便什么", None),
        ("", "随便什么", None),
    ],
)
def test_the_share_of_the_post_that_a_page_shows(expected: str, shown: str, share: float | None) -> None:
    """All, none, or not to be told."""
    assert share_shown(expected, shown) == share


def test_half_a_post_is_half_shown() -> None:
    """A post that was cut after a while is neither there nor gone."""
    share = share_shown(LONG, LONG[: len(LONG) // 2])
    assert share is not None
    assert 0.3 < share < 0.7


@pytest.mark.parametrize(
    ("facts", "expected", "state", "reason"),
    [
        (_facts(), POST, "complete", None),
        (_facts(f"请先登录 {POST} 该帖已被删除"), POST, "complete", None),
        (_facts("今日行情"), POST, "partial", "没有找到帖文原文"),
        (_facts(LONG[: len(LONG) // 2]), LONG, "partial", "只找到帖文原文的"),
        (_facts(shortcomings=("页面没有载完",)), POST, "partial", "页面没有载完"),
        (_facts(status=500), POST, "partial", "500"),
        (_facts(), None, "partial", "没有可核对的文字"),
        (_facts("找不到您要的页面", status=404), POST, "deleted_before_capture", "404"),
        (_facts("", status=410), POST, "deleted_before_capture", "410"),
        (_facts("该微博已被作者删除"), POST, "deleted_before_capture", "已被作者删除"),
        (_facts("抱歉，指定的主题不存在或已被删除"), POST, "deleted_before_capture", "主题不存在"),
        (_facts("帖子不存在"), POST, "deleted_before_capture", "帖子不存在"),
        (_facts("抱歉，您需要登录才可以下载"), POST, "blocked", "您需要登录"),
        (_facts("", status=403), POST, "blocked", "403"),
        (_facts("", status=418), POST, "blocked", "418"),
        (_facts("", status=432), POST, "blocked", "432"),
        (_facts("欢迎", url="https://passport.weibo.example/visitor"), POST, "blocked", "passport"),
        (_facts("欢迎", asks_password=True), POST, "blocked", "密码"),
        (_facts("ＧＥＥＴＥＳＴ"), POST, "blocked", "geetest"),
        (_facts("忙", status=503), POST, "failed", "503"),
        (_facts("", status=None, network="域名无法解析"), POST, "failed", "域名无法解析"),
        (_facts("", status=302, network="重定向次数过多"), POST, "failed", "重定向"),
        (_facts(POST, url="chrome-error://chromewebdata/"), POST, "failed", "没有打开"),
    ],
)
def test_what_a_page_is_worth(facts: PageFacts, expected: str | None, state: str, reason: str | None) -> None:
    """A page is complete only if it came well and shows the post's own words; else the state says what it is."""
    judgement = judge(facts, expected)
    assert judgement.state == state
    if reason is None:
        assert judgement.reason is None
    else:
        assert judgement.reason is not None
        assert reason in judgement.reason


@pytest.mark.parametrize(
    ("facts", "transient"),
    [
        (_facts("忙", status=503), True),
        (_facts("", status=None, network="连接超时"), True),
        (_facts("", status=None, network="内网地址", is_final=True), False),
        (_facts("", status=404), False),
        (_facts("", status=403), False),
    ],
)
def test_only_trouble_that_passes_is_tried_again(facts: PageFacts, transient: bool) -> None:
    """A refusal by the site or by us stays a refusal."""
    assert judge(facts, POST).transient is transient
