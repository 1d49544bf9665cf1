"""Who signed an article: a person where the page names one, else the medium it came from.

Pages put the site's own name, "admin" or a number into their author tags, so a claim that reads like a medium waits
until no person is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.text import clean
from crawlers.pages.article_data import PageData
from crawlers.pages.article_facts import squeezed
from crawlers.pages.markup import Element, text_of

_LABELS = "|".join(
    (
        "点击", "阅读", "浏览", "评论", "时间", "日期", "发布", "责任", "更新", "字号", "字体", "分享", "打印", "人气",
        "次数", "编辑", "责编", "来源", "來源", "作者", "出处", "栏目", "標籤", "标签", "关键", "热度", "收藏",
    )
)  # fmt: skip
_ROLES = f"摄影|摄|通讯员|记者|整合|报道|實習|实习|{_LABELS}"
_NAME = (
    rf"((?!{_LABELS})[\u4e00-\u9fff·]{{2,12}}(?:[ 、](?!{_ROLES})[\u4e00-\u9fff·]{{2,4}}){{0,3}}"
    r"|[A-Za-z][\w .'-]{1,24})"
)
_AUTHOR_LINE = re.compile(
    rf"(?:作者|撰文|撰稿|执笔|(?:^|\s)文)\s*[:：/|／]\s*{_NAME}|(?:^|\s|[|｜（(])(?:记者|記者|通讯员)[:：\s]\s*{_NAME}"
)
#: "本报讯（记者 林小舟）", "〔記者林小舟／江城報導〕", at the head or the foot of the text.
_IN_TEXT = re.compile(
    r"[（(〔\[【][\u4e00-\u9fff]{0,12}(?:记者|記者|通讯员)\s*[:：]?\s*"
    r"([\u4e00-\u9fff·]{2,4}(?:[ 、][\u4e00-\u9fff·]{2,4}){0,3})\s*(?=[）)〕\]】/／|，, ])"
)
_SOURCE_LINE = re.compile(
    r"(?:来源|來源|出处|稿源|信息来源|文章来源|转自)\s*[:：]\s*[“\"《]?([^\s|｜，,。;；“”\"《》()（）【】\[\]:：]{2,30}?)"
    rf"(?=(?:类型|类别|{_LABELS})\s*[:：]|[\s|｜，,。;；“”\"《》()（）【】\[\]:：]|$)"
)
_MEDIUM = re.compile(
    r"(?:网|網|报|報|台|臺|社|号|频道|客户端|之家|中心|新闻|新聞|在线|热线|资讯|传媒|杂志|周刊|局|委员会|政府|官网|媒体|"
    r"车讯|汽车|论坛|博客|\.(?:com|cn|net|org))$",
    re.I,
)
_ALONE = re.compile(
    r"[\u4e00-\u9fffA-Za-z]{1,10}(?:日报|晚报|时报|早报|商报|周刊|新闻网|时报网|通讯社|新华社|中新网|人民网|客户端|电视台|广播网)|新华社"
)
_NOBODY = re.compile(
    r"admin\w*|root|null|none|undefined|webmaster|unknown|author|test|管理员|佚名|未知|无|匿名|\d+", re.I
)
#: Said in a byline where nobody is named; an account may be called so.
_NO_SIGNATURE = re.compile(r"(?:网络|综合|本站|互联网)?(?:整理|综合|转载|原创|网络|本站|互联网|网友|编辑)")
_SIGNED = (
    "//*[@rel='author' or @itemprop='author' or self::span[contains(@class,'author') and contains(@class,'vcard')]]"
)
_MEDIA_NAMES = (
    "//*[@id='js_name' or @data-testid='author-name']",
    "//*[contains(concat(' ',normalize-space(@class),' '),' source ') or contains(@class,'author-name')"
    " or contains(@class,'authorName') or contains(@class,'media-name')]",
    "//*[contains(concat(' ',normalize-space(@class),' '),' name ')]//a",
)
_AUTHOR_TAGS = ("author", "article:author", "og:article:author", "dc.creator", "byl")
_SOURCE_TAGS = ("source", "contentsource", "article:source", "mediaid", "og:site_name", "application-name")
_TAIL_LINES = 14
_LONGEST, _LONGEST_MEDIUM = 40, 30


def read_author(root: Element, data: PageData, *, title: str | None, body: str) -> str | None:
    """The person who signed it, else the medium; 2 to 40 characters, or `None`."""
    signed = [clean(node.xpath("string()")) for node in root.xpath(_SIGNED)[:3]]
    claims = [data.meta.get(name, "") for name in _AUTHOR_TAGS] + data.authors[:1] + signed
    usable = [name for claim in claims if _is_name(name := claim.strip(" ⋅·•|"))]
    page_title = squeezed(root.xpath("string(//head/title|//title)"))
    # What the page's title says beside the headline is the site.
    site = page_title.replace(squeezed(title or ""), "")
    own = [claim for claim in usable if squeezed(claim) not in site]
    # What stands beside the article is signed for it; a tag in the head may be the same on all pages.
    persons = [claim for claim in own if not _MEDIUM.search(claim) or claim in signed]
    byline = list(_byline(root, title))
    text = body.split("\n")
    in_text = _in_text([*text[:2], *text[-3:], *byline[:8]])
    named = next(iter(persons), None) or _found(_AUTHOR_LINE, byline) or in_text
    return named or _found(_SOURCE_LINE, byline) or next(iter(usable), None) or _medium(root, data) or _alone(byline)


def _alone(byline: list[str]) -> str | None:
    """A medium's name on a line of its own ("新华社"), close below the headline."""
    return next((line for line in byline[1:4] if _ALONE.fullmatch(line)), None)


def _is_name(claim: str) -> bool:
    return 2 <= len(claim) <= _LONGEST and not set("@/<") & set(claim) and not _NOBODY.fullmatch(claim)


def _byline(root: Element, title: str | None) -> Iterator[str]:
    """The lines after the headline."""
    top = root.find("body")
    lines = text_of(top if top is not None else root).split("\n")[:3000]
    wanted = squeezed(title or "")
    place = next((place for place, line in enumerate(lines) if wanted and wanted in squeezed(line)), None)
    return (line for line in lines[place : place + _TAIL_LINES] if len(line) < 120) if place is not None else iter(())


def _found(pattern: re.Pattern[str], lines: list[str]) -> str | None:
    for line in lines:
        if (found := pattern.search(line)) is not None:
            name = next(name for name in found.groups() if name).strip(" ⋅·•")
            if _is_name(name) and not _NO_SIGNATURE.fullmatch(name):
                return name
    return None


def _in_text(lines: list[str]) -> str | None:
    for line in lines:
        if (found := _IN_TEXT.search(line[:300])) is not None:
            return found[1]
    return None


def _medium(root: Element, data: PageData) -> str | None:
    """Which medium it came from, as the page's own data, the tags or the places for its name say."""
    claims = data.sources[:1]
    claims += [re.sub(r"^(?:来源|來源)\s*[:：]\s*", "", data.meta.get(name, "")) for name in _SOURCE_TAGS[:4]]
    for path in _MEDIA_NAMES:
        claims += [
            re.sub(r"^(?:来源|來源)\s*[:：]\s*", "", clean(node.xpath("string()"))) for node in root.xpath(path)[:3]
        ]
    claims += [data.meta.get(name, "") for name in _SOURCE_TAGS[4:]]
    names = (claim.strip(" ⋅·•|") for claim in claims)
    return next((name for name in names if _is_name(name) and len(name) <= _LONGEST_MEDIUM), None)
