"""How mentions lie on the server: the index template, and how a live index differs from it.

`chars` decides what is found, `words` only orders it, `tags` hold every field's values as hashes, the keywords are
what facets count. Nothing but the `whitespace` analyzer is needed: the texts come tokenised.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.settings import ElasticsearchSettings

#: Raised with every change of the mapping or of what is written: an index of another format must be rebuilt.
FORMAT = 1
#: How long what was added may stay unseen. Said outright: without it, what nobody searched for a while lets the next
#: search wait.
REFRESH = "2s"

#: Longer values are not counted by facets (and are found all the same): Lucene refuses terms beyond 32,766 bytes.
_LONGEST_VALUE = 8191

_COUNTED: dict[str, Any] = {"type": "keyword", "index": False, "ignore_above": _LONGEST_VALUE}
_FIELDS: dict[str, dict[str, Any]] = {
    # Pairs of tokens are indexed as well: a phrase of frequent characters need not compare positions.
    "chars": {"type": "text", "analyzer": "whitespace", "index_phrases": True},
    "words": {"type": "text", "analyzer": "whitespace", "index_options": "freqs"},
    "tags": {"type": "keyword", "doc_values": False},
    **dict.fromkeys(("channel", "source", "site", "category", "grade", "subject", "event", "day", "hour"), _COUNTED),
    "when": {"type": "date", "format": "epoch_millis"},
    "tie": {"type": "long", "index": False},
    "risk": {"type": "integer"},
    "negative": {"type": "double"},
    "mention": {"type": "object", "enabled": False},
}
FACET_FIELDS = tuple(name for name, field in _FIELDS.items() if field is _COUNTED)
_DEFAULTS: dict[str, Any] = {"index": True, "doc_values": True, "enabled": True, "index_phrases": False}


def template(pattern: str, settings: ElasticsearchSettings) -> dict[str, Any]:
    """The body of the index template for all indices whose names match."""
    return {
        "index_patterns": [pattern],
        "priority": 500,
        "version": FORMAT,
        "template": {
            "settings": {
                "number_of_shards": settings.shards,
                "number_of_replicas": settings.replicas,
                "refresh_interval": REFRESH,
                # A slow reader does not bring back what was deleted after it read.
                "gc_deletes": "1h",
                "sort.field": ["when", "tie"],
                "sort.order": ["desc", "desc"],
            },
            "mappings": {
                "_meta": {"format": FORMAT, "written_by": "tingfeng"},
                # What is found by lies in its own structures; the source is what a hit is read from.
                "_source": {"includes": ["mention"]},
                "dynamic": False,
                "properties": _FIELDS,
            },
        },
    }


def drift(mappings: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Where a live index's mapping is not ours: field, what was found, what was wanted. Empty where it is."""
    found_format = (mappings.get("_meta") or {}).get("format")
    if found_format != FORMAT:
        yield "_meta.format", str(found_format), str(FORMAT)
    properties = mappings.get("properties") or {}
    for name, wanted in _FIELDS.items():
        found = properties.get(name)
        if found is None:
            yield name, "（缺少）", str(wanted["type"])
            continue
        # A field without a type is an object.
        shown = {"type": "object", **_DEFAULTS, **found}
        for key, value in {**_DEFAULTS, **wanted}.items():
            if (key in wanted or key in found) and shown.get(key) != value:
                yield f"{name}.{key}", str(shown.get(key)), str(value)
