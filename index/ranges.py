"""Ranges of the risk (whole numbers, 0 to 100) and of the negative probability (0.8 or 80%)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

from core.errors import QuerySyntaxError
from core.text import fold
from index.base import Between
from index.halves import Halves, halves
from index.typed import Typed

_RISK = re.compile(r"(\d{1,9})分?", re.ASCII)
_PROBABILITY = re.compile(r"(\d{1,9}(?:\.\d{0,400})?|\.\d{1,400})(%)?", re.ASCII)
#: Not a bare number: "风险3" may be anything.
_NAMED = re.compile(
    r"(?P<name>风险[分值]?|(?:负面)?概率)(?P<value>[^\d.]{1,5}[\d.]+[分%]?|[\d.]+[分%]?(?:及?以[上下]|(?:到|至|-|~|\.\.)[\d.]+[分%]?))",
    re.ASCII,
)
_RISK_RULE = "风险是 0 到 100 的整数，例如 风险>=60 或 风险:60..80。"
_PROBABILITY_RULE = "概率是 0 到 1，或百分数，例如 概率>=0.8 或 概率:60%..80%。"


def read_risk(typed: Typed) -> Between:
    """A range of risks; a single number is that risk alone. Raise `QuerySyntaxError`."""
    found = halves(typed, fold(typed.text))
    if found is None:
        exact = _risk(typed)
        return Between("risk", exact, exact)
    low = _risk(found.low) if found.low else None
    return _between("risk", found, low, _risk(found.high) if found.high else None)


def read_probability(typed: Typed) -> Between:
    """A range of probabilities. Raise `QuerySyntaxError`.

    A per cent sign on one side holds for the other as well where that is a number beyond 1: "60..80%".
    """
    found = halves(typed, fold(typed.text))
    if found is None:
        _probability(typed)
        raise typed.bad("概率要写成范围", "一个确切的概率几乎查不到任何内容，请写成 概率>=80% 或 概率:60%..80%。")
    sides = [side for side in (found.low, found.high) if side is not None]
    of_hundred = any(fold(side.text).endswith("%") for side in sides)
    low = _probability(found.low, of_hundred=of_hundred) if found.low else None
    high = _probability(found.high, of_hundred=of_hundred) if found.high else None
    return _between("negative", found, low, high)


def read_named_range(typed: Typed) -> Between | None:
    """What 风险大于60 and 概率80%以上 mean without a colon; `None` for a word that only begins like that."""
    found = _NAMED.fullmatch(fold(typed.text))
    if found is None:
        return None
    value = typed.part(found.start("value"), found.end("value"))
    try:
        return (read_risk if found["name"].startswith("风险") else read_probability)(value)
    except QuerySyntaxError:
        return None


def _between(name: Literal["risk", "negative"], found: Halves, low: float | None, high: float | None) -> Between:
    if low is not None and high is not None and found.high is not None:
        if low > high:
            raise found.high.bad("范围的上限小于下限", "请把小的数写在左边，例如 60..80。")
        if low == high and not (found.low_in and found.high_in):
            raise found.high.bad("这个范围里什么也没有", "请去掉 < 或 >，或改大上限。")
    return Between(name, low, high, low is None or found.low_in, high is None or found.high_in)


def _risk(typed: Typed) -> int:
    found = _RISK.fullmatch(fold(typed.text))
    if found is None or int(found[1]) > 100:
        raise typed.bad(_not_a(typed, "风险值"), _RISK_RULE)
    return int(found[1])


def _probability(typed: Typed, *, of_hundred: bool = False) -> float:
    found = _PROBABILITY.fullmatch(fold(typed.text))
    if found is None:
        raise typed.bad(_not_a(typed, "概率"), _PROBABILITY_RULE)
    value = Decimal(found[1])
    if found[2] or (of_hundred and value > 1):
        value /= 100
    if value > 1:
        raise typed.bad(f"概率“{typed.shown()}”大于 1", _PROBABILITY_RULE)
    return float(value)


def _not_a(typed: Typed, what: str) -> str:
    return f"“{typed.shown()}”不是{what}" if typed.shown() else f"这里缺少{what}"
