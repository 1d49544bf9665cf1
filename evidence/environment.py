"""The machine's report on itself: what a court asks about the cleanliness of the place where proof was made."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from evidence.browser import BrowserFacts
from evidence.durable import canonical_json, sha256
from evidence.proxy import MAX_BYTES

_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def installed_packages() -> tuple[str, ...]:
    """Name and version of every Python package here. Costs some 60 ms: ask once per process."""
    return tuple(sorted(f"{found.name}=={found.version}" for found in metadata.distributions()))


def machine_report(
    browser: BrowserFacts | None, *, packages: Sequence[str], allow_private: Iterable[str], now: datetime
) -> dict[str, Any]:
    """Everything that may have shaped a capture. Holds no secret: of proxy variables only the names are listed."""
    proxy = {
        "kind": "tingfeng.evidence.proxy",
        "max_bytes_per_connection": MAX_BYTES,
        "refuses": "private, loopback, link-local, metadata, multicast and reserved addresses",
        "allow_private": sorted(allow_private),
    }
    return {
        "browser": None
        if browser is None
        else {
            "path": browser.path,
            "program": browser.program,
            "sha256": browser.sha256,
            "version": browser.version,
            "flags": list(browser.flags),
            "context": "fresh: no cookies, no cache, no history; service workers blocked; downloads refused",
        },
        "system": {
            "platform": platform.platform(),
            "release": _text("/etc/os-release").splitlines()[:1],
            "machine": platform.machine(),
            "host": platform.node(),
            "user": os.geteuid(),
        },
        "python": platform.python_version(),
        "packages": list(packages),
        "packages_sha256": sha256("\n".join(packages).encode()),
        "proxy": {**proxy, "sha256": sha256(canonical_json(proxy))},
        "proxy_variables_set": [name for name in _PROXY_VARIABLES if name in os.environ or name.upper() in os.environ],
        "hosts": {"sha256": sha256(_text("/etc/hosts").encode()), "text": _text("/etc/hosts")},
        "resolv_conf": {"sha256": sha256(_text("/etc/resolv.conf").encode()), "text": _text("/etc/resolv.conf")},
        "clock": {
            "wall": now.isoformat(),
            "uptime_seconds": round(time.clock_gettime(time.CLOCK_BOOTTIME), 3),
            #: `None`: this machine does not say.
            "ntp_synchronised": True if Path("/run/systemd/timesync/synchronized").exists() else None,
        },
    }


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")[:65_536]
    except OSError:
        return ""
