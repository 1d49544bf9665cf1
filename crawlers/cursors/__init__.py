"""Where the next crawl goes on: what is new since the last one, decided without network or clock.

A cursor is a small JSON object in the table `sources`; it moves only when a crawl ended well.
"""

from crawlers.cursors.board import BoardReading, Place
from crawlers.cursors.known import KnownReading

__all__ = ["BoardReading", "KnownReading", "Place"]
