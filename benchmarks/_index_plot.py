"""The growth of both indices in one picture: search times and rates over the size of the archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks._index_places import NAMES
from benchmarks._index_table import Stage

#: Milliseconds within which 95 of 100 searches must be answered at 1,000,000 mentions (design.md §8).
PROMISES = {"sqlite": 100, "elasticsearch": 50}
_COLOURS = {"sqlite": "#c0392b", "elasticsearch": "#2471a3"}


def draw(results: Mapping[str, Sequence[Stage]], path: Path) -> None:
    """Write the picture; its kind is that of the file's name."""
    import matplotlib as mpl  # an extra: only who draws needs it

    mpl.use("Agg")
    mpl.rcParams.update({"svg.hashsalt": "tingfeng", "svg.fonttype": "path", "font.size": 9})
    from matplotlib import pyplot

    figure, (searches, rates, disk) = pyplot.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
    for backend, stages in results.items():
        sizes, colour, name = [stage.mentions for stage in stages], _COLOURS[backend], NAMES[backend]
        for percent, style in ((50, ":"), (95, "-"), (99, "--")):
            searches.plot(
                sizes,
                [stage.percentile(percent) for stage in stages],
                style,
                color=colour,
                marker="o",
                markersize=3,
                label=f"{name}, p{percent}",
            )
        searches.axhline(PROMISES[backend], color=colour, linewidth=0.6, alpha=0.6)
        rates.plot(sizes, [one.filled.added / one.filled.seconds for one in stages], "-o", color=colour, label=name)
        disk.plot(sizes, [one.filled.size / 1e6 for one in stages], "-o", color=colour, label=name)
    searches.set(title="50 typical searches (thin: promised p95)", ylabel="ms", xscale="log", yscale="log")
    rates.set(title="added", ylabel="mentions/s", xscale="log", ylim=(0, None))
    disk.set(title="on disk", ylabel="MB", xscale="log", yscale="log")
    for axis in (searches, rates, disk):
        axis.set_xlabel("mentions in the archive")
        axis.grid(visible=True, which="major", alpha=0.3)
    searches.set_ylim(1, 1000)
    searches.legend(fontsize=7, ncols=2, loc="upper left")
    for axis in (rates, disk):
        axis.legend(fontsize=7)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    pyplot.close(figure)
