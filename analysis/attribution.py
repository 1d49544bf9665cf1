"""Whom the anger is for: praise of us beside anger at a rival is not a bad word about us.

A bag of words cannot tell. So where a post contrasts us with somebody else, only the clauses about us are judged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from analysis.reading import Reading
from analysis.subjects import Match

#: Somebody else's car, shop or brand; kept generic, other watched subjects are recognised by their names.
_OTHERS = re.compile(
    r"隔壁|对面|别家|别人家|别的(?:店|车|品牌|牌子)|其他(?:店|品牌|牌子|家)|其它(?:店|品牌|牌子|家)|另一家|友商|竞品"
    r"|(?:朋友|同事|邻居|同学|亲戚|老丈人|表哥|领导)(?:家)?的|我那(?:台|辆)?旧|旧车|老车|上一(?:台|辆)|上(?:台|辆)车"
    r"|以前(?:那|的|开)|之前(?:那|开)|原来(?:那|开)|比起|相比|对比"
    r"|大众|丰田|本田|日产|福特|别克|雪佛兰|现代|起亚|奔驰|宝马|奥迪|沃尔沃|雷克萨斯|凯迪拉克|特斯拉|比亚迪|吉利|长安|长城|哈弗"
    r"|奇瑞|荣威|名爵|蔚来|小鹏|理想|极氪|问界|小米|零跑|哪[吒咤]|捷达|斯柯达|标致|雪铁龙|马自达|斯巴鲁|三菱|路虎|捷豹|保时捷"
)
#: Turns to us after somebody else.
_TURNS = re.compile(r"还好|幸好|幸亏|好在|庆幸|转头|转投|换成|换了|换到|改买|改选|反观")


def about_subjects(reading: Reading, matches: Sequence[Match]) -> Reading:
    """The reading narrowed to the clauses about the subjects, where the post sets them against somebody else.

    Elsewhere the reading comes back as it is. A clause that names nobody belongs to whoever was named before it.
    """
    if not matches or not (_OTHERS.search(reading.own) or _TURNS.search(reading.own)):
        return reading
    ours: list[tuple[int, int]] = []
    speaks_of: str | None = None
    is_contrast = False
    for start, end in reading.clauses():
        clause = reading.own[start:end]
        before = speaks_of
        if any(start <= match.span[0] < end for match in matches):
            speaks_of = "us"
            is_contrast |= before == "others" or (before is None and start > 0 and bool(_TURNS.search(clause)))
        elif _OTHERS.search(clause):
            speaks_of = "others"
            is_contrast |= before == "us"
        if speaks_of == "us":
            ours.append((start, end))
    return _only(reading, ours) if is_contrast and ours else reading


def names_others(text: str) -> bool:
    """Whether a folded text names somebody else's car, shop or brand."""
    return bool(_OTHERS.search(text))


def _only(reading: Reading, spans: Sequence[tuple[int, int]]) -> Reading:
    """The same reading with everything blanked outside of the spans."""
    pieces, at = [], 0
    for start, end in spans:
        pieces += [" " * (start - at), reading.own[start:end]]
        at = end
    pieces.append(" " * (len(reading.own) - at))
    return replace(reading, own="".join(pieces))
