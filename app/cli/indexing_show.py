"""How an index is, gathered and shown: for `tingfeng index status`, and the bars of a rebuild."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Rows
from rich.text import Text

from app.cli.faults import explain
from app.index_wiring import Target
from app.wiring import Product
from core.errors import IndexTrouble
from core.work import WorkQueue
from index.base import IndexState
from index.builds import Build, read_build
from index.rebuild import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """All that `tingfeng index status` says of one index."""

    target: str
    shown: str
    #: `None` where it does not answer; then `problem` says why.
    state: IndexState | None
    problem: str | None
    waiting: int
    buried: int
    build: Build | None


def state_of(product: Product, target: Target) -> Shown:
    """Look at one index. One that does not answer is a problem and no error."""
    waiting, buried = WorkQueue(product.database, target.queue).backlog()
    with product.database.read() as connection:
        build = read_build(connection, target.name)
    state, problem = None, None
    try:
        state = target.index.state()
    except IndexTrouble as bad:
        problem = str(bad)
    except (sqlite3.Error, OSError) as bad:
        problem = explain(bad)
    return Shown(
        target=target.name,
        shown=target.shown,
        state=state,
        problem=problem,
        waiting=waiting,
        buried=buried,
        build=build,
    )


def state_to_json(shown: Shown) -> dict[str, Any]:
    """One record; unknown is null."""
    state, build = shown.state, shown.build
    return {
        "target": shown.target,
        "engine": state.engine if state else None,
        "mentions": state.mentions if state else None,
        "pieces": [{"name": one.name, "mentions": one.mentions, "size": one.size} for one in state.pieces]
        if state
        else [],
        "remarks": list(state.remarks) if state else [],
        "problem": shown.problem,
        "waiting": shown.waiting,
        "buried": shown.buried,
        "building": {"started": build.started.isoformat(), "mentions": build.done} if build else None,
    }


def state_to_lines(shown: Shown, *, zone: ZoneInfo) -> Iterator[str]:
    """The same for people."""
    state = shown.state
    if state is None:
        yield f"{shown.shown}：不可用。{shown.problem}"
    else:
        yield f"{state.engine}：{state.mentions:,} 条"
        for piece in state.pieces:
            size = f"，{piece.size / 1e6:,.1f} MB" if piece.size is not None else ""
            yield f"  {piece.name}：{piece.mentions:,} 条{size}"
    yield f"  排队待写入：{shown.waiting:,} 条" + (f"，因错误搁置 {shown.buried:,} 条" if shown.buried else "")
    if shown.build is not None:
        began = shown.build.started.astimezone(zone).strftime("%m-%d %H:%M")
        yield f"  正在重建，或重建未完：{began} 开始，已写入 {shown.build.done:,} 条（tingfeng index rebuild 接着做）"
    for remark in state.remarks if state else ():
        yield f"  注意：{remark}"


class _Rate(ProgressColumn):
    """Mentions a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} 条/秒" if task.speed else "")


class Bars(Progress):
    """A rebuild as two bars, the second one when the new index takes over."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
        self._rows = Rows(*columns, console=console)
        self._fill: TaskID | None = None
        self._change: TaskID | None = None

    def __enter__(self) -> Bars:
        return self

    def __exit__(self, kind: type[BaseException] | None, bad: BaseException | None, at: TracebackType | None) -> None:
        if self._fill is not None:
            self._rows.stop()

    def begun(self, *, done: int, total: int) -> None:
        """Show where it begins."""
        self._rows.start()  # not before: a refusal is one line
        text = "接着重建索引" if done else "重建索引"
        self._fill = self._rows.add_task(text, total=max(total, done), completed=done)

    def filled(self, done: int) -> None:
        """Show how far it is."""
        if self._fill is not None:
            self._rows.update(self._fill, completed=done)

    def taking_over(self, done: int, total: int) -> None:
        """Show how far the change is."""
        if self._change is None:
            self._change = self._rows.add_task("换上新索引", total=total)
        self._rows.update(self._change, completed=done, total=total)
