"""By what the author of a complaint may be known again: an account, a name, a contact, the same words.

Every mark is a hash, so that the table of marks holds no personal data. A hash of a telephone number can be found by
trying all numbers: this protects against reading along, not against somebody who holds the table and means to know.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from analysis.background import Asked, Sign
from analysis.risk.authority import Speakers
from analysis.risk.facts import REPORTING
from analysis.risk.table import Complainant, RiskTable
from core.text import clean, fold

#: First letter of a mark's key in the table, by sign.
_PREFIX: dict[Sign, str] = {"contact": "c", "account": "i", "text": "t", "name": "n"}
SIGN_OF: dict[str, Sign] = {prefix: sign for sign, prefix in _PREFIX.items()}

_OWN_CUE = r"(?:联系|电话|手机|微信|v信|vx|v:|qq|扣扣|加我|本人|我的|致电)"
#: Numbers of the other side: "销售经理电话 138…".
_THEIR_CUE = re.compile(r"销售|经理|客服|顾问|店里|4s店|他的|她的|老板|厂家|热线|接待|业务员|中介")
_PHONE = re.compile(_OWN_CUE + r"[^\d\n]{0,8}((?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4})(?!\d)")
_WECHAT = re.compile(r"(?:微信号?|v信|vx|weixin)\s?[:是为]?\s?([a-z][a-z0-9_-]{5,19})")
_QQ = re.compile(r"(?:qq|扣扣)号?\s?[:是为]?\s?([1-9]\d{4,10})(?!\d)")
_VIN = re.compile(r"(?<![a-z0-9])(?=[a-z]*\d)(?=[a-hj-npr-z0-9]*[a-z])([a-hj-npr-z0-9]{17})(?![a-z0-9])")
_VIN_TAIL = re.compile(
    r"(?:车架号?|vin码?|车辆识别代?[码号])(?:后|尾)?(?:号|[四五六七八4-8]位)?(?:数|码)?\s?[:是为]?\s?([a-z0-9]{4,8})(?![a-z0-9])"
)
_PLATE = re.compile(
    r"([京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-hj-np-z])[ ·.\-]?"
    r"([a-hj-np-z0-9]{5,6})(?![a-z0-9*])"
)
_CUE_REACH = 10


class Mark(NamedTuple):
    """One sign of one author."""

    sign: Sign
    #: What the table of marks holds: a letter and a hash.
    key: str


class Marker:
    """Finds the marks of posts."""

    def __init__(self, table: RiskTable) -> None:
        self._row: Complainant = table.complainant
        self._speakers = Speakers(table.authority)
        self._generic = frozenset(fold(name) for name in self._row.generic)
        starts = "|".join(re.escape(fold(start)) for start in self._row.starts)
        self._numbered = re.compile(f"(?:{starts})[a-z0-9_\\-]*") if starts else None

    def marks(self, asked: Asked) -> list[Mark]:
        """The marks of one complaint, each once; none for what reporters and authorities publish.

        Name and account count for openers only: who answers in somebody else's thread has not complained once more.
        """
        post = asked.post
        if post.channel in REPORTING or self._speakers.of(post):
            return []
        found = [Mark("contact", _key("contact", contact)) for contact in contacts(asked.own)]
        words = "".join(fold(clean(post.text)).split())
        if len(words) >= self._row.shortest_text:
            found.append(Mark("text", _key("text", words)))
        if post.parent is None:
            if post.author.id and not self._is_generic(post.author.name or "", needs_length=False):
                found.append(Mark("account", _key("account", f"{post.site}\x1f{post.author.id}")))
            if post.author.name and not self._is_generic(post.author.name):
                found.append(Mark("name", _key("name", fold(post.author.name).strip())))
        return list(dict.fromkeys(found))

    def _is_generic(self, name: str, *, needs_length: bool = True) -> bool:
        folded = fold(clean(name))
        if "*" in folded or folded in self._generic:
            return True
        if needs_length and (len(folded) < self._row.shortest_name or folded.isdigit()):
            return True
        return needs_length and bool(self._numbered and self._numbered.fullmatch(folded))


def contacts(own: str) -> Iterator[str]:
    """The author's telephone, WeChat and QQ numbers, licence plates and chassis numbers in a folded text."""
    for kind, pattern in (("phone", _PHONE), ("wechat", _WECHAT), ("qq", _QQ)):
        for match in pattern.finditer(own):
            if not _THEIR_CUE.search(own[max(0, match.start() - _CUE_REACH) : match.start(1)]):
                value = re.sub(r"\D", "", match[1])[-11:] if kind == "phone" else match[1]
                yield f"{kind}:{value}"
    for match in _VIN.finditer(own):
        yield f"vin:{match[1][-6:]}"
    for match in _VIN_TAIL.finditer(own):
        if any(character.isdigit() for character in match[1]):
            yield f"vin:{match[1][-6:]}"
    for match in _PLATE.finditer(own):
        if any(character.isdigit() for character in match[2]):
            yield f"plate:{match[1]}{match[2]}"


@cache
def _salt(sign: Sign) -> bytes:
    return f"tingfeng complainant {sign}\x1f".encode()


def _key(sign: Sign, value: str) -> str:
    digest = hashlib.sha256(_salt(sign) + value.encode("utf-8", "replace")).hexdigest()[:40]
    return f"{_PREFIX[sign]}:{digest}"
