"""Whether evidence can have pictures on this machine, asked by everyone who has to tell a person."""

from __future__ import annotations

from core.errors import BrowserMissing


def why_no_browser(setting: str) -> str | None:
    """One sentence with the fix where `[evidence] browser` finds no Chromium, else `None`."""
    from evidence.browser import find_browser

    try:
        find_browser(setting)
    except BrowserMissing as missing:
        return str(missing)
    return None
