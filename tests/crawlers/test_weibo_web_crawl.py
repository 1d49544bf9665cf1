"""weibo.com as a visitor sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.crawlers.conftest import Crawls, row
from tests.crawlers.site import NOW, Reply, at
from tests.crawlers.weibo_desktop import WebWeibo
from tests.crawlers.weibo_site import as_json


def opened(sites: Any, weibo: WebWeibo) -> Any:
    weibo.site = sites(weibo.route)
    return weibo.site


def source(site: Any, **more: Any) -> dict[str, Any]:
    return row("web", "weibo", site.url, surface="web", user="7", **more)


def test_a_visitor_reads_a_users_statuses(crawls: Crawls, sites: Any) -> None:
    """One identity for many crawls, the token sent a second time, long texts whole, a pinned status ends nothing."""
    weibo = WebWeibo()
    weibo.say(60 * 24 * 300, "认准官方门店", isTop=1)
    for number in range(8, 0, -1):
        weibo.say(number * 10, f"第{number}条通知")
    whole = "关于异响的说明，检测结果已出。" * 12
    weibo.say(1, whole[:60] + '<span class="expand">展开</span>', long=whole)
    site = opened(sites, weibo)

    first = crawls.run(source(site))
    assert first.state("web")[0] == "ok", first.state("web")
    paths = site.pages()
    assert [path.partition("?")[0] for path in paths[:2]] == ["/visitor/genvisitor2", "/visitor/visitor"]
    assert b"cb=visitor_gray_callback" in site.bodies[0]
    assert sum("mymblog" in path for path in paths) == 5, "four pages of three, and the empty one"
    asked = [sent for sent in site.headers if "X-Requested-With" in sent]
    assert {sent["X-Xsrf-Token"] for sent in asked} == {"tok"}
    assert {sent["Referer"] for sent in asked} == {f"{site.url}/"}
    texts = {post.text for post in crawls.posts()}
    assert whole in texts
    assert len(texts) == 10

    weibo.say(-5, "刚发布的一条")
    later = crawls.run(source(site), now=NOW + timedelta(minutes=10))
    assert later.reports["web"]["new"] == 1
    assert not any("visitor" in path for path in site.pages()), "the identity is kept"
    assert weibo.visitors == ["visitor-1"]


def test_an_identity_that_ran_out_is_renewed_once(crawls: Crawls, sites: Any) -> None:
    """Sent away with the old identity, the crawl asks for one new one; sent away with that, it is blocked."""
    weibo = WebWeibo()
    weibo.say(10, "第一条")
    site = opened(sites, weibo)
    crawls.run(source(site))
    weibo.worn_out.add("visitor-1")
    weibo.say(-5, "第二条")
    renewed = crawls.run(source(site), now=NOW + timedelta(minutes=10))
    assert renewed.state("web")[0] == "ok"
    assert renewed.reports["web"]["new"] == 1
    assert weibo.visitors == ["visitor-1", "visitor-2"]

    weibo.worn_out |= {"visitor-2", "visitor-3"}
    refused = crawls.run(source(site), now=NOW + timedelta(minutes=20))
    assert refused.state("web")[0] == "blocked"
    assert weibo.visitors[-1] == "visitor-3"
    assert len(weibo.visitors) == 3, "one request for an identity, not a loop of them"


def test_a_captcha_is_no_reason_to_become_somebody_else(crawls: Crawls, sites: Any) -> None:
    """A puzzle means us, whoever we say we are: blocked, and no new identity."""
    weibo = WebWeibo(wall={"ok": -100, "url": "https://weibo.com/captcha?scene=limit"})
    weibo.say(10, "第一条")
    site = opened(sites, weibo)
    crawls.run(source(site))
    weibo.worn_out.add("visitor-1")
    assert crawls.run(source(site), now=NOW + timedelta(minutes=10)).state("web")[0] == "blocked"
    assert weibo.visitors == ["visitor-1"]


NO_IDENTITY = {
    "refused": (as_json({"retcode": 50111261, "msg": "system error"}), "blocked", "system error"),
    "cut": (Reply(body=b"visitor_gray_callback({broken"), "broken", "无法识别"),
    "bare": (as_json({"retcode": 20000000, "data": {"tid": "a"}}), "broken", "没有给出身份"),
    "banned": (Reply(status=418), "blocked", "418"),
    "gone": (Reply(status=404), "broken", "404"),
}


def test_no_identity_no_crawl(crawls: Crawls, sites: Any) -> None:
    """Where the site gives no identity, that is what the operator reads, and nothing else is asked."""
    servers = {name: opened(sites, WebWeibo(refuses=answer)) for name, (answer, _, _) in NO_IDENTITY.items()}
    outcome = crawls.run(*({**source(site), "id": name} for name, site in servers.items()))
    for name, (_, state, said) in NO_IDENTITY.items():
        told = outcome.state(name)
        assert told[0] == state
        assert "没有取得微博访客身份" in told[1]
        assert said in told[1]
        assert not any("/ajax/" in path for path in servers[name].pages())


def test_robots_hold_for_the_visitors_page(crawls: Crawls, sites: Any) -> None:
    """robots.txt of the passport is obeyed: then there is no identity."""
    weibo = WebWeibo()
    site = opened(sites, weibo)
    site.robots = Reply(body=b"User-agent: *\nDisallow: /visitor/\n", kind="text/plain")
    assert crawls.run(source(site)).state("web")[0] == "blocked"
    assert not site.pages()


def test_an_own_cookie_turns_the_visitor_off(crawls: Crawls, sites: Any) -> None:
    """Whoever logs in is no visitor; the token of the own cookie is sent a second time."""
    weibo = WebWeibo(visitors=["mine"])
    weibo.say(10, "第一条")
    site = opened(sites, weibo)
    outcome = crawls.run(source(site, cookie="SUB=mine; XSRF-TOKEN=own"))
    assert outcome.state("web")[0] == "ok"
    assert not any("visitor" in path for path in site.pages())
    assert site.headers[-1]["X-Xsrf-Token"] == "own"


def test_a_search_needs_another_surface(crawls: Crawls, sites: Any) -> None:
    """weibo.com has no search for machines, and s.weibo.com has nothing else: the operator reads what to change."""
    site = sites(at("/", Reply(body=b"x")))
    outcome = crawls.run(
        row("keyword", "weibo", site.url, surface="web", keyword="星辰"),
        row("user", "weibo", site.url, surface="search", user="7"),
    )
    assert "surface" in outcome.state("keyword")[1]
    assert "keyword" in outcome.state("user")[1]
    assert {outcome.state(name)[0] for name in ("keyword", "user")} == {"broken"}
    assert not site.pages()


def test_comments_come_newest_first(crawls: Crawls, sites: Any) -> None:
    """Comments of weibo.com are posts that answer their status."""
    weibo = WebWeibo()
    mid = weibo.say(10, "第一条", comments_count=1)
    user = {"id": 9, "screen_name": "车友"}
    when = (NOW - timedelta(minutes=3)).strftime("%a %b %d %H:%M:%S %z %Y")
    comment = {"id": 6, "created_at": when, "text": "什么时候赔", "user": user, "source": "来自湖南", "like_counts": 4}
    weibo.comments[mid] = [{**comment, "id": 5_100_000_000_000_001, "rootid": 5_100_000_000_000_001}]
    site = opened(sites, weibo)
    outcome = crawls.run(source(site, comments=True))
    assert outcome.state("web")[0] == "ok"
    answer = next(post for post in crawls.posts() if post.native_id.startswith("comment:"))
    status = next(post for post in crawls.posts() if post.native_id == mid)
    assert (answer.parent, answer.author.region, answer.counts.likes) == (status.id, "湖南", 4)
