"""A model on disk: arrays of numbers and a JSON page about them. Nothing in it can run, and damage is noticed."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import ModelError

FORMAT = 1
_ABOUT, _WEIGHTS = "model.json", "weights.npz"

Arrays = dict[str, npt.NDArray[Any]]


def read_model(folder: Path) -> tuple[dict[str, Any], Arrays]:
    """What `write_model` wrote. Raise `ModelError` if it is missing, damaged, or of another format."""
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        packed = (folder / _WEIGHTS).read_bytes()
    except OSError as missing:
        raise ModelError(f"无法读取模型 {missing.filename}：{missing.strerror}") from None
    except ValueError:
        raise ModelError(f"模型说明不是 JSON：{folder / _ABOUT}") from None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ModelError(f"模型格式不符：{folder}，需要格式 {FORMAT}，请用 tingfeng train 重新训练")
    if hashlib.sha256(packed).hexdigest() != about.get("sha256"):
        raise ModelError(f"模型文件已损坏或被改动：{folder / _WEIGHTS} 的 sha256 与 {_ABOUT} 不符")
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
            return about, {name: arrays[name] for name in arrays.files}
    except (ValueError, OSError, zipfile.BadZipFile) as bad:
        raise ModelError(f"模型文件无法解开：{folder / _WEIGHTS}（{bad}）") from None


def write_model(folder: Path, about: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write both files; the same content gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    packed = file.getvalue()
    row = {**about, "format": FORMAT, "sha256": hashlib.sha256(packed).hexdigest()}
    (folder / _WEIGHTS).write_bytes(packed)
    text = json.dumps(row, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / _ABOUT).write_text(text + "\n", encoding="utf-8")
