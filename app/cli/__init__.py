"""The command line: one file per family of commands; what can go wrong ends in one line and a telling exit code.

Exit codes: 0 done · 1 the world or the data said no · 2 a setting or an argument is wrong.
"""

from __future__ import annotations

import logging
import sys

import typer

from app.cli import (
    archive,
    casework,
    categories,
    demonstration,
    events,
    evidence,
    explaining,
    exporting,
    feedback,
    indexing,
    intake,
    judging,
    measuring,
    models,
    operating,
    outbox,
    reassessing,
    scaffolding,
    searches,
    sources,
)
from app.cli.faults import FAULTS, explain
from app.cli.mistakes import pointed
from core.errors import ConfigError, QuerySyntaxError, TingfengError

log = logging.getLogger("tingfeng.app")

app = typer.Typer(
    name="tingfeng",
    help="听风：监测公众对品牌的评价，带着证据第一时间告诉该知道的人。",
    epilog="例：tingfeng run --demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for family in (
    operating,
    sources,
    intake,
    judging,
    measuring,
    models,
    explaining,
    feedback,
    reassessing,
    categories,
    archive,
    exporting,
    indexing,
    searches,
    casework,
    events,
    outbox,
    evidence,
    scaffolding,
    demonstration,
):
    family.add_to(app)


def main() -> None:
    """Run the command line and turn what went wrong into one line on standard error; `--verbose` adds a traceback.

    A reader of a pipe that has enough (`| head`) and Ctrl-C are Typer's: it ends silently, with 1 and 130, but for
    `app.cli.pipes`.
    """
    try:
        app()
    except ConfigError as wrong:
        typer.echo(str(wrong), err=True)
        sys.exit(2)
    except QuerySyntaxError as wrong:
        typer.echo(f"错误：{pointed(wrong)}", err=True)
        sys.exit(1)
    except TingfengError as wrong:
        typer.echo(f"错误：{wrong}", err=True)
        sys.exit(1)
    except FAULTS as refused:
        log.info("command_refused", exc_info=True)
        typer.echo(f"错误：{explain(refused)}", err=True)
        sys.exit(1)
