"""An archive of any size: mentions as a dealership group collects them over two years, the same for the same seed.

Texts are generated: words drawn from jieba's dictionary by their frequency, with sentences of our own about brands,
stores and complaints. Few authors and sites write most, few brands are talked about most, stories run for some days.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from analysis.tokens import _dictionary  # the dictionary is the benchmark's vocabulary
from benchmarks._index_words import CATEGORIES, COMPLAINTS, PRAISE, RARE, REASONS, STORES, SUBJECTS
from core.model import CHANNELS, Author, Channel, Counts, ExhibitState, Grade, Mention, Post, Verdict

#: Posts are collected in these 24 calendar months, whether a month begins in Shanghai or in Greenwich.
FIRST, LAST = datetime(2024, 3, 2, tzinfo=UTC), datetime(2026, 2, 27, tzinfo=UTC)
BATCH = 1_000
_STOCK, _AUTHORS, _SITES, _STORIES = 2_000_000, 60_000, 300, 400
#: Of a story; most have a few posts.
_LARGEST_STORY = 200
#: How many posts are written in each hour of a day in Greenwich: Shanghai sleeps from 16 to 23.
_HOURS = (5, 7, 7, 7, 6, 6, 7, 7, 7, 6, 5, 5, 6, 7, 6, 4, 2, 1, 0.5, 0.5, 0.5, 0.5, 1, 3)
_CHANNEL_SHARES = (8, 30, 28, 12, 6, 3, 10, 1, 2)
_GRADES: tuple[Grade | None, ...] = (None, "C", "B", "A")
_RISKS = {None: (0, 30), "C": (30, 60), "B": (60, 80), "A": (80, 101)}
_STATES: tuple[ExhibitState, ...] = ("complete", "complete", "complete", "complete", "partial", "blocked", "failed")


_Value = TypeVar("_Value")


class Corpus:
    """Writes the archive in stages: each covers the two years in order, so that one archive can grow tenfold twice."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        draw = np.random.default_rng(seed)
        words, weights = zip(*_dictionary().items(), strict=True)
        shares = np.array(weights, dtype=float)
        drawn = draw.choice(len(words), _STOCK, p=shares / shares.sum())
        stops = draw.random(_STOCK)
        self._stock = [
            f"{words[word]}。" if stop < 0.04 else f"{words[word]}，" if stop < 0.14 else words[word]
            for word, stop in zip(drawn.tolist(), stops.tolist(), strict=True)
        ]
        chance = random.Random(seed)
        names = ("车友", "用户", "老司机", "momo", "小", "王", "李", "Auto", "阿", "春风")
        regions = ("山东", "北京", "广东", "浙江", None)
        self._authors = [
            Author(id=str(7_000_000 + at), name=f"{names[at % len(names)]}{at}",
                   followers=int(chance.paretovariate(0.8)), region=chance.choice(regions))
            for at in range(_AUTHORS)
        ]  # fmt: skip

    def stage(self, number: int, count: int) -> Iterator[list[Mention]]:
        """`count` mentions in batches, oldest first; another `number` has other mentions of the same two years."""
        writer = _Writer(self._stock, self._authors, number=number, seed=self._seed * 100 + number)
        for start in range(0, count, BATCH):
            yield writer.batch(start, min(BATCH, count - start), count)


class _Writer:
    """The stories that are running, and the dice."""

    def __init__(self, stock: list[str], authors: Sequence[Author], *, number: int, seed: int) -> None:
        self._stock, self._authors, self._number = stock, authors, number
        self._draw = np.random.default_rng(seed)
        self._chance = random.Random(seed)
        #: Name, posts so far and subjects of each story that still grows.
        self._stories: list[tuple[str, list[int], tuple[str, ...]]] = []
        self._names = itertools.count()

    def batch(self, start: int, size: int, of: int) -> list[Mention]:
        draw = self._draw
        collected = _moments((start + np.arange(size) + 0.5) / of)
        delays = draw.exponential(7_200, size)
        late = draw.random(size)
        delays[late < 0.02] *= 500
        grades = draw.choice(4, size, p=(0.88, 0.08, 0.03, 0.01)).tolist()
        authors, sites = _zipf(draw, _AUTHORS, size), _zipf(draw, _SITES, size)
        channels = draw.choice(len(CHANNELS), size, p=np.array(_CHANNEL_SHARES) / sum(_CHANNEL_SHARES)).tolist()
        lengths = np.clip(draw.lognormal(3.4, 0.6, size), 3, 400).astype(int).tolist()
        begins = draw.integers(0, len(self._stock) - 401, size).tolist()
        negatives = draw.beta(0.7, 2.5, size).tolist()
        return [
            self._mention(
                start + at,
                collected=collected[at],
                published=None if late[at] > 0.95 else collected[at] - timedelta(seconds=int(delays[at])),
                words=self._stock[begins[at] : begins[at] + lengths[at]],
                author=self._authors[authors[at]],
                site=f"s{sites[at]}.example",
                channel=CHANNELS[channels[at]],
                grade=_GRADES[grades[at]],
                negative=negatives[at],
            )
            for at in range(size)
        ]

    def _mention(
        self, at: int, *, collected: datetime, published: datetime | None, words: list[str], author: Author, site: str,
        channel: Channel, grade: Grade | None, negative: float,
    ) -> Mention:  # fmt: skip
        chance = self._chance.random
        event, subjects = self._story()
        said = [_one(subjects, chance())]
        if grade or chance() < 0.1:
            said.append(_one(COMPLAINTS, chance() ** 2))
        elif chance() < 0.15:
            said.append(_one(PRAISE, chance()))
        if chance() < 0.001:
            said.append(_one(RARE, chance()))
        for phrase in said:
            words.insert(int(chance() * len(words)), phrase)
        text = "".join(words)
        native = f"{self._number}-{at}"
        post = Post(
            kind="forum", site=site, native_id=native, url=f"https://{site}/thread-{native}-1-1.html", channel=channel,
            text=text, title=text[:24] + "…" if chance() < 0.4 else None, author=author, collected=collected,
            published=published, floor=1 + int(chance() * 30),
            counts=Counts(views=int(chance() * 9_000), replies=int(chance() * 60)),
            images=(f"https://img.{site}/{native}.jpg",) if chance() < 0.15 else (),
        )  # fmt: skip
        low, high = _RISKS[grade]
        verdict = Verdict(
            id=post.id, negative=max(negative, 0.6) if grade else negative, subjects=subjects,
            categories=_categories(chance(), chance()) if grade else (), grade=grade,
            risk=low + int(chance() * (high - low)), event=event,
            reasons=REASONS[:4] if grade else REASONS[4:6], model="general-3",
        )  # fmt: skip
        return Mention(
            post=post, verdict=verdict, source=f"{channel}-{int(chance() ** 2 * 40)}",
            evidence=_one(_STATES, chance()) if grade and chance() < 0.9 else None,
        )  # fmt: skip

    def _story(self) -> tuple[str | None, tuple[str, ...]]:
        """The story a post belongs to, and whom it is about."""
        chance = self._chance.random
        kind = chance()
        if kind < 0.35:
            return None, _subjects(chance(), chance(), chance())
        if kind < 0.5 or len(self._stories) < 2:
            fresh = (f"{self._number}e{next(self._names)}", [1], _subjects(chance(), chance(), chance()))
            if len(self._stories) < _STORIES:
                self._stories.append(fresh)
            else:
                self._stories[int(chance() * _STORIES)] = fresh
            return fresh[0], fresh[2]
        at = int(chance() ** 3 * len(self._stories))  # some run wild
        name, posts, subjects = self._stories[at]
        posts[0] += 1
        if posts[0] >= _LARGEST_STORY:
            self._stories[at] = self._stories[-1]
            self._stories.pop()
        return name, subjects


def _one(values: Sequence[_Value], share: float) -> _Value:
    return values[int(share * len(values))]


def _subjects(first: float, second: float, third: float) -> tuple[str, ...]:
    """A brand, often a store of it, few of them much talked about."""
    brand = _one(SUBJECTS, first**2)
    store = _one(STORES, second**2)
    return (brand, store) if third < 0.35 else (store,) if third < 0.45 else (brand,)


def _categories(first: float, second: float) -> tuple[str, ...]:
    one = _one(CATEGORIES, first**2)
    other = _one(CATEGORIES, second)
    return (one, other) if second < 0.3 and other != one else (one,)


def _zipf(draw: np.random.Generator, many: int, size: int) -> list[int]:
    """Numbers below `many`, each as often as the reciprocal of its rank."""
    found: list[int] = (many ** draw.random(size) - 1).astype(int).tolist()
    return found


def _moments(places: npt.NDArray[np.float64]) -> list[datetime]:
    """The moments at these places (0 to 1) of the two years, by the rhythm of a day."""
    days = (LAST - FIRST).days
    day, within = np.divmod(places * days, 1)
    rhythm = np.concatenate(([0.0], np.cumsum(_HOURS))) / sum(_HOURS)
    hours = np.interp(within, rhythm, np.arange(25))
    millis = (day * 86_400_000 + hours * 3_600_000).astype(int).tolist()
    return [FIRST + timedelta(milliseconds=one) for one in millis]
