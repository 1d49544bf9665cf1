"""Who is told about what: the rows of `rules.toml` matched on a mention, without any input or output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.model import Mention
from core.settings import RuleSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The rules that a mention satisfies, and everybody they name, each once, in the order of the file."""

    rules: tuple[str, ...]
    notifiers: tuple[str, ...]


def match(rules: Sequence[RuleSettings], mention: Mention) -> Match | None:
    """All rules that hold for the mention with their notifiers united; `None` when no rule does."""
    held = [rule for rule in rules if holds(rule, mention)]
    if not held:
        return None
    return Match(
        rules=tuple(rule.name for rule in held),
        notifiers=tuple(dict.fromkeys(name for rule in held for name in rule.to)),
    )


def holds(rule: RuleSettings, mention: Mention) -> bool:
    """Whether every condition that the rule states is true of the mention; an unstated one is."""
    return (
        mention.verdict.grade in rule.grades
        and _shares(rule.subjects, mention.verdict.subjects)
        and _shares(rule.channels, (mention.post.channel,))
        and _shares(rule.categories, mention.verdict.categories)
    )


def _shares(wanted: Sequence[str], found: Iterable[str]) -> bool:
    return not wanted or not set(wanted).isdisjoint(found)
