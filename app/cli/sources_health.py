"""`tingfeng sources health`: whether the silence of each source can be trusted, and the response that says why not."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, open_product
from app.cli.tables import show_table
from app.known_parsers import require_parsers
from app.wiring import Product
from core.durations import in_chinese
from core.errors import ConfigError, NotFound
from core.text import clean
from core.wire import dumps

if TYPE_CHECKING:
    from crawlers.health import SourceHealth
    from evidence.vault import RawResponse

_LINES, _WIDTH = 40, 200


def add_to(sources: typer.Typer) -> None:
    """Add this family's commands."""
    sources.command(
        "health", epilog="例：tingfeng sources health    tingfeng sources health --proof city-forum --out proof.html"
    )(health)


def health(
    proof: Annotated[str, typer.Option(metavar="ID", help="显示决定了这个信源状态的那份响应。")] = "",
    out: Annotated[Path | None, typer.Option(help="与 --proof 同用：把响应正文原样写进这个新文件。")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """每个信源的健康：状态、自何时、原因、上次正常、下次抓取、24 小时新帖、Cookie 倒计时。有异常时以 1 结束。"""
    product = open_product(config)
    require_parsers(product.settings)
    if proof:
        _show_proof(product, proof, out)
        return
    if out is not None:
        raise typer.BadParameter("--out 与 --proof 一起用")
    from crawlers.health import health as look

    now = product.clock()
    found = look(product.settings.sources, product.catalogue, now=now)
    if as_json:
        for one in found:
            typer.echo(dumps(as_row(one, now)))
    else:
        headings = ("信源", "状态", "自何时", "原因", "上次正常", "下次抓取", "24 小时/平日", "Cookie", "robots")
        show_table(f"信源健康（{len(found)} 个）", headings, [_cells(one, now, product) for one in found])
    if any(not is_fine(one, now) for one in found):
        raise typer.Exit(1)


def is_fine(one: SourceHealth, now: datetime) -> bool:
    """Whether its silence can be trusted, or is the operator's own wish. What was never crawled says nothing."""
    is_over = one.cookie_expires is not None and one.cookie_expires <= now
    return one.state is not None and not one.troubled and not one.cookie_problem and not is_over


def _cells(one: SourceHealth, now: datetime, product: Product) -> tuple[str, ...]:
    from alerts.source_words import shown_state

    def local(moment: datetime | None) -> str:
        return moment.astimezone(product.settings.zone).strftime("%m-%d %H:%M") if moment else "—"

    failed = one.status is not None and one.status.failures > 0
    state = shown_state(one.state, one.reason, failed=failed) if one.state else "尚未抓取"
    marks = ("" if is_fine(one, now) else "✘ ") + state + ("（逾期未抓）" if one.overdue else "")
    usual = f"{one.usual_per_day:.1f}" if one.usual_per_day is not None else "—"
    return (
        one.source.id,
        marks,
        local(one.since),
        one.reason or "—",
        local(one.last_ok),
        next_turn(one, now),
        f"{one.new_today} / {usual}",
        cookie_countdown(one, now),
        "遵守" if not one.source.ignore_robots_because else one.robots,
    )


def next_turn(one: SourceHealth, now: datetime) -> str:
    """When it is tried next, in words."""
    if one.state == "paused":
        return "—"
    return f"{in_chinese(one.next_run - now)}后" if one.next_run and one.next_run > now else "即将"


def cookie_countdown(one: SourceHealth, now: datetime) -> str:
    """How long the cookie still holds, in words."""
    if one.cookie_problem:
        return one.cookie_problem
    if one.cookie_expires is None:
        return "未写明" if one.source.cookie else "—"
    return f"还有 {in_chinese(one.cookie_expires - now)}" if one.cookie_expires > now else "已到期"


def as_row(one: SourceHealth, now: datetime) -> dict[str, Any]:
    """One source as a JSON object."""

    def iso(moment: datetime | None) -> str | None:
        return moment.isoformat() if moment else None

    return {
        "id": one.source.id,
        "name": one.source.name,
        "kind": one.source.kind,
        "fine": is_fine(one, now),
        "state": one.state,
        "reason": one.reason or None,
        "since": iso(one.since),
        "proof": one.proof,
        "last_ok": iso(one.last_ok),
        "next_run": iso(one.next_run),
        "overdue": one.overdue,
        "new_24h": one.new_today,
        "usual_day": round(one.usual_per_day, 2) if one.usual_per_day is not None else None,
        "cookie_expires": iso(one.cookie_expires),
        "cookie_problem": one.cookie_problem,
        "robots": one.robots,
        "ignore_robots_because": one.source.ignore_robots_because or None,
    }


def _show_proof(product: Product, source: str, out: Path | None) -> None:
    status = product.catalogue.status(source)
    if status is None and source not in {row.id for row in product.settings.sources}:
        raise NotFound(f"没有信源 {source}")
    if status is None or status.state is None:
        raise NotFound(f"信源 {source} 还没有抓取过，没有可看的响应")
    if status.proof is None:
        raise NotFound(f"信源 {source} 的状态不是由某份响应决定的：{status.reason or '没有原因'}")
    raw = product.vault.get_response(status.proof)
    if out is not None:
        _write_new(out, raw.body)
    for line in _proof_lines(raw, product, body=out is None):
        typer.echo(line)
    if out is not None:
        typer.echo(f"正文 {len(raw.body)} 字节，已写入 {out}")


def _write_new(out: Path, body: bytes) -> None:
    try:
        with out.open("xb") as file:
            file.write(body)
    except FileExistsError:
        raise ConfigError(file="命令行", key="--out", value=str(out), problem="文件已存在", fix="换一个名字") from None


def _proof_lines(raw: RawResponse, product: Product, *, body: bool) -> list[str]:
    """Headers and the page's first lines as plain text: a page cannot move the cursor or colour the terminal."""
    from crawlers.fetching import header
    from crawlers.pages.encoding import decode

    fetched = raw.fetched.astimezone(product.settings.zone)
    lines = [f"{clean(raw.url)}", f"状态码 {raw.status}，取得于 {fetched:%Y-%m-%d %H:%M:%S}，来自 {raw.ip or '未知'}"]
    lines += [clean(f"{name}: {value}") for name, value in raw.headers]
    if not body:
        return lines
    text = decode(raw.body[:200_000], header(raw, "Content-Type"))
    shown = [clean(line)[:_WIDTH] for line in text.splitlines() if line.strip()]
    lines += ["", *shown[:_LINES]]
    if len(shown) > _LINES:
        lines.append(f"……其余略去，全文 {len(raw.body)} 字节：--out FILE")
    return lines
