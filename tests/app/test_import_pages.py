"""Addresses that a person hands in: each is fetched once with the manners of a crawl, and told about by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import app
from app.wiring import Product
from core.config import load_settings
from core.errors import ConfigError
from tests.app.test_cli import tingfeng
from tests.crawlers.site import Reply, Site, serving

QUESTION = (
    '<html><head><meta charset="utf-8"><title>示例汽车刹车异响怎么办</title></head><body><div id="wgt-ask">'
    '<span class="ask-title">示例汽车刹车异响怎么办</span></div><div class="wgt-answers"><div class="bd answer" '
    'id="answer-70001"><span class="wgt-replyer-all-uname">老李</span>'
    '<span class="wgt-replyer-all-time">2026-03-14</span><div id="answer-content-70001" accuse="aContent" '
    'class="answer-text">示例汽车这款车刹车失灵过，赶紧去检测。</div></div>'
    "</div></body></html>"
)
LIST = '<div id="wgt-list"><dl class="dl"><dt><a class="ti" href="/question/1.html">示例汽车怎么样</a></dt></dl></div>'
CAPTCHA = "<html><head><title>安全验证</title></head><body>请完成安全验证后继续访问</body></html>"
PAGES = {
    "/question/555.html": Reply(body=QUESTION.encode()),
    "/search?word=x": Reply(body=f"<html><body>{LIST}</body></html>".encode()),
    "/captcha.html": Reply(status=403, body=CAPTCHA.encode()),
    "/private/1.html": Reply(body=QUESTION.encode()),
    "/loop/a": Reply(status=302, headers=(("Location", "/loop/b"),)),
    "/loop/b": Reply(status=302, headers=(("Location", "/loop/a"),)),
    "/down": Reply(status=500),
}


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site(routes=[PAGES.get])) as running:
        running.robots = Reply(body=b"User-agent: *\nDisallow: /private/\n", kind="text/plain")
        yield running


@pytest.fixture
def quick_config(demo_config: Path) -> Path:
    """Without pauses between requests: the server is ours."""
    text = demo_config.read_text(encoding="utf-8")
    assert 'delay = "2s"' in text
    demo_config.write_text(text.replace('delay = "2s"', 'delay = "0s"'), encoding="utf-8")
    return demo_config


def lines(text: str) -> dict[str, tuple[str, str]]:
    """Path → state and reason."""
    rows = (line.split("\t") for line in text.splitlines())
    return {"/" + url.split("/", 3)[3]: (state, reason) for state, url, reason in rows}


def test_each_address_is_told_by_itself_and_the_good_ones_are_kept(
    quick_config: Path, tmp_path: Path, site: Site
) -> None:
    """A good page, a list, a captcha, a forbidden one, one that is gone, a loop: one outcome each, and exit code 1."""
    wanted = ["/question/555.html", "/search?word=x", "/captcha.html", "/private/1.html", "/gone.html", "/loop/a"]
    file = tmp_path / "网址.txt"
    file.write_text("# 今天看到的\n" + "\n".join(site.url + path for path in wanted) + "\n", encoding="utf-8")
    done = tingfeng("import", str(file), "--config", str(quick_config))
    told = lines(done.stdout)
    assert list(told) == wanted, done.stderr
    assert told["/question/555.html"] == ("正常", "新 2 条，有改动 0 条，已有 0 条")
    assert told["/search?word=x"][0] == "没有帖文"
    assert "列表页" in told["/search?word=x"][1]
    assert told["/captcha.html"] == ("被拦截", "页面标题是“安全验证”")
    assert told["/private/1.html"] == ("被拦截", "robots.txt 不允许")
    assert "404" in told["/gone.html"][1]
    assert told["/loop/a"][0] == "被拦截"
    assert "反复重定向" in told["/loop/a"][1]
    assert done.returncode == 1
    assert done.stderr.strip().endswith("6 个网址中有 5 个没有取到帖文，其余已收下")
    assert "/private/1.html" not in site.asked, "robots.txt is obeyed"
    assert site.asked.count("/question/555.html") == 1


def test_a_page_that_was_handed_in_is_judged_and_found(quick_config: Path, site: Site) -> None:
    """From an address to the archive: fetched, kept as what its parser says, judged, searchable; twice is once."""
    address = f"{site.url}/question/555.html"
    done = tingfeng("import", "--url", address, "--url", address, "--config", str(quick_config))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"正常\t{address}\t新 2 条，有改动 0 条，已有 0 条\n"
    assert "已研判 2 条" in tingfeng("work", "--once", "--config", str(quick_config)).stdout
    found = tingfeng("search", "刹车失灵", "--json", "--config", str(quick_config)).stdout
    assert '"kind":"qa"' in found
    assert '"native_id":"a:70001"' in found
    again = tingfeng("import", "--url", address, "--config", str(quick_config))
    assert "新 0 条，有改动 0 条，已有 2 条" in again.stdout


def test_a_parser_can_be_named(quick_config: Path, site: Site) -> None:
    """What "auto" would take for something else is read as the operator says; a wrong name lists the right ones."""
    done = tingfeng(
        "import", "--url", f"{site.url}/question/555.html", "--kind", "discuz", "--config", str(quick_config)
    )
    assert done.returncode == 1
    assert done.stdout.startswith("页面改版\t")
    wrong = tingfeng("import", "--url", site.url, "--kind", "zhidao", "--config", str(quick_config))
    assert wrong.returncode == 2
    assert "complaint" in wrong.stderr


def test_a_list_with_one_bad_address_fetches_nothing(quick_config: Path, tmp_path: Path, site: Site) -> None:
    """Checked whole, as any file."""
    file = tmp_path / "网址.txt"
    file.write_text(f"{site.url}/question/555.html\nwww.example.test/1\n", encoding="utf-8")
    done = tingfeng("import", str(file), "--config", str(quick_config))
    assert (done.returncode, done.stdout, site.asked) == (1, "", [])
    assert "第2行" in done.stderr
    assert "www.example.test/1" in done.stderr


def test_a_server_that_is_down_is_no_empty_page(quick_config: Path, site: Site) -> None:
    """An error of the server is told as such."""
    done = tingfeng("import", "--url", f"{site.url}/down", "--config", str(quick_config))
    assert done.returncode == 1
    assert done.stdout.startswith("无法连接\t")
    assert "500" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "FILE"),
        (("--url", "bbs.example.test/1"), "--url"),
        (("/",), "是一个文件夹"),
        (("没有.csv",), "不存在"),
        (("x\ny.csv",), "不存在"),
    ],
    ids=["nothing", "no scheme", "a folder", "missing", "a strange name"],
)
def test_what_cannot_be_imported_is_said_before_anything_is_opened(arguments: tuple[str, ...], said: str) -> None:
    """A wrong argument names itself and what to write."""
    with pytest.raises(ConfigError) as raised:
        app(["import", *arguments, "--config", "/nowhere/monitor.toml"], standalone_mode=False)
    assert said in str(raised.value)


def test_a_table_in_gbk_reaches_the_archive(demo_config: Path, tmp_path: Path) -> None:
    """As a colleague's Excel saves it."""
    file = tmp_path / "周报.csv"
    file.write_bytes("标题,内容,渠道,备注\r\n投诉,示例汽车刹车失灵,新闻,=1+1\r\n".encode("gb18030"))
    done = tingfeng("import", str(file), "--config", str(demo_config))
    assert done.stdout == "新 1 条，有改动 0 条，已有 0 条\n"
    assert "没有用到的列：备注" in done.stderr
    tingfeng("work", "--once", "--config", str(demo_config))
    assert "刹车失灵" in tingfeng("search", "channel:news 刹车", "--config", str(demo_config)).stdout


COMPLAINT = Path(__file__).resolve().parents[1] / "pages" / "complaint" / "platform_detail" / "page.html"
ADDRESS = "https://tousu.sina.com.cn/complaint/view/17348988666/"


def test_a_page_that_a_person_saved_enters_with_its_proof(demo_config: Path, tmp_path: Path) -> None:
    """For sites that no program may read: nothing is fetched, and the browser's own note names the address."""
    file = tmp_path / "投诉.html"
    file.write_bytes(f"<!-- saved from url=(0057){ADDRESS} -->\n".encode() + COMPLAINT.read_bytes())
    done = tingfeng("import", str(file), "--config", str(demo_config))
    assert (done.returncode, done.stdout) == (0, f"正常\t{ADDRESS}\t新 3 条，有改动 0 条，已有 0 条\n"), done.stderr
    product = Product(load_settings(demo_config, {}))
    post = next(post for post in product.posts.latest(10) if post.native_id == "c:17348988666")
    assert (post.kind, post.channel, post.url) == ("complaint", "complaint", ADDRESS)
    raw = product.vault.get_response(product.posts.raw_of(post.id) or "")
    assert raw.body == file.read_bytes()
    assert ("X-Tingfeng-Origin", "saved and handed in by a person") in raw.headers
    product.database.close()


def test_a_saved_page_without_an_address_asks_for_it(demo_config: Path, tmp_path: Path) -> None:
    """Posts have no identity without the site they come from; a page that is only a gate is said to be one."""
    file = tmp_path / "page.html"
    file.write_bytes(COMPLAINT.read_bytes())
    asked = tingfeng("import", str(file), "--config", str(demo_config))
    assert asked.returncode == 2
    assert "--url" in asked.stderr
    file.write_text(CAPTCHA, encoding="utf-8")
    gate = tingfeng("import", str(file), "--url", ADDRESS, "--config", str(demo_config))
    assert (gate.returncode, gate.stdout) == (1, f"被拦截\t{ADDRESS}\t页面标题是“安全验证”\n")
