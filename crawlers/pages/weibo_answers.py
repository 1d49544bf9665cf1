"""Where Weibo's JSON answers keep their statuses, their longer texts and the way on.

Shapes, with the addresses that were seen to answer so (public code 2019 to 2026; m.weibo.cn also saved answers):

- `data.cards[].mblog`, nested in `card_group`: m.weibo.cn `/api/container/getIndex` (search, user)
- `data` or the answer itself is one status: m.weibo.cn `/statuses/show`, weibo.com `/ajax/statuses/show`
- `data.list[]`: weibo.com `/ajax/statuses/mymblog`; `data.statuses[]`, `statuses[]`: feeds of both
- `data.data[]`, `data[]`: who reposted a status
- `data.longTextContent`: the whole text, markup on m.weibo.cn, plain with `url_struct` on weibo.com
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from core.text import clean
from crawlers.pages.base import LARGEST_BODY, Link, PageContext
from crawlers.pages.encoding import decode
from crawlers.pages.markup import html_to_text
from crawlers.pages.weibo_ids import on_host
from crawlers.pages.weibo_posts import Json, id_text

_RENDERED = re.compile(rb"\$render_data\s*=\s*(?=\[)")
_LOOK = 500_000
_MOST_CARDS = 2000
_DEEPEST_CARD = 6
_MOST_LINKS_IN_TEXT = 200
_LAST_PAGE = 1000
#: Weibo itself allows fewer characters, markup included.
_LONGEST_TEXT = 300_000


def load(body: bytes) -> Json:
    """The answer, `None` for what is not JSON. Integers are exact, however large."""
    try:
        return json.loads(decode(body[:LARGEST_BODY]))
    except (ValueError, RecursionError):
        return None


def rendered(body: bytes) -> bytes | None:
    """The status that a `/detail/` page draws itself from, as JSON; `None` where the page has none."""
    start = _RENDERED.search(body[:_LOOK])
    if start is None:
        return None
    try:
        drawn, _ = json.JSONDecoder(strict=False).raw_decode(decode(body[start.end() : LARGEST_BODY]))
    except (ValueError, RecursionError):
        return None
    status = drawn[0].get("status") if isinstance(drawn, list) and drawn and isinstance(drawn[0], dict) else None
    return json.dumps(status).encode() if isinstance(status, dict) else None


def message_of(answer: Mapping[str, Json]) -> str:
    """What an answer says to people, cut to one line; "" where it says nothing."""
    told = (answer.get(name) for name in ("msg", "message", "errmsg"))
    return next((clean(text)[:60] for text in told if isinstance(text, str) and text.strip()), "")


def whole_text_in(answer: Json) -> str | None:
    """The text of a `statuses/extend` or `statuses/longtext` answer; `None` where the answer is something else.

    weibo.com sends short links where readers see a title; the titles are put back, so that both sites give one text.
    """
    data = answer.get("data") if isinstance(answer, dict) else None
    content = data.get("longTextContent") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(content, str):
        return None
    content, links = content[:_LONGEST_TEXT], data.get("url_struct")
    for link in links[:_MOST_LINKS_IN_TEXT] if isinstance(links, list) else []:
        short, title = (link.get("short_url"), link.get("url_title")) if isinstance(link, dict) else (None, None)
        if isinstance(short, str) and isinstance(title, str) and short.startswith("http") and title:
            content = content.replace(short, title[:200])
    return html_to_text(content) or None


def statuses_in(answer: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    """Every status object, wherever the kind of answer keeps it, in the order shown."""
    data = answer.get("data")
    if isinstance(data, list):
        yield from _of_list(data)
    elif isinstance(data, dict):
        if isinstance(data.get("cards"), list):
            yield from _in_cards(data["cards"], depth=0)
        elif looks_like_status(data):
            yield data
        else:
            lists = (data[name] for name in ("statuses", "list", "data") if isinstance(data.get(name), list))
            yield from _of_list(next(lists, []))
    elif isinstance(answer.get("statuses"), list):
        yield from _of_list(answer["statuses"])
    elif looks_like_status(answer):
        yield dict(answer)


def looks_like_status(value: Mapping[str, Json]) -> bool:
    """Whether an object has what every status has."""
    return (
        any(name in value for name in ("mid", "id", "mblogid"))
        and "created_at" in value
        and any(name in value for name in ("text", "text_raw"))
        and not looks_like_comment(value)
    )


def looks_like_comment(value: Mapping[str, Json]) -> bool:
    """Whether an object is a comment: those are liked and rooted, and never reposted."""
    return not any(name in value for name in ("reposts_count", "attitudes_count", "mblogid", "retweeted_status")) and (
        any(name in value for name in ("rootid", "rootidstr", "like_counts", "like_count", "floor_number"))
        or value.get("readtimetype") == "comment"
    )


def _of_list(rows: list[Json]) -> Iterator[dict[str, Json]]:
    for row in rows[:_MOST_CARDS]:
        if isinstance(row, dict) and not looks_like_comment(row):
            inner = row.get("status") or row.get("mblog")
            yield inner if isinstance(inner, dict) and not looks_like_status(row) else row


def _in_cards(cards: list[Json], *, depth: int) -> Iterator[dict[str, Json]]:
    for card in cards[:_MOST_CARDS]:
        if not isinstance(card, dict):
            continue
        if isinstance(card.get("mblog"), dict):
            yield card["mblog"]
        for name in ("card_group", "cards", "left_element", "right_element"):
            group = card.get(name)
            if isinstance(group, list) and depth < _DEEPEST_CARD:
                yield from _in_cards(group, depth=depth + 1)


def next_page(answer: Mapping[str, Json], page: PageContext, *, shown: int) -> Link | None:
    """The same list further down: by `since_id` where the answer gives one, else by the page number.

    weibo.com wants both, and says nothing when a list ends: an empty page does.
    """
    data = answer.get("data")
    parts = urlsplit(page.url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if isinstance(data, dict) and parts.path.endswith("/mymblog") and shown:
        number = query.get("page", "1")
        query["page"] = str(int(number) + 1 if number.isdigit() and len(number) < 5 else 2)
        query["since_id"] = id_text(data.get("since_id")) or ""
    elif not isinstance(data, dict) or not _go_on_by_card_list(data, query):
        return None
    return Link(url=urlunsplit(parts._replace(query=urlencode(query), fragment="")), leads_to="list")


def _go_on_by_card_list(data: Mapping[str, Json], query: dict[str, str]) -> bool:
    shown = data.get("cardlistInfo")
    since, number = (shown.get("since_id"), shown.get("page")) if isinstance(shown, dict) else (None, None)
    query.pop("since_id", None)
    query.pop("page", None)
    if since_id := id_text(since):
        query["since_id"] = since_id
        return True
    if isinstance(number, int) and 1 < number < _LAST_PAGE:
        query["page"] = str(number)
        return True
    return False


def own_lists(data: Mapping[str, Json], page: PageContext) -> Iterator[Link]:
    """A profile answer has no statuses; it names the container that has them."""
    user, tabs = data.get("userInfo"), data.get("tabsInfo")
    uid = id_text(user.get("id")) or id_text(user.get("idstr")) if isinstance(user, dict) else None
    for tab in tabs.get("tabs", []) if isinstance(tabs, dict) and isinstance(tabs.get("tabs"), list) else []:
        is_own = isinstance(tab, dict) and "weibo" in (tab.get("tabKey"), tab.get("tab_type"))
        container = id_text(tab.get("containerid")) if is_own else None
        if uid and container:
            query = urlencode({"type": "uid", "value": uid, "containerid": container})
            yield Link(url=on_host(page, f"/api/container/getIndex?{query}"), leads_to="list")
