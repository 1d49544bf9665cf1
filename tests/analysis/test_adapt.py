"""A cold start on one's own posts: the experts are levelled, feedback stays, the same posts give the same model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.adapt import FEWEST, adapt_to
from analysis.features import prepare
from analysis.sentiment import SentimentModel
from core.errors import ModelError
from core.model import Channel

BAD = ["变速箱顿挫，店里不管", "又坏了，气死我了", "等了两个月还没交车", "服务态度太差", "刹车异响修不好"]
GOOD = ["很满意", "周末去自驾，开心", "请问保养多少钱", "空间大，省油", "今天提车啦"]
THINGS = ["这台车", "上周到店", "开了半年", "朋友说", "第一次来", "昨天", "论坛里看到", "我爸的车"]
ENDS = ["", "，唉", "，就这样", "，说一下", "，大家怎么看", "，记录一下"]
TEXTS = [prepare(f"{thing}{word}{end}") for thing in THINGS for word in (*BAD, *GOOD) for end in ENDS]
CHANNELS: list[Channel] = ["forum"] * len(TEXTS)


@pytest.fixture(scope="module")
def model() -> SentimentModel:
    return SentimentModel.load()


def test_experts_agree_on_mean_and_spread_afterwards(model: SentimentModel) -> None:
    """On the user's posts those who are asked speak equally loud; the order of clear cases stays."""
    adapted = adapt_to(model, TEXTS, CHANNELS, name="mine").model
    assert adapted.name == "mine"
    before, after = (one.experts.table[:, : one.experts.count] for one in (model, adapted))
    assert not np.array_equal(before, after)
    assert np.array_equal(
        model.experts.table[:, model.experts.count :], adapted.experts.table[:, adapted.experts.count :]
    )
    bad, good = adapted.probabilities(["变速箱坏了没人管，太差", "很满意，开心"], ["forum", "forum"])
    assert bad > good


def test_the_same_posts_give_the_same_model_and_the_file_judges_alike(model: SentimentModel, tmp_path: Path) -> None:
    one, two = (adapt_to(model, TEXTS, CHANNELS, name="mine").model for _ in range(2))
    assert np.array_equal(one.experts.table, two.experts.table)
    one.save(tmp_path, {})
    loaded = SentimentModel.load(tmp_path)
    assert np.allclose(loaded.logits(TEXTS[:20], CHANNELS[:20]), one.logits(TEXTS[:20], CHANNELS[:20]), atol=1e-6)


def test_what_feedback_taught_is_kept(model: SentimentModel) -> None:
    """A correction is no expert's: levelling does not stretch it."""
    words = np.zeros(len(model.words.keys))
    words[: len(words) // 2] = 0.5
    taught = model.plus(words, np.zeros(len(model.characters.keys)), 0.0, "taught")
    adapted = adapt_to(taught, TEXTS, CHANNELS, name="mine").model
    assert np.array_equal(adapted.experts.shared, taught.experts.shared)


@pytest.mark.parametrize("count", [0, 1, FEWEST - 1])
def test_too_few_posts_are_refused(model: SentimentModel, count: int) -> None:
    with pytest.raises(ModelError, match=str(FEWEST)):
        adapt_to(model, TEXTS[:count], CHANNELS[:count], name="mine")
