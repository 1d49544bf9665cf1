"""The names that an export shows beside ids, read from the settings and the database."""

from __future__ import annotations

from functools import partial

from core.database import Database
from core.settings import Settings
from index.event_titles import titles_of
from index.export_cells import Names


def export_names(settings: Settings, database: Database) -> Names:
    """Sources by their names in `sources.toml`, events by their titles."""
    return Names(sources={one.id: one.name for one in settings.sources}, titles=partial(titles_of, database))
