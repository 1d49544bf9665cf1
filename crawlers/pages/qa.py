"""Questions and answers: Baidu Zhidao, Zhihu, pages that declare a QAPage, and question sites by their structure.

The question is floor 1 and carries the title; answers follow in the page's order and answer it. Who gets to read what
differs by site (see the modules beside this one); not verified against live sites. Last checked 2026-11.
"""

from __future__ import annotations

import re

from crawlers.pages import qa_generic, qa_schema, qa_zhidao, qa_zhihu
from crawlers.pages.base import PageContext, PageParser, Parsed, stopped
from crawlers.pages.markup import Element, parse_html, text_of
from crawlers.pages.qa_boxes import MOST_ELEMENTS
from crawlers.pages.refusals import refusal
from crawlers.pages.urls import site_of

_GONE = re.compile(
    r"(?:问题|提问|页面|内容|网页|资源)[^。,\uff0c]{0,10}(?:不存在|已被?(?:[^。,\uff0c]{0,6})删除|已关闭|已失效|已下线|不可见|走丢)|"
    r"(?:已被?|被)(?:[^。,\uff0c]{0,6})删除|你?似乎来到了没有知识存在的荒原"
)
_SHORT = 1500


def parse(body: bytes, page: PageContext) -> Parsed:
    """The questions of a list, or a question with its answers; never raises."""
    if (refused := refusal(body, page, expects="html")) is not None:
        return refused
    if qa_zhihu.at_gate(page.url):
        return stopped("blocked", "知乎要求登录或安全验证")
    if not site_of(page.url):
        return stopped("broken", "网址里没有主机名，无法辨认帖文")
    if body.lstrip()[:1] in (b"{", b"["):
        return qa_zhihu.read_answer(body, page) or stopped("broken", "响应不是问答接口的 JSON")
    root = parse_html(body, page.content_type)
    if root is None:
        return stopped("broken", "响应不是可读的网页")
    if root.xpath("count(//*)") > MOST_ELEMENTS:
        return stopped("broken", "页面的元素多得不像网页")
    return _read(root, body, page) or _nothing(root)


def _read(root: Element, body: bytes, page: PageContext) -> Parsed | None:
    if b"js-initialData" in body and (found := qa_zhihu.read_page(root, page)) is not None:
        return found
    if qa_zhidao.is_zhidao(body, page) and (found := qa_zhidao.read(root, page)) is not None:
        return found
    if qa_schema.is_schema(body) and (found := qa_schema.read(root, page)) is not None:
        return found
    return qa_generic.read(root, page)


def _nothing(root: Element) -> Parsed:
    said = text_of(root)
    gone = _GONE.search(said[:_SHORT]) if len(said) < _SHORT else None
    if gone:
        return stopped("empty", f"页面提示：{gone[0]}")
    return stopped("broken", "没有找到问题或回答，页面可能改版")


def looks_like(body: bytes, page: PageContext) -> bool:
    """Whether the page has a question site's own marks."""
    if qa_zhihu.is_zhihu(body, page) or qa_zhidao.is_zhidao(body, page):
        return True
    if body.lstrip()[:1] in (b"{", b"["):
        return False
    return qa_schema.is_schema(body) or (qa_generic.in_question_place(page.url) and qa_generic.has_answers(body))


PARSER = PageParser(name="qa", parse=parse, looks_like=looks_like, rank=35)
