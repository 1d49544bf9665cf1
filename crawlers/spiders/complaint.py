"""Complaint sites: the list, newest complaint first, then the complaints that are new or whose status has changed."""

from __future__ import annotations

from crawlers.spiders.listed import ListedSpider


class ComplaintSpider(ListedSpider):
    """Source url: a list page; 车质网's `/zlts/0-0-0-0-0-0_0-0-0-0-0-0-0-1.shtml`, or the same of one brand.

    A reply shows in the status of its row only, so the first three pages are always looked at; complaints further down
    that are graded are read again by `[crawl] revisit`. 黑猫's lists want a signature, which is not forged: what a
    person saves there comes in by `tingfeng import`. Not verified against live sites.
    """

    name = "complaint"
    kind = "complaint"
    channel = "complaint"
    parser = "complaint"
    least_pages = 3
