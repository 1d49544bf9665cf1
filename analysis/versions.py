"""The models of one installation: every one that was ever in use, which one is, and the way back.

A folder below `<data_dir>/models` for each version, never changed once written, and one small page, `versions.json`,
that says which judged from when to when. It is replaced in one step, so a crash leaves the model before or the one
after.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from analysis.sentiment import SentimentModel
from core.errors import ModelError, NotFound
from evidence.durable import sync_file, sync_folder, write_whole

#: The name under which the model that ships with the product is listed.
BUNDLED = "bundled"
_PAGE = "versions.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of the model in use: its whole history is a list of these, oldest first."""

    at: datetime
    #: The version in use from then on.
    version: str
    actor: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One model of this installation."""

    name: str
    folder: Path
    is_current: bool
    #: What `model.json` says of it.
    about: Mapping[str, Any]


class ModelVersions:
    """The models below one folder; `bundled` is the one that judges until another is chosen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def page(self) -> Path:
        """What changes whenever another model is chosen."""
        return self.folder / _PAGE

    def current(self) -> str:
        """The version in use. Raise `ModelError` if the page about it is damaged."""
        changes = self.history()
        return changes[-1].version if changes else BUNDLED

    def load(self, version: str | None = None) -> SentimentModel:
        """A version's model; `None` means the one in use. Raise `NotFound` or `ModelError`."""
        name = self.current() if version is None else version
        return SentimentModel.load(None if name == BUNDLED else self._folder_of(name))

    def history(self) -> list[Change]:
        """Which model judged from when on, oldest first."""
        try:
            page = json.loads(self.page.read_text(encoding="utf-8"))
            return [
                Change(
                    at=datetime.fromisoformat(row["at"]), version=row["version"], actor=row["actor"], note=row["note"]
                )
                for row in page["changes"]
            ]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as bad:
            raise ModelError(
                f"模型版本记录已损坏：{self.page}（{bad}）。请从备份恢复；删去它则回到随产品发布的模型"
            ) from None

    def all(self) -> list[Version]:
        """Every version there is, `bundled` left out, oldest first."""
        current = self.current()
        found = []
        for folder in sorted(self.folder.glob("*/")):
            about = folder / "model.json"
            if _NAME.fullmatch(folder.name) and about.is_file():
                row = json.loads(about.read_text(encoding="utf-8"))
                found.append(Version(name=folder.name, folder=folder, is_current=folder.name == current, about=row))
        return found

    def next_name(self) -> str:
        """A name that no version has had: `local-1`, then `local-2`, and so on."""
        numbers = [int(one.name[6:]) for one in self.folder.glob("local-*") if one.name[6:].isdigit()]
        return f"local-{max(numbers, default=0) + 1}"

    def add(self, model: SentimentModel, about: Mapping[str, Any]) -> Version:
        """Write a model under its own name. Raise `ModelError` if there is one of that name: versions never change."""
        folder = self.folder / model.name
        if folder.exists():
            raise ModelError(f"已有名为 {model.name} 的模型版本：{folder}")
        model.save(folder, about)
        # Before anything points to it, the disk must have it: a model lost in a power cut would stop all judging.
        for file in folder.iterdir():
            sync_file(file)
        sync_folder(folder)
        sync_folder(self.folder)
        return Version(name=model.name, folder=folder, is_current=False, about=about)

    def use(self, version: str, *, actor: str, note: str, now: datetime) -> Change:
        """Judge with this version from now on. Raise `NotFound` for an unknown one, `ModelError` for a damaged one."""
        # Loaded first: a version that cannot judge must not be chosen.
        self.load(version)
        change = Change(at=now, version=version, actor=actor, note=note)
        rows = [
            {"at": one.at.isoformat(), "version": one.version, "actor": one.actor, "note": one.note}
            for one in (*self.history(), change)
        ]
        page = json.dumps({"changes": rows}, ensure_ascii=False, indent=1) + "\n"
        write_whole(self.page, page.encode("utf-8", "replace"))
        return change

    def roll_back(self, *, actor: str, note: str, now: datetime) -> Change:
        """Judge again with the version in use before the present one.

        A second call goes one further back, not forth: what was rolled back from is passed over. Raise `NotFound` when
        the first model is reached.
        """
        behind = [BUNDLED]
        for change in self.history():
            if change.version in behind:
                del behind[behind.index(change.version) + 1 :]
            else:
                behind.append(change.version)
        if len(behind) < 2:
            raise NotFound("没有可以退回的版本：正在用的就是随产品发布的模型")
        return self.use(behind[-2], actor=actor, note=note, now=now)

    def _folder_of(self, version: str) -> Path:
        folder = self.folder / version
        if not _NAME.fullmatch(version) or not folder.is_dir():
            known = "、".join([BUNDLED, *(one.name for one in self.all())])
            raise NotFound(f"没有名为 {version} 的模型版本；已有：{known}")
        return folder
