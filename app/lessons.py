"""What a training on the spot learns from: people's corrections, label files, and texts that nobody objected to."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from analysis.features import prepare
from analysis.labelled import Example, read_domain
from analysis.learning import CORRECTIONS
from app.wiring import Product
from core.errors import BadInput, ConfigError
from core.model import CHANNELS, Post
from core.wire import read_lines
from index.corrections import Lesson

#: Texts of the archive that hold the model in place, at most.
_MOST_ANCHORS = 2_000
_RECENT = timedelta(days=90)
#: A false alarm about whom is no lesson about words: the text may be as angry as the model thought.
_ABOUT_WHOM = re.compile(
    r"同名|重名|别家|不是(?:在)?说(?:的)?(?:我们|咱们|本店|本品牌)|与(?:我们|本店|本品牌)无关|无关品牌|说的是(?!真)|对象(?:错|不对)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """Labelled texts as the model reads them, the newest word first."""

    examples: tuple[Example, ...]
    corrections: int
    labels: int
    #: Corrections that say nothing about how badly a text speaks (改类, or 误报 about whom).
    passed_over: int


def gather(product: Product, labels: Path | None) -> Lessons:
    """All corrections that count, and the rows of a label file if there is one. Raise `BadInput` or `ConfigError`."""
    said = list(product.corrections.lessons())
    said.reverse()
    telling = [(lesson, label) for lesson in said if (label := label_of(lesson)) is not None]
    texts = product.analyser.as_the_model_reads([lesson.post for lesson, _ in telling], context=product.posts.get)
    corrected = [_example(lesson.post, text, label) for (lesson, label), text in zip(telling, texts, strict=True)]
    labelled = read_labels(labels) if labels is not None else []
    return Lessons(
        examples=(*corrected, *labelled),
        corrections=len(corrected),
        labels=len(labelled),
        passed_over=len(said) - len(telling),
    )


def label_of(lesson: Lesson) -> bool | None:
    """Whether the text speaks badly, as far as the correction tells; `None` if it does not."""
    said = lesson.correction
    if said.kind == "category":
        return None
    if said.kind == "false_alarm":
        return None if _ABOUT_WHOM.search(said.note) else False
    return True


def read_labels(file: Path) -> list[Example]:
    """Labels from JSON Lines: `text`, `negative` (true or false), optionally `channel`.

    Raise `BadInput` naming line and key, `ConfigError` for a file that cannot be read.
    """
    try:
        with file.open(encoding="utf-8-sig") as lines:
            return [_labelled(row, file=str(file), line=number) for number, row in read_lines(lines, file=str(file))]
    except OSError as bad:
        raise ConfigError(
            file="命令行", key="--labels", value=str(file), problem=f"无法读取（{bad.strerror}）", fix="检查路径"
        ) from None


def anchors(product: Product, now: datetime) -> list[Example]:
    """Recent mentions that nobody objected to; the same archive gives the same."""
    objected = {one.post for one in product.corrections.every()}
    recent: list[tuple[str, Post]] = []
    for mention in product.verdicts.between(now - _RECENT, now):
        if mention.verdict.subjects and mention.id not in objected:
            recent.append((hashlib.sha256(mention.id.encode()).hexdigest(), mention.post))
    posts = [post for _, post in sorted(recent, key=lambda one: one[0])[:_MOST_ANCHORS]]
    texts = product.analyser.as_the_model_reads(posts, context=product.posts.get)
    return [_example(post, text, False) for post, text in zip(posts, texts, strict=True)]


def trade() -> tuple[list[Example], list[Example]]:
    """Our own labelled sentences of the trade: those that may be learnt along, and those that no training sees."""
    sentences = read_domain()
    return [one for one in sentences if not one.held_out], [one for one in sentences if one.held_out]


def _example(post: Post, text: str, negative: bool) -> Example:
    return Example(set=CORRECTIONS, channel=post.channel, text=text, negative=negative, held_out=False)


def _labelled(row: dict[str, Any], *, file: str, line: int) -> Example:
    text, negative, channel = row.get("text"), row.get("negative"), row.get("channel", "other")
    if not isinstance(text, str) or not text.strip():
        raise BadInput(file=file, line=line, key="text", value=repr(text), fix="写一段非空的文字")
    if not isinstance(negative, bool):
        raise BadInput(file=file, line=line, key="negative", value=repr(negative), fix="写 true（负面）或 false")
    if channel not in CHANNELS:
        raise BadInput(file=file, line=line, key="channel", value=repr(channel), fix=f"用 {'、'.join(CHANNELS)} 之一")
    return Example(set="labels", channel=channel, text=prepare(text), negative=negative, held_out=False)
