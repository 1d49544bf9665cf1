"""Whether the silence of each source can be trusted, read for the pages: its health, its last days, its proofs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import EvidenceError, NotFound
from core.model import SourceState
from crawlers.fetching import header
from crawlers.health import SourceHealth, health
from crawlers.history import Episode, SourceHistory
from crawlers.pages.encoding import decode
from evidence.vault import RawResponse, Vault
from web.console import Console

#: How far back a page looks.
LOOK_BACK = timedelta(days=7)
#: What a page shows of a saved response; the whole is in the vault.
LONGEST_BODY = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of the last days that a source spent in one state, for the bar: both in thousandths of the bar."""

    start: float
    width: float
    state: SourceState
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSheet:
    """A source as a page shows it."""

    health: SourceHealth
    #: Its troubles and pauses of the last days, newest first.
    troubles: tuple[Episode, ...]
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A saved response that decided a state, as text."""

    raw: RawResponse
    address: str
    text: str
    is_cut: bool


class SourceDesk:
    """Reads sources."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.history = SourceHistory(console.database)
        self.vault = Vault(console.settings.data_dir / "vault")

    def healths(self) -> list[SourceHealth]:
        """How all sources stand, in the catalogue's order."""
        return health(self.console.settings.sources, self.console.catalogue, now=self.console.clock())

    def sheets(self) -> list[SourceSheet]:
        """All sources with their last days."""
        now = self.console.clock()
        lived: dict[str, list[Episode]] = {}
        for episode in self.history.episodes(now - LOOK_BACK, now):
            lived.setdefault(episode.source, []).append(episode)
        return [_sheet(one, lived.get(one.source.id, []), now) for one in self.healths()]

    def proof(self, source: str, address: str) -> Proof:
        """The response that decided the source's state, or one of its last episodes. Raise `NotFound`.

        Only addresses that the source's own history names are shown: the vault holds more than this page is for.
        """
        now = self.console.clock()
        status = self.console.catalogue.status(source)
        if status is None:
            raise NotFound(f"没有信源 {source}")
        named = {episode.proof for episode in self.history.episodes(now - LOOK_BACK, now, [source])} | {status.proof}
        wanted = address or status.proof
        if wanted is None or wanted not in named:
            raise NotFound(f"信源 {source} 没有这样一份响应")
        try:
            raw = self.vault.get_response(wanted)
        except EvidenceError as lost:
            raise NotFound(f"这份响应已不在库中：{lost}") from None
        text = decode(raw.body[: LONGEST_BODY * 4], header(raw, "Content-Type"))
        return Proof(raw=raw, address=wanted, text=text[:LONGEST_BODY], is_cut=len(text) > LONGEST_BODY)


def _sheet(one: SourceHealth, lived: list[Episode], now: datetime) -> SourceSheet:
    troubles = [episode for episode in lived if episode.failed or episode.state == "paused"]
    return SourceSheet(
        health=one,
        troubles=tuple(reversed(troubles)),
        stretches=tuple(_stretch(episode, now) for episode in lived),
    )


def _stretch(episode: Episode, now: datetime) -> Stretch:
    begins = now - LOOK_BACK
    since, until = max(episode.since, begins), min(episode.until or now, now)
    return Stretch(
        start=round((since - begins) / LOOK_BACK * 1000, 2),
        width=round(max((until - since) / LOOK_BACK * 1000, 2.0), 2),
        state=episode.state,
        failed=episode.failed,
    )
