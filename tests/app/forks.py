"""Runs `tingfeng …` commands, each in a process of its own: forked from one that has done the imports already.

Reads one JSON object a line from standard input (arguments, folder, environment, files for its output) and prints the
exit code.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import sys
from typing import Any

#: What the commands load only when they run.
SLOW_TO_LOAD = (
    "alembic.command",
    "app.doctor",
    "app.scaffold.expectation",
    "crawlers.guessing",
    "crawlers.health",
    "crawlers.trial",
    "crawlers.canary",
    "crawlers.endings",
    "crawlers.revisits",
    "index.posts",
    "scrapy.core.downloader.handlers.http11",
    "scrapy.core.engine",
    "scrapy.downloadermiddlewares.httpcache",
    "scrapy.extensions.feedexport",
    "scrapy.spidermiddlewares.referer",
)


def child(order: dict[str, Any]) -> None:
    from app.cli import main

    os.chdir(order["folder"])
    os.environ.update(order["environment"])
    for descriptor, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = ["tingfeng", *order["arguments"]]
    code: Any = 0
    try:
        main()
    except SystemExit as end:
        code = end.code or 0
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)  # to take a copied interpreter apart takes longer than the command


if __name__ == "__main__":
    importlib.import_module("app.cli")
    for module in SLOW_TO_LOAD:
        importlib.import_module(module)
    for spider in pkgutil.iter_modules(importlib.import_module("crawlers.spiders").__path__):
        importlib.import_module(f"crawlers.spiders.{spider.name}")
    gc.freeze()
    assert "twisted.internet.reactor" not in sys.modules
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            child(json.loads(line))
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n")
        sys.stdout.flush()
