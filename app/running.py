"""`tingfeng run`: all of the product on one machine, and a first alert that nobody has to look for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from app import logs
from app.browsing import why_no_browser
from app.firsts import FirstAlert, first_alert, sent_alerts
from app.known_parsers import require_parsers
from app.leases import release_dead_leases
from app.picture_wishes import is_on
from app.serving import ANOTHER_PORT, refuse_taken_port
from app.signals import stop_on_signals
from app.supervisor import PARTS, PICTURES, Part, Supervisor, lock
from app.wiring import Product
from core.config import load_settings
from core.durations import in_chinese
from core.model import EXHIBIT_STATE_NAMES, GRADE_NAMES

_TICK_SECONDS = 0.25
#: How long the ports of a run that was killed may take to become free.
_PATIENCE_SECONDS = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to run: the product of these settings, its parts, and the environment that they get."""

    product: Product
    parts: tuple[Part, ...]
    environment: Mapping[str, str]

    def supervisor(self, *, verbose: bool) -> Supervisor:
        """A supervisor that has not started anything yet."""
        options = ["--config", str(self.product.settings.path)]
        if verbose:
            options.append("--verbose")
        return Supervisor(self.parts, options=options, environment=self.environment)


def plan_run(config: Path, environment: Mapping[str, str]) -> Plan:
    """The product as `config` describes it."""
    product = Product(load_settings(config, environment)).checked()
    return Plan(product=product, parts=_parts(product), environment=environment)


def _parts(product: Product) -> tuple[Part, ...]:
    return (*PARTS, PICTURES) if is_on(product.settings.pictures) else PARTS


def plan_demo(folder: Path, *, port: int, environment: Mapping[str, str]) -> Plan:
    """The product watching the bundled sites, with everything it writes below `folder`."""
    from demo.config import materialise

    folder = folder.resolve()
    config = materialise(folder / "config", base_port=port)
    environment = {**environment, "TINGFENG_GENERAL__DATA_DIR": str(folder)}
    sites = Part(
        name="demo", command=("demo", "serve", "--folder", str(folder), "--port", str(port)), shares_options=False
    )
    product = Product(load_settings(config, environment))
    return Plan(product=product, parts=(sites, *_parts(product)), environment=environment)


def run_product(config: Path, *, demo_folder: Path | None, demo_port: int, verbose: bool) -> None:
    """Run until Ctrl-C or SIGTERM; print where the console is and, once it is delivered, the first alert."""
    logs.configure(verbose=verbose)
    environment = dict(os.environ)
    plan = (
        plan_demo(demo_folder, port=demo_port, environment=environment)
        if demo_folder is not None
        else plan_run(config, environment)
    )
    product, screen = plan.product, Console()
    require_parsers(product.settings)
    web = product.settings.web
    held = lock(product.settings.data_dir)
    refuse_taken_port(web.host, web.port, fix=ANOTHER_PORT, patience_seconds=_PATIENCE_SECONDS)
    if demo_folder is not None:
        for port in range(demo_port, demo_port + 4):
            fix = "用 --demo-port 另选四个相连的端口"
            refuse_taken_port("127.0.0.1", port, fix=fix, patience_seconds=_PATIENCE_SECONDS)
    release_dead_leases(product.database)
    before = sent_alerts(product.database)
    screen.print(f"[bold]听风[/bold] 已启动 · 控制台 [link]{web.address}[/link] · Ctrl-C 结束")
    _describe(product, screen, demo=demo_folder is not None, before=before)
    stop = stop_on_signals()
    supervisor = plan.supervisor(verbose=verbose)
    try:
        while not stop.wait(_TICK_SECONDS):
            supervisor.tick()
            if before == 0 and (first := first_alert(product)) is not None:
                before = 1
                _announce(first, product, screen)
    finally:
        screen.print("正在停止…")
        supervisor.stop()
        held.close()


def _describe(product: Product, screen: Console, *, demo: bool, before: int) -> None:
    settings = product.settings
    watched = "、".join(source.name for source in settings.sources)
    screen.print(f"监测 {len(settings.sources)} 个信源：{watched}", markup=False, highlight=False)
    for rows, lacking in (
        (settings.sources, "没有信源：什么也看不到"),
        (settings.subjects, "没有监测对象：不会有预警"),
        (settings.rules, "没有预警规则：不会有预警"),
    ):
        if not rows:
            screen.print(f"{lacking}，请按 *.example.toml 填写", style="yellow", highlight=False)
    if missing := why_no_browser(settings.evidence.browser):
        screen.print(
            f"{missing}\n预警照常发出，标明「无法取证」。",
            style="yellow",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    if before:
        screen.print(f"此前已送达 {before} 条预警，都在控制台里。", highlight=False)
    if demo and not before:
        screen.print("演示：先收录往日的帖文，随后一起事故从论坛传到微博和新闻，请等第一条预警……", highlight=False)


def _announce(first: FirstAlert, product: Product, screen: Console) -> None:
    web = product.settings.web
    screen.rule("首条预警已送达")
    screen.print(f"等级：{first.grade} {GRADE_NAMES[first.grade]}", highlight=False)
    for reason in first.reasons:
        screen.print(f"原因：{reason}", markup=False, highlight=False)
    picture = str(first.picture) if first.picture else EXHIBIT_STATE_NAMES[first.evidence]
    screen.print(f"截图：{picture}", markup=False, highlight=False, soft_wrap=True)
    if (waited := first.after(first.delivered)) is not None:
        screen.print(f"距发布：{waited.total_seconds():.1f} 秒（{in_chinese(waited)}）", highlight=False)
    screen.print(f"控制台：{web.address}/alerts/{first.alert}", highlight=False, soft_wrap=True)
    screen.rule()
