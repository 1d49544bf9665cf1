"""Emoticons as signs of their own: "[大哭]", "T_T" and "[流泪]" are one token, and their letters are no words.

A platform writes a picture of a face as a name in brackets. Read as words, "[可怜]" would pity and "[酷]" would praise;
left out, much of what a short post says would be lost.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from analysis.reading import visible

_TABLE = Path(__file__).parent / "lexicons" / "emoticons.toml"
_OPEN_ENDED = "abcdefghijklmnopqrstuvwxyz("
_NO_MORE = r"(?![a-z0-9]|(?<=\()\w)"
#: Longer names are no emoticons.
LONGEST_NAME = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Emoticons:
    """What stands for what; every value is a name in brackets between blanks, or a blank."""

    #: By folded name.
    named: Mapping[str, str]
    #: By folded face.
    faces: Mapping[str, str]


@cache
def bundled_emoticons() -> Emoticons:
    """The table that ships with the product."""
    table = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    named = dict.fromkeys(map(visible, table["placeholders"]), " ")
    faces: dict[str, str] = {}
    for row in table["emoticon"]:
        sign = f" [{row['name']}] "
        named |= dict.fromkeys(map(visible, [row["name"], *row["names"]]), sign)
        faces |= dict.fromkeys(map(visible, row.get("faces", ())), sign)
    return Emoticons(named=named, faces=faces)


@cache
def face_pattern() -> str:
    """The faces as one alternation, longest first.

    A face that ends in a letter or in an open bracket is none where a word goes on: "t_test", "价格:(含税)". Whether a
    word ends where a face of letters begins is left to the caller.
    """
    faces = sorted(bundled_emoticons().faces, key=lambda face: (-len(face), face))
    return "|".join(re.escape(face) + (_NO_MORE if face[-1] in _OPEN_ENDED else "") for face in faces)
