"""Whom the anger is for: praise of us beside anger at a rival is not a bad word about us.

A bag of words cannot tell. So where a post contrasts us with somebody else, only the clauses about us are judged.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from analysis.comparisons import blames_others, mark
from analysis.reading import Reading
from analysis.subjects import Match

#: Somebody else's car, shop or brand; kept generic, other watched subjects are recognised by their names.
_OTHERS = re.compile(
    r"隔壁|对面|别家|别人家|别的(?:店|车|品牌|牌子)|其他(?:店|品牌|牌子|家)|其它(?:店|品牌|牌子|家)|另一家|另外[一两几](?:台|家|辆)|友商|竞品|外面店"
    r"|(?:朋友|同事|邻居|同学|亲戚|老丈人|[表堂][哥弟姐妹]|领导|我姐|我哥|我弟|我妹|我叔|我舅|大舅哥|小舅子|连襟|闺蜜|室友)"
    r"家?(?:的|那台|那辆|买的|开的|提的|那车)|我那(?:台|辆)?旧|旧车(?!主)|老车(?!主|友)|上一(?:台|辆)|上(?:台|辆)车"
    r"|以前(?:那|的|开)|之前(?:那|开)|原来(?:那|开)|比起|相比|对比"
    r"|路边摊|洗车行|网约车|出租车|外卖|保险公司|对方司机|我(?:去|买|开)的是(?=[^,。;!?]{2,6}的?(?:店|车))"
    r"|大众|丰田|本田|日产|福特|别克|雪佛兰|现代|起亚|奔驰|宝马|奥迪|沃尔沃|雷克萨斯|凯迪拉克|特斯拉|比亚迪|吉利|长安|长城|哈弗"
    r"|奇瑞|荣威|名爵|蔚来|小鹏|理想|极氪|问界|小米|零跑|哪[吒咤]|捷达|斯柯达|标致|雪铁龙|马自达|斯巴鲁|三菱|路虎|捷豹|保时捷"
)
#: Turns to us after somebody else.
_TURNS = re.compile(
    r"还好(?!意思|像)|幸好|幸亏|好在|庆幸|得亏|转头|转投|换成|换了|换到|改买|改选|反观|还是|再怎么|起码|至少"
    r"|下一?(?:台|辆)|(?:考虑|推荐我?|建议我?|让我)(?:去|买|换|选|看)|考虑|羡慕"
)
#: "修了三次，还是曜行的老毛病", "曜行至少给个说法": what came before was about us, too.
_COMPLAINS = re.compile(r"(?<!差)不(?!错|少)|没|坑|差|骗|说法|交代|解决|处理|退|赔|卖|道歉|毛病|问题|坏|漏|修|响|投诉")
#: Who only looks on has no part in it: "我开曜行的默默喝茶".
_LOOKS_ON = re.compile(r"吃瓜|围观|喝茶|看戏|看热闹|情绪稳定")
#: Somebody else's trouble does not reach us: "召回的是甲车,同级的曜行不受影响".
_SPARED = re.compile(
    r"(?:(?:不|未|没有?)受(?:此|本次|该|这次)?[^,。;!?]{0,4}影响|不在(?:此次|本次|该次|这次)?召回|(?:不|未)涉及(?:召回|该|此|本次))"
)
_REST_OF_US = re.compile(r"其他|其余|其它|别的|暂")
_SENTENCE_ENDS = "。!?;\n"
#: Who names us more often writes no text of his own.
_MOST_NAMES = 60
#: Our name as a landmark: "东湖店旁边那家洗车行".
_BESIDE = re.compile(r"(?:的)?(?:旁边|隔壁|对面|斜对面|附近|楼下)(?!的?(?:售后|展厅|维修|车间|仓库|交车))")
_OUR_TRADE = re.compile(r"提车|取车|保养|维修|销售|售后|4s|修车|前台|技师")


def about_subjects(reading: Reading, matches: Sequence[Match]) -> Reading:
    """The reading narrowed to the clauses about the subjects, where the post sets them against somebody else.

    Elsewhere the reading comes back as it is. A clause that names nobody belongs to whoever was named before it.
    Nothing at all is left where we are only the better measure of somebody else, or a landmark beside them.
    """
    if not matches:
        return reading
    own = reading.own
    if spared := _spared(own, matches):
        return _only(reading, spared)
    landmarks = _landmarks(reading, matches)
    if not (landmarks or _OTHERS.search(own) or _TURNS.search(own) or _LOOKS_ON.search(own) or "比" in own):
        return reading
    marked = mark(own, [match.span for match in matches])
    starts = sorted(match.span[0] for match in matches)
    ours: list[tuple[int, int]] = []
    speaks_of: str | None = None
    is_contrast = False
    for start, end in reading.clauses():
        clause = own[start:end]
        before = speaks_of
        named = bisect_left(starts, start) < bisect_left(starts, end)
        if named and (landmarks or blames_others(marked, start, end)):
            speaks_of, is_contrast = "others", True
        elif named:
            speaks_of = "us"
            is_contrast |= before == "others" or (before is None and start > 0 and _turns(clause))
        elif _OTHERS.search(clause) or blames_others(marked, start, end):
            speaks_of = "others"
            is_contrast |= before == "us"
        if speaks_of == "us":
            ours.append((start, end))
    return _only(reading, ours) if is_contrast else reading


def names_others(text: str) -> bool:
    """Whether a folded text names somebody else's car, shop or brand."""
    return bool(_OTHERS.search(text))


def said_of_each(reading: Reading, matches: Sequence[Match]) -> list[tuple[str, Reading]]:
    """What the post says of each subject, where clauses speak of different ones; else nothing.

    A clause belongs to the subjects it names, or to those named before it. A brand within the name of its store or
    model is not a subject of its own here.
    """
    if not 2 <= len(matches) <= _MOST_NAMES or len({match.subject for match in matches}) < 2:
        return []
    outer = [match for match in matches if not any(_covers(other, match) for other in matches)]
    if len({match.subject for match in outer}) < 2:
        return []
    spans: dict[str, list[tuple[int, int]]] = {}
    current: tuple[str, ...] = ()
    for start, end in reading.clauses():
        named = tuple(dict.fromkeys(match.subject for match in outer if start <= match.span[0] < end))
        current = named or current
        for subject in current:
            spans.setdefault(subject, []).append((start, end))
    if len({tuple(found) for found in spans.values()}) < 2:
        return []
    return [(subject, _only(reading, found)) for subject, found in spans.items()]


def _turns(clause: str) -> bool:
    """Whether a clause that names us turns to us from somebody else: it complains of nothing itself."""
    return bool(_TURNS.search(clause) or _LOOKS_ON.search(clause)) and not _COMPLAINS.search(clause)


def _spared(own: str, matches: Sequence[Match]) -> list[tuple[int, int]]:
    """Where we are named, if all that is said of us is that somebody else's trouble does not reach us."""
    if not _SPARED.search(own):
        return []
    spans = []
    for match in matches:
        start = max(own.rfind(sign, 0, match.span[0]) for sign in _SENTENCE_ENDS) + 1
        end = min((at for sign in _SENTENCE_ENDS if (at := own.find(sign, match.span[1])) >= 0), default=len(own))
        if not _SPARED.search(own, match.span[1], end) or _REST_OF_US.search(own, match.span[1], end):
            return []
        spans.append((start, end))
    return sorted(dict.fromkeys(spans))


def _landmarks(reading: Reading, matches: Sequence[Match]) -> bool:
    """Whether every mention only says where something is, and nothing of our trade follows."""
    if not all(_BESIDE.match(reading.own, match.span[1]) for match in matches):
        return False
    return not _OUR_TRADE.search(reading.own, matches[0].span[1])


def _covers(outer: Match, inner: Match) -> bool:
    return outer.span != inner.span and outer.span[0] <= inner.span[0] and inner.span[1] <= outer.span[1]


def _only(reading: Reading, spans: Sequence[tuple[int, int]]) -> Reading:
    """The same reading with everything blanked outside of the spans."""
    pieces, at = [], 0
    for start, end in spans:
        pieces += [" " * (start - at), reading.own[start:end]]
        at = end
    pieces.append(" " * (len(reading.own) - at))
    return replace(reading, own="".join(pieces))
