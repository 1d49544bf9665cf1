"""The Weibo look-alike: its JSON, its long texts, its empty answers and the page of a status."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from lxml import html

from demo import identities
from demo.posts import WorldPost
from demo.sites import weibo_json
from demo.world import World

if TYPE_CHECKING:
    from tests.demo.conftest import Reader


def _tree(text: str) -> Any:
    """lxml types an XPath's result as one of nine things; the tests know which."""
    return html.fromstring(text)


def _post(reader: Reader, native: str) -> WorldPost:
    post = reader.world.post("weibo", native, reader.clock())
    assert post is not None
    return post


def _search(reader: Reader, keyword: str, page: int = 1, kind: str = "61") -> dict[str, Any]:
    container = quote(f"100103type={kind}&q={keyword}", safe="")
    path = f"/api/container/getIndex?containerid={container}&page_type=searchall&page={page}"
    answer: dict[str, Any] = reader.get("weibo", path).json()
    return answer


def _statuses(answer: dict[str, Any]) -> list[dict[str, Any]]:
    cards = answer["data"]["cards"]
    flat = [inner for card in cards for inner in (card["card_group"] if card["card_type"] == 11 else [card])]
    return [card["mblog"] for card in flat if card["card_type"] == 9]


def _read(element: Any) -> str:
    """What a person reads: the text, emoji as their names in brackets."""
    for face in element.xpath(".//img[@alt]"):
        face.tail = face.get("alt") + (face.tail or "")
    return str(element.text_content())


def _all(reader: Reader, keyword: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page = 1
    while (answer := _search(reader, keyword, page))["ok"] == 1:
        statuses = _statuses(answer)
        assert 1 <= len(statuses) <= 10
        found += statuses
        page += 1
    return found


def test_the_search_shows_every_post_once_newest_first(reader: Reader, world: World) -> None:
    """Ten statuses a page until all are shown: everything published so far carries the brand's name."""
    reader.clock.after_incident(300)
    found = [status["mid"] for status in _all(reader, "曜行")]
    published = [post.native_id for post in world.published(reader.clock(), "weibo")]
    assert found == sorted(found, key=int, reverse=True)
    assert sorted(found) == sorted(published)


def test_a_status_has_the_fields_of_the_real_site(reader: Reader, world: World) -> None:
    """Ids are strings, the time is English, followers are words, the region has its prefix."""
    for status in _all(reader, "曜行"):
        post = _post(reader, status["mid"])
        assert isinstance(status["mid"], str)
        assert status["bid"] == identities.bid(status["mid"])
        assert re.fullmatch(r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d \+0800 \d{4}", status["created_at"])
        assert datetime.strptime(status["created_at"], "%a %b %d %H:%M:%S %z %Y") == post.published
        assert status["user"]["screen_name"] == post.author.name
        assert isinstance(status["user"]["followers_count"], str)
        assert status["region_name"].startswith("发布于 ")
        assert status["isLongText"] == (len(post.text) > 140) == ("全文</a>" in status["text"])


def test_cards_come_singly_and_in_groups(reader: Reader) -> None:
    """The first page has groups, one of them without any post; later pages have single cards."""
    first = _search(reader, "曜行")["data"]["cards"]
    assert [card["card_type"] for card in first[:2]] == [11, 11]
    assert not [inner for inner in first[0]["card_group"] if inner["card_type"] == 9]
    assert {card["card_type"] for card in _search(reader, "曜行", 2)["data"]["cards"]} == {9}


@pytest.mark.parametrize(
    "query",
    [
        "containerid=100103type%3D61%26q%3D%E4%B8%8D%E5%AD%98%E5%9C%A8%E7%9A%84%E8%AF%8D",
        "containerid=100103type%3D61%26q%3D",
        "containerid=100103type%3D61%26q%3D%E6%9B%9C%E8%A1%8C&page=99",
        "containerid=1076031850010983",
        "",
    ],
)
def test_nothing_found_is_said_in_weibo_s_words(reader: Reader, query: str) -> None:
    """No hit, a foreign container and a page beyond the end all give ok 0."""
    answer = reader.get("weibo", f"/api/container/getIndex?{query}").json()
    assert answer == {"ok": 0, "msg": "这里还没有内容", "data": {"cards": []}}


def test_an_unescaped_container_is_understood(reader: Reader) -> None:
    """Clients that leave `q` as a parameter of its own get the same answer."""
    loose = reader.get("weibo", "/api/container/getIndex?containerid=100103type=61&q=曜行&page_type=searchall").json()
    assert [status["mid"] for status in _statuses(loose)] == [
        status["mid"] for status in _statuses(_search(reader, "曜行"))
    ]


def test_misspellings_are_found_too(reader: Reader) -> None:
    """The search forgives 耀行 and Yaoxing; that is why other meanings of the name come along."""
    texts = " ".join(status["text"] for status in _all(reader, "曜行"))
    assert "耀行舞团" in texts
    assert "Yaoxing" in texts


def test_long_texts_are_cut_and_can_be_fetched(reader: Reader, world: World) -> None:
    """A list shows the beginning; `extend` and `show` give the whole."""
    reader.clock.after_incident(60)
    long = [status for status in _all(reader, "曜行") if status["isLongText"]]
    assert len(long) >= 2
    for status in long:
        post = _post(reader, status["mid"])
        extended = reader.get("weibo", f"/statuses/extend?id={status['mid']}").json()
        shown = reader.get("weibo", f"/statuses/show?id={status['bid']}").json()
        for text in (extended["data"]["longTextContent"], shown["data"]["text"]):
            assert _tree(f"<p>{text}</p>").text_content() == post.text
        assert len(_tree(f"<p>{status['text']}</p>").text_content()) < len(post.text)


def test_reposts_carry_their_original(reader: Reader, world: World) -> None:
    """A repost brings the status it reposts, with its own user and counts."""
    reposts = [status for status in _all(reader, "曜行") if "retweeted_status" in status]
    assert len(reposts) >= 6
    for status in reposts:
        original = _post(reader, status["retweeted_status"]["mid"])
        assert status["retweeted_status"]["user"]["screen_name"] == original.author.name


def test_a_repost_of_a_vanished_original_has_no_user(world: World) -> None:
    """What a deleted original looks like in the JSON."""
    repost = next(post for post in world.posts if post.site == "weibo" and post.parent)
    gone = weibo_json.mblog(repost, world.epoch, lambda _: None)["retweeted_status"]
    assert gone["user"] is None
    assert gone["mid"] == repost.parent


@pytest.mark.parametrize(
    ("number", "shown"), [(0, 0), (999_999, 999_999), (1_000_000, "100万+"), (1_360_000, "136万+")]
)
def test_large_counts_are_words(number: int, shown: int | str) -> None:
    """From one million on a count is a string."""
    assert weibo_json.count(number) == shown


@pytest.mark.parametrize(("number", "shown"), [(40, "40"), (9_999, "9999"), (10_000, "1万"), (1_803_000, "180.3万")])
def test_followers_are_words(number: int, shown: int | str) -> None:
    """Followers are always text."""
    assert weibo_json.followers(number) == shown


def test_a_count_of_a_million_occurs(reader: Reader) -> None:
    """One famous post has more likes than the JSON writes as a number."""
    assert any(isinstance(status["attitudes_count"], str) for status in _all(reader, "曜行"))


@pytest.mark.parametrize("path", ["/detail/{mid}", "/status/{mid}", "/detail/{bid}"])
def test_the_page_of_a_status_is_rendered_on_the_server(reader: Reader, world: World, path: str) -> None:
    """A picture of the page shows author, time, text and counts; `$render_data` holds the same status."""
    reader.clock.after_incident(400)
    for post in world.published(reader.clock(), "weibo")[-12:]:
        text = reader.get("weibo", path.format(mid=post.native_id, bid=identities.bid(post.native_id))).text
        tree = _tree(text)
        assert tree.xpath("string(//h3)").startswith(post.author.name)
        assert _read(tree.xpath('(//div[@class="weibo-text"])[1]')[0]) == post.text
        found = re.search(r"\$render_data = (\[.*\])\[0\] \|\| \{\};", text)
        assert found
        assert json.loads(found[1])[0]["status"]["mid"] == post.native_id


def test_what_is_not_published_is_not_shown(reader: Reader, world: World) -> None:
    """Before its time a status is neither found, nor shown, nor extended."""
    post: WorldPost = next(post for post in world.posts if post.author.followers == 1_803_000)
    assert post.native_id not in {status["mid"] for status in _all(reader, "曜行")}
    assert reader.get("weibo", f"/detail/{post.native_id}").status_code == 404
    for path in ("show", "extend"):
        assert reader.get("weibo", f"/statuses/{path}?id={post.native_id}").json()["ok"] == 0


def test_markup_in_a_text_stays_text() -> None:
    """Topics, mentions and emoji become the site's HTML; everything else is escaped."""
    assert weibo_json.rich("<b>&[怒]@某人 #话题#[不是表情]") == (
        '&lt;b&gt;&amp;<span class="url-icon"><img alt=[怒] src="/face.svg" style="width:1em; height:1em;" /></span>'
        "<a href='/n/%E6%9F%90%E4%BA%BA'>@某人</a> "
        '<a href="/search?containerid=231522type%3D1%26t%3D10%26q%3D%23%E8%AF%9D%E9%A2%98%23">'
        '<span class="surl-text">#话题#</span></a>[不是表情]'
    )
