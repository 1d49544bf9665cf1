"""The source tree that new parsers go into, and which names are still free there."""

from __future__ import annotations

import importlib.util
import keyword
import re
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigError, TingfengError

_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The source tree that new files go into."""

    root: Path

    @property
    def parsers(self) -> Path:
        """Where page parsers live."""
        return self.root / "crawlers" / "pages"

    @property
    def pages(self) -> Path:
        """Where saved pages live, a folder for each parser."""
        return self.root / "tests" / "pages"


def find_checkout() -> Checkout:
    """The checkout that this program runs from. Raise `TingfengError` where it was installed without one."""
    spec = importlib.util.find_spec("crawlers")
    places = list(spec.submodule_search_locations or ()) if spec else []
    root = Path(places[0]).resolve().parent if places else Path()
    checkout = Checkout(root=root)
    if not places or not checkout.pages.is_dir() or not (root / "pyproject.toml").is_file():
        raise TingfengError(
            f"写解析器需要听风的源码：现在运行的是安装好的程序（{root}），没有 tests/pages。请在 git 检出的目录里运行"
        )
    return checkout


def check_name(name: str, checkout: Checkout) -> None:
    """Raise `ConfigError` for a name that cannot be a parser's or is taken."""
    from crawlers.pages import kinds

    def refuse(problem: str, fix: str) -> ConfigError:
        return ConfigError(file="命令行", key="NAME", value=name, problem=problem, fix=fix)

    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise refuse("不能作为名字", "小写字母开头，只用小写字母、数字和 _，2 到 40 个字符，例如 acme_forum")
    if name in kinds():
        raise refuse("已有这个名字的解析器", "换一个名字")
    for taken in (checkout.parsers / f"{name}.py", checkout.parsers / name, checkout.pages / name):
        if taken.exists():
            raise refuse(f"已有 {taken.relative_to(checkout.root)}", "换一个名字")
