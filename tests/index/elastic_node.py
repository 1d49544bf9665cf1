"""A node of Elasticsearch that answers what a test tells it to: the client before it is the real one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from elastic_transport import ApiResponseMeta, BaseNode, HttpHeaders, NodeConfig, TransportError
from elasticsearch import Elasticsearch

Said = tuple[int, Any]


@dataclass
class Node:
    """What was asked, and what is answered next: a status and a body, or an exception of the transport."""

    answer: Callable[[str, str, bytes], Said | TransportError]
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)

    def client(self, **options: Any) -> Elasticsearch:
        """A client that knows only this node."""
        node = self

        class Told(BaseNode):
            def __init__(self, config: NodeConfig) -> None:
                super().__init__(config)

            def perform_request(
                self, method: str, target: str, body: bytes | None = None, headers: Any = None, request_timeout: Any = 0
            ) -> Any:
                node.asked.append((method, target, body or b""))
                said = node.answer(method, target, body or b"")
                if isinstance(said, TransportError):
                    raise type(said)(said.message, errors=said.errors)  # anew: the client adds what came before
                return _Response(_meta(said[0], self.config), json.dumps(said[1]).encode() if said[1] != "" else b"")

            def close(self) -> None:
                """Nothing is open."""

        return Elasticsearch("http://node.invalid:9200", node_class=Told, **{"retry_on_status": (), **options})

    @property
    def bulks(self) -> list[list[tuple[dict[str, Any], dict[str, Any]]]]:
        """Action and document of each item of each `_bulk` so far."""
        found = []
        for _, target, body in self.asked:
            if target.startswith("/_bulk"):
                lines = [json.loads(line) for line in body.splitlines()]
                found.append(list(zip(lines[::2], lines[1::2], strict=True)))
        return found


@dataclass(frozen=True)
class _Response:
    meta: ApiResponseMeta
    body: bytes


def _meta(status: int, config: NodeConfig) -> ApiResponseMeta:
    headers = HttpHeaders({"x-elastic-product": "Elasticsearch", "content-type": "application/json"})
    return ApiResponseMeta(status=status, http_version="1.1", headers=headers, duration=0.0, node=config)
