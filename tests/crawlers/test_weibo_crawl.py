from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.crawlers.conftest import Crawls, row
from tests.crawlers.site import NOW, Reply, at
from tests.crawlers.weibo_site import Weibo, as_json

KEYWORD = "星辰汽车"
WHOLE = "提车第三天刹车失灵，4S店拖了两周，客服让我等通知。" * 12


def _lists(paths: list[str]) -> int:
    return sum("getIndex" in path for path in paths)


def test_pages_are_read_until_all_is_known_and_cut_texts_are_fetched_whole(crawls: Crawls, sites: Any) -> None:
    """An empty page in the middle is not the end; a known page is; a long text is kept whole, with its own response."""
    weibo = Weibo(gaps={2})
    for number in range(1, 11):
        weibo.say(number * 10, f"{KEYWORD}第{number}条：保养体验一般")
    weibo.statuses[0].text, weibo.statuses[0].long = WHOLE[:100] + "...全文", WHOLE
    site = sites(weibo.route)
    source = row("search", "weibo", site.url, keyword=KEYWORD)

    first = crawls.run(source)
    paths = site.pages()
    assert first.state("search")[0] == "ok"
    assert (_lists(paths), len(paths)) == (5, 6), "pages 1 to 3, two empty ones at the end, one long text"
    posts = crawls.posts()
    assert len(posts) == 6
    long = next(post for post in posts if post.text.startswith("提车第三天"))
    assert long.text == WHOLE
    assert b"longTextContent" in crawls.raw_of(long).body
    assert long.counts.reposts == 1_000_000
    assert all(headers["Referer"] == f"{site.url}/" for headers in site.headers[1:])

    weibo.gaps.clear()
    weibo.say(-1, f"{KEYWORD}刚刚又出问题")
    later = crawls.run(source, now=NOW + timedelta(minutes=10))
    assert later.reports["search"]["new"] == 5, "the new one, and the four that the gap had hidden"
    assert not any("extend" in path for path in site.pages()), "the long text is known"
    assert {len(crawls.posts()), len(weibo.statuses)} == {11}

    quiet = crawls.run(source, now=NOW + timedelta(minutes=20))
    assert quiet.state("search") == ("ok", "没有新内容")
    assert _lists(site.pages()) == 1


def test_a_long_text_that_cannot_be_had_is_kept_cut_and_asked_for_again(crawls: Crawls, sites: Any) -> None:
    """The beginning is better than nothing now, and the whole better than the beginning later."""
    weibo = Weibo(long_fails=True)
    weibo.say(10, f"{KEYWORD}普通一条")
    weibo.say(20, WHOLE[:100] + "...全文", long=WHOLE)
    site = sites(weibo.route)
    source = row("search", "weibo", site.url, keyword=KEYWORD)
    state, reason = crawls.run(source).state("search")
    assert state == "ok"
    assert "1 个页面没有取到" in reason
    assert {len(post.text) > 200 for post in crawls.posts()} == {False}
    weibo.long_fails = False
    assert crawls.run(source, now=NOW + timedelta(minutes=10)).state("search")[0] == "ok"
    assert WHOLE in {post.text for post in crawls.posts()}
    assert len(crawls.posts()) == 2


def test_an_edited_long_text_is_fetched_whole_again(crawls: Crawls, sites: Any) -> None:
    """A known status that was edited is read anew: its new whole text is kept, not the beginning a list shows."""
    weibo = Weibo()
    weibo.say(20, WHOLE[:100] + "...全文", long=WHOLE)
    weibo.say(30, f"{KEYWORD}普通一条")
    site = sites(weibo.route)
    source = row("search", "weibo", site.url, keyword=KEYWORD)
    crawls.run(source)
    other = "【已解决】" + WHOLE
    edited = weibo.statuses[0]
    edited.text, edited.long, edited.edited = other[:100] + "...全文", other, NOW
    later = crawls.run(source, now=NOW + timedelta(minutes=10))
    assert (later.reports["search"]["new"], later.reports["search"]["changed"]) == (0, 1)
    assert {post.text for post in crawls.posts()} == {other, f"{KEYWORD}普通一条"}
    site.pages()
    crawls.run(source, now=NOW + timedelta(minutes=20))
    assert len(site.pages()) == 1, "read once an edit"


def test_bans_are_bans_and_an_empty_search_is_doubted(crawls: Crawls, sites: Any) -> None:
    """432, ok=-100, a web page instead of JSON: blocked. "这里还没有内容": empty, suspicious where posts were seen."""
    good = Weibo()
    good.say(10, f"{KEYWORD}一条")
    search = "/api"
    servers = {
        "banned": sites(at(search, Reply(status=432))),
        "captcha": sites(at(search, as_json({"ok": -100, "url": "https://m.weibo.cn/captcha?scene=limit"}))),
        "visitor": sites(at(search, Reply(body=b"<!DOCTYPE html><html><body>Sina Visitor System</body></html>"))),
        "nothing": sites(at(search, as_json({"ok": 0, "msg": "这里还没有内容", "data": {"cards": []}}))),
        "changed": sites(at(search, as_json({"ok": 1, "data": {"cards": [{"mblog": {"what": 1}}]}}))),
        "good": sites(good.route),
    }
    sources = [row(name, "weibo", site.url, keyword=KEYWORD) for name, site in servers.items()]
    sources.append(row("rare", "weibo", servers["nothing"].url, keyword=KEYWORD, never_empty=False))
    outcome = crawls.run(*sources)
    assert {name: outcome.state(name)[0] for name in outcome.reports} == {
        "banned": "blocked",
        "captcha": "blocked",
        "visitor": "blocked",
        "nothing": "empty",
        "changed": "broken",
        "good": "ok",
        "rare": "empty",
    }
    assert "请核实" in outcome.state("nothing")[1]
    assert "请核实" not in outcome.state("rare")[1]
    assert (outcome.reports["nothing"]["failed"], outcome.reports["rare"]["failed"]) == (True, False)
    assert len(crawls.posts()) == 1

    good.statuses.clear()
    state, reason = crawls.run(sources[5], now=NOW + timedelta(minutes=10)).state("good")
    assert state == "empty"
    assert "以前有内容" in reason
