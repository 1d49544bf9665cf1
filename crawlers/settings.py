"""The Scrapy project's settings: polite by default, with nothing that listens or phones home.

`crawlers.run` lays the operator's `[crawl]` section over them; `scrapy crawl` by hand uses them as they are.
"""

from __future__ import annotations

from core.settings import CrawlSettings

_POLITE = CrawlSettings()

BOT_NAME = "tingfeng"
SPIDER_MODULES = ["crawlers.spiders"]
NEWSPIDER_MODULE = "crawlers.spiders"

USER_AGENT = _POLITE.user_agent
DOWNLOAD_DELAY = _POLITE.delay.total_seconds()
CONCURRENT_REQUESTS_PER_DOMAIN = _POLITE.concurrency_per_host
DOWNLOAD_TIMEOUT = _POLITE.timeout.total_seconds()
DOWNLOAD_MAXSIZE = _POLITE.max_response_mb * 1_000_000
DOWNLOAD_WARNSIZE = 0
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5",
}
#: A cookie jar would make one visit depend on the one before.
COOKIES_ENABLED = False
#: A page that sends readers on by itself is judged as it is: that is how block pages work.
METAREFRESH_ENABLED = False
REDIRECT_MAX_TIMES = 5
RETRY_TIMES = 2
RETRY_GIVE_UP_LOG_LEVEL = "INFO"
ROBOTSTXT_OBEY = True

DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawlers.robots.Robots": 100,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "crawlers.middlewares.Patience": 550,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "crawlers.middlewares.CarefulRedirects": 600,
    "crawlers.resolving.InsideNames": 650,
    # The last before the wire: what it counts is asked for.
    "crawlers.budget.DailyBudget": 900,
}
ITEM_PIPELINES = {"crawlers.pipelines.KeepPosts": 300}
FEED_EXPORTERS = {
    "jsonl": "crawlers.exporters.WireLines",
    "jsonlines": "crawlers.exporters.WireLines",
    "jl": "crawlers.exporters.WireLines",
}
FEED_EXPORT_ENCODING = "utf-8"

#: Addresses of files, of data inside the address and of other protocols are nothing that a page may send us to.
DOWNLOAD_HANDLERS = {"data": None, "file": None, "ftp": None, "s3": None}

#: Doors that Scrapy opens unless told otherwise (both run code that they are sent): not even loaded.
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False
EXTENSIONS = {
    "scrapy.extensions.remote_control.RemoteControl": None,
    "scrapy.extensions.telnet.TelnetConsole": None,
}

LOG_LEVEL = "INFO"
