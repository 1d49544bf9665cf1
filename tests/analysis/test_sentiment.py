"""The model that ships: it loads, it separates, it explains itself, and it notices damage."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from analysis.features import TEXT_VERSION, prepare
from analysis.sentiment import BUNDLED, SentimentModel
from core.errors import ModelError
from core.model import CHANNELS, Channel

#: None of these is in `domain.jsonl`.
COMPLAINTS = [
    "开了两个月变速箱就坏了，店里推三阻四，简直是骗人",
    "售后的人爱搭不理，一个小问题拖了我半个月",
    "买完就变脸，定金要不回来，气得我睡不着觉",
    "这破车天天亮故障灯，谁买谁倒霉",
    "花了两千块修完还是漏，退钱！",
    "别买，血泪教训，质量差到家了",
]
OTHERS = [
    "手感和做工都很满意，朋友看了也想买",
    "师傅手艺真好，十分钟就搞定了，感谢",
    "请问首次保养需要带什么资料？",
    "周末准备去试驾，有一起的吗",
    "公司发布新款车型，下月上市",
    "跑了一趟长途，省油又安静，开心",
]


@pytest.fixture(scope="module")
def model() -> SentimentModel:
    return SentimentModel.load(None)


@pytest.mark.parametrize("channel", ["forum", "weibo", "complaint", "other"])
def test_complaints_are_told_from_the_rest(model: SentimentModel, channel: Channel) -> None:
    """Every complaint is above every praise, question and notice, with the threshold in between."""
    bad = model.probabilities(COMPLAINTS, [channel] * len(COMPLAINTS))
    rest = model.probabilities(OTHERS, [channel] * len(OTHERS))
    assert bad.min() > 0.5 > rest.max(), (bad, rest)


def test_probabilities_do_not_depend_on_the_batch(model: SentimentModel) -> None:
    """One by one or together, on any channel, the same number."""
    texts = [*COMPLAINTS, "", "🔥", *OTHERS][: len(CHANNELS)]
    together = model.probabilities(texts, CHANNELS[: len(texts)])
    alone = [model.probabilities([text], [channel])[0] for text, channel in zip(texts, CHANNELS, strict=False)]
    assert np.array_equal(together, np.array(alone))
    assert model.probabilities([], []).shape == (0,)


@pytest.mark.parametrize("channel", ["forum", "news", "other"])
def test_contributions_add_up_to_the_logit(model: SentimentModel, channel: Channel) -> None:
    """Nothing is hidden: bias and tokens make the whole judgement."""
    texts = [prepare(text) for text in (*COMPLAINTS, *OTHERS)]
    judged = model.judge(texts, [channel] * len(texts))
    for row, text in enumerate(texts):
        found = judged.contributions(row)
        total = judged.bias(row) + sum(one.logit for one in found)
        assert total == pytest.approx(judged.logits[row], abs=1e-4)
        assert [one.logit for one in found] == sorted((one.logit for one in found), reverse=True)
        assert all(one.token.replace(" ", "") in text.replace(" ", "") or " " in one.token for one in found)


def test_the_strongest_words_are_exact(model: SentimentModel) -> None:
    """A word's push is what it adds as a word and as a run of characters."""
    text = prepare("售后态度恶劣，退钱")
    judged = model.judge([text], ["forum"])
    found = judged.strongest_words(0, 5)
    assert 1 <= len(found) <= 5
    everything = judged.contributions(0)
    for word in found:
        token = word.token.replace(" ", "")
        parts = [
            one.logit for one in everything if one.token == word.token or (one.token == token and not one.is_words)
        ]
        assert word.logit == pytest.approx(sum(parts))


def test_a_correction_moves_every_logit_by_what_it_says(model: SentimentModel) -> None:
    """A linear correction in the columns of `features` is added exactly, whatever the channel."""
    texts = [prepare(text) for text in (*COMPLAINTS, *OTHERS, "")]
    cells = model.features(texts)
    assert cells.shape == (len(texts), len(model.words.keys) + len(model.characters.keys))
    weights = np.random.default_rng(1).normal(size=cells.shape[1])
    words = len(model.words.keys)
    changed = model.plus(weights[:words], weights[words:], 0.25, "mine")
    assert changed.name == "mine"
    for channel in ("forum", "weibo", "other"):
        channels: list[Channel] = [channel] * len(texts)
        moved = changed.logits(texts, channels) - model.logits(texts, channels)
        assert np.allclose(moved, cells @ weights + 0.25)


def test_a_correction_of_the_wrong_length_is_refused(model: SentimentModel) -> None:
    """A weight in the wrong place would judge anybody."""
    with pytest.raises(ValueError, match="shapes"):
        model.plus(np.zeros(3), np.zeros(len(model.characters.keys)), 0.0, "mine")


def test_only_short_runs_are_kept(model: SentimentModel) -> None:
    """No token is long enough to give back anybody's text."""
    assert all(len(model.character_name(column)) <= 3 for column in range(len(model.characters.keys)))
    assert all(model.word_name(column).count(" ") <= 1 for column in range(len(model.words.keys)))
    assert max(map(len, model.alphabet.words)) <= 12
    assert not any(word.isdigit() and len(word) > 5 for word in model.alphabet.words)


def test_the_shipped_files_are_small_and_plain() -> None:
    """Arrays and a page of JSON, within the size a repository bears."""
    assert sorted(path.name for path in BUNDLED.iterdir()) == ["model.json", "weights.npz"]
    assert sum(path.stat().st_size for path in BUNDLED.iterdir()) < 8_000_000
    about = json.loads((BUNDLED / "model.json").read_text(encoding="utf-8"))
    assert about["sha256"] == hashlib.sha256((BUNDLED / "weights.npz").read_bytes()).hexdigest()
    assert all(len(row["sha256"]) == 64 and row["rows"] > 0 for row in about["trained_on"])


def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BUNDLED, tmp_path / "model"))


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    """One flipped bit, and the model is refused by name."""
    folder = copy(tmp_path)
    packed = bytearray((folder / "weights.npz").read_bytes())
    packed[len(packed) // 2] ^= 1
    (folder / "weights.npz").write_bytes(packed)
    with pytest.raises(ModelError, match="sha256"):
        SentimentModel.load(folder)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("model.json", None, "无法读取"),
        ("weights.npz", None, "无法读取"),
        ("model.json", "{", "不是 JSON"),
        ("model.json", "[]", "格式"),
        ("model.json", '{"format": 999}', "格式"),
        ("weights.npz", "not a zip", "sha256"),
    ],
)
def test_a_broken_model_is_a_model_error(tmp_path: Path, name: str, content: str | None, match: str) -> None:
    """Whatever is wrong with the files has a name and says what to do."""
    folder = copy(tmp_path)
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match=match):
        SentimentModel.load(folder)


@pytest.mark.parametrize("content", [b"not a zip", b"PK\x03\x04"])
def test_a_signed_but_unreadable_file_is_a_model_error(tmp_path: Path, content: bytes) -> None:
    """A right checksum does not make a file a model."""
    folder = copy(tmp_path)
    about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    (folder / "weights.npz").write_bytes(content)
    about["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "model.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(ModelError):
        SentimentModel.load(folder)


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("bias", None),
        ("bias", "x"),
        ("bias", [1.0]),
        ("bias", []),
        ("experts", []),
        ("experts", ["only one"]),
        ("lean", [[0.0]]),
        ("operating", 1),
        ("shared_bias", "x"),
    ],
)
def test_a_page_that_does_not_fit_is_a_model_error(tmp_path: Path, key: str, content: object) -> None:
    """Numbers of the wrong shape are refused before they judge anybody."""
    folder = copy(tmp_path)
    about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    (folder / "model.json").write_text(json.dumps({**about, key: content}), encoding="utf-8")
    with pytest.raises(ModelError, match="不完整"):
        SentimentModel.load(folder)


def test_a_model_of_another_reading_of_texts_is_refused(tmp_path: Path) -> None:
    """Its weights belong to other tokens; and the shipped one is of the code's own version."""
    folder = copy(tmp_path)
    about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    assert about["text_version"] == TEXT_VERSION
    (folder / "model.json").write_text(json.dumps({**about, "text_version": TEXT_VERSION - 1}), encoding="utf-8")
    with pytest.raises(ModelError, match="重新训练"):
        SentimentModel.load(folder)


def test_gates_are_shares_and_follow_text_and_channel(model: SentimentModel) -> None:
    """A stock post is judged by those who know stocks, wherever it stands; a channel leans the gates."""
    texts = [prepare("今天又跌停了，主力出货，散户被套牢"), prepare("送餐太慢，菜都凉了，难吃")]
    judged = model.judge(texts, ["other", "other"])
    assert np.allclose(judged.gates.sum(axis=1), 1.0)
    names = model.experts.names
    stock = [names.index(one) for one in ("finfe", "stockba")]
    meals = [names.index(one) for one in ("waimai", "shop10", "nlpcc2014t2")]
    assert judged.gates[0, stock].sum() > 0.5 > judged.gates[1, stock].sum()
    assert judged.gates[1, meals].sum() > 0.5
    leaned = model.judge(texts, ["weibo", "weibo"]).gates
    weibo = [names.index(one) for one in ("weibo2018", "emo8", "covidweibo")]
    assert (leaned[:, weibo].sum(axis=1) > judged.gates[:, weibo].sum(axis=1)).all()
