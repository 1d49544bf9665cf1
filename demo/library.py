"""Reads the texts of the world from `content/`: all written for this demo, with invented names only."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from demo.offsets import parse_offset
from demo.posts import EXPECTED_GRADES, LABELS, SITES, Draft

FOLDER = Path(__file__).parent / "content"
_FORUM_FILES = ("forum.toml", "bbs.toml")


def drafts() -> tuple[Draft, ...]:
    """Every text, history and incident, in the order of the files. Raise `ValueError` where a row is wrong."""
    return (*_threads(), *_statuses(), *_articles(), *incident())


def incident() -> tuple[Draft, ...]:
    """The texts of the live incident, by the second they appear."""
    rows = _rows("incident.toml", "beat")
    floors = 0
    found = []
    for row in rows:
        forum = row["where"] == "forum"
        floors += forum
        extra = {**row, "at": row["after"], "site": row["where"]}
        group = "incident" if forum else f"incident/{row.get('key') or row['after']}/{row['where']}"
        found.append(_draft(extra, group=group, floor=floors if forum else 1, live=True))
    return tuple(found)


def accounts() -> Mapping[str, Mapping[str, Any]]:
    """What is known of the named accounts, by name; everybody not listed is an ordinary member."""
    return {str(row["name"]): row for row in _rows("accounts.toml", "account")}


def _threads() -> Iterator[Draft]:
    for file in _FORUM_FILES:
        for number, thread in enumerate(_rows(file, "thread")):
            for floor, row in enumerate(thread["posts"], 1):
                head = {"site": file.removesuffix(".toml"), "title": thread["title"]}
                head |= {"sticky": thread.get("sticky", False)}
                yield _draft({**head, **row}, group=f"{file}/{number}", floor=floor, live=False)


def _statuses() -> Iterator[Draft]:
    for number, row in enumerate(_rows("weibo.toml", "status")):
        yield _draft({"site": "weibo", **row}, group=f"weibo/{number}", floor=1, live=False)


def _articles() -> Iterator[Draft]:
    for number, row in enumerate(_rows("news.toml", "article")):
        yield _draft({"site": "news", **row}, group=f"news/{number}", floor=1, live=False)


def _rows(file: str, table: str) -> list[dict[str, Any]]:
    tree = tomllib.loads((FOLDER / file).read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = tree[table]
    return rows


def _draft(row: Mapping[str, Any], *, group: str, floor: int, live: bool) -> Draft:
    site, label, grade = row["site"], row.get("label", "neutral"), row.get("grade", "none")
    if site not in SITES or label not in LABELS or grade not in EXPECTED_GRADES:
        raise ValueError(f"{group} floor {floor}: unknown site, label or grade: {site} {label} {grade}")
    return Draft(
        site=site,
        at=parse_offset(row["at"]),
        live=live,
        by=row["by"],
        text=row["text"].strip(),
        label=label,
        grade=grade,
        title=row.get("title", ""),
        group=group,
        floor=floor,
        quote=row.get("quote"),
        of=row.get("of", ""),
        key=row.get("key", ""),
        edited=parse_offset(row["edited"]) if "edited" in row else None,
        sticky=row.get("sticky", False),
        picture=row.get("picture", ""),
        reposts=row.get("reposts", 0),
        likes=row.get("likes", 0),
        half=parse_offset(row.get("half", "3h")),
        source=row.get("source", ""),
        editor=row.get("editor", ""),
        summary=row.get("summary", ""),
    )
