"""Commands that run the product, whole or in parts, and the one that tells whether all is well."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app import doctor
from app.cli.options import DEFAULT_CONFIG, ConfigOption, VerboseOption, open_product
from app.cli.tables import show_table
from app.known_parsers import require_parsers
from app.running import run_product
from app.signals import stop_on_signals
from core.errors import ConfigError

Once = Annotated[bool, typer.Option("--once", help="做完眼前的事就结束。")]


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.command(epilog="例：tingfeng run --demo")(run)
    app.command(epilog="例：tingfeng work --once")(work)
    app.command(epilog="例：tingfeng capture")(capture)
    app.command(epilog="例：tingfeng pictures --once")(pictures)
    app.command(epilog="例：tingfeng notify")(notify)
    app.command(epilog="例：tingfeng schedule")(schedule)
    app.command(epilog="例：tingfeng web")(web)
    app.command("doctor", epilog="例：tingfeng doctor")(check)


def run(
    config: ConfigOption = DEFAULT_CONFIG,
    demo: Annotated[bool, typer.Option("--demo", help="监测自带的演示网站，无需任何设置。")] = False,
    demo_port: Annotated[int, typer.Option(help="演示网站的第一个端口，共用四个。")] = 8321,
    data_dir: Annotated[Path, typer.Option(help="演示数据放在哪里。")] = Path("var/demo"),
    verbose: VerboseOption = False,
) -> None:
    """在一台机器上运行全部：调度、抓取、研判、取证、通知和网页。Ctrl-C 结束。"""
    run_product(config, demo_folder=data_dir if demo else None, demo_port=demo_port, verbose=verbose)


def work(config: ConfigOption = DEFAULT_CONFIG, once: Once = False, verbose: VerboseOption = False) -> None:
    """研判新帖文，交给预警；--once 时也写入索引。可同时运行多个。"""
    product = open_product(config, verbose=verbose)
    if once:
        with Console(stderr=True).status("研判中…") as status:
            judged = product.worker.drain(progress=lambda count: status.update(f"研判中… 已完成 {count} 条"))
        typer.echo(f"已研判 {judged} 条")
        if left := product.filing.waiting():
            typer.echo(f"检索索引暂不可用：{left} 条留在队列里，恢复后自动补上", err=True)
        return
    product.worker.work_forever(stop_on_signals())


def capture(config: ConfigOption = DEFAULT_CONFIG, verbose: VerboseOption = False) -> None:
    """为高风险帖文取证：截图、网页、原始响应，封存入账。"""
    from app.capturing import capture_forever

    product = open_product(config, verbose=verbose)
    capture_forever(product, stop_on_signals())


def pictures(config: ConfigOption = DEFAULT_CONFIG, once: Once = False, verbose: VerboseOption = False) -> None:
    """读出帖文图片里的文字，与正文一并重新研判；需安装扩展 ocr。"""
    from analysis.pictures import PictureReader
    from app.pictures import PictureDesk

    product = open_product(config, verbose=verbose)
    desk = PictureDesk(product=product, reader=PictureReader())
    if once:
        count = 0
        with Console(stderr=True).status("读图中…") as status:
            while desk.read_once():
                count += 1
                status.update(f"读图中… 已完成 {count} 篇")
        typer.echo(f"已处理 {count} 次取图请求；读不到的图片写明了原因，暂时取不到的稍后再取")
        return
    desk.read_forever(stop_on_signals())


def notify(config: ConfigOption = DEFAULT_CONFIG, once: Once = False, verbose: VerboseOption = False) -> None:
    """投递待发的消息，失败重试，留下投递凭证。"""
    product = open_product(config, verbose=verbose)
    if once:
        typer.echo(f"已处理 {product.outbox.deliver_due(now=product.clock())} 条消息")
        return
    product.outbox.deliver_forever(stop_on_signals(), product.clock)


def schedule(config: ConfigOption = DEFAULT_CONFIG, verbose: VerboseOption = False) -> None:
    """按时启动抓取与日报；每个作业也可以手动运行同名命令。"""
    from app.schedule import Schedule

    product = open_product(config, verbose=verbose)
    assert product.settings.path is not None
    require_parsers(product.settings)
    options = ("--config", str(product.settings.path), *(("--verbose",) if verbose else ()))
    Schedule(
        settings=product.settings,
        database=product.database,
        catalogue=product.catalogue,
        clock=product.clock,
        options=options,
        environment=dict(os.environ),
    ).run_forever(stop_on_signals())


def web(config: ConfigOption = DEFAULT_CONFIG, verbose: VerboseOption = False) -> None:
    """网页：预警、证据、检索、信源健康。只在本机地址上监听。"""
    from app.serving import serve_console

    product = open_product(config, verbose=verbose)
    host = product.settings.web.host
    if host not in ("127.0.0.1", "::1", "localhost"):
        raise ConfigError(
            file=str(product.settings.path),
            key="web.host",
            value=host,
            problem="网页尚无登录，不能对外监听",
            fix='写成 "127.0.0.1"，需要远程访问时用 SSH 隧道',
        )
    serve_console(product)


def check(config: ConfigOption = DEFAULT_CONFIG, verbose: VerboseOption = False) -> None:
    """逐项检查：设置、数据库、模型、浏览器、字体、磁盘、信源、积压。有问题时以 1 结束。"""
    product = open_product(config, verbose=verbose)
    findings = doctor.examine(product)
    marks = {"ok": "✔", "warn": "！", "bad": "✘"}
    rows = [(marks[finding.level], finding.item, finding.state, finding.fix) for finding in findings]
    show_table("听风 体检", ("", "项目", "情况", "怎么办"), rows)
    if any(finding.level == "bad" for finding in findings):
        raise typer.Exit(1)
