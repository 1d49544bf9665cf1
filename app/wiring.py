"""The one place where ports meet their adapters: builds each part of the product from the settings, once, on demand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from core.clock import Clock, system_clock
from core.database import Database
from core.errors import ModelError
from core.settings import Settings
from core.work import WorkQueue

if TYPE_CHECKING:
    from alerts.cases import CaseBook
    from alerts.dispatch import Dispatcher
    from alerts.outbox import Outbox
    from alerts.regroup import EventBook
    from alerts.saved_searches import SavedSearches
    from alerts.search_watch import SearchWatch
    from analysis.analyser import Analyser
    from analysis.risk.table import RiskTable
    from analysis.sentiment import SentimentModel
    from analysis.topic_catalogue import Catalogue
    from analysis.topics import TopicFinder
    from analysis.versions import ModelVersions
    from app.filing import Filing
    from app.index_wiring import Target
    from app.judging import LiveJudge
    from app.picture_wishes import PictureWishes
    from app.worker import Worker
    from crawlers.sources import SourceCatalogue
    from evidence.exhibits import ExhibitStore
    from evidence.ledger import Ledger
    from evidence.vault import Vault
    from index.background import BackgroundStore
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

    def checked(self) -> Product:
        """Itself, if the files of categories and points are right and the rules ask for no category that there is not.

        Raise `ConfigError` otherwise: such a rule would never ring. The settings alone cannot know the categories.
        """
        from analysis.topic_catalogue import check_rules

        settings = self.settings
        if settings.files.categories or any(rule.categories for rule in settings.rules):
            home = settings.path.parent if settings.path else Path()
            check_rules(settings.rules, self.categories, file=home / settings.files.rules)
        if settings.files.risk:
            _ = self.risk_table
        return self

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
    def index_targets(self) -> tuple[Target, ...]:
        """The indices that are kept up to date: the one that is searched, and the one for when that is down."""
        from app.index_wiring import targets

        return targets(self.settings, self.clock)

    @cached_property
    def index(self) -> SearchIndex:
        """The archive's search."""
        from app.index_wiring import searched

        return searched(self.index_targets)

    @cached_property
    def filing(self) -> Filing:
        """Brings it up to the truth."""
        from app.index_wiring import filing

        return filing(self)

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

        return Analyser(
            subjects=self.settings.subjects,
            risk=self.settings.risk,
            model=model,
            topics=self.topics,
            table=self.risk_table,
            zone=self.settings.zone,
        )

    @cached_property
    def risk_table(self) -> RiskTable:
        """The points that ship with the product, with those of the file that `[files] risk` names laid over them."""
        from analysis.risk import bundled_table, load_table

        chosen, home = self.settings.files.risk, self.settings.path
        return load_table((home.parent if home else Path()) / chosen) if chosen else bundled_table()

    @cached_property
    def categories(self) -> Catalogue:
        """The categories that ship with the product, or those of the file that `[files] categories` names."""
        from analysis.topic_catalogue import read_catalogue

        chosen, home = self.settings.files.categories, self.settings.path
        return read_catalogue((home.parent if home else Path()) / chosen if chosen else None)

    @cached_property
    def topics(self) -> TopicFinder:
        """Finds them."""
        from analysis.topics import find_by

        return find_by(self.categories)

    @cached_property
    def judge(self) -> LiveJudge:
        """Judges with whichever model is in use."""
        from analysis.sentiment import SentimentModel
        from app.judging import LiveJudge

        def shipped() -> Analyser:
            if self.settings.analysis.model:
                # The operator named this very model: to judge by another one would be against his word.
                raise ModelError(f"无法装入 [analysis] model 指定的模型：{self.settings.analysis.model}")
            return self.build_analyser(SentimentModel.load())

        return LiveJudge(lambda: self.build_analyser(self.load_model()), self.versions.page, shipped=shipped)

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
    def picture_wishes(self) -> PictureWishes | None:
        """What the worker asks of those who read pictures; `None` where nobody does."""
        from app.picture_wishes import PictureWishes, is_on

        wanted = self.settings.pictures
        if not is_on(wanted):
            return None
        return PictureWishes(store=self.pictures, queue=WorkQueue(self.database, "pictures"), settings=wanted)

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
    def events(self) -> EventBook:
        """Which posts tell one story, and who said so."""
        from alerts.regroup import EventBook

        return EventBook(self.database, self.settings)

    @cached_property
    def dispatcher(self) -> Dispatcher:
        """From a mention to the outbox."""
        from alerts.dispatch import Dispatcher

        return Dispatcher(self.database, self.settings, self.exhibits)

    @cached_property
    def searches(self) -> SavedSearches:
        """The searches that people keep."""
        from alerts.saved_searches import SavedSearches

        return SavedSearches(self.database, self.settings)

    @cached_property
    def search_watch(self) -> SearchWatch:
        """Holds what is published against them."""
        from alerts.search_watch import SearchWatch

        return SearchWatch(database=self.database, settings=self.settings)

    @cached_property
    def outbox(self) -> Outbox:
        """From the outbox to people."""
        from alerts.notifiers import build_notifiers
        from alerts.outbox import Outbox

        return Outbox(self.database, self.settings, build_notifiers(self.settings))

    @cached_property
    def worker(self) -> Worker:
        """Judges and publishes."""
        from app.worker_wiring import worker

        return worker(self)

    @cached_property
    def background(self) -> BackgroundStore:
        """What the archive knows around a mention."""
        from index.background import BackgroundStore

        negative_from = self.settings.risk.negative_from
        return BackgroundStore(self.database, self.risk_table, negative_from=negative_from, clock=self.clock)
