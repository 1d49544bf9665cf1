"""Words of the other side for the operator, without any secret they may echo."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from urllib.parse import quote

from core.secret import Secret
from core.text import clean, shorten


def quoted(words: object, secrets: Iterable[Secret | None], limit: int = 160) -> str:
    """One short line of what the provider said; secrets, plain, URL-quoted or in Base64, become `***`."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    for secret in secrets:
        value = secret.reveal() if secret else ""
        if not value:
            continue
        for form in (value, quote(value, safe=""), base64.b64encode(value.encode()).decode()):
            text = text.replace(form, "***")
    return shorten(clean(text), limit)
