"""Mentions as the embedded index keeps them: JSON, packed small against what all of them say alike."""

from __future__ import annotations

import json
import zlib
from hashlib import blake2b

from core.model import Mention
from core.wire import dumps
from index.bodies import body_of, mention_of_body

#: What bodies are full of, the most frequent last: a packed body that repeats it says only where. It belongs to the
#: format of the file: whoever changes it raises `FORMAT`.
_ALIKE = (
    '{"id":"0123456789abcdef","kind":"weibo","kind":"tieba","kind":"qa","kind":"complaint","kind":"news","kind":"manual"'
    ',"channel":"broadcast","channel":"complaint","channel":"weibo","channel":"tieba","channel":"qa","channel":"news",'
    '"url":"http://www.","url":"https://weibo.com/","url":"https://tieba.baidu.com/p/","evidence":"complete",'
    '"grade":"A","grade":"B","grade":"C","reasons":[{"code":"category.","text":"","points":0,"span":[0,'
    '"span":null},{"code":"negative.","text":"负面概率","points":10,"span":null}],"model":"general-3"'
    '汽车4S店门店服务态度质量问题投诉维权退车退款刹车失灵异响漏油变速箱发动机销售顾问客服经理说没有的了是我们不在有'
    '{"id":"","kind":"forum","site":"","native_id":"","url":"https://","channel":"forum","title":null,"text":"",'
    '"author":{"id":null,"name":"","followers":null,"region":null},"published":"2026-03-15T00:00:00+00:00",'
    '"edited":null,"collected":"2026-03-15T00:00:00+00:00","floor":null,"parent":null,'
    '"counts":{"views":null,"replies":null,"likes":null,"reposts":null},"images":[],'
    '"verdict":{"id":"","negative":0.0,"subjects":[""],"categories":[],"event":null,"risk":0,"grade":null,'
    '"reasons":[],"model":""},"source":null,"evidence":null}'
).encode()  # fmt: skip
_LEVEL = 3


def packed(mention: Mention) -> tuple[bytes, int]:
    """The body, and a number that differs when the body does."""
    plain = dumps(body_of(mention)).encode()
    packer = zlib.compressobj(_LEVEL, zdict=_ALIKE)
    return packer.compress(plain) + packer.flush(), int.from_bytes(blake2b(plain, digest_size=8).digest(), signed=True)


def unpacked(body: bytes) -> Mention:
    """The mention that `packed` packed."""
    return mention_of_body(json.loads(zlib.decompressobj(zdict=_ALIKE).decompress(body)))
