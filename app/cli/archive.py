"""Commands that read the archive: search it, print the day's digest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.hits import show_page
from app.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, QuietOption, day, open_product
from app.cli.pipes import reader_may_leave
from app.cli.search_options import (
    Asked,
    CategoryOption,
    ChannelOption,
    GradeOption,
    RiskOption,
    SinceOption,
    SourceOption,
    StoreOption,
    SubjectOption,
    TextArgument,
    UntilOption,
    query_of,
)
from app.cli.search_words import counted, show_alike, show_facets, show_suggestions
from app.wiring import Product
from core.wire import dumps, mention_to_json
from index.addresses import find_post
from index.base import Page, Query, Sort
from index.event_titles import titles_of
from index.near_names import known_names


def add_to(app: typer.Typer) -> None:
    """Add this family's commands."""
    app.command(epilog="例：tingfeng search '异响 AND 4S店' --grade A --since 7d")(search)
    app.command(epilog="例：tingfeng digest --date yesterday")(digest)


def search(
    text: TextArgument = "",
    grade: GradeOption = None,
    channel: ChannelOption = None,
    subject: SubjectOption = None,
    store: StoreOption = None,
    category: CategoryOption = None,
    source: SourceOption = None,
    min_risk: RiskOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    like: Annotated[str, typer.Option("--like", help="找与这一帖相似的：编号、编号开头几位或网址。")] = "",
    sort: Annotated[Sort, typer.Option(help="排序。")] = "time",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="最多几条。")] = 20,
    after: Annotated[str, typer.Option("--after", help="从上一页给出的翻页标记继续。")] = "",
    facets: Annotated[bool, typer.Option("--facets", help="同时按等级、渠道、对象等分别计数。")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """在全部存档里检索；没有结果时给出能找到内容的建议。"""
    product = open_product(config)
    asked = Asked(
        grade=grade, channel=channel, subject=subject, store=store, category=category, source=source,
        min_risk=min_risk, since=since, until=until,
    )  # fmt: skip
    query = query_of(product, text, asked, sort=sort, limit=limit, after=after or None)
    with reader_may_leave():
        if like:
            _alike(product, like, query, as_json=as_json)
            return
        page = product.index.search(query)
        show_page(page, query, product.settings.zone, as_json=as_json)
        if not as_json:
            _after_page(product, query, page)
        if facets:
            _count(product, query, as_json=as_json)


def _after_page(product: Product, query: Query, page: Page) -> None:
    from index.suggest import suggestions

    if page.next:
        typer.echo(f"还有更多，下一页：--after {page.next}")
    if page.total:
        return
    settings = product.settings
    found = suggestions(product.index, query, known=known_names(settings), zone=settings.zone)
    show_suggestions(found)


def _count(product: Product, query: Query, *, as_json: bool) -> None:
    found = counted(product.index, query)
    if as_json:
        typer.echo(dumps({"record": "facets", "facets": found}))
    else:
        show_facets(found, titles_of(product.database, found["event"]))


def _alike(product: Product, address: str, query: Query, *, as_json: bool) -> None:
    from index.like import like

    key = find_post(product.database, address)
    mention = next(iter(product.verdicts.mentions([key])), None)
    post = mention.post if mention else product.posts.get([key])[key]
    event = mention.verdict.event if mention else None
    found = like(product.index, post, event=event, among=query, limit=query.limit)
    if not as_json:
        show_alike(found, product.settings.zone)
        return
    for one in found:
        row = {**mention_to_json(one.mention), "likeness": round(one.likeness, 4), "common": list(one.words)}
        typer.echo(dumps(row))


def digest(
    date: Annotated[str, typer.Option("--date", help="today、yesterday 或 2026-03-15。")] = "yesterday",
    send: Annotated[bool, typer.Option("--send", help="同时发给设置 digest 一节 to 中的渠道。")] = False,
    quiet: QuietOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """打印一天的日报，并写成 HTML。"""
    from alerts import digest as daily

    product = open_product(config)
    wanted = day(date, product.settings)
    built = daily.build(wanted, database=product.database, settings=product.settings, now=product.clock())
    rendered = daily.render(built, settings=product.settings)
    path: Path = daily.write(rendered, folder=product.settings.data_dir / "digests")
    lines = [rendered.text, f"HTML：{path}"]
    if send:
        queued = daily.enqueue(rendered, database=product.database, settings=product.settings, now=product.clock())
        lines.append(f"已放入发件箱：{queued} 条")
    if not quiet:
        typer.echo("\n".join(lines))
