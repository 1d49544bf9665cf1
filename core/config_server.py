"""What the keys of `[index]` and `[elasticsearch]` say of each other: who we are on the server, and how we say it."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import ConfigError
from core.settings import ElasticsearchSettings, Settings


def check_server(settings: Settings, file: str) -> None:
    """Raise `ConfigError` for what contradicts itself."""
    index, server = settings.index, settings.elasticsearch

    def refuse(key: str, value: str, problem: str, fix: str) -> ConfigError:
        return ConfigError(file=file, key=key, value=value, problem=problem, fix=fix)

    if index.backend == "sqlite" and index.fallback == "sqlite":
        fix = '写成 "none"，或把 backend 设为 "elasticsearch"'
        raise refuse("index.fallback", index.fallback, "内嵌索引不需要后备", fix)
    if server.api_key is not None and (server.user or server.password is not None):
        raise refuse("elasticsearch.api_key", "***", "同时写了 api_key 与 user、password", "只留一种身份")
    if server.user and server.password is None:
        fix = '加上 password = "env:变量名" 或 "file:路径"'
        raise refuse("elasticsearch.user", server.user, "有 user 却没有 password", fix)
    if server.password is not None and not server.user:
        raise refuse("elasticsearch.password", "***", "有 password 却没有 user", "加上 user")
    for host in server.hosts:
        parts = urlsplit(host)
        if parts.username is not None or parts.password is not None:
            fix = "从网址里删去，写到 user 与 password"
            raise refuse("elasticsearch.hosts", f"{parts.scheme}://***@{parts.hostname}", "网址里带有身份", fix)


def exposed_hosts(server: ElasticsearchSettings) -> list[str]:
    """Hosts that are told our secret in plain text over a network; this machine's own loopback is none."""
    if server.password is None and server.api_key is None:
        return []
    return [host for host in server.hosts if host.startswith("http://") and not _is_loopback(host)]


def anchored(server: ElasticsearchSettings, home: Path) -> ElasticsearchSettings:
    """The same with `ca_file` made absolute: relative paths count from the folder of `monitor.toml`."""
    if not server.ca_file:
        return server
    return server.model_copy(update={"ca_file": str((home / server.ca_file).resolve())})


def _is_loopback(host: str) -> bool:
    name = urlsplit(host).hostname or ""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
