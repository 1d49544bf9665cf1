"""What every parser asks first: does the site refuse us, or is it down? Only then is there a page to read."""

from __future__ import annotations

from crawlers.pages.base import Expects, PageContext, Parsed, stopped
from crawlers.pages.blocks import block_sign
from crawlers.pages.outages import outage_sign


def refusal(body: bytes, page: PageContext, *, expects: Expects) -> Parsed | None:
    """`blocked` or `down` with the sign that gave it away; `None` for a page that can be read."""
    sign = block_sign(
        status=page.status,
        url=page.url,
        requested_url=page.requested_url or page.url,
        content_type=page.content_type,
        body=body,
        expects=expects,
    )
    if sign:
        return stopped("blocked", sign)
    if page.status >= 500:
        return stopped("down", f"站点返回状态码 {page.status}")
    if expects != "binary" and page.status < 400 and (gone := outage_sign(body, page.content_type)) is not None:
        return stopped("down", gone)
    return None
