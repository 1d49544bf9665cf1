"""Which rules hold for a mention, and whom they name."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.rules import match
from core.settings import RuleSettings
from tests.alerts.world import make_mention

MENTION = make_mention(grade="B", channel="weibo", subjects=("星辰汽车", "星辰城南店"), categories=("安全",))


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ({"grades": ("B",)}, True),
        ({"grades": ("A", "B", "C")}, True),
        ({"grades": ("A",)}, False),
        ({"grades": ("B",), "subjects": ("星辰城南店",)}, True),
        ({"grades": ("B",), "subjects": ("别家",)}, False),
        ({"grades": ("B",), "channels": ("weibo", "news")}, True),
        ({"grades": ("B",), "channels": ("news",)}, False),
        ({"grades": ("B",), "categories": ("安全",)}, True),
        ({"grades": ("B",), "categories": ("价格",)}, False),
        ({"grades": ("B",), "subjects": ("星辰汽车",), "channels": ("weibo",), "categories": ("价格",)}, False),
    ],
)
def test_every_stated_condition_must_hold(conditions: dict[str, Any], holds: bool) -> None:
    """An empty condition means any; the stated ones are all needed."""
    assert (match([RuleSettings(name="r", to=("x",), **conditions)], MENTION) is not None) is holds


def test_notifiers_of_all_matching_rules_are_united_once() -> None:
    """Two rules that name the same person ring once."""
    rules = [
        RuleSettings(name="一", grades=("A", "B"), to=("pr", "boss")),
        RuleSettings(name="二", grades=("C",), to=("nobody",)),
        RuleSettings(name="三", grades=("B",), channels=("weibo",), to=("boss", "store")),
    ]
    found = match(rules, MENTION)
    assert found is not None
    assert found.rules == ("一", "三")
    assert found.notifiers == ("pr", "boss", "store")


def test_without_rules_or_grade_nothing_matches() -> None:
    """No rule, or no grade, is nobody to tell."""
    assert match([], MENTION) is None
    assert match([RuleSettings(name="r", grades=("A",), to=("x",))], make_mention(grade=None)) is None
