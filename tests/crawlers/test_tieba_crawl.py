"""A bar as a crawl sees it: lists, long threads, sub-comments, pinned threads, bare days after midnight, captchas."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.model import post_id
from tests.crawlers.conftest import Crawls, row
from tests.crawlers.site import NOW, Reply
from tests.crawlers.tieba_site import CAPTCHA, Bar

LIST = "/f?kw=%E6%98%9F%E8%BE%B0%E6%B1%BD%E8%BD%A6&ie=utf-8&pn=0"
LIST_2 = LIST.removesuffix("0") + "50"


def source(site: Any, **more: Any) -> dict[str, Any]:
    return row("bar", "tieba", site.url, keyword="星辰汽车", **more)


def test_the_first_crawl_gets_everything_and_the_next_ones_only_what_changed(crawls: Crawls, sites: Any) -> None:
    """Seven threads on two list pages; then nothing; then one reply, which costs two requests."""
    bar = Bar()
    for tid in range(9001, 9008):
        bar.say(tid, 600 - tid % 10 * 10)
        bar.say(tid, 300 - tid % 10 * 10)
    site = sites(bar.route)
    first = crawls.run(source(site))
    assert first.state("bar") == ("ok", "读取 9 个页面、14 条帖文，新增或变化 14 条")
    assert site.pages() == [
        LIST,
        *(f"/p/{tid}" for tid in (9007, 9006, 9005, 9004, 9003)),
        LIST_2,
        *(f"/p/{tid}" for tid in (9002, 9001)),
    ]
    posts = crawls.posts()
    assert {post.text for post in posts} == bar.texts()
    opening = next(post for post in posts if post.floor == 1)
    assert (opening.kind, opening.channel, opening.title) == ("tieba", "tieba", f"主题 {opening.url.rsplit('/', 1)[1]}")
    assert opening.text in crawls.raw_of(opening).body.decode()

    later = NOW + timedelta(minutes=10)
    assert crawls.run(source(site), now=later).state("bar")[1].startswith("没有新内容")
    assert site.pages() == [LIST]

    bar.say(9003, -11, "刚刚又抖了")
    loud = crawls.run(source(site), now=later + timedelta(minutes=10))
    assert site.pages() == [LIST, "/p/9003"]
    assert loud.reports["bar"]["new"] == 1


def test_sub_comments_beyond_the_shown_ones_are_fetched_once(crawls: Crawls, sites: Any) -> None:
    """Twenty-three below one floor, two of them shown: three pages; a new one costs the page on which it stands."""
    bar = Bar(inline=2)
    floor = bar.say(9001, 200)
    for number in range(23):
        bar.comment(floor, 190 - number)
    site = sites(bar.route)
    crawls.run(source(site))
    below = f"/p/comment?tid=9001&pid={floor.pid}&pn="
    assert site.pages() == [LIST, "/p/9001", f"{below}1", f"{below}2", f"{below}3"]
    posts = crawls.posts()
    assert {post.text for post in posts} == bar.texts()
    assert len(posts) == 24
    parents = {post.parent for post in posts if post.floor is None}
    assert parents == {post_id("tieba", site.url.removeprefix("http://"), f"pid:{floor.pid}")}

    bar.comment(floor, -5, "补一句：店里来电话了")
    crawls.run(source(site), now=NOW + timedelta(minutes=10))
    assert site.pages() == [LIST, "/p/9001", f"{below}3"]
    assert "补一句：店里来电话了" in {post.text for post in crawls.posts()}


def test_several_floors_are_asked_for_at_once(crawls: Crawls, sites: Any) -> None:
    """One answer holds the first ten sub-comments of every floor; only the floor with more costs another request."""
    bar = Bar()
    floors = [bar.say(9001, 200 - number) for number in range(3)]
    for floor, many in zip(floors, (2, 12, 1), strict=True):
        for number in range(many):
            bar.comment(floor, 100 - number)
    site = sites(bar.route)
    crawls.run(source(site))
    total = "/p/totalComment?tid=9001&fid=918273&pn=1&see_lz=0"
    assert site.pages() == [
        LIST,
        "/p/9001",
        total,
        f"/p/comment?tid=9001&pid={floors[1].pid}&pn=1",
        f"/p/comment?tid=9001&pid={floors[1].pid}&pn=2",
    ]
    assert {post.text for post in crawls.posts()} == bar.texts()


def test_where_the_common_answer_is_gone_each_floor_is_asked(crawls: Crawls, sites: Any) -> None:
    """A 404 for all floors at once loses nothing."""
    bar = Bar(total=False)
    for number in range(2):
        bar.comment(bar.say(9001, 200 - number), 100)
    site = sites(bar.route)
    assert crawls.run(source(site)).state("bar")[0] == "ok"
    assert len(site.pages()) == 5
    assert {post.text for post in crawls.posts()} == bar.texts()


def test_a_sub_comment_on_an_old_page_of_a_long_thread_is_found(crawls: Crawls, sites: Any) -> None:
    """The list says one more, the last page shows nothing new: the pages before it are looked at until it is found."""
    bar = Bar(inline=10)
    floors = [bar.say(9001, 300 - number) for number in range(11)]
    site = sites(bar.route)
    crawls.run(source(site))
    assert site.pages() == [LIST, "/p/9001", *(f"/p/9001?pn={number}" for number in (2, 3, 4))]
    bar.comment(floors[4], -5, "五楼说得对")
    site.now = NOW + timedelta(minutes=10)
    crawls.run(source(site), now=site.now)
    assert site.pages() == [LIST, "/p/9001?pn=4", "/p/9001?pn=3", "/p/9001?pn=2"]
    said = next(post for post in crawls.posts() if post.text == "五楼说得对")
    assert said.parent == next(post.id for post in crawls.posts() if post.floor == 5)
    crawls.run(source(site), now=NOW + timedelta(minutes=20))
    assert site.pages() == [LIST]


def test_pinned_threads_are_read_when_their_number_moves(crawls: Crawls, sites: Any) -> None:
    """The list shows no time for them: first and last page at first, nothing while nothing was said, then the end."""
    bar = Bar()
    for number in range(14):
        bar.say(9000, 60 * 24 * 300 - number, pinned=True)
    bar.say(9001, 100)
    site = sites(bar.route)
    crawls.run(source(site))
    assert site.pages() == [LIST, "/p/9000", "/p/9000?pn=5", "/p/9001"]
    crawls.run(source(site), now=NOW + timedelta(minutes=5))
    assert site.pages() == [LIST]
    bar.say(9000, -6, "置顶帖里也有人说话")
    crawls.run(source(site), now=NOW + timedelta(minutes=10))
    assert site.pages() == [LIST, "/p/9000?pn=5"]
    assert "置顶帖里也有人说话" in {post.text for post in crawls.posts()}


def test_a_reply_before_midnight_is_found_after_it(crawls: Crawls, sites: Any) -> None:
    """We looked at 23:55, a reply came at 23:57, at 00:05 the list shows but the day: one thread is read, not all."""
    before = NOW + timedelta(hours=3, minutes=55)
    bar = Bar(now=before)
    for tid in (9001, 9002, 9003):
        bar.say(tid, 60 + tid % 10)
    site = sites(bar.route, now=before)
    crawls.run(source(site), now=before)
    site.pages()
    bar.say(9002, -2, "半夜补一条")
    bar.now = site.now = before + timedelta(minutes=10)
    crawls.run(source(site), now=bar.now)
    assert site.pages() == [LIST, "/p/9002"]
    assert "半夜补一条" in {post.text for post in crawls.posts()}
    crawls.run(source(site), now=bar.now + timedelta(minutes=10))
    assert site.pages() == [LIST]


def test_a_captcha_ends_the_crawl_and_nothing_is_lost(crawls: Crawls, sites: Any) -> None:
    """Three threads, then captchas: what was read is kept, the state is blocked, the next crawl gets the rest."""
    bar = Bar(per_list=20)
    for tid in range(9001, 9013):
        bar.say(tid, 100 + tid % 100)
    blocked = [f"/p/{tid}" for tid in range(9004, 9013)]
    bar.instead = dict.fromkeys(blocked, CAPTCHA)
    site = sites(bar.route)
    outcome = crawls.run(source(site))
    state, reason = outcome.state("bar")
    assert state == "blocked"
    assert "百度安全验证" in reason
    assert len(crawls.posts()) == 3
    assert len(site.pages()) == 1 + 3 + 5, "after five refusals in a row the site is left alone"
    assert "百度安全验证" in crawls.raw(outcome.reports["bar"]["proof"]).body.decode()

    bar.instead = {}
    assert crawls.run(source(site), now=NOW + timedelta(hours=5)).state("bar")[0] == "ok"
    assert {post.text for post in crawls.posts()} == bar.texts()


def test_a_captcha_instead_of_the_list(crawls: Crawls, sites: Any) -> None:
    """Blocked, with the page as proof; a bar of its own that does not exist is empty."""
    bar = Bar()
    bar.instead[LIST] = CAPTCHA
    site = sites(bar.route)
    assert crawls.run(source(site)).state("bar")[0] == "blocked"
    closed = "<h2>抱歉，根据相关法律法规和政策，本吧暂不开放。</h2>"
    bar.instead[LIST] = Reply(body=f"<html><head><title>某吧</title></head><body>{closed}</body></html>".encode())
    state, reason = crawls.run(source(site), now=NOW + timedelta(hours=5)).state("bar")
    assert (state, "本吧暂不开放" in reason) == ("empty", True)


def test_a_captcha_instead_of_sub_comments_is_tried_again(crawls: Crawls, sites: Any) -> None:
    """The floors are kept at once; what stands below them comes with the next crawl."""
    bar = Bar()
    for tid in (9001, 9002):
        bar.comment(bar.say(tid, 100), 90)
    floor = bar.threads[9001].floors[0]
    bar.instead[f"/p/comment?tid=9001&pid={floor.pid}&pn=1"] = CAPTCHA
    site = sites(bar.route)
    state, reason = crawls.run(source(site)).state("bar")
    assert (state, "1 个页面没有取到" in reason) == ("ok", True)
    assert len(crawls.posts()) == 3
    bar.instead = {}
    crawls.run(source(site), now=NOW + timedelta(minutes=10))
    assert {post.text for post in crawls.posts()} == bar.texts()


def test_a_deleted_thread_and_a_deleted_reply_are_noticed(crawls: Crawls, sites: Any) -> None:
    """The site's own words end a thread without an error; a floor that is missing between its neighbours is gone."""
    bar = Bar(per_page=10)
    for tid in (9001, 9002):
        for number in range(4):
            bar.say(tid, 200 - number)
    site = sites(bar.route)
    crawls.run(source(site))
    gone = "<title>贴吧404</title></head><body><h1 class='main-title'>很抱歉，该贴已被删除。</h1></body></html>"
    bar.instead["/p/9001"] = Reply(body=f"<html><head>{gone}".encode(), status=404)
    bar.say(9001, -1)
    del bar.threads[9002].floors[2]
    bar.say(9002, -2)
    state, reason = crawls.run(source(site), now=NOW + timedelta(minutes=10)).state("bar")
    assert state == "ok"
    assert "条已删除或隐藏" in reason


def test_very_many_sub_comments_are_read_over_several_crawls(crawls: Crawls, sites: Any) -> None:
    """Twenty pages of sub-comments a thread and crawl; the rest next time, and the limit is said."""
    bar = Bar(per_page=30, total=False)
    for number in range(25):
        bar.comment(bar.say(9001, 200 - number), 100 - number)
    site = sites(bar.route)
    state, reason = crawls.run(source(site)).state("bar")
    assert (state, "楼中楼本次只读 20 页" in reason) == ("ok", True)
    crawls.run(source(site), now=NOW + timedelta(minutes=5))
    assert {post.text for post in crawls.posts()} == bar.texts()


def test_an_address_with_kw_is_taken_as_it_is(crawls: Crawls, sites: Any) -> None:
    """The operator may give the list itself; the escapes of old GBK links are sent as they came."""
    bar = Bar()
    site = sites(bar.route)
    address = "/f?kw=%D0%C7%B3%BD%C6%FB%B3%B5&ie=gbk"
    crawls.run(row("bar", "tieba", site.url + address))
    assert site.pages() == [address]
