"""Files of categories: what is right is read, what is wrong is one line that names file, key, value and the fix."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from analysis.topic_catalogue import (
    BUNDLED,
    OTHER,
    OWN_CODE,
    Catalogue,
    bundled_catalogue,
    check_rules,
    parse_catalogue,
    read_catalogue,
)
from core.errors import ConfigError
from core.settings import RuleSettings

EXAMPLE = Path(__file__).resolve().parents[2] / "categories.example.toml"
ROW = '[[category]]\nname = "招聘纠纷"\nseverity = 8\nclear = ["克扣工资"]\n'


def parse(text: str) -> Catalogue:
    return parse_catalogue(tomllib.loads(text), file=Path("conf/own.toml"))


def test_the_tree_that_ships() -> None:
    """Seven categories with codes of their own, one of them for accidents; the eighth is what fits none."""
    found = read_catalogue(None)
    assert found.names == (
        "安全事故", "销售欺诈/价格", "车辆质量", "售后维修", "服务态度", "配件/交付", "精品/信贷/保险", OTHER,
    )  # fmt: skip
    assert [one.name for one in found.categories if one.is_accident] == ["安全事故"]
    assert len({one.code for one in found.categories}) == 7
    assert all(one.terms and one.pairs for one in found.categories)


def test_no_word_that_ships_is_hidden_by_a_mask_always() -> None:
    """A term that is itself a mask, or lies within itself as one, could never be found."""
    found = bundled_catalogue()
    assert not [word for one in found.categories for word in one.terms if word in found.masks]


def test_a_tree_of_ones_own() -> None:
    """Without `extend` a file is all there is."""
    found = parse(ROW + '[category.terms]\n"拖欠工资" = 3\n')
    assert found.names == ("招聘纠纷", OTHER)
    (own,) = found.categories
    assert (own.severity, own.code, own.is_accident, own.uses_model) == (8, OWN_CODE, False, True)
    assert own.terms == {"克扣工资": 2, "拖欠工资": 3}
    assert found.masks == frozenset()


def test_the_example_extends_ours() -> None:
    """What the example says is what comes out; what it does not mention stays."""
    found, ours = read_catalogue(EXAMPLE), bundled_catalogue()
    by_name = {one.name: one for one in found.categories}
    before = {one.name: one for one in ours.categories}
    assert found.names == (*ours.names[:-1], "招聘纠纷", OTHER)
    assert found.masks == ours.masks | {"招聘会"}
    quality = by_name["车辆质量"]
    assert (quality.severity, quality.code) == (14, "quality")
    assert quality.terms["召回"] == 3
    assert quality.terms["天幕炸裂"] == 2
    assert "小毛病" in before["车辆质量"].terms
    assert "小毛病" not in quality.terms
    assert quality.pairs == before["车辆质量"].pairs
    assert by_name["安全事故"] == before["安全事故"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('extend = true\noff = ["车辆质量"]', 7),
        ("extend = true", 8),
        ('extend = true\nmodel = "heads"', 8),
    ],
)
def test_some_of_ours_switched_off(text: str, names: int) -> None:
    """`off` takes categories away; the one that fits none always stays."""
    found = parse(text)
    assert len(found.names) == names
    assert found.names[-1] == OTHER
    assert found.model in (None, Path("conf/heads"))


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        ("", "category", "一个类别也没有"),
        ('extend = "true"', "extend", "应为 true 或 false"),
        ("colour = 1", "colour", "不认识的键"),
        ("category = 3", "category", "应为多行"),
        ('masks = "自燃险"', "masks", "应为词的列表"),
        ('masks = [""]', "masks", "应为词的列表"),
        ('off = ["车辆质量"]\n' + ROW, "off", "没有这个内置类别"),
        ('extend = true\noff = ["质量"]', "off", "没有这个内置类别"),
        ('extend = true\noff = ["车辆质量"]\n[[category]]\nname = "车辆质量"\nseverity = 3', "off", "既关闭又修改"),
        ("[[category]]\nseverity = 3", "category[第1行].name", "缺少类别名"),
        ('[[category]]\nname = "其他"\nseverity = 3', "category[第1行].name", "留给"),
        (ROW + ROW, "category[第2行].name", "重复"),
        ('[[category]]\nname = "甲"\nclear = ["乙"]', "category[甲].severity", "缺少这个键"),
        ('[[category]]\nname = "甲"\nseverity = 101\nclear = ["乙"]', "category[甲].severity", "范围"),
        ('[[category]]\nname = "甲"\nseverity = true\nclear = ["乙"]', "category[甲].severity", "整数"),
        ('[[category]]\nname = "甲"\nseverity = 3', "category[甲].terms", "没有一个词"),
        ('[[category]]\nname = "甲"\nseverity = 3\nclear = [1]', "category[甲].clear", "应为词的列表"),
        (ROW + 'colour = "red"', "category[招聘纠纷].colour", "不认识的键"),
        (ROW + 'code = "招聘"', "category[招聘纠纷].code", "代号"),
        (ROW + "code = 3", "category[招聘纠纷].code", "应为文字"),
        (ROW + "accident = 1", "category[招聘纠纷].accident", "true 或 false"),
        (ROW + 'weak = ["克扣工资"]', "category[招聘纠纷].weak", "两个分量"),
        (ROW + 'terms = ["克扣"]', "category[招聘纠纷].terms", "应为一节"),
        (ROW + '[category.terms]\n"克扣" = 9', "category[招聘纠纷].terms.克扣", "范围"),
        (ROW + '[category.terms]\n"克扣" = 0', "category[招聘纠纷].terms.克扣", "范围"),
        (ROW + '[category.terms]\n"" = 2', "category[招聘纠纷].terms", "空的词"),
        (ROW + '[[category.pairs]]\nfirst = ["工资"]', "category[招聘纠纷].pairs.first/then", "两组词"),
        (
            ROW + '[[category.pairs]]\nfirst = ["工资"]\nthen = ["没发"]\nscore = 2',
            "category[招聘纠纷].pairs.within",
            "缺少",
        ),
        (
            ROW + '[[category.pairs]]\nfirst = ["工资"]\nthen = ["没发"]\nwithin = 400\nscore = 2',
            "category[招聘纠纷].pairs.within",
            "范围",
        ),
    ],
)
def test_what_is_wrong_is_named(text: str, key: str, problem: str) -> None:
    """Nobody has to guess what the program disliked, and nothing is half read."""
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert (caught.value.file, caught.value.key) == ("conf/own.toml", key)
    assert problem in caught.value.problem
    assert caught.value.fix


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "无法读取"), (b"name = ", "语法错误"), ("名".encode("gbk"), "不是 UTF-8")],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, problem: str) -> None:
    """A missing or broken file is a mistake in the settings, too."""
    path = tmp_path / "categories.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=problem):
        read_catalogue(path)


def rule(*categories: str) -> RuleSettings:
    return RuleSettings(name="夜间", grades=("A",), categories=categories, to=("console",))


@pytest.mark.parametrize("categories", [(), ("安全事故",), ("安全事故", OTHER)])
def test_rules_with_categories_that_there_are(categories: tuple[str, ...]) -> None:
    """They pass, the one that fits none among them."""
    check_rules([rule(*categories)], bundled_catalogue(), file=Path("rules.toml"))


@pytest.mark.parametrize("name", ["安全", "安全事故 ", "招聘纠纷", "safety"])
def test_a_rule_that_could_never_ring_is_refused(name: str) -> None:
    """The message lists the names that there are."""
    with pytest.raises(ConfigError, match=r"夜间.*永远不会触发.*安全事故") as caught:
        check_rules([rule("安全事故", name)], bundled_catalogue(), file=Path("conf/rules.toml"))
    assert (caught.value.file, caught.value.value) == ("conf/rules.toml", name)


def test_the_format_is_explained_where_it_is_used() -> None:
    """The file that ships begins with the meaning of every key."""
    head = BUNDLED.read_text(encoding="utf-8").split("[[category]]")[0]
    for key in ("outright", "clear", "weak", "pairs", "within", "accident", "masks", "severity", "code", "model"):
        assert key in head
