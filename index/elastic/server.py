"""One server as every part of the adapter sees it: the client, the names, and what is checked before the first use."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from elasticsearch import Elasticsearch

from core.errors import IndexMismatch
from core.settings import ElasticsearchSettings
from index.elastic.client import MAJOR, connect, shown_hosts, speaking
from index.elastic.generations import ensure_live
from index.elastic.mapping import drift, template
from index.elastic.naming import Names

log = logging.getLogger("tingfeng.index")

#: Differences named in one message.
_SHOWN = 3


class Server:
    """A connection that is checked once: version, template, an index to search, its mapping.

    Threads do not wait for one another: each check may be done twice, and behind a server that does not answer a queue
    of searches would each wait for all those before.
    """

    def __init__(self, settings: ElasticsearchSettings) -> None:
        self.settings, self.names, self.hosts = settings, Names(settings.name), shown_hosts(settings)
        self._known = self._checked = False

    @cached_property
    def _client(self) -> Elasticsearch:
        return connect(self.settings)

    @contextmanager
    def asking(self) -> Iterator[Elasticsearch]:
        """The client, for an index in use that is as this program writes it. All failures are `IndexTrouble`."""
        with self.speaking() as client:
            if not self._checked:
                ensure_live(client, self.names)
                check_drift(client, self.names.read)
                self._checked = True
            yield client

    @contextmanager
    def speaking(self) -> Iterator[Elasticsearch]:
        """The client, whatever the index in use is like: for those who look after it, or build another."""
        with speaking(self.hosts):
            client = self._client
            if not self._known:
                _check_version(client, self.hosts)
                client.indices.put_index_template(
                    name=self.names.template, **template(self.names.everything, self.settings)
                )
                self._known = True
            yield client

    def look_again(self) -> None:
        """Check everything again before the next use."""
        self._known = self._checked = False

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        client = self.__dict__.pop("_client", None)
        if client is not None:
            client.close()


def check_drift(client: Elasticsearch, index: str) -> None:
    """Raise `IndexMismatch` where the mapping of an index (or of those behind an alias) is not what we write."""
    for name, found in sorted(client.indices.get_mapping(index=index).items()):
        differences = list(drift(found["mappings"]))
        if differences:
            listed = "；".join(
                f"字段 {field} 是 {there}，应为 {wanted}" for field, there, wanted in differences[:_SHOWN]
            )
            more = f"；另有 {len(differences) - _SHOWN} 处" if len(differences) > _SHOWN else ""
            raise IndexMismatch(f"索引 {name} 的结构与本程序不符：{listed}{more}。请运行 tingfeng index rebuild。")


def versions(client: Elasticsearch) -> list[str]:
    """The versions of all nodes, oldest first; `GET /` is not there on every build, this is."""
    nodes = client.nodes.info(filter_path="nodes.*.version")["nodes"].values()
    return sorted({str(node["version"]) for node in nodes}, key=lambda one: [int(part) for part in one.split(".")[:2]])


def _check_version(client: Elasticsearch, hosts: str) -> None:
    found = versions(client)
    if strangers := [one for one in found if int(one.split(".")[0]) != MAJOR]:
        raise IndexMismatch(
            f"{hosts} 上运行的是 Elasticsearch {'、'.join(strangers)}，本程序需要 {MAJOR}.x。请升级服务器。"
        )
