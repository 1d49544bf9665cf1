"""Complaints: the new ones, the company's late reply, and a site that refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.crawlers.conftest import Crawls, row
from tests.crawlers.listed_sites import Complaints
from tests.crawlers.site import NOW, Reply

LATER = NOW + timedelta(minutes=30)


def source(url: str, **more: Any) -> dict[str, Any]:
    return row("cars", "complaint", f"{url}/zlts/0-0-1.shtml", **more)


def details(paths: list[str]) -> list[str]:
    return [path.rpartition("/")[2] for path in paths if path.count("/") == 3]


def test_new_complaints_and_late_replies_are_found(crawls: Crawls, sites: Any) -> None:
    """A list in GBK, two a page; the reply of the company shows only in the status of its row, on page 2."""
    place = Complaints()
    for number in (1001, 1002, 1003, 1004):
        place.complain(number)
    place.complain(900, days_ago=400)
    site = sites(place.route)

    first = crawls.run(source(site.url))
    assert first.state("cars") == ("ok", "读取 7 个页面、4 条帖文，新增或变化 4 条")
    assert details(site.pages()) == ["1004.shtml", "1003.shtml", "1002.shtml", "1001.shtml"]
    complaint = next(post for post in crawls.posts() if post.native_id == "c:1002")
    assert (complaint.channel, complaint.kind, complaint.title) == ("complaint", "complaint", "1002 号投诉")
    assert complaint.text == "品牌：星辰\n1002 号：变速箱异响，4S店不给换。"

    assert crawls.run(source(site.url), now=LATER).state("cars") == ("ok", "没有新内容")
    assert details(site.pages()) == []

    place.complain(1005, days_ago=0)
    place.complaints[1002].reply = "已安排经销商与车主联系。"
    crawls.run(source(site.url), now=LATER + timedelta(minutes=30))
    assert details(site.pages()) == ["1005.shtml", "1002.shtml"]
    reply = next(post for post in crawls.posts() if post.native_id.startswith("r:1002:"))
    assert (reply.parent, reply.text) == (complaint.id, "已安排经销商与车主联系。")
    assert "品牌：星辰" in next(post.text for post in crawls.posts() if post.native_id == "c:1005")


def test_a_refused_list_is_blocked_and_loses_nothing(crawls: Crawls, sites: Any) -> None:
    """403 is no empty list; what came in meanwhile is read when the site lets us in again."""
    place = Complaints()
    place.complain(1001)
    site = sites(place.route)
    crawls.run(source(site.url))
    place.complain(1002)
    place.instead = Reply(status=403, body=b"<html><head><title>403 Forbidden</title></head></html>")
    blocked = crawls.run(source(site.url), now=LATER)
    assert blocked.state("cars")[0] == "blocked"
    assert blocked.reports["cars"]["failed"]
    place.instead = None
    crawls.run(source(site.url), now=LATER + timedelta(hours=1))
    assert {post.native_id for post in crawls.posts()} == {"c:1001", "c:1002"}


def test_an_empty_list_of_a_source_that_had_complaints_is_doubted(crawls: Crawls, sites: Any) -> None:
    """A site that throttles shows "nothing found" as well."""
    place = Complaints()
    place.complain(1001)
    site = sites(place.route)
    crawls.run(source(site.url))
    place.complaints.clear()
    state, reason = crawls.run(source(site.url), now=LATER).state("cars")
    assert state == "empty"
    assert "可能被限流" in reason


def test_a_table_that_has_lost_its_links_is_a_new_layout(crawls: Crawls, sites: Any) -> None:
    """Rows without links are not "nothing new"."""
    rows = "<tr><td>1001</td><td>星辰</td><td>漏油</td></tr>"
    body = f"<html><body><div class='tslb_b'><table>{rows}</table></div></body></html>"
    site = sites(lambda path: Reply(body=body.encode()) if path.startswith("/zlts") else None)
    assert crawls.run(source(site.url)).state("cars")[0] == "broken"
