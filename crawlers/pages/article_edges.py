"""Where an article begins and ends: what extractors keep above and below it that is not its text."""

from __future__ import annotations

import re

_BYLINE = re.compile(
    r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}|来源\s*[:：]|作者\s*[:：]|(?:^|\s)记者\s|发布时间|字号|分享到|阅读\s*[:：(]|浏览"
)
_SENTENCE = re.compile(r"[。！？][”’」』）)]?$")
#: What stands above other articles' teasers.
_OTHERS = re.compile(
    r"[【\[]?(?:推荐|延伸|相关|拓展|热门|更多)(?:阅读|新闻|链接|推荐|文章|报道|资讯|内容)[】\]]?\s*[:：]?|猜你喜欢|为您推荐|精彩推荐|热点推荐|大家都在看"
)
#: What platforms put below every article; an editor's line stays, it belongs to the article.
_STATEMENT = re.compile(
    r"(?:特别|平台|免责|版权|郑重)?(?:声明|聲明|提示)\s*[:：].*|Notice\s*[:：].*|举报/?反馈|返回\S{2,4}[，,]\s*查看更多|查看更多|"
    r".{0,24}尽在.{2,12}(?:APP|客户端)|(?:打开|下载).{2,12}(?:APP|客户端).{0,20}|[上下]一[篇条页]\s*[:：].{0,60}|"
    r"\S{0,12}(?:APP|客户端)?\s*(?:微信)?(?:公众号|二维码)|[（(]?(?:本文)?(?:来源|转载)[:：].{0,20}侵(?:权)?删.*|点击(?:进入|查看).{0,20}",
    re.I,
)
_SHORTEST = 40
_LAST_LINES = 6


def trimmed(text: str, title: str) -> str:
    """The body without headline and byline above it, and without teasers and statements below it."""
    return _without_tail(without_head(text, title))


def without_head(text: str, title: str) -> str:
    """The body without the headline and byline that some extractors keep above it."""
    wanted = "".join(title.split())
    lines = text.split("\n")
    place = 0
    for number, line in enumerate(lines[:6]):
        plain = "".join(line.split())
        if len(line) >= _SHORTEST and _SENTENCE.search(plain) and plain != wanted:
            break  # the text has begun
        if plain == wanted or (len(line) < 90 and not _SENTENCE.search(plain) and _BYLINE.search(line)):
            place = number + 1
    rest = "\n".join(lines[place:])
    return rest if len(rest) >= _SHORTEST else text


def _without_tail(text: str) -> str:
    lines = text.split("\n")
    seen = 0
    for number, line in enumerate(lines):
        if seen * 2 > len(text) and len(line) <= 12 and _OTHERS.fullmatch(line.strip()):
            lines = lines[:number]
            break
        seen += len(line)
    end = len(lines)
    for number in range(len(lines) - 1, max(0, len(lines) - _LAST_LINES), -1):
        if _STATEMENT.fullmatch(lines[number].strip()):
            end = number
    kept = "\n".join(lines[:end])
    return kept if len(kept) >= _SHORTEST else text
