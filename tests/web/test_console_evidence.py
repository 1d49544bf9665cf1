"""Which files of an exhibit leave the console, and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.model import Exhibit, Mention
from web.console import Console


def test_a_changed_file_is_said_in_red(
    browser: Any,
    console: Console,
    a_mention: Callable[..., Mention],
    ring: Callable[..., None],
    captured: Callable[[Mention], Exhibit],
) -> None:
    """An exhibit that is no longer what was sealed does not pass as proof."""
    mention = a_mention()
    exhibit = captured(mention)
    ring(mention, exhibit=exhibit)
    (console.settings.data_dir / "exhibits" / str(exhibit.folder) / "page.html").write_bytes(b"changed")
    page = browser.get("/alerts/a1").text
    assert "核验不通过" in page
    assert "page.html 被改动" in page


@pytest.mark.parametrize(
    ("name", "media_type", "is_shown"),
    [
        ("post.png", "image/png", True),
        ("page.html", "application/octet-stream", False),
        ("page.mhtml", "application/octet-stream", False),
        ("raw.bin", "application/octet-stream", False),
        ("capture.json", "text/plain; charset=utf-8", False),
        ("capture.log", "text/plain; charset=utf-8", False),
        ("SHA256SUMS", "text/plain; charset=utf-8", False),
    ],
)
def test_pictures_are_shown_and_all_else_is_a_download(
    browser: Any,
    console: Console,
    name: str,
    media_type: str,
    is_shown: bool,
    a_mention: Callable[..., Mention],
    captured: Callable[[Mention], Exhibit],
) -> None:
    """What the accused site wrote never runs in the console's origin."""
    exhibit = captured(a_mention())
    answer = browser.get(f"/evidence/{exhibit.id}/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert ("content-disposition" not in answer.headers) == is_shown
    if not is_shown:
        assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        "unlisted.txt",
        "..%2F..%2Fledger.jsonl",
        "%2e%2e",
        "..%5c..%5cx",
        "%2Fetc%2Fpasswd",
        "post.png%00",
        "link.png",
        "",
        "../../../../../ledger.jsonl",
    ],
)
def test_only_listed_files_leave(
    browser: Any, console: Console, name: str, a_mention: Callable[..., Mention], captured: Callable[[Mention], Exhibit]
) -> None:
    """No path, no link and no file outside of SHA256SUMS is served."""
    exhibit = captured(a_mention())
    folder = console.settings.data_dir / "exhibits" / str(exhibit.folder)
    (folder / "unlisted.txt").write_text("秘密")
    (folder / "link.png").symlink_to(console.ledger.path)
    answer = browser.get(f"/evidence/{exhibit.id}/{name}")
    assert answer.status_code == 404
    assert "manifest" not in answer.text


def test_a_folder_that_points_elsewhere_is_not_followed(
    browser: Any, console: Console, a_mention: Callable[..., Mention], captured: Callable[[Mention], Exhibit]
) -> None:
    """Even a database that lies about a folder opens nothing outside of the exhibits."""
    exhibit = captured(a_mention())
    outside = console.settings.data_dir / "outside"
    outside.mkdir()
    (outside / "SHA256SUMS").write_text(f"{'0' * 64}  secret.txt\n")
    (outside / "secret.txt").write_text("秘密")
    with console.database.write() as connection:
        connection.exec_driver_sql("UPDATE exhibits SET folder = '../outside'")
    assert browser.get(f"/evidence/{exhibit.id}/secret.txt").status_code == 404


def test_a_listed_file_that_became_a_link_is_not_served(
    browser: Any, console: Console, a_mention: Callable[..., Mention], captured: Callable[[Mention], Exhibit]
) -> None:
    """A picture swapped for a link to another file does not carry that file out."""
    exhibit = captured(a_mention())
    picture = console.settings.data_dir / "exhibits" / str(exhibit.folder) / "post.png"
    picture.unlink()
    picture.symlink_to(console.ledger.path)
    assert browser.get(f"/evidence/{exhibit.id}/post.png").status_code == 404
