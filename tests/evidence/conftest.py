"""A small web site on loopback with every kind of page that a capture may meet, and a neighbour it must never reach."""

from __future__ import annotations

import contextlib
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.errors import BrowserMissing
from evidence.browser import find_browser

POST = "提车第三天，刹车踏板突然变硬，差点追尾前车。打了三次售后电话都没有人回复，请厂家给一个说法！"
LONG = "".join(f"第{n}段：这家店的售后流程走了{n}遍，还是没有结果，我把经过都写在这里。" for n in range(1, 13))
_TOP = '<!doctype html><html><head><meta charset="utf-8"><title>车友论坛</title></head><body style="margin:0">'


def _page(body: str) -> bytes:
    return (_TOP + body).encode()


def _post(text: str = POST) -> str:
    return f'<div class="floor"><b>车主小李</b><p>{text}</p></div>'


def png(width: int, height: int, color: tuple[int, int, int]) -> bytes:
    """A PNG of one colour."""
    rows = (b"\x00" + bytes(color) * width) * height

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@dataclass
class Site:
    """The site under capture, and the neighbour whose hits are counted."""

    port: int = 0
    victim: int = 0
    victim_hits: list[str] = field(default_factory=list)
    hits: list[str] = field(default_factory=list)
    #: Called when /kill is asked for.
    on_kill: Callable[[], None] = lambda: None
    closing: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def allowed(self) -> tuple[str, ...]:
        return (f"127.0.0.1:{self.port}",)


def color_of(block: int) -> tuple[int, int, int]:
    """The colour of the n-th block of 100 px on /tall."""
    return (block * 7 % 256, block * 13 % 256, block * 29 % 256)


def _pages(site: Site) -> dict[str, tuple[int, dict[str, str], bytes]]:
    away = f"http://127.0.0.1:{site.victim}"
    html = {"Content-Type": "text/html; charset=utf-8"}
    blocks = "".join(f'<div style="height:100px;background:rgb{color_of(n)}"></div>' for n in range(300))
    lazy = "".join(
        f'<img loading="lazy" width="200" height="400" src="/img/{n}" style="display:block">' for n in range(30)
    )
    parts = (
        f'<img src="{away}/img"><iframe src="{away}/frame"></iframe><script src="{away}/js"></script>'
        f'<link rel="prefetch" href="{away}/prefetch"><img src="/to-victim">'
        f"<script>fetch('{away}/fetch').catch(()=>0);navigator.sendBeacon('{away}/beacon');"
        f"try{{new WebSocket('ws://127.0.0.1:{site.victim}/ws')}}catch(e){{}}"
        f"new Worker(URL.createObjectURL(new Blob([`fetch('{away}/worker')`])));window.open('{away}/popup')</script>"
    )
    stream = "<script>addEventListener('scroll',()=>{for(let i=0;i<9;i++){const d=document.createElement('div');"
    stream += "d.style.height='900px';d.textContent=i;document.body.append(d)}})</script>"
    watch = "<script>new MutationObserver(()=>fetch('/mutated')).observe(document,"
    watch += "{subtree:true,childList:true,attributes:true})</script>"
    filler = '<div style="height:1500px">别的楼层</div>'
    deep = filler + _post() + filler + watch
    return {
        "/post": (200, html, _page(_post())),
        "/deep": (200, html, _page(deep)),
        "/long": (200, html, _page("".join(f"<p>{line}。</p>" for line in LONG.split("。")))),
        "/half": (200, html, _page(_post("".join(LONG.split("。")[:5])))),
        "/gb": (
            200,
            {"Content-Type": "text/html"},
            ('<html><head><meta charset="gb2312"><title>旧论坛</title></head><body>' + _post() + "镕囧").encode(
                "gb18030"
            ),
        ),
        "/gone404": (404, html, _page("<h1>404 Not Found</h1>")),
        "/gone410": (410, html, _page("没有了")),
        "/soft": (200, html, _page("<p>抱歉，指定的主题不存在或已被删除或正在被审核</p>")),
        "/soft2": (200, html, _page("<p>该帖已被楼主删除</p>")),
        "/login": (200, html, _page('<h2>欢迎</h2><form>密码<input type="password"></form>')),
        "/wall": (200, html, _page(f"请先登录后查看<script>var hidden={POST!r}</script>")),
        "/captcha": (200, html, _page("<div>请拖动滑块完成安全验证</div>")),
        "/forbidden": (403, html, _page("禁止访问")),
        "/teapot": (418, html, b""),
        "/other": (200, html, _page("<p>今日车市行情：价格平稳。</p>")),
        "/error": (503, html, _page("服务器忙")),
        "/moved": (302, {"Location": "/post"}, b""),
        "/loop": (302, {"Location": "/loop?again"}, b""),
        "/to-victim": (302, {"Location": f"{away}/redirected"}, b""),
        "/jump": (200, html, _page(_post() + f"<script>location.href='{away}/jumped'</script>")),
        "/to-file": (302, {"Location": "file:///etc/hostname"}, b""),
        "/parts": (200, html, _page(_post() + parts)),
        "/alert": (200, html, _page("<script>alert('恭喜中奖')</script>" + _post() + "<script>confirm('x')</script>")),
        "/popups": (200, html, _page(_post() + "<script>for(let i=0;i<5;i++)open('/other?'+i)</script>")),
        "/download": (200, {"Content-Disposition": "attachment; filename=a.bin"}, b"x" * 1000),
        "/busy": (
            200,
            html,
            _page(_post() + "<div style='height:3000px'></div><script>onscroll=()=>{while(true){}}</script>"),
        ),
        "/stuck": (200, html, _page(_post() + "<script>while(true){}</script>" + _post())),
        "/late": (
            200,
            html,
            _page(f"<script>setTimeout(()=>{{document.body.innerHTML={_post()!r}}},700)</script>载入中"),
        ),
        "/hanging-image": (200, html, _page(_post() + '<img src="/silent?img">')),
        "/tall": (200, html, _page(_post().replace("<div", '<div style="position:absolute"') + blocks)),
        "/lazy": (200, html, _page(_post() + lazy)),
        "/stream": (200, html, _page(_post() + '<div style="height:3000px">首屏</div>' + stream)),
        "/big": (200, html, _page(_post() + "<p>" + "很长的内容" * 200_000)),
        "/kill": (200, html, _page(_post())),
    }


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    pages = _pages(site)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            site.hits.append(path)
            if path == "/silent":
                site.closing.wait(60)
                self.close_connection = True
                return
            if path == "/endless":
                self._endless()
                return
            if path == "/kill":
                site.on_kill()
            if path.startswith("/img/"):
                pages[path] = (200, {"Content-Type": "image/png"}, png(20, 40, (200, 30, 30)))
            status, headers, body = pages.get(path, (404, {}, b"no such page"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _endless(self) -> None:
            self.close_connection = True
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(_page(_post()))
                while not site.closing.wait(0.1):
                    self.wfile.write("<p>还有…</p>".encode())

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _victim_handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Victim(BaseHTTPRequestHandler):
        def handle(self) -> None:
            site.victim_hits.append("connection")

    return Victim


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """Browsers hang up all the time."""


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """The site and its neighbour, running."""
    made = Site()
    victim = _Server(("127.0.0.1", 0), _victim_handler(made))
    made.victim = victim.server_address[1]
    server = _Server(("127.0.0.1", 0), BaseHTTPRequestHandler)
    made.port = server.server_address[1]
    server.RequestHandlerClass = _handler(made)  # it needs to know the ports
    threads = [threading.Thread(target=one.serve_forever, args=(0.05,)) for one in (victim, server)]
    for thread in threads:
        thread.start()
    yield made
    made.closing.set()
    for one in (victim, server):
        one.shutdown()
        one.server_close()
    for thread in threads:
        thread.join()


@pytest.fixture(scope="session")
def browser() -> str:
    """A Chromium of this machine; tests that need one are skipped without."""
    try:
        return str(find_browser("auto"))
    except BrowserMissing as missing:
        pytest.skip(f"no Chromium on this machine: {missing}")


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something that another thread or process brings about."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    """`until`, for tests: helper modules cannot be imported here."""
    return until
