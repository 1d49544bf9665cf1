"""The list of channels. A new one is one file beside this one and one line in `NOTIFIERS`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from alerts.notifiers.base import Notifier
from alerts.notifiers.console import ConsoleNotifier
from alerts.notifiers.email import EmailNotifier
from alerts.notifiers.webhook import WebhookNotifier
from core.clock import Clock, system_clock
from core.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a notifier may be made of."""

    settings: Settings
    #: Its own block of `[notifiers]`, of the type that its key in `NOTIFIERS` says.
    block: Any
    #: Where cards are printed.
    stream: TextIO
    clock: Clock


NOTIFIERS: Mapping[str, Callable[[Given], Notifier]] = {
    "console": lambda given: ConsoleNotifier(
        path=given.settings.data_dir / "alerts.jsonl", stream=given.stream, clock=given.clock
    ),
    "email": lambda given: EmailNotifier(given.block, clock=given.clock),
    "webhook": lambda given: WebhookNotifier(given.block, clock=given.clock),
}


def build_notifiers(
    settings: Settings, *, stream: TextIO | None = None, clock: Clock = system_clock
) -> dict[str, Notifier]:
    """Every notifier of `[notifiers]` by name. Nothing connects before the first message."""
    shown = stream or sys.stdout
    return {
        name: NOTIFIERS[block.type](Given(settings=settings, block=block, stream=shown, clock=clock))
        for name, block in settings.notifiers.items()
    }
