"""A question site and a complaint site of our own making, with the marks of real ones; they grow while a test runs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.crawlers.site import NOW, Reply

ZONE = ZoneInfo("Asia/Shanghai")


def _day(days_ago: int) -> str:
    return f"{(NOW - timedelta(days=days_ago)).astimezone(ZONE):%Y-%m-%d}"


@dataclass
class Question:
    number: int
    title: str
    days_ago: int
    answers: list[str] = field(default_factory=list)


@dataclass
class Answers:
    """Questions by number; a search shows all of them in the order in which they were put in, `per_list` a page."""

    questions: dict[int, Question] = field(default_factory=dict)
    per_list: int = 3
    #: Questions that answer something else than themselves.
    instead: dict[int, Reply] = field(default_factory=dict)

    def ask(self, number: int, *, days_ago: int = 1, answers: int = 1) -> Question:
        said = [f"{number} 号问题的第 {n + 1} 个回答，去店里检查一下" for n in range(answers)]
        question = Question(number, f"{number} 号问题：刹车异响怎么办", days_ago, said)
        self.questions[number] = question
        return question

    def route(self, path: str) -> Reply | None:
        if path.startswith("/search?"):
            found = re.search(r"[?&]pn=(\d+)", path)
            return Reply(body=self._search(path, int(found[1]) if found else 0).encode())
        found = re.fullmatch(r"/question/(\d+)\.html", path)
        number = int(found[1]) if found else 0
        if number in self.instead:
            return self.instead[number]
        return Reply(body=self._page(self.questions[number]).encode()) if number in self.questions else None

    def _search(self, path: str, start: int) -> str:
        shown = list(self.questions.values())[start : start + self.per_list]
        rows = "".join(
            f'<dl class="dl"><dt class="dt mb-4 line"><a class="ti" href="/question/{one.number}.html?fr=iks">'
            f'{one.title}</a></dt><dd class="dd explain f-light"><span class="mr-8">{_day(one.days_ago)}</span>'
            f'<span class="mr-8"><a>{len(one.answers)}个回答</a></span></dd></dl>'
            for one in shown
        )
        base = re.sub(r"&pn=\d+", "", path)
        more = start + self.per_list < len(self.questions)
        pager = f'<a class="pager-next" href="{base}&amp;pn={start + self.per_list}">下一页</a>' if more else ""
        nothing = "" if rows else "<p>抱歉，没有找到相关的问题</p>"
        head = "<html><head><title>百度知道搜索</title></head>"
        return f'{head}<body><div id="wgt-list">{rows}{nothing}</div>{pager}</body></html>'

    def _page(self, question: Question) -> str:
        boxes = "".join(
            f'<div class="bd answer" id="answer-{question.number}{n:03}">'
            f'<span class="wgt-replyer-all-uname">网友{n}</span>'
            f'<span class="wgt-replyer-all-time">{_day(0)}</span>'
            f'<div id="answer-content-{question.number}{n:03}" accuse="aContent" class="answer-text">{text}</div></div>'
            for n, text in enumerate(question.answers)
        )
        return (
            f'<html><head><title>{question.title}</title></head><body><div id="wgt-ask"><span class="ask-title">'
            f'{question.title}</span><span class="ask-time">{_day(question.days_ago)}</span></div>'
            f'<div class="wgt-answers">{boxes}</div></body></html>'
        )


@dataclass
class Complaint:
    number: int
    day: datetime
    reply: str = ""


@dataclass
class Complaints:
    """Complaints by number, shown newest number first, `per_list` a page, in GBK as the real site's."""

    complaints: dict[int, Complaint] = field(default_factory=dict)
    per_list: int = 2
    #: What every list page answers instead.
    instead: Reply | None = None

    def complain(self, number: int, *, days_ago: int = 1) -> None:
        self.complaints[number] = Complaint(number, NOW - timedelta(days=days_ago))

    def route(self, path: str) -> Reply | None:
        listed = re.fullmatch(r"/zlts/0-0-(\d+)\.shtml", path)
        if listed:
            return self.instead or Reply(body=self._list(int(listed[1])).encode("gbk"), kind="text/html")
        found = re.fullmatch(r"/zlts/\d{8}/(\d+)\.shtml", path)
        if found and int(found[1]) in self.complaints:
            return Reply(body=self._page(self.complaints[int(found[1])]).encode("gbk"), kind="text/html")
        return None

    def _list(self, page: int) -> str:
        newest = sorted(self.complaints.values(), key=lambda one: -one.number)
        shown = newest[(page - 1) * self.per_list : page * self.per_list]
        rows = "".join(
            f"<tr><td>{one.number}</td><td>星辰</td><td>X1</td><td>豪华型</td>"
            f'<td><a href="{self._path(one)}">{one.number} 号投诉</a></td>'
            f"<td>A1</td><td>{one.day.astimezone(ZONE):%Y-%m-%d}</td><td>{self._status(one)}</td></tr>"
            for one in shown
        )
        head = "".join(
            f"<th>{label}</th>" for label in ("编号", "品牌", "车系", "车型", "简述", "典型问题", "时间", "状态")
        )
        more = page * self.per_list < len(newest)
        pager = f'<div class="p_page"><a href="0-0-{page + 1}.shtml">下一页</a></div>' if more else ""
        nothing = "" if rows else "<p>没有找到相关投诉</p>"
        return (
            f'<html><body><div class="tslb_b"><table><tr>{head}</tr>{rows}</table>{nothing}</div>{pager}</body></html>'
        )

    def _path(self, one: Complaint) -> str:
        return f"/zlts/{one.day.astimezone(ZONE):%Y%m%d}/{one.number}.shtml"

    def _status(self, one: Complaint) -> str:
        return "厂家已回复" if one.reply else "厂家受理"

    def _page(self, one: Complaint) -> str:
        reply = f'<div class="tshf"><h3>投诉回复</h3><p>{one.reply}</p></div>' if one.reply else ""
        return (
            f'<html><body><h1>{one.number} 号投诉</h1><div class="jbqk"><ul>'
            f"<li><span>投诉编号：</span>{one.number}</li>"
            f"<li><span>投诉品牌：</span>星辰</li><li><span>投诉时间：</span>{one.day.astimezone(ZONE):%Y-%m-%d}</li></ul></div>"
            f'<div class="tsnr"><p>{one.number} 号：变速箱异响，4S店不给换。</p></div>{reply}</body></html>'
        )
