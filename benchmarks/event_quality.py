"""How well the grouping agrees with sets whose events somebody labelled: `python benchmarks/event_quality.py FOLDER`.

FOLDER is the folder of the labelled data; without it the one beside the checkout. Printed: B³ on each set, in two
halves by event, and, of posts by different people about one make of car, how many were taken for one story: what no
alert must claim. Beside ours stands the single-pass TF-IDF grouping (words, cosine to the best member).
"""

from __future__ import annotations

import csv
import random
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from analysis.event_quality import b_cubed, group
from analysis.tokens import words

HOME = Path(__file__).resolve().parents[1].parent / "shared" / "data"
START = datetime(2026, 1, 1, tzinfo=UTC)
Grouping = Callable[[Sequence[str], Sequence[datetime]], Sequence[str]]


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of one file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def day_of(text: str) -> datetime:
    """A day of `events_silver` as "2.17"; a lone digit lost its zero (there is no 3 February among the tags' days)."""
    month, _, day = text.partition(".")
    lost = text in ("1.3", "2.1", "2.2", "3.1")
    return datetime(2020, int(month), int(day) * 10 if lost else int(day), tzinfo=UTC)


def tf_idf(threshold: float) -> Grouping:
    """Single pass: a post joins the event of the most similar post of the last three days, from `threshold` on."""

    def run(texts: Sequence[str], whens: Sequence[datetime]) -> Sequence[str]:
        vectors = TfidfVectorizer(analyzer=words, sublinear_tf=True).fit_transform(texts)
        alike = (vectors @ vectors.T).toarray()
        times = np.array([when.timestamp() for when in whens])
        found = np.full(len(texts), -1)
        for row in np.argsort(times, kind="stable"):
            open_to = (found >= 0) & (np.abs(times - times[row]) <= 3 * 86_400)
            best = int(np.argmax(np.where(open_to, alike[row], -1.0)))
            found[row] = found[best] if open_to[best] and alike[row, best] >= threshold else row
        return [str(event) for event in found]

    return run


def ours(texts: Sequence[str], whens: Sequence[datetime]) -> Sequence[str]:
    """The product's grouping."""
    return group(texts, whens)


def show(name: str, texts: Sequence[str], events: Sequence[str], whens: Sequence[datetime], how: Grouping) -> None:
    """One line: both halves and all of it."""
    half = [zlib.crc32(event.encode()) % 2 for event in events]
    cells = []
    for chosen in ((0,), (1,), (0, 1)):
        at = [row for row in range(len(texts)) if half[row] in chosen]
        if not at:
            cells.append("–")
            continue
        found = how([texts[row] for row in at], [whens[row] for row in at])
        agreement = b_cubed([events[row] for row in at], found)
        cells.append(f"P {agreement.precision:.3f} R {agreement.recall:.3f} F1 {agreement.f1:.3f}")
    print(f"{name}\t" + "\t".join(cells), flush=True)


def strangers(name: str, texts: Sequence[str], how: Grouping) -> None:
    """How many posts of different people, spread over three days, were put together."""
    chance = random.Random(0)
    found = how(texts, [START + timedelta(days=3 * chance.random()) for _ in texts])
    sizes = Counter(found)
    joined = sum(size for size in sizes.values() if size > 1)
    print(f"{name}\t{joined} / {len(texts)}（{joined / len(texts):.1%}），最大一组 {max(sizes.values())}", flush=True)


def main(home: Path) -> None:
    """All sets, ours first."""
    if not (home / "labelled").is_dir():
        print(f"没有标注数据：{home}（见文件开头的用法）")
        return
    silver = rows(home / "labelled" / "events_silver.csv")
    days = [day_of(row["day"]) for row in silver]
    hot = rows(home / "complaints12345" / "hot_events.csv")
    copies = rows(home / "labelled" / "finneg_grouped.csv")
    cars = [row["text"] for row in rows(home / "labelled" / "car2018.csv")]
    print("集合\t一半\t另一半\t全部")
    for name, how in (("听风", ours), ("单遍 TF-IDF 0.15", tf_idf(0.15)), ("单遍 TF-IDF 0.25", tf_idf(0.25))):
        show(f"{name} events_silver", [row["text"] for row in silver], [row["tag"] for row in silver], days, how)
        texts = [f"{row['留言主题']}\n{row['留言详情']}" for row in hot]
        same = [START] * len(hot)
        show(f"{name} hot_events", texts, [row["问题ID"] for row in hot], same, how)
        strangers(f"{name} car2018 误合并", cars[:4000], how)
    near_duplicates([row["text"] for row in copies])


def near_duplicates(texts: Sequence[str]) -> None:
    """Reposts: pairs whose character 3-grams overlap by half or more, computed exactly, against those put together."""
    shingles = [{text[at : at + 3] for at in range(len(text) - 2)} for text in ("".join(t.split()) for t in texts)]
    by_shingle: dict[str, list[int]] = {}
    for row, mine in enumerate(shingles):
        for one in mine:
            by_shingle.setdefault(one, []).append(row)
    found = ours(texts, [START] * len(texts))
    hit = truth = 0
    for row, mine in enumerate(shingles):
        near: Counter[int] = Counter()
        for one in mine:
            if len(by_shingle[one]) <= 200:
                near.update(other for other in by_shingle[one] if other > row)
        for other, common in near.items():
            if len(mine) >= 12 and common / (len(mine) + len(shingles[other]) - common) >= 0.7:
                truth += 1
                hit += found[row] == found[other]
    print(f"finneg_grouped 转载（Jaccard ≥ 0.7 的 {truth} 对）合在一起 {hit / max(1, truth):.1%}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HOME)
