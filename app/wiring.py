"""The one place where ports meet their adapters: builds each part of the product from the settings, once, on demand."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from core.clock import Clock, system_clock
from core.database import Database
from core.settings import Settings
from core.work import QUEUES, WorkQueue

if TYPE_CHECKING:
    from alerts.cases import CaseBook
    from alerts.dispatch import Dispatcher
    from alerts.outbox import Outbox
    from analysis.analyser import Analyser
    from analysis.sentiment import SentimentModel
    from analysis.versions import ModelVersions
    from app.judging import LiveJudge
    from app.worker import Worker
    from crawlers.sources import SourceCatalogue
    from evidence.exhibits import ExhibitStore
    from evidence.ledger import Ledger
    from evidence.vault import Vault
    from index.base import SearchIndex
    from index.corrections import CorrectionStore
    from index.pictures import PictureStore
    from index.posts import PostStore
    from index.verdicts import VerdictStore

# Imports stand inside the parts: `tingfeng cases` must not wait for scikit-learn, nor `tingfeng search` for Scrapy.


@dataclass(frozen=True)
class Product:
    """Everything that one process of the product may need."""

    settings: Settings
    clock: Clock = system_clock

    @cached_property
    def database(self) -> Database:
        """The durable store, migrated."""
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        database = Database(self.settings.database_url)
        database.migrate()
        return database

    @cached_property
    def posts(self) -> PostStore:
        """What was said."""
        from index.posts import PostStore

        return PostStore(self.database)

    @cached_property
    def verdicts(self) -> VerdictStore:
        """What we think of it."""
        from index.verdicts import VerdictStore

        return VerdictStore(self.database)

    @cached_property
    def corrections(self) -> CorrectionStore:
        """What people say of it."""
        from index.corrections import CorrectionStore

        return CorrectionStore(self.database, risk=self.settings.risk, zone=self.settings.zone)

    @cached_property
    def index(self) -> SearchIndex:
        """The archive's search."""
        from index.sqlite import SqliteIndex

        return SqliteIndex(self.settings.data_dir / "index.sqlite", zone=self.settings.zone)

    @cached_property
    def versions(self) -> ModelVersions:
        """The models of this installation, and which one is in use."""
        from analysis.versions import ModelVersions

        return ModelVersions(self.settings.data_dir / "models")

    @cached_property
    def model(self) -> SentimentModel:
        """The model that `[analysis] model` names, or the version in use; at first the one that ships."""
        return self.load_model()

    def load_model(self) -> SentimentModel:
        """The same, as it is on the disk now."""
        from analysis.sentiment import SentimentModel

        chosen = self.settings.analysis.model
        return SentimentModel.load(Path(chosen)) if chosen else self.versions.load()

    @cached_property
    def analyser(self) -> Analyser:
        """Judges with one model."""
        return self.build_analyser(self.model)

    def build_analyser(self, model: SentimentModel) -> Analyser:
        """A judge with this model and the operator's subjects, categories and weights."""
        from analysis.analyser import Analyser

        return Analyser(subjects=self.settings.subjects, risk=self.settings.risk, model=model)

    @cached_property
    def judge(self) -> LiveJudge:
        """Judges with whichever model is in use."""
        from app.judging import LiveJudge

        return LiveJudge(lambda: self.build_analyser(self.load_model()), self.versions.page)

    @cached_property
    def vault(self) -> Vault:
        """Raw responses by content address."""
        from evidence.vault import Vault

        return Vault(self.settings.data_dir / "vault")

    @cached_property
    def pictures(self) -> PictureStore:
        """What stands in posts' pictures."""
        from index.pictures import PictureStore

        return PictureStore(self.database)

    @cached_property
    def ledger(self) -> Ledger:
        """The hash chain over all exhibits."""
        from evidence.ledger import Ledger

        return Ledger(self.settings.data_dir / "ledger.jsonl")

    @cached_property
    def exhibits(self) -> ExhibitStore:
        """What can be proved."""
        from evidence.exhibits import ExhibitStore

        return ExhibitStore(self.database)

    @cached_property
    def catalogue(self) -> SourceCatalogue:
        """Where we look, and how each source is."""
        from crawlers.sources import SourceCatalogue

        return SourceCatalogue(self.database)

    @cached_property
    def cases(self) -> CaseBook:
        """What we do about it."""
        from alerts.cases import CaseBook

        return CaseBook(self.database, self.settings)

    @cached_property
    def dispatcher(self) -> Dispatcher:
        """From a mention to the outbox."""
        from alerts.dispatch import Dispatcher

        return Dispatcher(self.database, self.settings, self.exhibits)

    @cached_property
    def outbox(self) -> Outbox:
        """From the outbox to people."""
        from alerts.notifiers import build_notifiers
        from alerts.outbox import Outbox

        return Outbox(self.database, self.settings, build_notifiers(self.settings))

    @cached_property
    def worker(self) -> Worker:
        """Judges and publishes."""
        from analysis.events import EventGrouper
        from app.worker import Worker

        return Worker(
            database=self.database,
            posts=self.posts,
            verdicts=self.verdicts,
            analyser=self.judge,
            grouper=EventGrouper(self.database),
            index=self.index,
            dispatcher=self.dispatcher,
            clock=self.clock,
            batch=self.settings.analysis.batch,
            corrections=self.corrections,
        )

    def release_dead_leases(self) -> int:
        """Free what processes of this machine held when they died, instead of waiting for their leases to end."""
        freed = 0
        for name in QUEUES:
            queue = WorkQueue(self.database, name)
            dead = [owner for owner in queue.owners() if _is_dead(owner)]
            if dead:
                with self.database.write() as connection:
                    freed += queue.release(connection, dead)
        return freed


def _is_dead(owner: str) -> bool:
    """Whether a lease's owner ("host:pid") was a process of this machine that no longer exists."""
    host, _, pid = owner.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
