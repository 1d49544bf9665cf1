"""The judge of a process that runs for weeks: when another model is chosen, the next batch is judged by it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from analysis.analyser import Analyser, Grouping
from analysis.background import Backgrounds
from analysis.context import Context
from core.errors import ModelError, NotFound
from core.model import Post, Verdict

log = logging.getLogger("tingfeng.app")


class Judge(Protocol):
    """Whoever judges posts; see `Analyser.assess`."""

    def assess(
        self,
        posts: Sequence[Post],
        *,
        now: datetime,
        group: Grouping | None = None,
        context: Context | None = None,
        background: Backgrounds | None = None,
        pictures: Mapping[str, str] | None = None,
    ) -> list[Verdict]:
        """One verdict a post, in the same order."""
        ...


class LiveJudge:
    """Looks before each batch whether `page` changed (see `analysis.versions`), and then builds its analyser anew.

    A model that cannot be loaded is logged and the one before judges on; at the start, the one that ships with the
    product: nobody must be left without alerts because a file is damaged. The doctor says so, too.
    """

    def __init__(self, build: Callable[[], Analyser], page: Path, *, shipped: Callable[[], Analyser]) -> None:
        self._build, self._page = build, page
        self._mark = _mark(page)
        try:
            self._analyser = build()
        except (ModelError, NotFound) as bad:
            self._analyser = shipped()
            log.error("model_not_loaded", extra={"reason": str(bad), "instead": self._analyser.model.name})

    def assess(
        self,
        posts: Sequence[Post],
        *,
        now: datetime,
        group: Grouping | None = None,
        context: Context | None = None,
        background: Backgrounds | None = None,
        pictures: Mapping[str, str] | None = None,
    ) -> list[Verdict]:
        """Judge by the model in use now."""
        mark = _mark(self._page)
        if mark != self._mark:
            self._mark = mark
            self._renew()
        return self._analyser.assess(
            posts, now=now, group=group, context=context, background=background, pictures=pictures
        )

    def _renew(self) -> None:
        try:
            self._analyser = self._build()
        except (ModelError, NotFound) as bad:
            log.error("model_not_changed", extra={"reason": str(bad)})
        else:
            log.info("model_changed", extra={"model": self._analyser.model.name})


def _mark(page: Path) -> tuple[int, int, int] | None:
    """What changes when the page is replaced."""
    try:
        found = page.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
