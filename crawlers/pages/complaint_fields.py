"""The labelled facts of a complaint ("投诉对象：…"), wherever a page puts them: lists, tables, plain lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from core.text import clean
from crawlers.pages.markup import Element, text_of

#: What a label means, by the words pages use for it. "投诉" before a label changes nothing.
_MEANINGS: dict[str, tuple[str, ...]] = {
    "number": ("编号", "单号", "工单号", "编码", "号"),
    "target": (
        "对象", "商家", "企业", "公司", "商户", "被方", "被诉方", "商家名称", "企业名称", "公司名称", "被投诉方",
        "被投诉商家", "被投诉企业", "被投诉对象", "厂家", "生产企业", "服务单位", "经销商", "经销商名称", "4S店",
        "4s店", "单位", "购车商家", "购买商家", "购车经销商", "销售商", "购车店",
    ),
    "brand": ("品牌", "汽车品牌", "车辆品牌", "所属品牌"),
    "series": ("车系", "涉及车系"),
    "model": ("车型", "涉及车型", "车辆型号", "具体车型", "型号"),
    "issue": (
        "问题", "典型问题", "问题类型", "类型", "类别", "分类", "故障", "故障部位", "问题分类", "原因", "故障类型",
    ),
    "appeal": ("诉求", "要求", "我的诉求", "期望解决方式", "消费者诉求", "车主诉求", "请求"),
    "cost": ("金额", "涉诉金额", "涉及金额", "消费金额", "涉案金额"),
    "status": ("进度", "状态", "处理状态", "当前状态", "处理进度", "处理结果状态", "进展"),
    "time": ("时间", "日期", "发布时间", "提交时间", "发起时间", "发布日期", "投稿时间"),
    "who": ("人", "者", "用户", "车主", "网友", "消费者", "用户名", "车主姓名", "姓名"),
    "bought": ("购车时间", "购买时间", "购车日期"),
    "mileage": ("行驶里程", "里程", "公里数", "行驶公里"),
    "place": ("地区", "所在地", "地点", "区域", "所在地区", "省市", "城市"),
    "title": ("标题", "简述", "主题", "问题简述", "题目"),
    "text": (
        "内容", "详情", "正文", "描述", "问题描述", "详细描述", "详细内容", "事件描述", "具体内容", "经过", "详细情况",
    ),
    "reply": (
        "回复", "企业回复", "厂家回复", "商家回复", "厂商回复", "经销商回复", "官方回复", "回复内容", "处理结果",
        "厂家答复", "商家答复", "企业答复", "处理意见", "公司回复", "4S店回复", "反馈", "企业反馈", "厂家反馈",
        "商家反馈",
    ),
    "replied": ("回复时间", "答复时间", "处理时间", "回复日期", "反馈时间"),
}  # fmt: skip
_LABELS = {word: meaning for meaning, words in _MEANINGS.items() for word in words}
#: Words so common that they are labels only with "投诉" before them.
_WITH_PREFIX = frozenset({"号", "人", "者", "问题", "企业", "公司", "单位", "类型", "地区", "用户", "内容", "被方"})
_PREFIX = re.compile(r"^(?:我的)?(?:投诉|投訴|被投诉|质量投诉|消费投诉)?(?:的)?")
_TRIM = re.compile(r"^[\s【\[(（●·*★■◆▪-]+|[\s】\])）:\uff1a]+$")
_LINE = re.compile(
    r"^\s*[【\[]?([\u4e00-\u9fff4Ss]{1,9})[】\]]?\s*[:\uff1a]\s*(.{0,4000})$|^\s*[【\[]([\u4e00-\u9fff]{2,9})[】\]]\s*(.{0,4000})$"
)
_BRACKETED = re.compile(r"^[【\[(（]\s*(.{1,60}?)\s*[】\])）]$")
_LABELLED = " or ".join(
    f"self::{tag}" for tag in ("th", "dt", "label", "td", "span", "em", "strong", "b", "i", "p", "div")
)
_LONGEST = 12
_MOST_PAIRS = 20_000
_MOST_LINES = 5000


def meaning_of(label: str) -> str | None:
    """What a label means; `None` for a word that is none."""
    word = _TRIM.sub("", "".join(label.split()))
    word = _TRIM.sub("", word)
    if not 1 <= len(word) <= _LONGEST:
        return None
    bare = _PREFIX.sub("", word)
    if bare == word and word in _WITH_PREFIX:
        return None
    return _LABELS.get(word) or _LABELS.get(bare)


def read_fields(root: Element) -> dict[str, str]:
    """Meaning → value, the first of each; a value is one line."""
    found: dict[str, str] = {}
    for label, value in (*_pairs(root), *_lines(text_of(root))):
        meaning = meaning_of(label)
        value = _value(value)
        if meaning and value and meaning_of(value) is None:
            found.setdefault(meaning, value)
    return found


def _value(text: str) -> str:
    text = " ".join(clean(text).split())
    inside = _BRACKETED.match(text)
    return inside[1] if inside else text


def _pairs(root: Element) -> Iterator[tuple[str, str]]:
    """Label and value in elements of their own: <th><td>, <dt><dd>, <label>…, <span>…:</span><span>…</span>."""
    for label in root.xpath(f".//*[{_LABELLED}]")[:_MOST_PAIRS]:
        if len(label) or not label.text or len(label.text) > 24 or meaning_of(label.text) is None:
            continue
        tail = clean(label.tail or "")
        if tail.strip(":\uff1a "):
            yield label.text, tail.lstrip(":\uff1a ")
            continue
        following = label.getnext()
        if following is not None and isinstance(following.tag, str) and following.tag not in ("ul", "ol", "table"):
            value = clean(following.xpath("string()"))
            if len(value) <= 300:
                yield label.text, value


def _lines(text: str) -> Iterator[tuple[str, str]]:
    lines = text.split("\n")[:_MOST_LINES]
    for place, line in enumerate(lines):
        found = _LINE.match(line[:4020])
        if found is None:
            continue
        label, value = (found[1], found[2]) if found[1] else (found[3], found[4])
        following = lines[place + 1] if place + 1 < len(lines) else ""
        yield label, value or (following if not _LINE.match(following[:60]) else "")


#: In which order and under which words the facts stand before the story.
_SHOWN = (
    ("target", "投诉对象"), ("brand", "品牌"), ("series", "车系"), ("model", "车型"), ("bought", "购车时间"),
    ("mileage", "行驶里程"), ("place", "地区"), ("issue", "问题"), ("appeal", "诉求"), ("cost", "涉诉金额"),
)  # fmt: skip


def facts(fields: dict[str, str]) -> list[str]:
    """The facts as lines a reader understands; status and time are not the complainant's words."""
    return [f"{label}：{fields[name]}" for name, label in _SHOWN if fields.get(name)]


def is_nothing(text: str) -> bool:
    """Whether a reply says only that there is none yet."""
    said = "".join(text.split())
    return not said or bool(
        re.fullmatch(
            r"(?:暂无|尚无|等待|还?没有|未|尚未|待)?.{0,8}(?:暂无|未回复|未答复|等待回复|待回复|没有回复|尚未回复|暂未回复|无回复|回复中|处理中)[。.!！]?|无|--?",
            said,
        )
    )


def first_of(fields: dict[str, str], names: Iterable[str]) -> str | None:
    """The first of these facts that the page gives."""
    return next((fields[name] for name in names if fields.get(name)), None)
