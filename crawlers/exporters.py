"""`scrapy crawl … -O out.jsonl` prints the product's own JSON Lines, so that every tool of ours can read them on."""

from __future__ import annotations

from typing import IO, Any

from scrapy.exporters import BaseItemExporter

from core.wire import dumps, post_to_json
from crawlers.items import Batch


class WireLines(BaseItemExporter):
    """One post a line, spelled as `core.wire` spells it."""

    def __init__(self, file: IO[bytes], **options: Any) -> None:
        super().__init__(dont_fail=True, **options)
        self.file = file

    def export_item(self, item: Any) -> None:
        """Write every post of the batch."""
        assert isinstance(item, Batch)
        for post in item.posts:
            self.file.write(dumps(post_to_json(post)).encode() + b"\n")
