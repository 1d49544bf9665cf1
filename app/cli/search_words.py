"""What the terminal says around the hits of a search: proposals where there are none, counts by facet, posts alike."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import typer

from app.cli.tables import show_table
from core.model import CHANNEL_NAMES
from core.text import clean, shorten
from index.base import Facet, Query, SearchIndex
from index.similar import Similar
from index.suggest import Suggestion
from index.suggest_terms import value_name

#: Facets that `--facets` counts, and what they are called.
FACETS: Mapping[Facet, str] = {
    "grade": "等级",
    "channel": "渠道",
    "subject": "监测对象",
    "store": "门店",
    "category": "类别",
    "source": "信源",
    "site": "站点",
    "event": "事件",
    "day": "日期",
}
#: Values of a facet that a person is shown.
_SHOWN = 10


def counted(index: SearchIndex, query: Query) -> dict[Facet, dict[str, int]]:
    """How many hits each value of each facet has; the thousand most frequent values."""
    return {facet: index.count_by(query, facet) for facet in FACETS}


def show_facets(found: Mapping[Facet, Mapping[str, int]], titles: Mapping[str, str]) -> None:
    """One line a facet that has values: the most frequent ones, and that there are more."""
    for facet, counts in found.items():
        if counts:
            values = [f"{_called(facet, value, titles)} {count:,}" for value, count in counts.items()]
            more = f"　…（最多的 {_SHOWN} 个；全部见 --json）" if len(values) > _SHOWN else ""
            typer.echo(f"{FACETS[facet]}：{'　'.join(values[:_SHOWN])}{more}")


def show_suggestions(found: Sequence[Suggestion]) -> None:
    """What to try, each with the command that does."""
    if not found:
        typer.echo("没有找到，也没有可以建议的相近检索。")
        return
    typer.echo("没有找到。可以试试：")
    for one in found:
        typer.echo(f"  {one.reason}\n    {command_of(one)}")


def command_of(one: Suggestion) -> str:
    """The command that runs a proposal."""
    query = one.query
    words = ["tingfeng", "search", one.text] if one.text else ["tingfeng", "search"]
    for option, values in (
        ("--grade", query.grades),
        ("--channel", query.channels),
        ("--subject", query.subjects),
        ("--category", query.categories),
    ):
        words += [word for value in values for word in (option, value)]
    words += ["--min-risk", str(query.min_risk)] if query.min_risk is not None else []
    words += ["--since", query.since.isoformat()] if query.since else []
    words += ["--until", query.until.isoformat()] if query.until else []
    words += ["--sort", query.sort] if query.sort != "time" else []
    return " ".join(map(shlex.quote, words))


def show_alike(found: Sequence[Similar], zone: ZoneInfo) -> None:
    """Posts like one post, the most alike first."""
    rows = []
    for one in found:
        post, verdict = one.mention.post, one.mention.verdict
        when = post.when.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        text = shorten(clean(post.full_text), 80)
        rows.append((one.said, when, CHANNEL_NAMES[post.channel], verdict.grade or "", text, post.url, post.id))
    show_table(f"相似的帖文 {len(rows)} 条", ("相似", "时间", "渠道", "等级", "内容", "网址", "编号"), rows)


def _called(facet: Facet, value: str, titles: Mapping[str, str]) -> str:
    if facet == "event":  # several may bear one title: the id is what can be searched for
        return f"{shorten(titles[value], 30)}（{value}）" if value in titles else value
    return shorten(value_name(facet, value), 30)
