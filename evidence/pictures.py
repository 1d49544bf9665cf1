"""Fetches the pictures of a post, through the same filter as the browser: their addresses are a stranger's choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from evidence.proxy import EgressProxy

#: A photo of a telephone has 3 to 6 MB.
MOST_BYTES = 10_000_000
_SECONDS = 20.0
_REDIRECTS = 3
#: What may be different the next time.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One picture, or why there is none."""

    url: str
    content: bytes | None = None
    #: One Chinese sentence.
    reason: str | None = None
    #: Whether another try may succeed.
    is_passing: bool = False


async def fetch_pictures(
    urls: Sequence[str], *, referer: str, user_agent: str, allow_private: Sequence[str] = ()
) -> list[Fetched]:
    """Fetch pictures one after the other; never raises for what a site does.

    `referer` is the page that shows them: picture hosts refuse requests without it.
    """
    headers = {"User-Agent": user_agent, "Referer": referer, "Accept": "image/*"}
    async with (
        EgressProxy(allow_private=allow_private, max_bytes=MOST_BYTES * (len(urls) + 1)) as proxy,
        httpx.AsyncClient(
            proxy=proxy.url,
            headers=headers,
            timeout=_SECONDS,
            follow_redirects=True,
            max_redirects=_REDIRECTS,
            trust_env=False,
        ) as client,
    ):
        return [await _fetch(client, proxy, url) for url in urls]


async def _fetch(client: httpx.AsyncClient, proxy: EgressProxy, url: str) -> Fetched:
    if not url.startswith(("http://", "https://")):
        return Fetched(url=url, reason="不是网址")
    before = dict(proxy.log.refused)
    try:
        async with client.stream("GET", url) as answer:
            if answer.status_code != httpx.codes.OK:
                passing = answer.status_code in _PASSING
                return Fetched(url=url, reason=f"网站答复 {answer.status_code}", is_passing=passing)
            content = bytearray()
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > MOST_BYTES:
                    return Fetched(url=url, reason=f"图片超过 {MOST_BYTES // 1_000_000} MB")
            return Fetched(url=url, content=bytes(content))
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects) as bad:
        return Fetched(url=url, reason=f"地址不可用（{type(bad).__name__}）")
    except httpx.HTTPError as bad:
        new = [why for pair, why in proxy.log.refused.items() if pair not in before]
        if new:
            return Fetched(url=url, reason=f"地址指向{new[0]}，不予访问")
        return Fetched(url=url, reason=f"没有取到（{type(bad).__name__}）", is_passing=True)
