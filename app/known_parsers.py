"""Whether the parsers that `sources.toml` names exist: only here are both the settings and the parsers in reach."""

from __future__ import annotations

from pathlib import Path

from core.errors import ConfigError
from core.settings import Settings


def sources_file(settings: Settings) -> Path:
    """Where the catalogue of sources lies."""
    assert settings.path is not None, "settings that came from a file"
    return settings.path.parent / settings.files.sources


def require_parsers(settings: Settings, *, file: Path | None = None) -> None:
    """Raise `ConfigError` for the first source whose `parser` is the name of none. `file` is named in the error."""
    named = [source for source in settings.sources if source.parser]
    if not named:
        return
    from crawlers.pages import PARSERS

    for source in named:
        if source.parser not in PARSERS:
            raise ConfigError(
                file=str(file or sources_file(settings)),
                key=f"source[{source.id}].parser",
                value=source.parser,
                problem="没有这个页面解析器",
                fix=f"可用：{'、'.join(PARSERS)}；自己写一个：tingfeng new-source {source.parser}",
            )
