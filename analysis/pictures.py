"""The words in a picture: chat records, invoices and banners say what the post beside them does not.

RapidOCR (extra `ocr`) reads them with the models that ship in its package; nothing is fetched. A picture is hostile
input: its format and its size are looked at before anything is decoded.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Any, Literal

from core.errors import TingfengError
from core.text import clean

PictureState = Literal["read", "empty", "refused", "failed"]

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
#: Of a long picture (a posted chat record of twenty screens) the upper part is read.
_MOST_PIXELS = 40_000_000
_TALLEST = 30_000
#: Smaller ones are icons and emoticons.
_SMALLEST_SIDE = 40
#: RapidOCR shrinks what is larger than 2,000 pixels, which makes a long picture's text unreadable: so in pieces.
_TILE, _OVERLAP = 1_600, 120
_WIDEST = 1_600
#: Lines that are less certain than this are noise.
_LEAST_SCORE = 0.6
#: Characters kept of one picture.
LONGEST = 2_000


class NoReader(TingfengError):
    """The extra that reads pictures is not installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureText:
    """What stands in one picture."""

    state: PictureState
    text: str = ""
    #: Why it was not read; one Chinese sentence.
    reason: str | None = None


def can_read() -> bool:
    """Whether the extra is installed."""
    return all(find_spec(name) is not None for name in ("rapidocr", "onnxruntime", "PIL"))


class PictureReader:
    """Reads pictures one at a time; the models are loaded at the first one (about 400 MB, three seconds)."""

    def __init__(self) -> None:
        """Raise `NoReader` where the extra is missing."""
        if not can_read():
            raise NoReader('没有安装图片文字识别：pip install "tingfeng[ocr]"，或把 [pictures] read 设为 "none"')

    def read(self, content: bytes) -> PictureText:
        """The lines of text from top to bottom. Anything that is no picture is refused by name, never raised."""
        from PIL import Image, UnidentifiedImageError

        try:
            with warnings.catch_warnings():
                # Pillow warns of a bomb before it refuses one; its size is looked at below.
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                picture = Image.open(io.BytesIO(content), formats=_FORMATS)
            if why := _unfit(picture.width, picture.height):
                return why
            lines = [line for tile in _tiles(picture) for line in self._lines(tile)]
        except UnidentifiedImageError:
            return PictureText(state="refused", reason="不是认得的图片")
        except (OSError, SyntaxError, ValueError, EOFError, MemoryError, Image.DecompressionBombError) as bad:
            # What Pillow raises for damaged files, by its documentation and by its plugins.
            return PictureText(state="refused", reason=f"图片已损坏（{type(bad).__name__}）")
        text = clean("\n".join(_without_repeats(lines)))[:LONGEST]
        return PictureText(state="read" if text else "empty", text=text)

    def _lines(self, tile: Any) -> list[str]:
        found = self._engine(tile)
        if found.txts is None or found.scores is None:
            return []
        pairs = zip(found.txts, found.scores, strict=True)
        return [text.strip() for text, score in pairs if score >= _LEAST_SCORE and text.strip()]

    @cached_property
    def _engine(self) -> Any:
        from rapidocr import RapidOCR

        # One thread: the worker and the browser need the other cores more.
        return RapidOCR(
            params={
                "Global.log_level": "critical",
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )


def _unfit(width: int, height: int) -> PictureText | None:
    if min(width, height) < _SMALLEST_SIDE:
        return PictureText(state="empty", reason="图片太小，没有可读的文字")
    if width * height > _MOST_PIXELS or height > _TALLEST:
        return PictureText(state="refused", reason=f"图片过大：{width}×{height}")
    return None


def _tiles(picture: Any) -> Iterator[Any]:
    """The picture as arrays of pixels, wide ones made narrower, tall ones in overlapping pieces."""
    import numpy as np

    if getattr(picture, "is_animated", False):
        picture.seek(0)
    # Transparent pixels are white to a reader, and black to a conversion.
    if picture.mode in ("RGBA", "LA", "P", "PA"):
        from PIL import Image

        shown = picture.convert("RGBA")
        picture = Image.new("RGB", shown.size, "white")
        picture.paste(shown, mask=shown.getchannel("A"))
    picture = picture.convert("RGB")
    if picture.width > _WIDEST:
        picture = picture.resize((_WIDEST, max(1, round(picture.height * _WIDEST / picture.width))))
    top = 0
    while True:
        bottom = min(picture.height, top + _TILE)
        # RapidOCR takes OpenCV's order of colours.
        yield np.ascontiguousarray(np.asarray(picture.crop((0, top, picture.width, bottom)))[:, :, ::-1])
        if bottom == picture.height:
            return
        top = bottom - _OVERLAP


def _without_repeats(lines: list[str]) -> Iterator[str]:
    """The lines, those left out that two overlapping pieces both show."""
    before: list[str] = []
    for line in lines:
        if line not in before[-6:]:
            yield line
        before.append(line)
