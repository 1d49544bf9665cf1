"""The fictional world at a moment: which posts exist, under which ids. It is remembered by its epoch alone.

The epoch lies in `<folder>/epoch.json`; a restart reads it and shows the same posts under the same ids, later on.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from core.errors import TingfengError
from demo import identities, library
from demo.posts import Account, Draft, SiteName, Thread, WorldPost

#: When the incident starts after the epoch, unless the caller says otherwise.
INCIDENT_AFTER = timedelta(seconds=25)
_REGIONS = ("湖南", "湖北", "江西", "浙江", "江苏", "广东", "四川", "河南", "安徽", "福建", "山东", "上海")


class BadEpoch(TingfengError):
    """`epoch.json` cannot be read; says where it lies and what to do."""


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that was, is and will be published. All questions take the present moment as an argument."""

    epoch: datetime
    incident_after: timedelta
    #: In the order of publication.
    posts: tuple[WorldPost, ...]

    @classmethod
    def at(cls, epoch: datetime, *, incident_after: timedelta = INCIDENT_AFTER) -> Self:
        """The world whose "now" was `epoch` when it began; nothing is written."""
        return cls(epoch=epoch, incident_after=incident_after, posts=_publish(epoch, epoch + incident_after))

    @classmethod
    def open(cls, folder: Path, now: datetime, *, incident_after: timedelta = INCIDENT_AFTER) -> Self:
        """The world of this folder. The first call makes `now` its epoch; later ones find the epoch in the folder.

        Raise `BadEpoch` if the folder's epoch file is damaged.
        """
        if now.utcoffset() is None:
            raise ValueError(f"the world's epoch needs a time zone: {now!r}")
        file = folder / "epoch.json"
        if file.exists():
            epoch, incident_after = _remembered(file)
            return cls.at(epoch, incident_after=incident_after)
        folder.mkdir(parents=True, exist_ok=True)
        epoch = now.replace(microsecond=0)
        record = {"epoch": epoch.isoformat(), "incident_after": incident_after.total_seconds()}
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps(record) + "\n", encoding="utf-8")
        fresh.replace(file)
        return cls.at(epoch, incident_after=incident_after)

    @property
    def incident_start(self) -> datetime:
        """When the first post of the incident appears."""
        return self.epoch + self.incident_after

    def published(self, now: datetime, site: SiteName | None = None) -> tuple[WorldPost, ...]:
        """What exists at `now`, oldest first."""
        return tuple(post for post in self.posts if post.published <= now and site in (None, post.site))

    def threads(self, site: SiteName, now: datetime) -> list[Thread]:
        """A board's threads: sticky ones first, then by the newest post."""
        groups: dict[int, list[WorldPost]] = defaultdict(list)
        for post in self.published(now, site):
            if post.thread is not None:
                groups[post.thread].append(post)
        found = [_thread(tid, posts) for tid, posts in groups.items()]
        return sorted(found, key=lambda thread: (thread.sticky, thread.last.published), reverse=True)

    def thread(self, site: SiteName, tid: int, now: datetime) -> Thread | None:
        """One thread, or None while nothing of it is published."""
        posts = [post for post in self.published(now, site) if post.thread == tid]
        return _thread(tid, posts) if posts else None

    def post(self, site: SiteName, native_id: str, now: datetime) -> WorldPost | None:
        """One post by its native id (on Weibo also by its short id), or None while it is not published."""
        post = self._by_id.get((site, native_id))
        return post if post is not None and post.published <= now else None

    @cached_property
    def _by_id(self) -> Mapping[tuple[str, str], WorldPost]:
        found: dict[tuple[str, str], WorldPost] = {(post.site, post.native_id): post for post in self.posts}
        for post in (post for post in self.posts if post.site == "weibo"):
            found["weibo", identities.bid(post.native_id)] = post
        return found


def _remembered(file: Path) -> tuple[datetime, timedelta]:
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        epoch = datetime.fromisoformat(record["epoch"])
        after = timedelta(seconds=float(record["incident_after"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise BadEpoch(f"演示世界的起点 {file} 无法读取；删去这个文件即可重新开始演练") from None
    if epoch.utcoffset() is None:
        raise BadEpoch(f"演示世界的起点 {file} 缺少时区；删去这个文件即可重新开始演练")
    return epoch, after


def _thread(tid: int, posts: Sequence[WorldPost]) -> Thread:
    ordered = tuple(sorted(posts, key=lambda post: post.floor))
    return Thread(tid=tid, title=ordered[0].title, sticky=ordered[0].sticky, posts=ordered)


def _publish(epoch: datetime, start: datetime) -> tuple[WorldPost, ...]:
    """Give every draft its time and ids. The order, and so the ids, depend on the content alone."""
    known = library.accounts()
    ordered = sorted(library.drafts(), key=lambda draft: (draft.live, draft.at, draft.group, draft.floor))
    tids: dict[str, int] = {}
    natives: dict[tuple[str, int], str] = {}
    by_key: dict[str, str] = {}
    uids: dict[str, int] = {}
    posts = []
    for number, draft in enumerate(ordered):
        published = (start if draft.live else epoch) + draft.at
        in_forum = draft.site in ("forum", "bbs")
        if in_forum:
            tids.setdefault(draft.group, {"forum": 86_003, "bbs": 31_507}[draft.site] + 11 * len(tids))
        native = _native(draft, published, number)
        natives[draft.group, draft.floor] = native
        by_key[draft.key] = native
        parent = by_key[draft.of] if draft.of else None
        if draft.quote is not None:
            parent = natives[draft.group, draft.quote]
        uid = uids.setdefault(draft.by, 10_021 + 37 * len(uids))
        posts.append(_post(draft, published, native, parent, tids.get(draft.group), _account(draft, uid, known)))
    return tuple(posts)


def _native(draft: Draft, published: datetime, number: int) -> str:
    if draft.site == "weibo":
        return identities.mid(published, number)
    return str({"forum": 1_240_011, "bbs": 560_207, "news": 102_300}[draft.site] + number)


def _account(draft: Draft, uid: int, known: Mapping[str, Mapping[str, Any]]) -> Account:
    row = known.get(draft.by, {})
    return Account(
        name=draft.by,
        uid=uid + (1_850_000_000 if draft.site == "weibo" else 0),
        followers=row.get("followers", 20 + identities.steady(draft.by, 900)),
        region=row.get("region") or _REGIONS[identities.steady(draft.by, len(_REGIONS))],
        verified=row.get("verified", ""),
        colour=row.get("colour", ""),
    )


def _post(
    draft: Draft, published: datetime, native: str, parent: str | None, tid: int | None, account: Account
) -> WorldPost:
    return WorldPost(
        site=draft.site,
        native_id=native,
        published=published,
        author=account,
        text=draft.text,
        label=draft.label,
        grade=draft.grade,
        title=draft.title,
        thread=tid,
        floor=draft.floor,
        parent=parent,
        edited=published + draft.edited if draft.edited else None,
        sticky=draft.sticky,
        picture=draft.picture,
        reposts=draft.reposts,
        likes=draft.likes,
        half=draft.half,
        source=draft.source,
        editor=draft.editor,
    )
