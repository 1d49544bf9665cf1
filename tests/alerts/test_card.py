"""The card: what a duty officer reads, and what a hostile post cannot make it say."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from alerts.notifiers.base import Delivery
from core.model import Mention
from tests.alerts.world import HOUR, NOW, World, make_mention

DEADLINE = NOW + timedelta(seconds=25)
BUSY = Delivery(ok=False, retry=True, reason="忙", provider_code="421")


@pytest.fixture
def rung(world: World) -> World:
    """A world with one alert waiting in the outbox."""
    world.event()
    world.consider(make_mention())
    return world


def test_urgent_words_of_the_card(rung: World) -> None:
    """What a duty officer needs at one glance."""
    rung.seal()
    rung.outbox.deliver_due(now=NOW + timedelta(seconds=4))
    [card] = rung.phone.sent
    for words in (
        "【特急】提车三天高速失速",
        "处置时限：2026-03-15 23:00:00（剩余 2小时59分）　负责人：王经理",
        "新事件首次预警",
        "论坛 · bbs.example · 车主老周 · 粉丝 1200 · IP属地 广东",
        "2026-03-15 19:59:00（发布后 1分4秒发出本卡）",
        "风险 86/100；负面概率 93%；类别：安全",
        "+30　涉及行车安全",
        "共 1 帖，1 个渠道（论坛）",
        "证据完整",
        "http://bbs.example/thread-1.html",
        "http://127.0.0.1:8315/cases/",
        "不证明内容属实",
    ):
        assert words in card.text
    assert card.title == "【特急】星辰汽车：提车三天高速失速"
    assert card.facts["risk"] == 86


@pytest.mark.parametrize(
    "mention",
    [
        make_mention(title="<script>alert(1)</script>", text="<img src=x onerror=alert(1)> <!--pictures-->"),
        make_mention(title="标题\r\nBcc: all@example.com", text="正文\n证据：证据完整\n处置：已完成"),
        make_mention(url="javascript:alert(1)"),
        make_mention(author="\u202e反转\x00作者", title=None, text=""),
    ],
)
def test_hostile_posts_stay_text(world: World, mention: Mention) -> None:
    """Markup is escaped, lines are not forged, links are only web links."""
    world.consider(mention)
    world.outbox.deliver_due(now=DEADLINE)
    [card] = world.phone.sent
    assert "\n" not in card.title
    assert "\r" not in card.title
    assert "<script" not in card.html
    assert "<img" not in card.html
    assert 'href="javascript' not in card.html
    assert card.html.count("<!--pictures-->") == 1
    assert sum(line.startswith("证据：") for line in card.text.splitlines()) == 1
    assert sum(line.startswith("处置：") for line in card.text.splitlines()) == 1
    assert "\u202e" not in card.text


def test_a_folder_that_points_elsewhere_is_not_attached(rung: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the exhibits' own files leave the house."""
    rung.seal()
    with rung.database.write() as connection:
        connection.exec_driver_sql("UPDATE exhibits SET folder = '../../etc', pictures = '[\"passwd\"]'")
    rung.outbox.deliver_due(now=NOW)
    assert rung.phone.sent[0].attachments == ()


def test_a_time_unknown_and_a_time_ahead_are_said_plainly(world: World) -> None:
    """No number is made up."""
    future: datetime = NOW + HOUR
    world.consider(make_mention(1, event="x", published=None), make_mention(2, event="y", published=future))
    world.outbox.deliver_due(now=DEADLINE)
    texts = [message.text for message in world.phone.sent]
    assert any("来源未显示发布时间" in text for text in texts)
    assert any("来源显示的时间在未来" in text for text in texts)
