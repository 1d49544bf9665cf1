"""The incident as readers of the car club meet it: a new thread, its picture, replies as the minutes pass."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lxml import html

from demo.world import World

if TYPE_CHECKING:
    from tests.demo.conftest import Reader

LIST = "/forum.php?mod=forumdisplay&fid=2"


def _tree(text: str) -> Any:
    """lxml types an XPath's result as one of nine things; the tests know which."""
    return html.document_fromstring(text)


def test_the_incident_thread_grows_and_shows_its_picture(reader: Reader, world: World) -> None:
    """The burning car is the newest thread of the car club; replies appear with the clock; the picture is served."""
    reader.clock.now = world.incident_start - timedelta(seconds=1)
    assert "起火" not in reader.get("forum", LIST).content.decode("gbk")
    reader.clock.now = world.incident_start
    first = _tree(reader.get("forum", LIST).content.decode("gbk")).xpath('//tbody[starts-with(@id, "normalthread_")]')[
        0
    ]
    assert "起火" in first.text_content()
    path = "/" + first.xpath('string(.//a[contains(@class, "xst")]/@href)')
    counts = []
    for seconds in (0, 20, 28, 34, 120):
        reader.clock.after_incident(seconds)
        tree = _tree(reader.get("forum", path).content.decode("gbk"))
        counts.append(len(tree.xpath('//div[@id="postlist"]/div[starts-with(@id, "post_")]')))
    assert counts == [1, 2, 3, 4, 5]
    picture = reader.get("forum", "/" + tree.xpath('string(//img[@class="zoom"]/@file)'))
    assert picture.headers["content-type"] == "image/svg+xml"
    assert html.fromstring(picture.content).tag == "svg"
