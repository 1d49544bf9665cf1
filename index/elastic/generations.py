"""Which indices are in use: the first one, a new month, a rebuilt generation, and what is left over.

Everything that decides is one step of the server (`_aliases`), so that processes on several machines need no lock of
ours: a search sees the old generation or the new one, and a new month is taken in only while its generation is live.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from elasticsearch import BadRequestError, Elasticsearch, NotFoundError

from core.errors import IndexUnavailable
from index.elastic.naming import FIRST, Names

#: Names in one request: the server takes request lines of 4,096 bytes.
_NAMES = 20
_TRIES = 5


def ensure_live(client: Elasticsearch, names: Names) -> str:
    """The generation in use; the first one is made where there is none."""
    for _ in range(_TRIES):
        found = live_generation(client, names)
        if found is not None:
            return found
        create(client, names.base(FIRST), aliases={names.read: {}, names.live: {}})
    raise IndexUnavailable(f"别名 {names.live} 没有指向任何索引，而基础索引已存在。请运行 tingfeng index rebuild。")


def live_generation(client: Elasticsearch, names: Names) -> str | None:
    """The generation in use; `None` before the first use."""
    try:
        found = client.indices.get_alias(name=names.live)
    except NotFoundError:
        return None
    known = [back[0] for index in found if (back := names.read_back(index))]
    return known[0] if known else None


def open_month(client: Elasticsearch, names: Names, month: str, *, check: Callable[[str], None]) -> None:
    """Make the index of a month and take it in, if another process has not.

    `check` raises if an index is not as we write it: somebody may have made one of this name by hand, which would take
    what we write and never find it.
    """
    for _ in range(_TRIES):
        generation = ensure_live(client, names)
        index, base = names.index(generation, month), names.base(generation)
        create(client, index)
        check(index)
        try:
            client.indices.update_aliases(
                actions=[
                    # Fails, and with it the whole step, if another generation went live meanwhile.
                    {"remove": {"index": base, "alias": names.live, "must_exist": True}},
                    {"add": {"index": base, "alias": names.live}},
                    {"add": {"index": index, "aliases": [names.read, names.write(month)]}},
                ]
            )
        except NotFoundError:
            remove(client, [index])
            continue
        return
    raise IndexUnavailable(f"新建 {month} 的索引时，正在使用的索引一再更换。请稍后再试。")


def create(
    client: Elasticsearch,
    index: str,
    *,
    aliases: Mapping[str, Mapping[str, Any]] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Make an index from the template; one that exists is left as it is."""
    try:
        client.indices.create(index=index, aliases=aliases, settings=settings)
    except BadRequestError as refused:
        if refused.message != "resource_already_exists_exception":
            raise


def aliases_of(client: Elasticsearch, names: Names) -> dict[str, set[str]]:
    """All our indices, each with its aliases."""
    found = client.indices.get_alias(index=names.everything)
    return {index: set(row["aliases"]) for index, row in found.items() if names.read_back(index)}


def go_live(client: Elasticsearch, names: Names, generation: str) -> None:
    """Make a generation the one in use, and mark what was in use as retired, in one step."""
    for _ in range(_TRIES):
        there = aliases_of(client, names)
        strangers = [
            index for index, held in there.items() if _is_of(names, index) != generation and names.read in held
        ]
        mine = {index: held for index, held in there.items() if _is_of(names, index) == generation}
        if not strangers and all(names.read in held for held in mine.values()):
            return
        client.indices.update_aliases(actions=[*_retire(names, strangers, there), *_adopt(names, mine)])
        # Looked at again: a month may have been opened in the old generation between the look and the step.
    raise IndexUnavailable("切换到新索引时，旧索引一再变动。请稍后再试。")


def remove_retired(client: Elasticsearch, names: Names) -> None:
    """Delete what a rebuild replaced."""
    remove(client, [index for index, held in aliases_of(client, names).items() if names.retired in held])


def remove(client: Elasticsearch, indices: Iterable[str]) -> None:
    """Delete indices by their names; those that are gone are gone."""
    wanted = list(indices)
    for at in range(0, len(wanted), _NAMES):
        client.indices.delete(index=wanted[at : at + _NAMES], ignore_unavailable=True)


def _is_of(names: Names, index: str) -> str | None:
    found = names.read_back(index)
    return found[0] if found else None


def _retire(names: Names, indices: Iterable[str], there: Mapping[str, set[str]]) -> Iterator[dict[str, Any]]:
    for index in indices:
        yield {"remove": {"index": index, "aliases": sorted(there[index])}}
        yield {"add": {"index": index, "alias": names.retired}}


def _adopt(names: Names, mine: Mapping[str, set[str]]) -> Iterator[dict[str, Any]]:
    for index, held in mine.items():
        if held:
            yield {"remove": {"index": index, "aliases": sorted(held)}}
        found = names.read_back(index)
        month = found[1] if found else None
        yield {"add": {"index": index, "aliases": [names.read, names.write(month) if month else names.live]}}
