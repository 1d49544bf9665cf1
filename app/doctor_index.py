"""What the doctor sees of the search index: whether it answers, is ours, and holds what was judged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from app.findings import Finding
from app.index_wiring import Target
from app.wiring import Product
from core.config_server import exposed_hosts
from core.errors import IndexMismatch, IndexTrouble
from core.work import WorkQueue
from index.base import IndexState
from index.builds import read_build

_REBUILD = "tingfeng index rebuild"


def examine_index(product: Product) -> Iterator[Finding]:
    """Look at each index that is kept up to date."""
    settings = product.settings
    if settings.index.backend == "elasticsearch" and (hosts := exposed_hosts(settings.elasticsearch)):
        state = f"密钥以明文发往 {'、'.join(hosts)}"
        yield Finding(level="warn", item="检索服务器", state=state, fix="改用 https，或经本机上的隧道")
    for number, target in enumerate(product.index_targets):
        item, rebuild = ("检索索引", _REBUILD) if number == 0 else ("后备索引", f"{_REBUILD} --fallback")
        yield from _target(product, target, item=item, rebuild=rebuild)


def _target(product: Product, target: Target, *, item: str, rebuild: str) -> Iterator[Finding]:
    try:
        target.index.refresh()  # what was filed a moment ago counts
        state, filed = target.index.state(), target.index.count()
    except IndexMismatch as bad:
        yield Finding(level="bad", item=item, state=str(bad), fix=f"按提示更正，或 {rebuild}")
        return
    except IndexTrouble as bad:
        fix = "检查服务器与 [elasticsearch]；恢复后自动补上，预警不受影响"
        yield Finding(level="bad", item=item, state=str(bad), fix=fix)
        return
    except (sqlite3.Error, OSError) as bad:
        yield Finding(level="bad", item=item, state=f"无法读取（{bad}）", fix=rebuild)
        return
    yield _content(product, target, state, filed, item=item, rebuild=rebuild)
    for remark in state.remarks:
        yield Finding(level="warn", item=item, state=remark)
    yield from _build(product, target, item=item, rebuild=rebuild)


def _content(product: Product, target: Target, state: IndexState, filed: int, *, item: str, rebuild: str) -> Finding:
    keep = product.settings.index.keep
    judged = product.verdicts.count(collected=product.clock() - keep if keep else None)
    # What waits to be published or filed is judged and not yet in; anything beyond that is missing.
    waiting = sum(WorkQueue(product.database, name).backlog()[0] for name in ("publish", target.queue))
    said = f"{state.engine}，{filed} 条"
    if filed + waiting >= judged:
        return Finding(level="ok", item=item, state=said)
    return Finding(level="bad", item=item, state=f"{said}，已研判 {judged} 条", fix=rebuild)


def _build(product: Product, target: Target, *, item: str, rebuild: str) -> Iterator[Finding]:
    with product.database.read() as connection:
        build = read_build(connection, target.name)
    if build is None:
        return
    if WorkQueue(product.database, "rebuild").owners():
        yield Finding(level="ok", item=item, state=f"正在重建，已写入 {build.done} 条")
    else:
        state = f"有一次重建没有做完，已写入 {build.done} 条"
        yield Finding(level="warn", item=item, state=state, fix=f"{rebuild}，从断点继续")
