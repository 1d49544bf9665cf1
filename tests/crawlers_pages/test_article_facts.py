"""Headline and time of an article are agreed between several parts of the page."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from crawlers.pages import PageContext, parse_page
from crawlers.pages.article_data import read_page_data
from crawlers.pages.article_edges import trimmed, without_head
from crawlers.pages.article_facts import read_title
from crawlers.pages.markup import parse_markup

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 15, 10, tzinfo=SHANGHAI)
PROSE = "".join(
    f"<p>第{n}段：车主表示，提车不到一个月，车辆先后三次出现异响，商家每次都说属于正常现象，至今没有书面答复。</p>"
    for n in "一二三四五"
)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("某品牌召回一万辆汽车 - 新浪网", "某品牌召回一万辆汽车"),
        ("某品牌召回一万辆汽车_汽车频道_新浪网", "某品牌召回一万辆汽车"),
        ("秦PLUS-DMi上市售价公布_汽车之家", "秦PLUS-DMi上市售价公布"),
        ("4S店维权：车主拉横幅-中新网", "4S店维权：车主拉横幅"),
        ("某车企回应“刹车失灵”-观点-长江网-长江日报", "某车企回应“刹车失灵”"),
        ("央视曝光名单公布 | 界面新闻 · 汽车", "央视曝光名单公布"),
        ("对话王总：不降价——一次专访", "对话王总：不降价——一次专访"),
        ("维权记-第三天", "维权记-第三天"),
        ("新款A6-e tron首测", "新款A6-e tron首测"),
        ("国务院-新闻办", "国务院-新闻办"),
        ("关于召回的公告", "关于召回的公告"),
    ],
)
def test_the_sites_name_is_cut_off(title: str, expected: str) -> None:
    """With nothing but the page's title, the site's name goes and hyphens of the headline stay."""
    root = parse_markup(f"<html><head><title>{title}</title></head><body><p>正文</p></body></html>")
    assert read_title(root, read_page_data(root)) == expected


@pytest.mark.parametrize(
    "page",
    [
        "<title>消费者投诉刹车异响_本地_江城网</title><h1>江城网</h1><h2>消费者投诉刹车异响</h2>",
        "<title>江城网-消费者投诉刹车异响</title><div class='art-title'>消费者投诉刹车异响</div>",
        "<title>江城网</title><meta property='og:title' content='消费者投诉刹车异响'><div>x</div>",
        "<title>江城网</title><h1>消费者投诉刹车异响</h1>",
        "<title></title><h1>消费者投诉刹车异响</h1>",
        "<title>江城网</title><h1>江城网</h1><div class='title'>消费者投诉刹车异响</div>",
        "<title>消费者投诉刹车异响 江城网</title><h1>消费者投诉刹车异响</h1>",
        "<title>消费者投诉刹车异响_江城网</title><h1>热点推荐：油价今晚调整</h1>",
        "<title>消费者投诉刹车异响</title><meta property='og:title' content='江城网 - 让你先知道'>",
    ],
)
def test_the_headline_is_agreed(page: str) -> None:
    """A logo, a related headline or a site-wide title does not win over what two parts of the page say."""
    root = parse_markup(f"<html><body>{page}<p>正文</p></body></html>")
    assert read_title(root, read_page_data(root)) == "消费者投诉刹车异响"


@pytest.mark.parametrize(
    ("head", "byline", "expected"),
    [
        ('<meta property="article:published_time" content="2026-03-14T08:00:00+08:00">', "", "2026-03-14T08:00"),
        ('<meta name="pubdate" content="2026-03-14 08:00:00">', "", "2026-03-14T08:00"),
        ('<meta name="publishdate" content="2026-03-14">', "2026-03-14 21:15 来源：晚报", "2026-03-14T21:15"),
        ("", "来源：晚报　2026年03月14日 21:15", "2026-03-14T21:15"),
        ("", "发布时间：26-03-14<span>21:15</span>", "2026-03-14T21:15"),
        ("", "03-14 21:15", "2026-03-14T21:15"),
        ("", "昨天 21:15", "2026-03-14T21:15"),
        ("", "12-30 21:15", "2025-12-30T21:15"),
        ("", '<time datetime="2026-03-14T13:15:00Z">3 月 14 日</time>', "2026-03-14T21:15"),
        ('<script>var ct = "1773494100";</script>', '<em id="publish_time">昨天</em>', "2026-03-14T21:15"),
        (
            '<script type="application/ld+json">{"@context":"x","headline":"投诉",'
            '"datePublished":"2026-03-14T13:15:00Z"}</script>',
            "",
            "2026-03-14T21:15",
        ),
        # A claim of the update does not win over the earlier byline of the same day; the future is not believed.
        ('<meta name="pubdate" content="2026-03-14 23:00:00">', "2026-03-14 21:15", "2026-03-14T21:15"),
        ('<meta name="pubdate" content="2031-01-01 00:00:00">', "2026-03-14 21:15", "2026-03-14T21:15"),
        ('<meta name="pubdate" content="soon">', "2026-03-14 21:15", "2026-03-14T21:15"),
    ],
)
def test_when_it_appeared(head: str, byline: str, expected: str) -> None:
    """The time is read to the minute from whichever part of the page has it; naive times are local."""
    related = "<ul><li><a href=/1>春季车展</a> 2026-03-01 08:00</li></ul>"
    body = (
        f"<html><head><meta charset=utf-8><title>消费者投诉刹车异响_江城网</title>{head}</head><body>{related}"
        f"<h1>消费者投诉刹车异响</h1><div class=info>{byline}</div><div class=text>{PROSE}</div>{related}</body></html>"
    )
    page = PageContext(url="https://n.example.test/1.html", now=NOW, zone=SHANGHAI)
    (post,) = parse_page("article", body.encode(), page).posts
    assert post.published == datetime.fromisoformat(expected).replace(tzinfo=SHANGHAI)


def test_a_page_without_a_time_has_none() -> None:
    """An article without any date keeps `None` and is still an article."""
    head = "<title>消费者投诉刹车异响</title>"
    body = f"<html><head>{head}</head><body><h1>消费者投诉刹车异响</h1><div>{PROSE}</div></body></html>"
    page = PageContext(url="https://n.example.test/1.html", now=NOW, zone=SHANGHAI)
    (post,) = parse_page("article", body.encode(), page).posts
    assert post.published is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("标题\n2026-03-14 来源：晚报\n" + "正文。" * 20, "正文。" * 20),
        ("正文。" * 20 + "\n标题", "正文。" * 20 + "\n标题"),
        ("标题\n" + "短", "标题\n短"),
        ("2026年3月14日，记者来到现场。" + "正文。" * 20, "2026年3月14日，记者来到现场。" + "正文。" * 20),
    ],
)
def test_headline_and_byline_above_the_body_go(text: str, expected: str) -> None:
    """What stands above the body and is not part of it is dropped, and never the body itself."""
    assert without_head(text, "标题") == expected


@pytest.mark.parametrize(
    ("markup", "state"),
    [
        ('<div class="entry-content"><p>江城交警通报：今晨事故无人受伤。</p></div>', "ok"),
        ("<div><p>江城交警通报：今晨事故无人受伤。</p></div>", "broken"),
        ('<div class="entry-content"></div>', "broken"),
    ],
)
def test_a_news_flash(markup: str, state: str) -> None:
    """One sentence is an article only where the page's own markup and a time vouch for it."""
    body = (
        "<html><head><title>早高峰事故通报 - 江城网</title></head><body><h1>早高峰事故通报</h1>"
        f"<time datetime='2026-03-15T08:00:00+08:00'></time>{markup}</body></html>"
    )
    page = PageContext(url="https://n.example.test/1.html", now=NOW, zone=SHANGHAI)
    assert parse_page("article", body.encode(), page).state.state == state


def test_the_sites_name_in_an_author_tag_is_no_author() -> None:
    """A portal puts its own name into every page; the byline knows better, and the tag is better than nothing."""
    head = '<meta name="author" content="江城网"><title>早高峰事故通报_江城网</title>'
    page = PageContext(url="https://n.example.test/1.html", now=NOW, zone=SHANGHAI)
    for byline, name in (("<p>来源：江城晚报</p>", "江城晚报"), ("<p>作者：何平</p>", "何平"), ("", "江城网")):
        body = f"<html><head>{head}</head><body><h1>早高峰事故通报</h1>{byline}<div>{PROSE}</div></body></html>"
        (post,) = parse_page("article", body.encode(), page).posts
        assert post.author.name == name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "正文。" * 20 + "\n特别声明：以上内容为自媒体上传，本平台仅提供存储。\nNotice: The content",
            "正文。" * 20,
        ),
        ("正文。" * 20 + "\n（责任编辑：方圆）\n举报/反馈", "正文。" * 20 + "\n（责任编辑：方圆）"),
        ("正文。" * 20 + "\n推荐阅读\n另一篇文章的标题\n又一篇文章的标题", "正文。" * 20),
        ("推荐阅读\n" + "正文。" * 20, "推荐阅读\n" + "正文。" * 20),
        ("正文。" * 20 + "\n声明中说：将召回全部车辆。", "正文。" * 20 + "\n声明中说：将召回全部车辆。"),
    ],
)
def test_what_platforms_put_below_goes(text: str, expected: str) -> None:
    """Statements and teasers at the end are dropped; the editor's line is part of the article."""
    assert trimmed(text, "标题") == expected


@pytest.mark.parametrize(
    ("markup", "name"),
    [
        ('<a rel="author" href="/a">通讯员李雷</a>', "通讯员李雷"),
        ("<p>来源：晚报 作者：何平</p>", "何平"),
        ("<p>记者 何平 摄影 方圆</p>", "何平"),
        ("<p>记者介绍，8月13日，车主投诉</p>", None),
        ("<p>编辑：何平</p>", None),
        ("<p>2026-03-14 08:00 来源：江城晚报 字号</p>", "江城晚报"),
        ("<p>来源：江城晚报 作者：佚名</p>", "江城晚报"),
        ("<p>作者：何平 点击：12 次</p>", "何平"),
        ("<p>时间：2026-03-14</p><p>文/何平 整合</p>", "何平"),
        ("<p>新华社</p><p>2026-03-14 08:00</p>", "新华社"),
        (
            "<p>本报讯（全媒体记者 何平 方圆）车主称三次检修仍有异响，商家至今没有书面答复，已向主管部门反映。</p>",
            "何平 方圆",
        ),
        ("<p>【記者何平／江城報導】車主稱三次檢修仍有異響，商家至今沒有書面答覆，已向主管機關反映。</p>", "何平"),
        ("<p>作者：网络整理</p>", None),
        ('<span class="source">来源：<a>江城车讯</a></span>', "江城车讯"),
    ],
)
def test_who_signed(markup: str, name: str | None) -> None:
    """Whoever the page says signed it, else the medium; an editor or a verb after 记者 is nobody."""
    body = (
        "<html><head><title>早高峰事故通报 - 江城网</title></head><body><h1>早高峰事故通报</h1>"
        f"{markup}<div>{PROSE}</div></body></html>"
    )
    page = PageContext(url="https://n.example.test/1.html", now=NOW, zone=SHANGHAI)
    (post,) = parse_page("article", body.encode(), page).posts
    assert post.author.name == name
