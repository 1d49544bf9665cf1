"""A forum's board, whatever software it runs."""

from __future__ import annotations

from crawlers.spiders.boards import BoardSpider


class ForumSpider(BoardSpider):
    """Source url: a board's list page."""

    name = "forum"
    kind = "forum"
    channel = "forum"
    parser = "forum"
