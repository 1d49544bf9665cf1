"""From a post with pictures to a verdict that knows what stands in them; what a picture host may do on the way."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from PIL import Image, ImageDraw, ImageFont

from analysis.pictures import PictureReader, PictureText
from app.pictures import PictureDesk
from app.wiring import Product
from core.model import Post
from core.settings import EvidenceSettings, General, PictureSettings, Settings, SubjectSettings
from core.work import WorkQueue

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Host:
    """A picture host: answers by path, and remembers who asked with which Referer."""

    port: int
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@pytest.fixture
def host() -> Iterator[Host]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append((self.path, self.headers.get("Referer")))
            status, headers, body = found.answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Host(server.server_port)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


class Known(PictureReader):
    """Knows a picture by its bytes: these tests are about everything but the models."""

    def read(self, content: bytes) -> PictureText:
        text = content.decode("utf-8", "replace").partition("picture:")[2]
        return PictureText(state="read" if text else "empty", text=text)


def product_at(folder: Path, host: Host, *, read: str = "mentions", most: int = 9, private: bool = True) -> Product:
    settings = Settings(
        general=General(data_dir=folder),
        pictures=PictureSettings(read=read, most=most),  # type: ignore[arg-type]
        evidence=EvidenceSettings(allow_private=(f"127.0.0.1:{host.port}",) if private else ()),
        subjects=(SubjectSettings(name="曜行汽车", aliases=("曜行",)),),
    )
    return Product(settings, clock=Clock())


@pytest.fixture
def product(tmp_path: Path, host: Host) -> Product:
    return product_at(tmp_path, host)


def keep(product: Product, *images: str, text: str = "曜行汽车，大家看图", native_id: str = "1") -> Post:
    post = Post(
        kind="forum", site="bbs.example", native_id=native_id, url="https://bbs.example/t/1", channel="forum",
        text=text, collected=NOW, published=NOW, images=images,
    )  # fmt: skip
    product.posts.keep([post], source="s", raw=None, now=NOW)
    return post


def read_all(product: Product) -> int:
    """Judge, read pictures, judge again, until nothing is due."""
    desk, count = PictureDesk(product=product, reader=Known()), 0
    product.worker.drain()
    while desk.read_once():
        count += 1
        product.worker.drain()
    return count


def waiting(product: Product) -> int:
    return WorkQueue(product.database, "pictures").backlog()[0]


def test_the_words_of_a_picture_change_the_verdict(product: Product, host: Host) -> None:
    """A post that only says "看图" is graded by what the picture says; the reason says where it comes from."""
    host.answers["/a.jpg"] = (200, {}, "picture:东湖店漏油修了三次还漏，骗子，退钱！12315投诉了".encode())
    post = keep(product, host.url("/a.jpg"))
    product.worker.drain()
    (before,) = product.verdicts.mentions([post.id])
    assert before.verdict.grade is None
    assert read_all(product) == 1
    (after,) = product.verdicts.mentions([post.id])
    assert after.verdict.grade is not None
    assert after.verdict.negative > before.verdict.negative
    codes = {reason.code: reason for reason in after.verdict.reasons}
    assert "图片里读出" in codes["text.pictures"].text
    assert codes["rights"].span is None
    assert all(reason.span is None or reason.span[1] <= len(post.full_text) for reason in after.verdict.reasons)
    assert host.asked == [("/a.jpg", "https://bbs.example/t/1")]
    (row,) = product.pictures.of(post.id)
    assert row.raw is not None
    assert product.vault.get(row.raw) == host.answers["/a.jpg"][2]


def test_each_picture_is_fetched_once(product: Product, host: Host) -> None:
    """Judging again does not fetch again; a picture that is added later is read then."""
    host.answers |= {"/a.jpg": (200, {}, "picture:甲".encode()), "/b.jpg": (200, {}, b"nothing in it")}
    keep(product, host.url("/a.jpg"), host.url("/a.jpg"))
    read_all(product)
    keep(product, host.url("/a.jpg"), host.url("/b.jpg"), text="曜行汽车，大家看图，补一张")
    read_all(product)
    read_all(product)
    assert [path for path, _ in host.asked] == ["/a.jpg", "/b.jpg"]


def test_words_follow_the_order_of_the_pictures(product: Product, host: Host) -> None:
    """Whatever order they were read in; one that the post shows no more does not count."""
    for name in "abc":
        host.answers[f"/{name}"] = (200, {}, f"picture:{name}图".encode())
    urls = [host.url(f"/{name}") for name in "cab"]
    post = keep(product, *urls)
    read_all(product)
    assert product.pictures.texts([post])[post.id].split("\n") == ["c图", "a图", "b图"]
    edited = keep(product, urls[1], text="曜行汽车，改了")
    assert product.pictures.texts([edited])[post.id] == "a图"


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        ("mentions", "曜行汽车看图", 1),
        ("mentions", "别家的车看图", 0),
        ("all", "别家的车看图", 1),
        ("none", "曜行汽车看图", 0),
    ],
)
def test_only_the_pictures_that_were_asked_for_are_read(
    tmp_path: Path, host: Host, read: str, text: str, expected: int
) -> None:
    """By default those of posts that name a subject."""
    product = product_at(tmp_path, host, read=read)
    host.answers["/a"] = (200, {}, b"picture:x")
    keep(product, host.url("/a"), text=text)
    read_all(product)
    assert len(host.asked) == expected


def test_no_more_than_the_limit_is_fetched(tmp_path: Path, host: Host) -> None:
    """A post with a hundred pictures does not keep the others waiting."""
    product = product_at(tmp_path, host, most=2)
    keep(product, *(host.url(f"/{number}") for number in range(9)))
    read_all(product)
    assert [path for path, _ in host.asked] == ["/0", "/1"]


@pytest.mark.parametrize(
    ("path", "answer", "state", "word"),
    [
        ("/gone", (404, {}, b""), "refused", "404"),
        ("/forbidden", (403, {}, b""), "refused", "403"),
        ("/loop", (302, {"Location": "/loop"}, b""), "refused", "TooManyRedirects"),
        ("/ftp", (302, {"Location": "ftp://x.example/a"}, b""), "refused", "不可用"),
        ("/large", (200, {}, b"0" * 10_000_001), "refused", "超过"),
        ("/meta", (302, {"Location": "http://169.254.169.254/latest"}, b""), "refused", "云元数据"),
    ],
)
def test_what_a_host_may_do_is_written_down(
    product: Product, host: Host, path: str, answer: tuple[int, dict[str, str], bytes], state: str, word: str
) -> None:
    """The post keeps its verdict, the row says why, and nothing waits forever."""
    host.answers[path] = answer
    post = keep(product, host.url(path))
    read_all(product)
    (row,) = product.pictures.of(post.id)
    assert (row.state, row.text) == (state, "")
    assert word in (row.reason or "")
    assert waiting(product) == 0


def test_addresses_inside_are_refused(tmp_path: Path, host: Host) -> None:
    """A picture's address is a stranger's choice: our own network is not for him to look at."""
    product = product_at(tmp_path, host, private=False)
    post = keep(product, host.url("/a"), "javascript:alert(1)", "file:///etc/passwd")
    read_all(product)
    reasons = [row.reason or "" for row in product.pictures.of(post.id)]
    assert sum("本机地址" in reason for reason in reasons) == 1
    assert sum("不是网址" in reason for reason in reasons) == 2
    assert host.asked == []


def test_a_host_that_is_down_is_tried_again_and_then_given_up(product: Product, host: Host) -> None:
    """Three times, minutes apart; what was read meanwhile is not lost."""
    host.answers |= {"/down": (503, {}, b""), "/up": (200, {}, "picture:漏油".encode())}
    post = keep(product, host.url("/down"), host.url("/up"))
    desk = PictureDesk(product=product, reader=Known())
    clock = product.clock
    assert isinstance(clock, Clock)
    product.worker.drain()
    for attempt in range(3):
        assert waiting(product) == 1
        assert desk.read_once() == 1
        assert product.pictures.texts([post])[post.id] == "漏油"
        assert desk.read_once() == 0
        assert attempt == 2 or waiting(product) == 1
        clock.now += timedelta(minutes=3)
    assert waiting(product) == 0
    states = {row.url.rsplit("/", 1)[1]: row.state for row in product.pictures.of(post.id)}
    assert states == {"down": "failed", "up": "read"}
    assert [path for path, _ in host.asked] == ["/down", "/up", "/down", "/down"]


class Breaking(Known):
    """Falls over one picture, as a bug in a decoder would."""

    def read(self, content: bytes) -> PictureText:
        if b"breaks" in content:
            raise RuntimeError("a decoder's bug")
        return super().read(content)


def test_a_picture_that_breaks_the_reader_stops_only_itself(product: Product, host: Host) -> None:
    """Others are read; after three tries it is set aside with the reason."""
    host.answers |= {"/bad": (200, {}, b"breaks"), "/good": (200, {}, "picture:漏油".encode())}
    keep(product, host.url("/bad"))
    good = keep(product, host.url("/good"), native_id="2", text="曜行汽车，另一帖")
    desk = PictureDesk(product=product, reader=Breaking())
    clock = product.clock
    assert isinstance(clock, Clock)
    product.worker.drain()
    for _ in range(3):
        while desk.read_once():
            pass
        clock.now += timedelta(minutes=3)
    assert product.pictures.texts([good])[good.id] == "漏油"
    waits, buried = WorkQueue(product.database, "pictures").backlog()
    assert (waits, buried) == (0, 1)


def test_a_picture_that_kills_the_process_is_given_up(product: Product, host: Host) -> None:
    """Nobody comes back to tell; the lease runs out each time, and at last the post is set aside unread."""
    keep(product, host.url("/deadly"))
    product.worker.drain()
    clock = product.clock
    assert isinstance(clock, Clock)
    queue = WorkQueue(product.database, "pictures")
    for _ in range(6):
        assert queue.claim(1, owner="host:1", now=clock.now, lease=timedelta(minutes=5))
        clock.now += timedelta(minutes=6)
    assert PictureDesk(product=product, reader=Known()).read_once() == 1
    assert queue.backlog() == (0, 1)
    assert host.asked == []


def test_real_models_from_the_network_to_the_verdict(product: Product, host: Host) -> None:
    """The same chain with RapidOCR and a drawn banner."""
    if not FONT.exists():
        pytest.skip("no Chinese font on this machine (apt-get install fonts-noto-cjk)")
    picture = Image.new("RGB", (900, 200), "white")
    ImageDraw.Draw(picture).text(
        (30, 60), "曜行店刹车失灵还推卸责任", font=ImageFont.truetype(str(FONT), 48), fill="red"
    )
    file = io.BytesIO()
    picture.save(file, "JPEG")
    host.answers["/banner.jpg"] = (200, {"Content-Type": "image/jpeg"}, file.getvalue())
    post = keep(product, host.url("/banner.jpg"))
    product.worker.drain()
    desk = PictureDesk(product=product, reader=PictureReader())
    assert desk.read_once() == 1
    product.worker.drain()
    (mention,) = product.verdicts.mentions([post.id])
    assert product.pictures.texts([post])[post.id] == "曜行店刹车失灵还推卸责任"
    assert "安全事故" in mention.verdict.categories
