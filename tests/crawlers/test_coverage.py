"""Which replies a page proves to be gone: posts of a page in, numbers out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model import Post, post_id
from crawlers.coverage import Coverage, coverage_of, number_of
from tests.crawlers.site import NOW

URL = "http://bbs.test/thread-1-1-1.html"
OPENING = post_id("forum", "bbs.test", "pid:100")


def reply(number: int | str, *, floor: int | None = None, parent: str | None = OPENING, kind: str = "forum") -> Post:
    native = f"pid:{number}" if isinstance(number, int) else number
    own = post_id(kind, "bbs.test", native)
    return Post(
        kind=kind,  # type: ignore[arg-type]
        site="bbs.test",
        native_id=native,
        url=f"{URL}#pid{number}",
        channel="forum",
        text="说",
        collected=NOW,
        floor=floor,
        parent=None if own == parent else parent,
    )


def covers(*posts: Post, url: str = URL, text: str = "") -> Coverage | None:
    return coverage_of(posts, url=url, text=lambda: text)


FIRST = (reply(100, floor=1), reply(105, floor=2), reply(120, floor=3))
NOTHING: list[tuple[str, Coverage | None]] = [
    ("no posts", covers()),
    ("one post", covers(FIRST[0])),
    ("newest first", covers(*FIRST[::-1])),
    ("a reply pinned to the top", covers(FIRST[0], FIRST[2], FIRST[1])),
    ("floors that jump back", covers(reply(101, floor=9), reply(105, floor=2))),
    ("the opening is not known", covers(reply(101, parent=None, floor=2), reply(105, parent=None, floor=3))),
    ("replies of two threads", covers(reply(101), reply(105, parent="other"))),
    ("one author only", covers(*FIRST, url="http://bbs.test/forum.php?mod=viewthread&tid=1&authorid=7")),
    ("the thread's author only", covers(*FIRST, url="http://tieba.test/p/1?see_lz=1")),
    ("sorted otherwise", covers(*FIRST, url="http://bbs.test/forum.php?mod=viewthread&tid=1&ordertype=1")),
    ("ids that are no numbers", covers(reply("comment:1"), reply("comment:9"))),
    ("an id without a number", covers(reply("pid:x"), reply(105))),
    ("statuses of a search", covers(reply("501", kind="weibo"), reply("502", kind="weibo"))),
]


@pytest.mark.parametrize("found", [case[1] for case in NOTHING], ids=[case[0] for case in NOTHING])
def test_a_page_that_may_leave_something_out_proves_nothing(found: Coverage | None) -> None:
    """Only consecutive replies of one thread in the order of their numbers do."""
    assert found is None


BOX, HIDDEN = (
    '<div id="post_110">乱码</div>',
    '<div id="post_110"><div class="locked">该帖被管理员或版主屏蔽</div></div>',
)
ROUND = '<div id="post_105">第二楼</div>{}<div id="post_120">该帖被管理员或版主屏蔽，这是第三楼的话</div>'
GONE: list[tuple[str, str, int, str]] = [
    ("deleted", ROUND.format(""), 110, "已被删除或隐藏"),
    ("hidden, its box stands", ROUND.format(HIDDEN), 110, "已被屏蔽或隐藏"),
    ("its box stands but cannot be read", ROUND.format(BOX), 110, ""),
    ("its box stands, Tieba's way", "&quot;post_id&quot;:110,", 110, ""),
    ("its box stands, phpBB's way", "<div class=post id='p110'>", 110, ""),
    ("its box stands, NodeBB's way", '<li data-pid="110">', 110, ""),
    ("only quoted by another", '<a href="redirect?goto=findpost&pid=110">', 110, "已被删除或隐藏"),
    ("shown", "", 105, ""),
    ("the first shown", "", 100, ""),
    ("the last shown", "", 120, ""),
    ("before the page", "", 99, ""),
    ("behind the page", "", 121, ""),
]


@pytest.mark.parametrize(("text", "number", "word"), [case[1:] for case in GONE], ids=[case[0] for case in GONE])
def test_a_reply_between_the_first_and_the_last_must_be_there(text: str, number: int, word: str) -> None:
    """Strictly between, and without a box that we merely cannot read."""
    found = covers(*FIRST, text=text)
    assert found
    said = found.lacks([number])
    assert bool(said) is bool(word)
    assert word in said.get(number, "")


def test_the_page_is_read_again_only_where_something_is_missing() -> None:
    """Decoding every page for nothing would cost what parsing costs."""
    found = coverage_of(FIRST, url=URL, text=lambda: pytest.fail("asked"))
    assert found
    assert found.lacks([100, 105, 120, 7, 500]) == {}


@pytest.mark.parametrize(
    ("native", "number"),
    [("pid:12", 12), ("pid:", None), ("12", None), ("pid:1a", None), ("pid:١٢", None), ("pid:" + "9" * 16, None)],
)
def test_numbers_of_native_ids(native: str, number: int | None) -> None:
    assert number_of(native) == number


@given(
    st.lists(st.integers(1, 60), min_size=2, max_size=20, unique=True),
    st.lists(st.integers(1, 60), max_size=40),
    st.booleans(),
)
def test_what_stands_on_the_page_is_never_gone(shown: list[int], known: list[int], tidy: bool) -> None:
    """Whatever the page shows, in whatever order, and whatever we knew before."""
    numbers = sorted(shown) if tidy else shown
    found = coverage_of([reply(number) for number in numbers], url=URL, text=str)
    gone = found.lacks(known) if found else {}
    assert not set(gone) & set(shown)
    assert set(gone) <= set(known)
    assert all(min(shown) < number < max(shown) for number in gone)
    assert found is not None or not tidy
