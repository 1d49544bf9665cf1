"""The search index in Elasticsearch: the only package that knows the server and its client."""

from index.elastic.adapter import ElasticIndex

__all__ = ["ElasticIndex"]
