"""Who speaks: authorities, newspapers, hotlines, stations; and everybody else who does not."""

from __future__ import annotations

from typing import Any

import pytest

from core.model import Author
from tests.analysis.risk_world import facts_of, make_post, points, weigh


def authority(**post: Any) -> dict[str, int]:
    found = points(facts_of(make_post("曜行S7异响", **post)))
    return {code: value for code, value in found.items() if code.startswith("authority.")}


@pytest.mark.parametrize(
    ("site", "channel", "code"),
    [
        ("www.samr.gov.cn", "news", "regulator"),
        ("www.dpac.org.cn", "other", "regulator"),
        ("www.cca.org.cn", "news", "regulator"),
        ("scjgj.beijing.gov.cn", "news", "local_regulator"),
        ("auto.people.com.cn", "news", "national_media"),
        ("www.xinhuanet.com", "news", "national_media"),
        ("news.cctv.com:443", "broadcast", "national_media"),
        ("www.dahe.cn", "news", "local_media"),
        ("www.12365auto.com", "complaint", "hotline"),
        ("tousu.sina.com.cn", "complaint", "hotline"),
        ("liuyan.people.com.cn", "complaint", "hotline"),
        ("radio.example", "broadcast", "broadcast"),
    ],
)
def test_hosts(site: str, channel: str, code: str) -> None:
    """The longest known end of the host counts."""
    assert list(authority(site=site, channel=channel)) == [f"authority.{code}"]


@pytest.mark.parametrize(
    ("site", "channel"),
    [
        ("notsamr.gov.cn.evil.example", "news"),
        ("mypeople.com.cn", "news"),
        ("people.com.cn.example", "news"),
        ("bbs.people.com.cn", "forum"),
        ("m.weibo.cn", "weibo"),
        ("auto.sina.com.cn", "news"),
        ("", "news"),
    ],
)
def test_hosts_that_are_none(site: str, channel: str) -> None:
    """A host that only contains a name, and readers who write on a newspaper's forum."""
    assert authority(site=site or "localhost", channel=channel) == {}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("人民日报", "national_media"),
        ("人民日报客户端", "national_media"),
        ("新华社", "national_media"),
        ("央视财经", "national_media"),
        ("市场监管总局", "regulator"),
        ("中国消费者协会官方微博", "regulator"),
        ("东湖市消费者协会", "local_regulator"),
        ("滨江区市场监管局", "local_regulator"),
        ("滨江交警", "local_regulator"),
        ("滨江晚报", "local_media"),
        ("滨江交通广播", "local_media"),
        ("小莉帮忙", "hotline"),
        ("车质网", "hotline"),
    ],
)
def test_accounts(name: str, code: str) -> None:
    """By the whole name, without what platforms append, or by its ending."""
    assert list(authority(author=Author(name=name), channel="weibo", site="m.weibo.cn")) == [f"authority.{code}"]


@pytest.mark.parametrize(
    "name", ["人民日报的忠实读者", "日报", "我爱看电视台的小王", "曜行车主", "", "消协", None, "Ａ" * 500]
)
def test_accounts_that_are_none(name: str | None) -> None:
    """Names that only contain one, an ending alone, nobody."""
    assert authority(author=Author(name=name), channel="weibo", site="m.weibo.cn") == {}


def test_readers_below_an_article_are_not_the_newspaper() -> None:
    """A comment on people.com.cn is a reader's."""
    assert authority(site="auto.people.com.cn", channel="news", parent="x" * 24) == {}
    assert authority(site="radio.example", channel="broadcast", parent="x" * 24) == {}


def test_the_higher_rank_counts() -> None:
    """A local site that reprints the regulator is the regulator's word, once."""
    found = authority(site="www.dahe.cn", channel="news", author=Author(name="市场监管总局"))
    assert found == {"authority.regulator": 15}


@pytest.mark.parametrize(
    ("text", "author", "graded"),
    [
        ("市场监管总局：曜行汽车召回部分车辆", "市场监管总局", True),
        ("曜行召回两万辆车", "滨江晚报", True),
        ("曜行召回两万辆车", "路边的小草", False),
        ("曜行发布新车", "市场监管总局", False),
        ("零召回，曜行交出满分答卷", "滨江晚报", False),
    ],
)
def test_grave_news_count_in_calm_words(text: str, author: str, graded: bool) -> None:
    """A recall told calmly by an authority or a paper is told to people; calm talk of others is not."""
    found = weigh(facts_of(make_post(text, channel="weibo", author=Author(name=author)), negative=0.1))
    assert (found.grade is not None) is graded
    assert ("sober.grave" in {reason.code for reason in found.reasons}) is graded
