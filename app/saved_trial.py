"""Pages of a trial on the disk, as they came: what a new parser is written against, and its saved pages later."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawlers.trial import Trial


def save_pages(trial: Trial, folder: Path) -> list[str]:
    """Write each response into `folder` (made where it is missing) as `page-1.html` and on, never over another file.

    Beside each page lies `page-1.meta.json` with address, time, status and Content-Type. Returns the pages' names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names: list[str] = []
    number = 0
    for page in trial.pages:
        ending = ending_of(page.raw.body)
        number += 1
        while any(folder.glob(f"page-{number}.*")):
            number += 1
        name = f"page-{number}.{ending}"
        (folder / name).write_bytes(page.raw.body)
        facts = {
            "url": page.raw.url,
            "now": page.raw.fetched.isoformat(),
            "status": page.raw.status,
            "content_type": page.content_type,
        }
        meta = folder / f"page-{number}.meta.json"
        meta.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        names.append(name)
    return names


def ending_of(body: bytes) -> str:
    """The name's ending for a saved page: html, json or xml."""
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"{", b"[")):
        return "json"
    return "xml" if start.startswith(b"<?xml") and b"<html" not in body[:2000].lower() else "html"
