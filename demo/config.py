"""Writes the demo's settings files for the ports it runs on, and leaves them alone once an operator has edited them."""

from __future__ import annotations

from pathlib import Path

from demo.server import ports

#: Raised when the templates change in a way that an older folder must take over.
VERSION = 1
NAMES = ("sources.toml", "subjects.toml", "rules.toml", "monitor.toml")
_TEMPLATES = Path(__file__).parent / "config"


def materialise(folder: Path, *, base_port: int) -> Path:
    """Write the four files into `folder` and return the path of `monitor.toml`.

    A file that stands there for this version and these ports is kept, edits included; any other is kept as `.bak`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mark = f"# 演示配置 版本={VERSION} 起始端口={base_port}\n"
    for name in NAMES:
        _write(folder / name, mark + _filled(name, base_port), mark)
    return folder / "monitor.toml"


def _filled(name: str, base_port: int) -> str:
    text = (_TEMPLATES / name).read_text(encoding="utf-8")
    for site, port in ports(base_port).items():
        text = text.replace(f"{{{site}_port}}", str(port))
    return text


def _write(file: Path, text: str, mark: str) -> None:
    if file.exists():
        if file.read_text(encoding="utf-8", errors="replace").startswith(mark):
            return
        file.replace(file.with_name(file.name + ".bak"))
    fresh = file.with_name(file.name + ".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)
