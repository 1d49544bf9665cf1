"""Who speaks: an authority, a national or local newspaper, a hotline, a station; by host and by the account's name.

A host speaks for itself only where it publishes itself: on news, broadcast and complaint pages, not below them, where
readers answer. An account's name is believed as the page shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from analysis.risk.facts import Facts, Weigher
from analysis.risk.table import Authority, RiskTable, Tier
from core.model import Post, Reason
from core.text import fold

_PUBLISHING = frozenset({"news", "broadcast", "complaint", "other"})
#: An ending alone is no name: "日报" is nobody, "东湖日报" is.
_FEWEST_BEFORE_ENDING = 2


class Speakers:
    """The compiled names of `[authority]`."""

    def __init__(self, row: Authority) -> None:
        # Best first, so that the first hit is the one that counts.
        self._tiers: Sequence[tuple[str, Tier]] = sorted(row.tiers.items(), key=lambda item: -item[1].points)
        self._hosts = {fold(host): code for code, tier in row.tiers.items() for host in tier.hosts}
        self._authors = {fold(name): code for code, tier in reversed(self._tiers) for name in tier.authors}
        self._endings = [(fold(ending), code) for code, tier in self._tiers for ending in tier.endings]
        self._suffixes = tuple(map(fold, row.suffixes))
        self._points = {code: tier.points for code, tier in self._tiers}

    def of(self, post: Post) -> tuple[str, str] | None:
        """The tier's code, and what gave it away: the account's name or the host."""
        by_name = self._by_name(post.author.name)
        by_host = self._by_host(post) if post.channel in _PUBLISHING and post.parent is None else None
        known = [found for found in (by_name, by_host) if found]
        return max(known, key=lambda found: self._points[found[0]], default=None)

    def _by_name(self, name: str | None) -> tuple[str, str] | None:
        folded = fold(name or "").strip()
        if not folded or name is None:
            return None
        if code := self._authors.get(folded) or self._authors.get(_without(folded, self._suffixes)):
            return code, name
        for ending, code in self._endings:
            if folded.endswith(ending) and len(folded) >= len(ending) + _FEWEST_BEFORE_ENDING:
                return code, name
        return None

    def _by_host(self, post: Post) -> tuple[str, str] | None:
        """The longest known end of the host: liuyan.people.com.cn is not people.com.cn."""
        host = fold(post.site).partition(":")[0] or (urlsplit(post.url).hostname or "")
        labels = host.split(".")
        for start in range(len(labels)):
            if code := self._hosts.get(".".join(labels[start:])):
                return code, host
        return None


def authority(table: RiskTable) -> Weigher:
    """The points of the highest rank that speaks; of a station that nobody knows, those of a station."""
    row, speakers = table.authority, Speakers(table.authority)

    def weigh(facts: Facts) -> list[Reason]:
        if found := speakers.of(facts.post):
            code, who = found
            tier = row.tiers[code]
            reason = Reason(code=f"authority.{code}", text=f"{tier.name}发布：{who}", points=tier.points)
        elif facts.post.channel == "broadcast" and facts.post.parent is None:
            reason = Reason(code="authority.broadcast", text=f"{row.broadcast.name}播出", points=row.broadcast.points)
        else:
            return []
        return [reason] if reason.points else []

    return weigh


def _without(name: str, suffixes: Sequence[str]) -> str:
    longest = max((suffix for suffix in suffixes if name.endswith(suffix)), key=len, default="")
    return name.removesuffix(longest) if len(name) > len(longest) else name
