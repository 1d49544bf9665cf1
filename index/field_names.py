"""The fields one can search by, what people call them, and what we say to a name that is none of them."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from core.text import fold

#: Every field with its names, the first of which is the one that help shows. `store` is a subject that is a store.
_NAMES: Mapping[str, str] = {
    "subject": "对象 监测对象",
    "store": "门店",
    "channel": "渠道",
    "category": "类别 分类",
    "grade": "等级 级别",
    "author": "作者",
    "site": "站点 网站",
    "source": "信源",
    "event": "事件",
    "date": "日期 时间",
    "day": "日",
    "has": "含有 有",
    "risk": "风险 风险分 风险值",
    "negative": "概率 负面概率 负面",
}
FIELDS = tuple(_NAMES)
CHINESE_NAMES = {word: name for name, words in _NAMES.items() for word in words.split()}
#: What people try, and what it is called here.
_MEANT = {
    "brand": "subject", "model": "subject", "person": "subject", "name": "subject", "about": "subject",
    "shop": "store", "dealer": "store", "platform": "channel", "type": "category", "topic": "category",
    "tag": "category", "level": "grade", "severity": "grade", "user": "author", "from": "author", "by": "author",
    "host": "site", "domain": "site", "url": "site", "feed": "source", "time": "date", "since": "date",
    "until": "date", "before": "date", "after": "date", "score": "risk", "probability": "negative",
    "sentiment": "negative", "with": "has", "filter": "has", "is": "has",
    "品牌": "对象", "车型": "对象", "人物": "对象", "主体": "对象", "店": "门店", "店名": "门店", "平台": "渠道",
    "媒体": "渠道", "类型": "类别", "话题": "类别", "标签": "类别", "级": "等级", "用户": "作者", "网友": "作者",
    "博主": "作者", "域名": "站点", "网址": "站点", "来源": "信源", "发布时间": "日期", "得分": "风险", "分数": "风险",
    "情感": "概率", "包含": "含有", "附件": "含有",
}  # fmt: skip
_EXAMPLES = {
    "subject": "对象:星辰汽车",
    "store": "门店:城东店",
    "channel": "渠道:微博",
    "category": "类别:车辆质量",
    "grade": "等级:A",
    "author": "作者:李先生",
    "site": "站点:bbs.example.com",
    "source": "信源:city-forum",
    "event": "事件:e1",
    "date": "日期:近7天",
    "day": "day:2026-03-15",
    "has": "有:证据",
    "risk": "风险>=60",
    "negative": "概率>=80%",
}


def canonical(name: str) -> str | None:
    """The field that somebody's word for it means; `None` where there is none."""
    folded = fold(name)
    return CHINESE_NAMES.get(folded) or (folded if folded in FIELDS else None)


def chinese(field: str) -> str:
    """What a field is called for readers."""
    return _NAMES[field].split()[0]


def example(field: str) -> str:
    """A search by the field, for messages."""
    return _EXAMPLES[field]


def is_range(field: str) -> bool:
    """Whether its values have an order, so that people ask for ranges of them."""
    return field in ("risk", "negative", "date", "day")


def is_tried(name: str) -> bool:
    """Whether people try this name for a field that is called otherwise."""
    return fold(name) in _MEANT


def meant(name: str) -> str | None:
    """The name, in the same language, that somebody may have meant by one that is no field."""
    folded = fold(name)
    known = FIELDS if folded.isascii() else tuple(CHINESE_NAMES)
    return _MEANT.get(folded) or next(iter(get_close_matches(folded, known, n=1)), None) or _one_off(folded, known)


def _one_off(name: str, known: tuple[str, ...]) -> str | None:
    """A name of the same length that differs in one character: 对像, 渠到."""
    for one in known:
        if len(one) == len(name) > 1 and sum(a != b for a, b in zip(one, name, strict=True)) == 1:
            return one
    return None


def all_names() -> str:
    """Every field, for messages."""
    return "、".join(f"{name} {chinese(name)}" for name in FIELDS if name != "day")
