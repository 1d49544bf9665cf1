"""Options that many commands share, and the product they lead to."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from app import lifeline, logs
from app.wiring import Product
from core.clock import system_clock
from core.config import load_settings
from core.durations import BadDuration, parse_duration
from core.errors import ConfigError
from core.settings import Settings

#: Where the settings are, unless `--config` or TINGFENG_CONFIG says otherwise.
DEFAULT_CONFIG = Path("monitor.toml")

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", envvar="TINGFENG_CONFIG", help="设置文件。", show_default=True)
]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="在标准错误输出更多日志。")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="只报告错误。")]
JsonOption = Annotated[bool, typer.Option("--json", help="每行一个 JSON 对象。")]


def open_product(config: Path, *, verbose: bool = False) -> Product:
    """Read the settings, set up the logs, and give the product of this process."""
    lifeline.watch(os.environ)
    logs.configure(verbose=verbose)
    return Product(load_settings(config, os.environ)).checked()


def moment(text: str, settings: Settings, *, option: str) -> datetime:
    """Read "7d" (that long ago), "2026-03-15" or an ISO time, in the settings' zone."""
    try:
        return system_clock() - parse_duration(text)
    except BadDuration:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            file="命令行", key=option, value=text, problem="不是时间", fix="写成 7d、2026-03-15 或 2026-03-15T20:00"
        ) from None
    return found if found.utcoffset() is not None else found.replace(tzinfo=settings.zone)


def day(text: str, settings: Settings) -> date:
    """Read "today", "yesterday" (今天, 昨天) or "2026-03-15", in the settings' zone."""
    today = system_clock().astimezone(settings.zone).date()
    named = {"today": today, "今天": today, "yesterday": today - timedelta(days=1), "昨天": today - timedelta(days=1)}
    if text in named:
        return named[text]
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            file="命令行", key="--date", value=text, problem="不是日期", fix="写成 today、yesterday 或 2026-03-15"
        ) from None
