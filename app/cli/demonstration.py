"""Commands of the demo: the look-alike sites, the incident's script, the drill."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app import lifeline, logs
from app.cli.options import VerboseOption
from app.cli.tables import show_table
from app.signals import stop_on_signals
from core.clock import system_clock

demo_app = typer.Typer(help="演示：自带的论坛、微博、新闻网站与事故演练。", no_args_is_help=True)

Folder = Annotated[Path, typer.Option(help="演示数据放在哪里。")]
Port = Annotated[int, typer.Option(help="第一个端口，共用四个。")]


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    demo_app.command("serve", epilog="例：tingfeng demo serve --port 8321")(serve)
    demo_app.command("drill", epilog="例：tingfeng demo drill")(drill)
    demo_app.command("script", epilog="例：tingfeng demo script")(script)
    app.add_typer(demo_app, name="demo")


def serve(folder: Folder = Path("var/demo"), port: Port = 8321, verbose: VerboseOption = False) -> None:
    """只开演示网站，可用浏览器看。"""
    from demo.server import serve as serve_sites
    from demo.world import World

    lifeline.watch(os.environ)
    logs.configure(verbose=verbose)
    folder.mkdir(parents=True, exist_ok=True)
    serve_sites(World.open(folder, system_clock()), base_port=port, stop=stop_on_signals())


def script() -> None:
    """事故的剧本：何时、何地、发生什么。"""
    from demo.script import describe
    from demo.world import INCIDENT_AFTER

    typer.echo(describe(INCIDENT_AFTER))


def drill(
    folder: Folder = Path("var/demo/drill"),
    port: Port = 8341,
    timeout: Annotated[int, typer.Option(help="最多等多少秒。")] = 180,
    verbose: VerboseOption = False,
) -> None:
    """从头演练一次事故，量出发布、发现、研判、取证、送达各用多久，然后结束。没有送达即以 1 结束。"""
    from app.drill import run_drill

    logs.configure(verbose=verbose)
    with Console(stderr=True).status("演练中：事故即将从论坛传开……"):
        result = run_drill(folder, port=port, timeout_seconds=timeout)
    if result is None:
        typer.echo(f"✘ {timeout} 秒内没有带证据的预警送达", err=True)
        raise typer.Exit(1)
    stages = (
        ("抓取到", result.collected),
        ("研判完", result.judged),
        ("开出预警", result.opened),
        ("取证封存", result.captured),
        ("送达", result.delivered),
    )
    rows = []
    for stage, moment in stages:
        waited = result.after(moment)
        rows.append((stage, f"{waited.total_seconds():.1f} 秒" if waited is not None else "—"))
    show_table(f"3·15 演练：{result.grade} 级，{result.title}", ("阶段", "距发布"), rows)
    typer.echo(f"证据：{result.picture or '无'}")
