"""Chinese pages lie about their charset, so the bytes are asked first and the label last.

Order: byte order mark, UTF-8, GB18030 (which contains GB2312 and GBK), then detection, then the label.
"""

from __future__ import annotations

import codecs
import re

import cchardet

_LABEL = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_HEADER_LABEL = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.ASCII | re.IGNORECASE)
_XML_LABEL = re.compile(rb"<\?xml[^>]{0,200}encoding\s*=\s*[\"']([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CHARSETS = re.compile(
    r"utf-?8(?:-sig)?|utf-?16(?:-?[bl]e)?|utf-?32(?:-?[bl]e)?|gb18030|big5(?:-?hkscs)?|cp\d{3,4}|windows-\d{3,4}|iso-?8859-\d{1,2}|"
    r"latin-?1|ascii|us-ascii|shift_?jis|s-?jis|euc-?(?:jp|kr)|iso-2022-(?:jp|kr)|koi8-[ru]|hz(?:-gb-2312)?|tis-620",
    re.IGNORECASE,
)
_LOST = "\ufffd"
#: Share of characters outside ASCII that may be damaged in a page that still counts as UTF-8 (cut descriptions).
_DAMAGE = 0.05
#: Real GB text consists mostly of the 3755 common characters; Big5 read as GB18030 does not.
_COMMON = 0.6
_ENOUGH = 20


def _decode_tolerant(body: bytes, name: str) -> tuple[str, int]:
    """The text and how many places were damaged; a sequence cut off at the very end is dropped, not counted."""
    if not _CHARSETS.fullmatch(name):  # unknown, or a codec that is no charset: Python has "base64" and "zip"
        return "", len(body)
    try:
        text = codecs.getincrementaldecoder(name)("replace").decode(body, False)
    except (LookupError, UnicodeError):
        return "", len(body)
    return text, text.count(_LOST)


def _common_share(text: str) -> float:
    """Share of the characters outside ASCII that lie in GB2312's first level or its punctuation."""
    sample = [char for char in text[:200_000] if char > "\x7f"][:4000]
    if len(sample) < _ENOUGH:
        return 1.0
    common = 0
    for char in sample:
        encoded = char.encode("gb2312", "ignore")
        common += len(encoded) == 2 and (0xA1 <= encoded[0] <= 0xA3 or 0xB0 <= encoded[0] <= 0xD7)
    return common / len(sample)


def declared_charset(body: bytes, content_type: str | None) -> str | None:
    """What header or page claim, header first; GB2312 and GBK read as the GB18030 that contains them."""
    found = _HEADER_LABEL.search(content_type or "")
    in_page = _XML_LABEL.search(body[:400]) or _LABEL.search(body[:4096])
    name = found[1] if found else in_page[1].decode("ascii") if in_page else None
    if name is None:
        return None
    name = name.lower()
    return "gb18030" if name in ("gb2312", "gbk", "gb_2312-80", "x-gbk", "gb18030", "cp936") else name


def decode(body: bytes, content_type: str | None = None) -> str:
    """The page as text. Never fails: what cannot be read becomes U+FFFD."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return _decode_tolerant(body, name)[0]
    text, lost = _decode_tolerant(body, "utf-8")
    if not lost:
        return text
    readable = sum(1 for char in text if char > "\x7f") - lost
    if lost <= readable * _DAMAGE:
        return text
    return _not_utf8(body, content_type, fallback=text)


def _not_utf8(body: bytes, content_type: str | None, *, fallback: str) -> str:
    chinese, lost = _decode_tolerant(body, "gb18030")
    if not lost and _common_share(chinese) >= _COMMON:
        return chinese
    found = cchardet.detect(body[:300_000]).get("encoding")
    best, fewest = chinese, lost + (0 if _common_share(chinese) >= _COMMON else len(body))
    for name in (found, declared_charset(body, content_type)):
        if name and name.lower() not in ("utf-8", "gb18030", "gbk", "gb2312"):
            text, damaged = _decode_tolerant(body, name)
            if damaged < fewest and text:
                best, fewest = text, damaged
    return fallback if fallback.count(_LOST) < min(fewest, lost) else best
