"""Which post a person means: by its id, by the beginning of its id, or by the address in the browser."""

from __future__ import annotations

import re

from sqlalchemy import Connection, select

from core.database import Database
from core.errors import NotFound
from core.schema import posts
from core.text import clean, shorten
from index.gone import page_of

#: Fewer digits of an id than these are a typing error sooner than a choice.
_SHORTEST = 4
_LISTED = 5
_ID = re.compile(r"[0-9a-f]{1,24}")


def find_post(database: Database, address: str) -> str:
    """The id of the post that `address` names.

    Of a page with several posts (a thread) its opening is meant. Raise `NotFound`, with what to type instead, if there
    is none or more than one.
    """
    wanted = address.strip()
    with database.read() as connection:
        if wanted.startswith(("http://", "https://")):
            return _by_url(connection, wanted)
        if not _ID.fullmatch(wanted.lower()):
            raise NotFound(f"“{shorten(wanted, 60)}”不是帖文编号，也不是 http(s) 网址")
        return _by_id(connection, wanted.lower())


def _by_id(connection: Connection, prefix: str) -> str:
    if len(prefix) < _SHORTEST:
        raise NotFound(f"编号至少写前 {_SHORTEST} 位：{prefix}")
    found = select(posts.c.id).where(posts.c.id.startswith(prefix)).order_by(posts.c.id).limit(_LISTED + 1)
    return _only(connection, list(connection.scalars(found)), f"没有编号以 {prefix} 开头的帖文")


def _by_url(connection: Connection, url: str) -> str:
    exact = list(connection.scalars(select(posts.c.id).where(posts.c.url == url).limit(_LISTED + 1)))
    if len(exact) == 1:
        return str(exact[0])
    page = select(posts.c.id).where(posts.c.page == page_of(url))
    opening = list(connection.scalars(page.where(posts.c.parent.is_(None)).order_by(posts.c.id).limit(_LISTED + 1)))
    every = opening or exact or list(connection.scalars(page.order_by(posts.c.id).limit(_LISTED + 1)))
    return _only(connection, every, f"库中没有这个网址的帖文：{shorten(url, 200)}")


def _only(connection: Connection, found: list[str], nothing: str) -> str:
    if not found:
        raise NotFound(f"{nothing}。用 tingfeng search … --json 可以查到编号")
    if len(found) == 1:
        return found[0]
    rows = connection.execute(select(posts.c.id, posts.c.title, posts.c.text).where(posts.c.id.in_(found[:_LISTED])))
    lines = [f"  {row.id}  {shorten(clean(row.title or row.text), 40)}" for row in rows.all()]
    more = ["  ……"] if len(found) > _LISTED else []
    raise NotFound("\n".join(["符合的不止一帖，请写明编号：", *lines, *more]))
