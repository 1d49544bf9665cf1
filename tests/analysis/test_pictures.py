"""Words in pictures: read by the real models, from pictures drawn here; hostile files are refused by name."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from analysis.pictures import PictureReader

FONTS = (
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc"),
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
)


@pytest.fixture(scope="module")
def reader() -> PictureReader:
    return PictureReader()


@pytest.fixture(scope="module")
def font() -> ImageFont.FreeTypeFont:
    path = next((path for path in FONTS if path.exists()), None)
    if path is None:
        pytest.skip("no Chinese font on this machine (apt-get install fonts-noto-cjk)")
    return ImageFont.truetype(str(path), 36)


def drawn(picture: Image.Image, form: str = "PNG") -> bytes:
    file = io.BytesIO()
    picture.save(file, form)
    return file.getvalue()


def page(font: ImageFont.FreeTypeFont, lines: list[str], *, step: int = 90, mode: str = "RGB") -> Image.Image:
    back = (0, 0, 0, 0) if mode == "RGBA" else "white"
    picture = Image.new(mode, (900, 60 + step * len(lines)), back)
    pen = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        pen.text((30, 30 + step * number), line, font=font, fill="black")
    return picture


@pytest.mark.parametrize(("form", "mode"), [("PNG", "RGB"), ("JPEG", "RGB"), ("WEBP", "RGB"), ("PNG", "RGBA")])
def test_words_are_read_whatever_the_format(
    reader: PictureReader, font: ImageFont.FreeTypeFont, form: str, mode: str
) -> None:
    """Transparent pictures are white to a reader."""
    found = reader.read(drawn(page(font, ["东湖店漏油修了三次", "定金两万不退"], mode=mode), form))
    assert found.state == "read"
    assert found.text.split("\n") == ["东湖店漏油修了三次", "定金两万不退"]


def test_a_long_chat_record_is_read_to_its_end_and_nothing_twice(
    reader: PictureReader, font: ImageFont.FreeTypeFont
) -> None:
    """In overlapping pieces, since shrinking it would make it unreadable."""
    names = "赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕张"
    lines = [f"客服{name}说再等一等" for name in names]
    found = reader.read(drawn(page(font, lines, step=200)))
    assert found.text.split("\n") == lines


def test_a_picture_without_words_is_empty(reader: PictureReader) -> None:
    """That is knowledge too: it is not read again."""
    assert reader.read(drawn(Image.new("RGB", (300, 300), "gray"))).state == "empty"


@pytest.mark.parametrize(
    ("content", "state", "word"),
    [
        (b"", "refused", "不是认得的图片"),
        (b"<html>403</html>", "refused", "不是认得的图片"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "refused", "图片"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "refused", "不是认得的图片"),
        (drawn(Image.new("1", (9_000, 9_000))), "refused", "过大"),
        (drawn(Image.new("1", (50, 31_000))), "refused", "过大"),
        (drawn(Image.new("1", (20_000, 20_000))), "refused", "图片"),
        (drawn(Image.effect_noise((400, 400), 90))[:2_000], "refused", "损坏"),
        (drawn(Image.new("RGB", (16, 16))), "empty", "太小"),
        (drawn(Image.new("RGB", (60, 60)), "TIFF"), "refused", "不是认得的图片"),
    ],
    ids=[
        "nothing",
        "a page",
        "a torn head",
        "postscript",
        "too large",
        "too tall",
        "a bomb",
        "torn",
        "an icon",
        "tiff",
    ],
)
def test_what_is_no_usable_picture_is_refused_with_the_reason(
    reader: PictureReader, content: bytes, state: str, word: str
) -> None:
    """Before anything is decoded, where the head tells."""
    found = reader.read(content)
    assert (found.state, found.text) == (state, "")
    assert found.reason is not None
    assert word in found.reason
