"""Reads `monitor.toml`, its catalogues and the environment into `Settings`, or says in one line what is wrong.

Order: defaults, then the file, then variables `TINGFENG_<SECTION>__<KEY>` (for example `TINGFENG_WEB__PORT=8400`).
A secret is written as `"env:NAME"` or `"file:/path"` and read here; a literal secret is refused.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.config_server import anchored, check_server
from core.errors import ConfigError
from core.secret import Secret
from core.settings import Settings, SourceSettings

_PREFIX = "TINGFENG_"
_CATALOGUES = ("sources", "subjects", "rules")
_SECRET_KEYS = frozenset({"password", "secret", "cookie", "api_key"})
#: The editions of a site, by kind of source.
_SURFACES = {"weibo": ("", "mobile", "web", "search"), "tieba": ("", "html", "app")}
#: Variables with our prefix that are no settings.
_NOT_SETTINGS = frozenset({"TINGFENG_CONFIG", "TINGFENG_LIFELINE"})


def load_settings(path: Path, environment: Mapping[str, str]) -> Settings:
    """Read and check everything. Raise `ConfigError` for the first thing that is wrong."""
    tree = _read_toml(path, key="--config", fix="复制 monitor.example.toml 为 monitor.toml，或用 --config 指明位置")
    origin = _overlay(tree, environment, str(path))
    files = tree.get("files", {})
    if not isinstance(files, dict):
        raise ConfigError(file=str(path), key="files", value=repr(files), problem="应为一节", fix="写成 [files]")
    homes: dict[str, str] = {}
    for name in _CATALOGUES:
        if name in tree:
            raise ConfigError(
                file=str(path), key=name, value="…", problem="这一节属于单独的文件", fix=f"移到 {name}.toml"
            )
        home = path.parent / str(files.get(name, f"{name}.toml"))
        homes[name] = str(home)
        tree[name] = _rows(home, name)
    _resolve_secrets(tree.get("notifiers", {}), path, environment)
    _resolve_server_secrets(tree.get("elasticsearch", {}), path, environment)
    for row in tree["sources"]:
        if isinstance(row, dict) and "cookie" in row:
            row["cookie"] = _secret(
                row["cookie"], f"source[{row.get('id')}].cookie", Path(homes["sources"]), environment
            )
    tree["path"] = path.resolve()
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as bad:
        raise _first_error(bad, tree, str(path), homes, origin) from None
    _check_references(settings, str(path), homes)
    return _anchored(settings, path)


def read_source(row: Mapping[str, Any], *, file: str) -> SourceSettings:
    """A source that stands in no catalogue (yet). Raise `ConfigError` that names `file`, as loading it would."""
    try:
        source = SourceSettings.model_validate(row)
    except ValidationError as bad:
        raise _first_error(bad, {}, file, {}, {}) from None
    _check_source(source, file)
    return source


def _read_toml(path: Path, *, key: str, fix: str) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(file=str(path), key=key, value=str(path), problem="文件不存在", fix=fix) from None
    except OSError as bad:
        problem = f"无法读取（{bad.strerror}）"
        raise ConfigError(file=str(path), key=key, value=str(path), problem=problem, fix="检查权限") from None
    except UnicodeDecodeError:
        raise ConfigError(file=str(path), key=key, value=str(path), problem="不是 UTF-8", fix="另存为 UTF-8") from None
    except tomllib.TOMLDecodeError as bad:
        problem = f"TOML 语法错误（{bad}）"
        raise ConfigError(file=str(path), key=key, value=str(path), problem=problem, fix="按提示的行列改正") from None


def _rows(path: Path, name: str) -> list[Any]:
    """The rows of one catalogue file; a file that holds anything else is refused."""
    table = name.removesuffix("s")
    tree = _read_toml(path, key=f"files.{name}", fix=f"新建 {path.name}，或在 [files] 中改 {name}")
    for key in tree:
        if key != table:
            raise ConfigError(
                file=str(path), key=key, value="…", problem="不认识的键", fix=f"本文件只放 [[{table}]] 各行"
            )
    rows = tree.get(table, [])
    if not isinstance(rows, list):
        raise ConfigError(file=str(path), key=table, value="…", problem="应为多行", fix=f"写成 [[{table}]]")
    return rows


def _overlay(tree: dict[str, Any], environment: Mapping[str, str], file: str) -> dict[tuple[str, str], str]:
    """Lay the variables over the file's tree; return which key came from which variable."""
    origin: dict[tuple[str, str], str] = {}
    for variable, text in sorted(environment.items()):
        if not variable.startswith(_PREFIX) or variable in _NOT_SETTINGS:
            continue
        section, separator, key = variable.removeprefix(_PREFIX).lower().partition("__")
        if not separator or section not in Settings.model_fields or section in (*_CATALOGUES, "path", "notifiers"):
            raise ConfigError(
                file="环境变量",
                key=variable,
                value=text,
                problem="不对应任何设置",
                fix="写成 TINGFENG_<节>__<键>，例如 TINGFENG_WEB__PORT",
            )
        block = tree.setdefault(section, {})
        if not isinstance(block, dict):
            raise ConfigError(file=file, key=section, value=repr(block), problem="应为一节", fix=f"写成 [{section}]")
        block[key] = _literal(text)
        origin[section, key] = variable
    return origin


def _literal(text: str) -> Any:
    """A TOML value where the text is one (8400, true, ["a"]), else the text itself."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _resolve_server_secrets(block: Any, path: Path, environment: Mapping[str, str]) -> None:
    """Secrets of a section that always exists: an empty one is none."""
    if not isinstance(block, dict):
        return  # the schema check will say so
    for key in _SECRET_KEYS & block.keys():
        block[key] = _secret(block[key], f"elasticsearch.{key}", path, environment) if block[key] != "" else None


def _resolve_secrets(notifiers: Any, path: Path, environment: Mapping[str, str]) -> None:
    if not isinstance(notifiers, dict):
        return  # the schema check will say so
    for name, block in notifiers.items():
        if not isinstance(block, dict):
            continue
        for key in _SECRET_KEYS & block.keys():
            block[key] = _secret(block[key], f"notifiers.{name}.{key}", path, environment)


def _secret(reference: Any, key: str, path: Path, environment: Mapping[str, str]) -> Secret:
    def refuse(value: str, problem: str, fix: str) -> ConfigError:
        return ConfigError(file=str(path), key=key, value=value, problem=problem, fix=fix)

    kind, _, where = str(reference).partition(":")
    if kind == "env":
        if not environment.get(where):
            raise refuse(f"env:{where}", "环境变量未设置", f"先 export {where}=…")
        return Secret(environment[where])
    if kind == "file":
        home = path.parent / where
        try:
            text = home.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as bad:
            why = bad.strerror if isinstance(bad, OSError) else "不是 UTF-8"
            raise refuse(f"file:{where}", f"密钥文件无法读取（{why}）", "检查路径与权限") from None
        if not text:
            raise refuse(f"file:{where}", "密钥文件是空的", "把密钥写进该文件")
        return Secret(text)
    raise refuse("***", "密钥不能直接写在文件里", '写成 "env:变量名" 或 "file:路径"')


def _first_error(
    bad: ValidationError,
    tree: dict[str, Any],
    file: str,
    homes: Mapping[str, str],
    origin: Mapping[tuple[str, str], str],
) -> ConfigError:
    """Turn pydantic's first complaint into our one line."""
    first = bad.errors(include_url=False)[0]
    # A discriminated union puts the tag into the location; people did not write it, so they must not read it.
    place = tuple(
        part
        for part in first["loc"]
        if not (len(first["loc"]) > 3 and part in ("console", "email", "webhook") and first["loc"].index(part) == 2)
    )
    key = ".".join(str(part) for part in place)
    value = "***" if _SECRET_KEYS & {str(part) for part in place} else _shown(first.get("input"))
    if place and place[0] in homes:
        file = homes[str(place[0])]
        row = tree[str(place[0])][place[1]] if len(place) > 1 and isinstance(place[1], int) else {}
        label = row.get("id") or row.get("name") if isinstance(row, dict) else None
        rest = ".".join(str(part) for part in place[2:])
        number = place[1] + 1 if len(place) > 1 and isinstance(place[1], int) else "?"
        key = f"{str(place[0]).removesuffix('s')}[第{number}行{f' {label}' if label else ''}].{rest}"
    elif len(place) == 2 and (str(place[0]), str(place[1])) in origin:
        file, key = "环境变量", origin[str(place[0]), str(place[1])]
    problem, fix = _explain(first["type"], first.get("ctx", {}), first["msg"])
    return ConfigError(file=file, key=key, value=value, problem=problem, fix=fix)


def _explain(kind: str, context: Mapping[str, Any], message: str) -> tuple[str, str]:
    match kind:
        case "extra_forbidden":
            return "不认识的键", "删去它，或对照 monitor.example.toml 检查拼写"
        case "missing":
            return "缺少这个键", "补上它，写法见 monitor.example.toml"
        case "literal_error" | "union_tag_invalid":
            return "不在允许的值之内", f"可用：{context.get('expected') or context.get('expected_tags')}"
        case "union_tag_not_found":
            return "缺少 type", '加上 type = "console"、"email" 或 "webhook"'
        case "greater_than_equal" | "less_than_equal" | "greater_than" | "less_than":
            name, bound = next(iter(context.items()))
            return "超出范围", f"应{ {'ge': '不小于', 'le': '不大于', 'gt': '大于', 'lt': '小于'}[name] } {bound}"
        case "value_error":
            return str(context.get("error", message)), "按提示改正"
        case _:
            return message, "写法见 monitor.example.toml"


def _shown(value: object) -> str:
    text = repr(value) if not isinstance(value, str) else value
    return text if len(text) <= 80 else text[:79] + "…"


def _check_references(settings: Settings, file: str, homes: Mapping[str, str]) -> None:
    """What one key says of another: names that must exist, ids that must differ, thresholds that must rise."""
    for kind, names in (
        ("sources", [row.id for row in settings.sources]),
        ("subjects", [row.name for row in settings.subjects]),
        ("rules", [row.name for row in settings.rules]),
    ):
        for name in names:
            if names.count(name) > 1:
                key = f"{kind.removesuffix('s')}.{'id' if kind == 'sources' else 'name'}"
                raise ConfigError(file=homes[kind], key=key, value=name, problem="重复", fix="每行用不同的名字")
    known = ", ".join(settings.notifiers)
    for rule in settings.rules:
        for name in rule.to:
            if name not in settings.notifiers:
                raise ConfigError(
                    file=homes["rules"],
                    key=f"rule[{rule.name}].to",
                    value=name,
                    problem="没有这个通知渠道",
                    fix=f"可用：{known}",
                )
    for key, chosen in (("digest.to", settings.digest.to), ("health.to", settings.health.to)):
        for name in chosen:
            if name not in settings.notifiers:
                raise ConfigError(file=file, key=key, value=name, problem="没有这个通知渠道", fix=f"可用：{known}")
    for source in settings.sources:
        _check_source(source, homes["sources"])
    check_server(settings, file)
    risk = settings.risk
    if not risk.grade_a > risk.grade_b > risk.grade_c:
        value = f"{risk.grade_a}/{risk.grade_b}/{risk.grade_c}"
        raise ConfigError(file=file, key="risk.grade_a/b/c", value=value, problem="等级门槛应递减", fix="使 a > b > c")


def _check_source(source: SourceSettings, file: str) -> None:
    """What the kind of a source asks of its other keys."""

    def refuse(key: str, value: str, problem: str, fix: str) -> ConfigError:
        return ConfigError(file=file, key=f"source[{source.id}].{key}", value=value, problem=problem, fix=fix)

    if source.kind == "weibo" and not (source.keyword or source.user):
        raise refuse("keyword", "", "微博信源缺少关键词", '加上 keyword = "品牌名"，或 user = "用户编号"')
    if source.surface == "search" and not source.keyword:
        raise refuse("keyword", "", "s.weibo.com 只能搜索，缺少关键词", '加上 keyword = "品牌名"')
    if source.kind == "weibo" and source.surface == "web" and not source.user:
        raise refuse("user", "", "weibo.com 只能读用户的时间线", '加上 user = "用户编号"；搜索请用 mobile 或 search')
    if source.kind == "tieba" and not (source.keyword or "kw=" in source.url):
        raise refuse("keyword", "", "贴吧信源缺少吧名", '加上 keyword = "吧名"')
    fitting = _SURFACES.get(source.kind, ("",))
    if source.surface not in fitting:
        known = "、".join(name for name in fitting if name)
        raise refuse("surface", source.surface, "这类信源没有这种页面", f"可用：{known}" if known else "删去这一行")
    for key, kinds in (("user", ("weibo",)), ("also", ("news",)), ("comments", ("weibo", "news"))):
        if getattr(source, key) and source.kind not in kinds:
            raise refuse(key, str(getattr(source, key)), "这类信源没有这个设置", "删去这一行")


def _anchored(settings: Settings, path: Path) -> Settings:
    """The same settings with absolute paths: relative ones count from the folder of `monitor.toml`."""
    home = path.resolve().parent
    general = settings.general.model_copy(update={"data_dir": (home / settings.general.data_dir).resolve()})
    server = anchored(settings.elasticsearch, home)
    return settings.model_copy(update={"general": general, "elasticsearch": server})
