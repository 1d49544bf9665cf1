"""The doctor: green only where silence means that nothing was said."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.doctor import Finding, examine
from app.wiring import Product
from core.config import load_settings
from core.work import WorkQueue
from crawlers.reports import SourceReport

MINUTE = timedelta(minutes=1)


@pytest.fixture
def product(demo_config: Path, now: datetime) -> Product:
    return Product(load_settings(demo_config, {}), clock=lambda: now)


def finding(product: Product, item: str) -> Finding:
    [found] = [one for one in examine(product) if one.item == item]
    return found


@pytest.mark.parametrize(("waited", "level"), [(MINUTE, "ok"), (60 * MINUTE, "bad")])
def test_work_that_nobody_does_is_bad(product: Product, now: datetime, waited: timedelta, level: str) -> None:
    """A queue that is not worked on looks like a quiet day."""
    with product.database.write() as connection:
        WorkQueue(product.database, "assess").put(connection, ["a"], due=now - waited, now=now - waited)
    assert finding(product, "待研判").level == level


@pytest.mark.parametrize(("ago", "level"), [(MINUTE, "ok"), (timedelta(days=1), "bad")])
def test_a_source_that_is_not_crawled_any_more_is_bad(
    product: Product, now: datetime, ago: timedelta, level: str
) -> None:
    """Its last state was good, and is old."""
    source, then = product.settings.sources[0], now - ago
    report = SourceReport(source=source.id, state="ok", reason="没有新内容", failed=False, started=then, ended=then)
    product.catalogue.record(report, source, now=then)
    assert finding(product, f"信源 {source.name}").level == level


def test_a_name_of_one_character_is_warned_of(product: Product) -> None:
    [subject, *_] = product.settings.subjects
    short = product.settings.model_copy(update={"subjects": (subject.model_copy(update={"aliases": ("车",)}),)})
    found = finding(replace(product, settings=short), f"监测对象 {subject.name}")
    assert found.level == "warn"
    assert "「车」" in found.state
