"""Questions: what was asked, what was answered later, and what a refusal looks like."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.errors import LayoutChanged
from crawlers.spiders.qa import search_url
from tests.crawlers.board import CAPTCHA
from tests.crawlers.conftest import Crawls, row
from tests.crawlers.listed_sites import Answers
from tests.crawlers.site import NOW, Reply

LATER = NOW + timedelta(minutes=30)


def source(url: str, **more: Any) -> dict[str, Any]:
    return row("zhidao", "qa", f"{url}/search?word={{keyword}}&ie=utf-8", keyword="星辰", **more)


def test_questions_are_read_once_and_again_when_they_were_answered(crawls: Crawls, sites: Any) -> None:
    """Four questions of the last days; then nothing; then a late answer to the last one, and to one of years ago."""
    place = Answers()
    for number in (101, 102, 103, 104):
        place.ask(number, answers=number % 2)
    place.ask(90, days_ago=2000, answers=2)
    site = sites(place.route)

    first = crawls.run(source(site.url))
    assert first.state("zhidao") == ("ok", "读取 6 个页面、6 条帖文，新增或变化 6 条")
    asked = site.pages()
    assert asked[0] == "/search?word=%E6%98%9F%E8%BE%B0&ie=utf-8"
    assert not any("/question/90" in path for path in asked), "older than the backfill"
    question = next(post for post in crawls.posts() if post.native_id == "q:101")
    answer = next(post for post in crawls.posts() if post.native_id == "a:101000")
    assert (question.floor, answer.floor, answer.parent) == (1, 2, question.id)
    assert {post.kind for post in crawls.posts()} == {"qa"}

    quiet = crawls.run(source(site.url), now=LATER)
    assert quiet.state("zhidao") == ("ok", "没有新内容")
    assert [path for path in site.pages() if "question" in path] == []

    place.questions[104].answers.append("后来去检测，刹车片有问题")
    place.questions[90].answers.append("多年以后又坏了")
    loud = crawls.run(source(site.url), now=LATER + timedelta(minutes=30))
    assert [path for path in site.pages() if "question" in path] == ["/question/104.html", "/question/90.html"]
    assert loud.reports["zhidao"]["new"] == 5
    assert "后来去检测，刹车片有问题" in {post.text for post in crawls.posts()}
    assert "多年以后又坏了" in {post.text for post in crawls.posts()}


def test_a_search_that_asks_for_a_check_is_blocked(crawls: Crawls, sites: Any) -> None:
    """A captcha page is no empty search; the cursor stays, and the next crawl misses nothing."""
    place = Answers()
    place.ask(101)
    site = sites(lambda path: CAPTCHA if path.startswith("/search") and place.per_list == 0 else place.route(path))
    place.per_list = 0
    assert crawls.run(source(site.url)).state("zhidao") == ("blocked", "页面标题是“安全验证”")
    assert crawls.posts() == []
    place.per_list = 3
    crawls.run(source(site.url), now=LATER)
    assert len(crawls.posts()) == 2


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ('<html><body><div id="wgt-list"><p>抱歉，没有找到相关的问题</p></div></body></html>', "empty"),
        ('<html><body><div id="wgt-list"><section>新版结果</section></div></body></html>', "broken"),
    ],
    ids=["nothing found", "redesigned"],
)
def test_no_results_and_a_new_layout_are_two_things(crawls: Crawls, sites: Any, body: str, state: str) -> None:
    """Only a page that says so is empty."""
    site = sites(lambda path: Reply(body=body.encode()) if path.startswith("/search") else None)
    outcome = crawls.run(source(site.url))
    assert outcome.state("zhidao")[0] == state
    assert outcome.reports["zhidao"]["failed"]


def test_a_question_that_cannot_be_read_is_tried_again(crawls: Crawls, sites: Any) -> None:
    """A refused question costs its neighbours nothing, and is read when it comes back."""
    place = Answers()
    place.ask(101)
    place.ask(102)
    place.instead[102] = CAPTCHA
    site = sites(place.route)
    first = crawls.run(source(site.url))
    assert "1 个页面没有取到，下次再取" in first.state("zhidao")[1]
    assert {post.native_id for post in crawls.posts()} == {"q:101", "a:101000"}
    place.instead.clear()
    site.pages()
    crawls.run(source(site.url), now=LATER)
    assert [path for path in site.pages() if "question" in path] == ["/question/102.html"]
    assert len(crawls.posts()) == 4


def test_a_deleted_question_is_no_failure(crawls: Crawls, sites: Any) -> None:
    """A question that is gone reads as empty and is not asked for again."""
    place = Answers()
    place.ask(101)
    place.ask(102)
    place.instead[102] = Reply(body="<html><body><h2>抱歉，您查看的问题已被删除</h2></body></html>".encode())
    site = sites(place.route)
    assert crawls.run(source(site.url)).state("zhidao")[0] == "ok"
    site.pages()
    crawls.run(source(site.url), now=LATER)
    assert [path for path in site.pages() if "question" in path] == []


def test_a_budget_that_ends_in_the_middle_is_said_and_gone_on_from(crawls: Crawls, sites: Any) -> None:
    """Three pages a crawl: what was left is read by the next ones."""
    place = Answers(per_list=6)
    for number in range(101, 107):
        place.ask(number, answers=0)
    site = sites(place.route)
    first = crawls.run(source(site.url), max_pages=4)
    assert "达到单次 4 页的上限" in first.state("zhidao")[1]
    assert len(crawls.posts()) == 3
    crawls.run(source(site.url), now=LATER, max_pages=4)
    assert {post.native_id for post in crawls.posts()} == {f"q:{number}" for number in range(101, 107)}


ADDRESSES = [
    ("https://zhidao.baidu.com/", "刹车 异响", "https://zhidao.baidu.com/search?word=%E5%88%B9%E8%BD%A6%20%E5%BC%82%E5%93%8D&ie=utf-8"),
    ("https://zhidao.baidu.com/search", "星辰", "https://zhidao.baidu.com/search?word=%E6%98%9F%E8%BE%B0&ie=utf-8"),
    ("https://ask.example.test/s?q={keyword}&p=1", "a&b", "https://ask.example.test/s?q=a%26b&p=1"),
    ("http://old.example.test/s?q={keyword_gbk}", "长安", "http://old.example.test/s?q=%B3%A4%B0%B2"),
    ("https://ask.example.test/list", "", "https://ask.example.test/list"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "keyword", "wanted"), ADDRESSES, ids=[row[0] for row in ADDRESSES])
def test_the_search_address(url: str, keyword: str, wanted: str) -> None:
    """The keyword goes where the operator says, or where Zhidao wants it."""
    assert search_url(url, keyword) == wanted


@pytest.mark.parametrize(
    ("url", "keyword", "said"),
    [
        ("https://ask.example.test/list", "星辰", "不知道搜索词该放在哪里"),
        ("https://ask.example.test/s?q={keyword}", "", "没有写 keyword"),
        ("https://zhidao.baidu.com/search?word=x", "星辰", "已有搜索词"),
    ],
)
def test_an_address_that_does_not_fit_its_keyword_says_so(url: str, keyword: str, said: str) -> None:
    """A keyword that would silently be left out makes the source broken, with what to write."""
    with pytest.raises(LayoutChanged, match=said):
        search_url(url, keyword)
