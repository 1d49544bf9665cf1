"""A customer's own points, laid over those of the product key by key.

Whatever is unknown there, or of the wrong type, is refused with the file, the key, the value and the fix.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from analysis.risk.table import RiskTable, bundled_tree
from core.errors import ConfigError


def load_table(path: Path) -> RiskTable:
    """The bundled points, overridden by those of a customer's file. Raise `ConfigError` for the first thing wrong."""
    own = _read(path)
    try:
        return RiskTable.model_validate(_merged(bundled_tree(), own))
    except ValidationError as bad:
        raise _first_error(bad, path) from None


def _read(path: Path) -> dict[str, Any]:
    def refuse(problem: str, fix: str) -> ConfigError:
        return ConfigError(file=str(path), key="files.risk", value=str(path), problem=problem, fix=fix)

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise refuse("文件不存在", '新建它，或在 monitor.toml 写 [files] risk = "" 使用随产品的加分表') from None
    except OSError as bad:
        raise refuse(f"无法读取（{bad.strerror}）", "检查权限") from None
    except UnicodeDecodeError:
        raise refuse("不是 UTF-8", "另存为 UTF-8") from None
    except tomllib.TOMLDecodeError as bad:
        raise refuse(f"TOML 语法错误（{bad}）", "按提示的行列改正") from None


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Sections are merged key by key; anything else, lists too, is replaced as a whole."""
    tree = dict(base)
    for key, value in own.items():
        before = tree.get(key)
        both = isinstance(before, dict) and isinstance(value, dict)
        tree[key] = _merged(before, value) if both else value  # type: ignore[arg-type]
    return tree


def _first_error(bad: ValidationError, path: Path) -> ConfigError:
    first = bad.errors(include_url=False)[0]
    shown = repr(first.get("input"))
    problem, fix = _explain(first["type"], first.get("ctx", {}), first["msg"])
    key = ".".join(str(part) for part in first["loc"])
    value = shown if len(shown) <= 80 else shown[:79] + "…"
    return ConfigError(file=str(path), key=key, value=value, problem=problem, fix=fix)


def _explain(kind: str, context: Mapping[str, Any], message: str) -> tuple[str, str]:
    match kind:
        case "extra_forbidden":
            return "不认识的键", "删去它，或对照 analysis/lexicons/risk.toml 检查拼写"
        case "missing":
            return "缺少这个键", "补上它，写法见 analysis/lexicons/risk.toml"
        case "greater_than_equal" | "less_than_equal" | "greater_than" | "less_than":
            name, bound = next(iter(context.items()))
            return "超出范围", f"应{ {'ge': '不小于', 'le': '不大于', 'gt': '大于', 'lt': '小于'}[name] } {bound}"
        case "int_type" | "int_parsing" | "int_from_float" | "float_type" | "float_parsing":
            return "应为数字", "写成不带引号的数，例如 12"
        case "tuple_type":
            return "应为列表", '写成 ["词", "词"] 或 [[10, 2], [100, 5]]'
        case "string_type":
            return "应为文字", '写成带引号的文字，例如 "曝光"'
        case "bool_type" | "bool_parsing":
            return "应为真假", "写成 true 或 false"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "应为一节", "写成 [节名] 加各键，见 analysis/lexicons/risk.toml"
        case "value_error":
            return str(context.get("error", message)), "按提示改正"
        case _:
            return message, "写法见 analysis/lexicons/risk.toml"
