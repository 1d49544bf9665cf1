"""What the console reads. It owns no rules and writes nothing: everything it shows comes through these."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.cases import CaseBook
from core.clock import Clock
from core.database import Database
from core.settings import Settings
from crawlers.sources import SourceCatalogue
from evidence.exhibits import ExhibitStore
from evidence.ledger import Ledger
from index.base import SearchIndex
from index.verdicts import VerdictStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """The stores behind the pages."""

    settings: Settings
    clock: Clock
    database: Database
    index: SearchIndex
    verdicts: VerdictStore
    exhibits: ExhibitStore
    ledger: Ledger
    catalogue: SourceCatalogue
    cases: CaseBook
