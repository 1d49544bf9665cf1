"""The demo world and the analyser that judges it, for all tests of the package."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from analysis.analyser import Analyser
from analysis.sentiment import SentimentModel
from core.settings import RiskSettings, SubjectSettings
from tests.analysis.demo_world import Labelled, labelled_posts


@pytest.fixture(scope="session")
def demo_posts() -> list[Labelled]:
    """Every post of the demo world, in the order of publication."""
    return labelled_posts()


@pytest.fixture(scope="session")
def demo_analyser() -> Analyser:
    """The whole analyser with the model that ships and the demo's subjects."""
    path = Path(__file__).resolve().parents[2] / "demo" / "config" / "subjects.toml"
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["subject"]
    subjects = [SubjectSettings.model_validate(row) for row in rows]
    return Analyser(subjects=subjects, risk=RiskSettings(), model=SentimentModel.load(None))
