"""Learning from a few labels: what moves, what stays, and that the same labels give the same model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.comparing import compare
from analysis.features import prepare
from analysis.labelled import Example
from analysis.learning import CORRECTIONS, learn
from analysis.retraining import FEWEST, apart, retrain
from analysis.sentiment import SentimentModel

#: Words of one shop's customers that nobody else uses; the shipped model cannot know what they mean.
BAD = ["这家是鲲鹏店", "又被鲲鹏了", "鲲鹏得很", "真鲲鹏", "鲲鹏套路", "全是鲲鹏", "鲲鹏鲲鹏", "说好的又鲲鹏"]
GOOD = ["这家是貔貅店", "又被貔貅了", "貔貅得很", "真貔貅", "貔貅套路", "全是貔貅", "貔貅貔貅", "说好的又貔貅"]
WHERE = ["周末去的", "昨天保养", "路过看看", "朋友带我去", "第三次来", "晚上到店", "中午提车", "刚打电话问"]
ANCHORS = ["今天天气不错", "刹车异响，售后不管", "提车三天就漏油", "座椅舒服，空间大", "油耗七个多", "店里态度很好"]


@pytest.fixture(scope="module")
def base() -> SentimentModel:
    return SentimentModel.load()


def example(text: str, *, negative: bool = False, held_out: bool = False) -> Example:
    return Example(set="labels", channel="forum", text=prepare(text), negative=negative, held_out=held_out)


def lessons() -> list[Example]:
    return [
        example(f"{where}，{word}", negative=negative)
        for negative, words in ((True, BAD), (False, GOOD))
        for word in words
        for where in WHERE
    ]


def test_what_the_labels_say_is_learnt_and_the_rest_stays(base: SentimentModel) -> None:
    """New words get a meaning; what nobody corrected is judged as before, within a few hundredths."""
    anchors = [example(text) for text in ANCHORS]
    learned = learn(base, lessons(), anchors=anchors, name="local-1")
    assert learned.model.name == "local-1"
    assert learned.penalty is not None
    assert learned.moved > 0
    assert learned.after < learned.before
    bad, good = learned.model.probabilities(["上周到店，还是鲲鹏", "上周到店，还是貔貅"], ["forum", "forum"])
    assert bad > 0.6
    assert good < 0.4
    channels = ["forum"] * len(ANCHORS)
    before, after = (model.probabilities(ANCHORS, channels) for model in (base, learned.model))  # type: ignore[arg-type]
    assert np.abs(before - after).max() < 0.1


def test_the_same_labels_give_the_same_model(base: SentimentModel) -> None:
    """Nothing is drawn by chance."""
    first, second = (learn(base, lessons(), name="local-1").model for _ in range(2))
    assert np.array_equal(first.logits(ANCHORS, ["forum"] * 6), second.logits(ANCHORS, ["forum"] * 6))


def test_labels_that_contradict_themselves_move_nothing(base: SentimentModel) -> None:
    """If no change does better on labels held out in turn than none, the model stays as it is.

    The model is first moved to where as many of these texts are bad for it as are labelled so: the share is no lesson.
    """
    confused = [
        example(f"{where}{number}", negative=(number + at) % 2 == 0)
        for at, where in enumerate(WHERE)
        for number in range(12)
    ]
    usual = -float(base.logits([one.text for one in confused], ["forum"] * len(confused)).mean())
    base = base.plus(np.zeros(len(base.words.keys)), np.zeros(len(base.characters.keys)), usual, "moved")
    learned = learn(base, confused, name="local-1")
    assert learned.penalty is None
    assert learned.moved == 0
    assert np.allclose(base.logits(ANCHORS, ["forum"] * 6), learned.model.logits(ANCHORS, ["forum"] * 6))


def test_corrections_move_no_bias_and_known_sentences_hold(base: SentimentModel) -> None:
    """Sixty false alarms that share one word teach that word; they do not teach that nothing is negative."""
    said = [replace(example(f"{where}，{word}，气死我了"), set=CORRECTIONS) for where in WHERE for word in GOOD]
    known = [
        example(f"{where}{word}，气死我了", negative=True) for where in WHERE for word in ("漏油", "异响", "不退钱")
    ]
    known += [example(f"{where}{word}") for where in WHERE for word in ("很满意", "空间大", "省油")]
    learned = learn(base, said, known=known, name="local-1").model
    other = ["空调坏了没人修", "交车拖了两个月", "座椅舒服", "今天天气不错"]
    before, after = (model.logits([prepare(one) for one in other], ["forum"] * 4) for model in (base, learned))
    assert np.abs(before - after).max() < 0.5
    pair = ["到店了，真貔貅，气死我了", "到店了，又不退钱，气死我了"]
    (joke, trouble), (was, _) = (model.probabilities(pair, ["forum"] * 2) for model in (learned, base))
    assert joke < was - 0.15
    assert joke < trouble - 0.05


def test_nothing_to_learn_from_is_said(base: SentimentModel) -> None:
    """No labels, no model."""
    with pytest.raises(ValueError, match="nothing"):
        learn(base, [], name="local-1")


def test_held_out_labels_are_the_same_at_every_training() -> None:
    """The side of a label hangs on its text alone, and no text stands on both sides."""
    some, all_of_them = apart(lessons()[:60]), apart(lessons())
    sides = {one.text: one.held_out for one in all_of_them}
    assert all(sides[one.text] == one.held_out for one in some)
    assert 0.1 < sum(sides.values()) / len(sides) < 0.35
    assert len(sides) == len(all_of_them)


def test_of_two_labels_of_one_text_the_first_counts() -> None:
    """The caller hands in the newest first."""
    (kept,) = apart([example("周末去的，真鲲鹏", negative=True), example("周末去的， 真鲲鹏", negative=False)])
    assert kept.negative


def test_a_good_training_is_accepted(base: SentimentModel) -> None:
    """Better on the held-out labels, not worse on the sentences of the trade."""
    trade = [example("刹车失灵，店里不管", negative=True), example("座椅舒服，空间大")]
    done = retrain(
        base=base,
        current=base,
        lessons=apart(lessons()),
        anchors=[example(text) for text in ANCHORS],
        trade=trade,
        name="local-1",
        threshold=0.5,
    )
    own = done.comparisons[0]
    assert done.is_accepted
    assert own.n == done.held_out > 0
    assert own.right_after > own.right_before
    assert own.won > own.lost


def test_labels_turned_upside_down_are_refused(base: SentimentModel) -> None:
    """Somebody labelled the wrong way round: the sentences of the trade show it, and the reason says so."""
    bad = ["售后不管", "态度恶劣", "漏油没修好", "乱收费", "拖着不退钱", "坑人"]
    good = ["服务周到", "很满意", "一次修好", "价格透明", "退款很快", "值得推荐"]
    things = ["这家店", "东湖店", "城西店", "昨天去", "上周", "朋友说"]
    wrong = [example(f"{thing}{word}", negative=False) for thing in things for word in bad]
    wrong += [example(f"{thing}{word}", negative=True) for thing in things for word in good]
    trade = [example(f"他们家{word}，{end}", negative=True) for word in bad for end in ("气死", "无语", "别去", "唉")]
    trade += [example(f"他们家{word}，{end}") for word in good for end in ("不错", "赞", "推荐", "好")]
    done = retrain(
        base=base, current=base, lessons=apart(wrong), anchors=[], trade=trade, name="local-1", threshold=0.5
    )
    assert not done.is_accepted
    assert any("变差" in sentence and "行业" in sentence for sentence in done.why)


@pytest.mark.parametrize("count", [0, 1, FEWEST - 1])
def test_too_few_labels_are_refused(base: SentimentModel, count: int) -> None:
    """Fewer than can be told from chance."""
    few = [example(f"{number}号，{word}", negative=True) for number, word in enumerate(BAD * 3)]
    few = [one for one in apart(few) if not one.held_out][:count]
    with pytest.raises(ValueError, match="lessons"):
        retrain(base=base, current=base, lessons=few, anchors=[], trade=[], name="local-1", threshold=0.5)


def test_a_model_is_not_worse_than_itself(base: SentimentModel) -> None:
    """No difference, no doubt."""
    same = compare(base, base, lessons(), name="自己", threshold=0.5, seed=1)
    assert not same.is_worse
    assert (same.lost, same.won, same.p_decisions, same.p_probabilities) == (0, 0, 1.0, 1.0)


def test_a_model_with_its_sign_turned_is_worse(base: SentimentModel) -> None:
    """And the other way round it is not."""
    rows = [example("刹车失灵，店里不管", negative=True), example("漏油三次没修好", negative=True)]
    rows += [example(text) for text in ("座椅舒服，空间大", "很满意，值得推荐", "省油又安静")]
    rows = [example(f"{one.text} {number}", negative=one.negative) for one in rows for number in range(8)]
    shifted = base.plus(np.zeros(len(base.words.keys)), np.zeros(len(base.characters.keys)), -30.0, "worse")
    assert compare(base, shifted, rows, name="x", threshold=0.5, seed=1).is_worse
    assert not compare(shifted, base, rows, name="x", threshold=0.5, seed=1).is_worse
