"""Comments below statuses, and a user's statuses, on the mobile surface."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.model import Post
from tests.crawlers.conftest import Crawls, row
from tests.crawlers.site import NOW, Reply, at
from tests.crawlers.weibo_site import Weibo, as_json

KEYWORD = "星辰汽车"
CAPTCHA = as_json({"ok": -100, "url": "https://m.weibo.cn/captcha?scene=limit"})


def source(site: Any, **more: Any) -> dict[str, Any]:
    return row("search", "weibo", site.url, keyword=KEYWORD, comments=True, **more)


def comments(crawls: Crawls) -> dict[str, Post]:
    return {post.text: post for post in crawls.posts() if post.native_id.startswith("comment:")}


def quiet(minutes_ago: float, weibo: Weibo, text: str, *, count: int) -> str:
    weibo.say(minutes_ago, text)
    weibo.statuses[-1].comments = count
    return weibo.statuses[-1].mid


def test_comments_and_answers_are_posts_below_their_status(crawls: Crawls, sites: Any) -> None:
    """All pages with `max_id_type` carried back, answers inside and behind; later only where there are more."""
    weibo = Weibo()
    mid = quiet(10, weibo, f"{KEYWORD}刹车异响", count=5)
    quiet(20, weibo, f"{KEYWORD}没人理", count=0)
    weibo.comments[mid] = ["一样的毛病", ["我的也是", "几年的车", "建议投诉"], "等回应"]
    site = sites(weibo.route)
    first = crawls.run(source(site))
    assert first.state("search")[0] == "ok"
    assert first.reports["search"]["new"] == 7
    status = next(post for post in crawls.posts() if post.native_id == mid)
    found = comments(crawls)
    assert {text: post.parent for text, post in found.items()} == {
        "一样的毛病": status.id,
        "我的也是": status.id,
        "几年的车": found["我的也是"].id,
        "建议投诉": found["我的也是"].id,
        "等回应": status.id,
    }
    assert {post.url.partition("#")[0] for post in found.values()} == {f"{site.url}/detail/{mid}"}
    assert found["等回应"].author.region == "湖南"
    asked = [sent for path, sent in zip(site.asked, site.headers, strict=True) if "hotflow" in path]
    assert {sent["Referer"] for sent in asked} == {f"{site.url}/detail/{mid}"}

    site.pages()
    crawls.run(source(site), now=NOW + timedelta(minutes=10))
    assert not any("comments" in path for path in site.pages()), "no more comments, no request"
    weibo.statuses[0].comments = 6
    weibo.comments[mid].append("官方来了")
    later = crawls.run(source(site), now=NOW + timedelta(minutes=20))
    assert later.reports["search"]["new"] == 1
    assert "官方来了" in comments(crawls)


def test_comments_that_fail_cost_no_status(crawls: Crawls, sites: Any) -> None:
    """All statuses are kept and the source is ok; the operator reads about the comments, the next crawl has them."""
    failing = {
        "captcha": (CAPTCHA, "评论被拦截"),
        "banned": (Reply(status=418), "评论被拦截"),
        "down": (Reply(status=502), "没有取到"),
        "changed": (as_json({"ok": 1, "data": {"data": [{"what": 1}], "max_id": 0}}), "没有取到"),
    }
    worlds = {name: Weibo(no_comments=answer) for name, (answer, _) in failing.items()}
    for world in worlds.values():
        for number in range(6):
            mid = quiet(10 + number, world, f"{KEYWORD}第{number}条", count=2)
            world.comments[mid] = [f"评论{number}"]
    servers = {name: sites(world.route) for name, world in worlds.items()}
    rows = [{**source(site), "id": name} for name, site in servers.items()]
    outcome = crawls.run(*rows)
    for name, (_, said) in failing.items():
        state, reason = outcome.state(name)
        assert state == "ok"
        assert said in reason
        asked = sum("hotflow" in path for path in servers[name].pages())
        assert asked <= 6, "a site that refuses is not asked for every status (502 is tried again twice)"
    assert len(crawls.posts()) == 6 * len(failing)

    for world in worlds.values():
        world.no_comments = None
    later = crawls.run(*rows, now=NOW + timedelta(minutes=10))
    assert {later.state(name)[0] for name in failing} == {"ok"}
    found = [post.text for post in crawls.posts() if post.native_id.startswith("comment:")]
    assert sorted(found) == sorted(4 * [f"评论{number}" for number in range(6)])


def test_the_budget_goes_to_statuses_first(crawls: Crawls, sites: Any) -> None:
    """Comments wait for the next crawl when the budget ends."""
    weibo = Weibo()
    for number in range(8):
        mid = quiet(10 + number, weibo, f"{KEYWORD}第{number}条", count=1)
        weibo.comments[mid] = [f"评论{number}"]
    site = sites(weibo.route)
    first = crawls.run(source(site), max_pages=6)
    assert sum(not post.native_id.startswith("comment:") for post in crawls.posts()) == 8
    assert "评论没有读完" in first.state("search")[1]
    for crawl in range(1, 5):
        crawls.run(source(site), max_pages=6, now=NOW + timedelta(minutes=10 * crawl))
    assert len(comments(crawls)) == 8


def test_a_status_without_comments_is_empty_not_failed(crawls: Crawls, sites: Any) -> None:
    """A count that the list shows and the comments' address does not confirm is no trouble of the source."""
    weibo = Weibo()
    quiet(10, weibo, f"{KEYWORD}一条", count=4)
    site = sites(weibo.route)
    state, reason = crawls.run(source(site)).state("search")
    assert state == "ok"
    assert "没有取到" not in reason


def test_of_very_many_comments_the_first_pages_are_read(crawls: Crawls, sites: Any) -> None:
    """Five pages of one status, and the operator is told that there are more."""
    weibo = Weibo()
    mid = quiet(10, weibo, f"{KEYWORD}上热搜了", count=40)
    weibo.comments[mid] = [f"评论{number}" for number in range(40)]
    site = sites(weibo.route)
    state, reason = crawls.run(source(site)).state("search")
    assert (state, len(comments(crawls))) == ("ok", 10)
    assert "1 条微博的评论很多，只读了前 5 页" in reason


def test_weibo_cn_is_read_by_its_own_parser(crawls: Crawls, sites: Any) -> None:
    """A list of weibo.cn with `parser`: its statuses, and the whole text where one is cut."""
    box = '<div class="c" id="M_{bid}"><div><span class="ctt">{text}</span>&nbsp;<a href="/repost/{bid}">转发[1]</a>'
    foot = '&nbsp;<a href="/comment/{bid}#cmtfrm">评论[2]</a>&nbsp;<span class="ct">03月15日 19:30</span></div></div>'
    page = "<html><head><title>路人的微博</title></head><body>{boxes}</body></html>"
    cut = "刹车异响，门店说正常...<a href='/comment/QwqVq0001?ckAll=1'>全文</a>"
    whole = "刹车异响，门店说正常，换了两次刹车片还是响。"
    both = (box + foot).format(bid="QwqVq0001", text=cut) + (box + foot).format(bid="QwqVq0002", text="普通一条")
    alone = (box + foot).format(bid="QwqVq0001", text=whole)
    site = sites(
        at("/comment/QwqVq0001", Reply(body=page.format(boxes=alone).encode())),
        at("/u/7", Reply(body=page.format(boxes=both).encode())),
    )
    outcome = crawls.run(row("old", "weibo", f"{site.url}/u/7", parser="weibo_wap"))
    assert outcome.state("old")[0] == "ok"
    assert {post.native_id: post.text for post in crawls.posts()} == {
        "5277300000000001": whole,
        "5277300000000002": "普通一条",
    }


def test_a_users_statuses(crawls: Crawls, sites: Any) -> None:
    """By `since_id` to the end; a pinned old status at the top ends nothing, now or later."""
    weibo = Weibo()
    weibo.say(60 * 24 * 200, "置顶的旧公告")
    weibo.statuses[-1].pinned = True
    for number in range(1, 10):
        weibo.say(number * 10, f"第{number}条")
    site = sites(weibo.route)
    mine = row("user", "weibo", site.url, surface="mobile", user="7")
    assert crawls.run(mine).state("user")[0] == "ok"
    assert len(crawls.posts()) == 10
    assert len(site.pages()) == 3
    weibo.say(-5, "又一条")
    assert crawls.run(mine, now=NOW + timedelta(minutes=10)).reports["user"]["new"] == 1
    assert len(site.pages()) == 2


def test_a_list_that_is_shut_in_the_middle(crawls: Crawls, sites: Any) -> None:
    """432 on the second page: what was read is kept, the source is blocked, nothing is skipped later."""
    weibo = Weibo(lasts=1)
    for number in range(1, 9):
        weibo.say(number * 10, f"{KEYWORD}第{number}条")
    site = sites(weibo.route)
    plain = row("search", "weibo", site.url, keyword=KEYWORD)
    assert crawls.run(plain).state("search") == ("blocked", "站点返回状态码 432，拒绝未登录或异常的访问")
    assert len(crawls.posts()) == 4
    weibo.lasts = 100
    assert crawls.run(plain, now=NOW + timedelta(minutes=30)).state("search")[0] == "ok"
    assert len(crawls.posts()) == 8


BANS = {
    "visitor": Reply(status=302, headers=(("Location", "https://passport.weibo.com/visitor/visitor?entry=mini"),)),
    "login": Reply(status=302, headers=(("Location", "https://login.sina.com.cn/sso/login.php"),)),
    "418": Reply(status=418),
    "414": Reply(status=414),
    "432": Reply(status=432),
    "captcha": CAPTCHA,
    "asked-to-log-in": as_json({"ok": 0, "url": "https://weibo.com/login.php?url=x"}),
    "too-often": as_json({"ok": 0, "msg": "请求过于频繁，歇歇吧"}),
    "page": Reply(body="<html><head><title>微博-登录</title></head><body>登录</body></html>".encode()),
}


def test_every_ban_is_blocked(crawls: Crawls, sites: Any) -> None:
    """Each known sign of a ban ends as blocked, with nothing stored."""
    servers = {name: sites(Weibo(lasts=0, shut=answer).route) for name, answer in BANS.items()}
    outcome = crawls.run(*(row(name, "weibo", site.url, keyword=KEYWORD) for name, site in servers.items()))
    assert {name: outcome.state(name)[0] for name in BANS} == dict.fromkeys(BANS, "blocked")
    assert not crawls.posts()


def test_throttled_or_empty_is_what_the_canary_says(crawls: Crawls, sites: Any) -> None:
    """ "这里还没有内容" is doubted where posts were seen; a canary that is as empty shows that we are throttled."""
    empty = as_json({"ok": 0, "msg": "这里还没有内容", "data": {"cards": []}})
    weibo = Weibo(shut=empty)
    weibo.say(10, f"{KEYWORD}一条")
    site = sites(weibo.route)
    canary = f"{site.url}/api/container/getIndex?type=uid&value=7&containerid=1076037"
    watched = row("search", "weibo", site.url, keyword=KEYWORD, canary=canary)
    assert crawls.run(watched).state("search")[0] == "ok"
    weibo.lasts = 0
    assert crawls.run(watched, now=NOW + timedelta(minutes=10)).state("search")[0] == "blocked"
    weibo.lasts = 0
    plain = row("search", "weibo", site.url, keyword=KEYWORD)
    state, reason = crawls.run(plain, now=NOW + timedelta(minutes=40)).state("search")
    assert state == "empty"
    assert "请核实" in reason
