"""Which categories there are, by which words they are known, and how grave each is: read from TOML and checked.

The product's own tree ships as `lexicons/categories.toml`, where the format is described. A customer writes a file of
the same format (`[files] categories`): a tree of their own, or with `extend = true` changes of ours. Nothing heavy is
imported here: every command looks at the names to check the rules (`check_rules`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import ConfigError
from core.settings import RuleSettings
from core.text import fold

#: The category of a complaint that fits no other; no file may define it.
OTHER = "其他"
#: The code of a category that a customer named.
OWN_CODE = "own"
BUNDLED = Path(__file__).parent / "lexicons" / "categories.toml"
_HIGHEST_SCORE = 5
_FARTHEST = 40
_LONGEST_NAME = 60
_TOP = frozenset({"extend", "model", "off", "masks", "category"})
#: Lists of words that share a score: said outright, said clearly, circumstantial.
_LISTS = {"outright": 3, "clear": 2, "weak": 1}
_ROW = frozenset({"name", "severity", "code", "accident", "model", "terms", "pairs", *_LISTS})
_PAIR = frozenset({"first", "then", "within", "score"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two words that count where one follows the other within so many characters."""

    first: frozenset[str]
    then: frozenset[str]
    within: int
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One category: folded words and what each weighs."""

    name: str
    #: Risk points.
    severity: int
    terms: Mapping[str, int]
    pairs: tuple[Pair, ...] = ()
    #: Stable within reasons: `category.<code>`.
    code: str = OWN_CODE
    #: Whether it stands for accidents: what is only imagined or feared does not count, and calm words may report it.
    is_accident: bool = False
    #: Whether the trained model may speak for it, where that knows a category of this name.
    uses_model: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All categories of one customer."""

    categories: tuple[Category, ...]
    #: Words within which others do not count ("自燃险" is no fire).
    masks: frozenset[str]
    #: The folder of the customer's own category model.
    model: Path | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What a verdict may call a mention, the category without a name of its own included."""
        return (*(category.name for category in self.categories), OTHER)


def read_catalogue(path: Path | None) -> Catalogue:
    """The categories of a customer's file, or those that ship with the product.

    Raise `ConfigError` for the first thing that is wrong; it names the file, the key, the value and the fix.
    """
    return bundled_catalogue() if path is None else _read(path)


@cache
def bundled_catalogue() -> Catalogue:
    """The categories that ship with the product."""
    return _read(BUNDLED)


def parse_catalogue(tree: Mapping[str, Any], *, file: Path) -> Catalogue:
    """The categories of a parsed file. Raise `ConfigError` as `read_catalogue` does."""
    form = _Form(file)
    form.only(tree, _TOP, "")
    extends = form.truth(tree, "extend", "", default=False)
    masks = frozenset(map(fold, form.words(tree, "masks", "")))
    rows = form.tables(tree, "category", "")
    known = {category.name: category for category in bundled_catalogue().categories} if extends else {}
    off = form.words(tree, "off", "")
    for name in off:
        if name not in known:
            fix = f"可用：{'、'.join(known)}" if extends else "off 只用于 extend = true 的文件；自己的类别不写即可"
            raise form.wrong("off", name, "没有这个内置类别", fix)
    changed: dict[str, Category] = {}
    for number, row in enumerate(rows, start=1):
        category = form.category(row, f"category[第{number}行]", known)
        if category.name in changed:
            raise form.wrong(f"category[第{number}行].name", category.name, "重复", "每个类别只写一次，词都写在一起")
        changed[category.name] = category
    both = next((name for name in changed if name in off), None)
    if both:
        raise form.wrong("off", both, "同一类别既关闭又修改", "二者去其一")
    categories = tuple(category for name, category in {**known, **changed}.items() if name not in off)
    if not categories:
        raise form.wrong(
            "category", "", "一个类别也没有", "至少写一个 [[category]]，或删去 [files] categories 用内置类别"
        )
    model = form.text(tree, "model", "", default="")
    inherited = bundled_catalogue().masks if extends else frozenset()
    return Catalogue(categories=categories, masks=masks | inherited, model=file.parent / model if model else None)


def check_rules(rules: Sequence[RuleSettings], catalogue: Catalogue, *, file: Path) -> None:
    """Raise `ConfigError` where a rule asks for a category that no verdict can have: it would never ring."""
    for rule in rules:
        for name in rule.categories:
            if name not in catalogue.names:
                raise ConfigError(
                    file=str(file),
                    key=f"rule[{rule.name}].categories",
                    value=name,
                    problem="没有这个类别，这条规则永远不会触发",
                    fix=f"可用：{'、'.join(catalogue.names)}；自己的类别写在 [files] categories 指明的文件里",
                )


def _read(path: Path) -> Catalogue:
    form = _Form(path)
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as bad:
        problem = f"类别文件无法读取（{bad.strerror}）"
        raise form.wrong("files.categories", str(path), problem, "检查 monitor.toml 中 [files] categories") from None
    except UnicodeDecodeError:
        raise form.wrong("files.categories", str(path), "不是 UTF-8", "另存为 UTF-8") from None
    except tomllib.TOMLDecodeError as bad:
        problem = f"TOML 语法错误（{bad}）"
        raise form.wrong("files.categories", str(path), problem, "按提示的行列改正") from None
    return parse_catalogue(tree, file=path)


@dataclass(frozen=True, slots=True)
class _Form:
    """Takes keys out of parsed TOML and names the file and the key that are wrong."""

    file: Path

    def wrong(self, key: str, value: object, problem: str, fix: str) -> ConfigError:
        return ConfigError(file=str(self.file), key=key, value=str(value)[:80], problem=problem, fix=fix)

    def only(self, table: Mapping[str, Any], keys: Iterable[str], where: str) -> None:
        for key in table:
            if key not in keys:
                raise self.wrong(f"{where}{key}", "…", "不认识的键", f"可用：{'、'.join(sorted(keys))}")

    def truth(self, table: Mapping[str, Any], key: str, where: str, *, default: bool) -> bool:
        value = table.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(f"{where}{key}", value, "应为 true 或 false", f"写成 {key} = true 或 false，不加引号")
        return value

    def text(self, table: Mapping[str, Any], key: str, where: str, *, default: str) -> str:
        value = table.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(f"{where}{key}", value, "应为文字", f'写成 {key} = "…"')
        return value

    def words(self, table: Mapping[str, Any], key: str, where: str) -> list[str]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(word, str) and word.strip() for word in value):
            raise self.wrong(f"{where}{key}", value, "应为词的列表，且不含空词", f'写成 {key} = ["词一", "词二"]')
        return value

    def tables(self, table: Mapping[str, Any], key: str, where: str) -> list[dict[str, Any]]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise self.wrong(f"{where}{key}", value, "应为多行", f"写成 [[{where}{key}]]")
        return value

    def number(self, table: Mapping[str, Any], key: str, where: str, *, least: int, most: int) -> int:
        value = table.get(key)
        if value is None:
            raise self.wrong(f"{where}{key}", "", "缺少这个键", f"补上 {key} = {least} 到 {most} 之间的整数")
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.wrong(f"{where}{key}", value, "应为整数且在范围之内", f"写 {least} 到 {most} 之间的整数")
        return value

    def category(self, row: Mapping[str, Any], where: str, known: Mapping[str, Category]) -> Category:
        """One category; what a row leaves out of a known one stays as it is there, a term of score 0 is taken out."""
        name = self.text(row, "name", f"{where}.", default="").strip()
        if not name or len(name) > _LONGEST_NAME or "\n" in name:
            raise self.wrong(f"{where}.name", name, "缺少类别名，或过长", f"写 1 到 {_LONGEST_NAME} 个字")
        if name == OTHER:
            raise self.wrong(f"{where}.name", name, "“其他”留给不属于任何类别的投诉", "换一个名字")
        where = f"category[{name}]."
        self.only(row, _ROW, where)
        base = known.get(name)
        least = 0 if base else 1
        if "severity" in row or base is None:
            severity = self.number(row, "severity", where, least=0, most=100)
        else:
            severity = base.severity
        terms = {**(base.terms if base else {}), **self._terms(row, where, least=least)}
        pairs = (*(base.pairs if base else ()), *(self._pair(one, where) for one in self.tables(row, "pairs", where)))
        category = Category(
            name=name,
            severity=severity,
            terms={word: score for word, score in terms.items() if score},
            pairs=pairs,
            code=self.text(row, "code", where, default=base.code if base else OWN_CODE),
            is_accident=self.truth(row, "accident", where, default=base.is_accident if base else False),
            uses_model=self.truth(row, "model", where, default=base.uses_model if base else True),
        )
        if not category.terms and not category.pairs:
            raise self.wrong(f"{where}terms", "", "没有一个词，这个类别永远找不到", "在 [category.terms] 下写词和分量")
        if not category.code.isidentifier() or not category.code.isascii():
            raise self.wrong(f"{where}code", category.code, "应为英文字母开头的代号", '例如 code = "hiring"')
        return category

    def _terms(self, row: Mapping[str, Any], where: str, *, least: int) -> dict[str, int]:
        value = row.get("terms", {})
        if not isinstance(value, dict):
            raise self.wrong(f"{where}terms", value, "应为一节", '在 [category.terms] 下每行写 "词" = 分量')
        for word in value:
            if not word.strip():
                raise self.wrong(f"{where}terms", repr(word), "空的词", "删去这一行")
        place = f"{where}terms."
        scores = {fold(word): self.number(value, word, place, least=least, most=_HIGHEST_SCORE) for word in value}
        for key, score in _LISTS.items():
            for word in map(fold, self.words(row, key, where)):
                if scores.setdefault(word, score) != score:
                    raise self.wrong(f"{where}{key}", word, "同一个词有两个分量", "只留一处")
        return scores

    def _pair(self, row: Mapping[str, Any], where: str) -> Pair:
        where = f"{where}pairs."
        self.only(row, _PAIR, where)
        first, then = (frozenset(map(fold, self.words(row, key, where))) for key in ("first", "then"))
        if not first or not then:
            raise self.wrong(f"{where}first/then", "", "前后两组词都要有", '写成 first = ["…"]，then = ["…"]')
        return Pair(
            first=first,
            then=then,
            within=self.number(row, "within", where, least=0, most=_FARTHEST),
            score=self.number(row, "score", where, least=1, most=_HIGHEST_SCORE),
        )
