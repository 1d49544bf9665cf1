"""What the benchmark of the indices found, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks._index_fill import Filled, Peer
from benchmarks._index_places import NAMES
from benchmarks._index_search import Answered, Searched, percentile


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """An archive of one size: how it came there, and how it answers."""

    mentions: int
    filled: Filled
    searched: Searched

    def percentile(self, percent: int, *, computing: bool = False) -> float:
        """Over all answers to all questions, in milliseconds."""
        times = [one.computing if computing else one.clock for one in self.searched.questions]
        return percentile([time for some in times for time in some], percent)


def stage_from_json(row: Mapping[str, Any]) -> Stage:
    """As `dataclasses.asdict` wrote it."""
    searched, filled = dict(row["searched"]), dict(row["filled"])
    filled["peers"] = [Peer(**one) for one in filled["peers"]]
    for name in ("questions", "facets_whole", "facets_filtered"):
        searched[name] = [Answered(**one) for one in searched[name]]
    return Stage(mentions=row["mentions"], filled=Filled(**filled), searched=Searched(**searched))


def stage_table(backend: str, stages: Sequence[Stage]) -> str:
    """How one backend took the mentions, and what they cost."""
    lines = [f"## {NAMES[backend]}"]
    for stage in stages:
        filled, searched = stage.filled, stage.searched
        lines.append(
            f"{stage.mentions:>9,} mentions: +{filled.added:,} at {filled.added / filled.seconds:,.0f}/s"
            f" (own processor {filled.added / filled.own_cpu:,.0f}/s"
            + (f", server {filled.added / filled.server_cpu:,.0f}/s" if filled.server_cpu else "")
            + f"), daily maintenance {filled.maintained_seconds:.1f} s, {filled.size / 1e6:,.0f} MB on disk,"
            f" load {filled.load:.1f}"
        )
        lines.append(
            f"{'':>9}  search p50 {stage.percentile(50):.1f}, p95 {stage.percentile(95):.1f},"
            f" p99 {stage.percentile(99):.1f} ms (own processor {stage.percentile(50, computing=True):.1f},"
            f" {stage.percentile(95, computing=True):.1f}, {stage.percentile(99, computing=True):.1f});"
            f" first of a process {searched.first:.0f} ms; memory {searched.memory / 1e6:,.0f} MB"
            + (
                f", server {searched.server_memory / 1e6:,.0f} MB and {searched.server_computing:.1f} ms of computing"
                " an answer"
                if searched.server_memory
                else ""
            )
            + f"; load {searched.load_before:.1f} to {searched.load_after:.1f}"
        )
        lines += [
            f"{'':>9}  beside bare _bulk over {peer.connections} connection(s), the same {filled.beside:,} bodies turn"
            f" and turn about: ours {filled.beside / filled.beside_seconds:,.0f}/s, bare"
            f" {filled.beside / peer.seconds:,.0f}/s, ratio {peer.seconds / filled.beside_seconds:.2f}"
            f" (median of the turns {peer.ratio:.2f})"
            for peer in filled.peers
        ]
    return "\n".join(lines)


def questions_table(backend: str, stage: Stage) -> str:
    """Every question by itself, and the facets, at the largest size."""
    title = f"{NAMES[backend]}, {stage.mentions:,}: search (20 hits, total, highlights)"
    lines = [f"{title:66} {'p50 ms':>8} {'p95 ms':>8} {'worst':>8} {'own p95':>8} {'total':>9}"]
    for one in stage.searched.questions:
        lines.append(
            f"{one.name:66} {percentile(one.clock, 50):8.1f} {percentile(one.clock, 95):8.1f} {max(one.clock):8.1f}"
            f" {percentile(one.computing, 95):8.1f} {one.total:9,}"
        )
    lines += ["", f"{'facet (20 values), median ms':66} {'all':>8} {'a brand, 90 days':>18}"]
    for whole, part in zip(stage.searched.facets_whole, stage.searched.facets_filtered, strict=True):
        lines.append(f"{whole.name:66} {percentile(whole.clock, 50):8.1f} {percentile(part.clock, 50):18.1f}")
    return "\n".join(lines)


def growth(results: Mapping[str, Sequence[Stage]]) -> str:
    """The growth as a table in Markdown."""
    lines = [
        "| | mentions | added/s | on disk | search p50 | p95 | p99 |",
        "|---|---|---|---|---|---|---|",
    ]
    for backend, stages in results.items():
        lines += [
            f"| {NAMES[backend]} | {stage.mentions:,} | {stage.filled.added / stage.filled.seconds:,.0f}"
            f" | {stage.filled.size / 1e6:,.0f} MB | {stage.percentile(50):.1f} ms | {stage.percentile(95):.1f} ms"
            f" | {stage.percentile(99):.1f} ms |"
            for stage in stages
        ]
    return "\n".join(lines)
