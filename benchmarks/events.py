"""Grouping into events over a 30-day window: generated mentions in a SQLite database, arriving in batches.

The mixture is what a brand sees: one in ten is a copy of an earlier text, one in six retells one of the incidents of
these days in other words, the others are complaints of their own. Ran as `python benchmarks/events.py [POSTS]`.
Reported: posts a second (processor and wall), the first tenth of the batches beside the last, the peak memory, how
many of the retellings found their incident, and how many of the lone complaints were taken for part of something.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from analysis.event_quality import b_cubed, group
from analysis.events import Candidate, EventGrouper
from core.database import Database
from core.model import CHANNELS
from core.text import fold

START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 30
BATCH = 500
POSTS = 60_000


def _of(words: str) -> list[str]:
    return words.split()


_CITIES = _of("杭州 成都 武汉 南京 西安 郑州 长沙 合肥 济南 青岛 福州 厦门 昆明 贵阳 南宁 太原 沈阳 大连 长春 石家庄")
_MODELS = _of("s7 x5 e3 q9 t2 k6 l8 v4 m1 z3")
_TROUBLES = {
    "起火": ("自己就起火了", "突然自燃", "冒出浓烟接着烧起来", "着火烧得只剩架子"),
    "失灵": ("刹车失灵追了尾", "刹不住车撞上护栏", "刹车没反应差点出大事"),
    "断轴": ("刚上路就断轴", "轮子掉了一个", "半轴断在路口"),
    "失速": ("高速熄火停在应急车道", "行驶中失去动力", "开着开着动力中断"),
}
_SCENES = _of("停车场 收费站 高架桥 隧道口 加油站 菜市场 学校门口 火车站 医院旁边 小区地库")
_DETAILS = _of("消防车 孩子 邻居 保安 监控 拖车 交警 赔偿 保险公司 灭火器 记录仪 老人 救护车 围观 水泥墩")
_PARTS = _of("变速箱 空调 中控屏 座椅 轮胎 雨刮 天窗 车门 减震 方向机 大灯 油漆 倒车影像 钥匙 胶条 电瓶 导航 音响")
_FAULTS = _of("异响 漏水 失灵 生锈 抖动 掉漆 黑屏 漏油 卡滞 顿挫 发霉 松动 起泡 断续 报警")
_WHENS = _of("刚提车 半个月 三千公里 过完年 上个周末 冷车的时候 下雨天 保养之后 跑长途 早高峰")
_STORES = _of("城东店 城西店 滨江店 高新店 机场路店 开发区店 老城店 大学城店")
_ANSWERS = _of(
    "说是正常现象 让再观察 排队等配件 不给书面检测 一直推给厂家 电话没人接 收了工时费又没修好 换了两次还一样"
)
_TALES = _of("师傅 前台 经理 客服 索赔员 试驾 工单 发票 合同 定金 贷款 保单 脚垫 赠品 合格证 上牌 二手 置换 尾款 群里")


@dataclass(frozen=True, kw_only=True)
class Made:
    """A generated mention, and the story it tells (`""`: its own)."""

    candidate: Candidate
    story: str


def made(count: int, *, seed: int = 1) -> Iterator[Made]:
    """Mentions of 30 days in the order of their times, about 45 characters each."""
    chance = random.Random(seed)
    texts: list[str] = []
    incidents: list[tuple[datetime, str, str, str, str, tuple[str, ...]]] = []
    for number in range(count):
        when = START + timedelta(days=DAYS) * (number / count)
        kind = chance.random()
        story = ""
        if number % 400 == 0:
            parts = (chance.choice(_CITIES), chance.choice(_MODELS), chance.choice(list(_TROUBLES)))
            details = tuple(chance.sample(_DETAILS, 4))
            incidents.append((when, *parts, chance.choice(_SCENES), details))
            incidents = [one for one in incidents if when - one[0] < timedelta(hours=60)]
        if kind < 0.10 and texts:
            text = chance.choice(texts[-20_000:]) + chance.choice(("", "！！", " 转", "求扩散"))
        elif kind < 0.27:
            text, story = _retold(chance, chance.choice(incidents))
        else:
            text = _complaint(chance)
        texts.append(text)
        candidate = Candidate(
            post=f"{number:024x}",
            channel=chance.choice(CHANNELS),
            headline=text[:40],
            text=fold(text),
            subjects=("曜行汽车",) if chance.random() < 0.8 else ("曜行汽车", "曜行城东店"),
            names=("曜行",),
            categories=(),
            when=when,
        )
        yield Made(candidate=candidate, story=story)


def _retold(chance: random.Random, incident: tuple[datetime, str, str, str, str, tuple[str, ...]]) -> tuple[str, str]:
    started, city, model, trouble, scene, details = incident
    told = chance.sample(details, 3)
    words = [f"{city}{scene}", f"曜行{model}", chance.choice(_TROUBLES[trouble]), *told]
    text = f"{words[0]}一辆{words[1]}{words[2]}，现场有{words[3]}和{words[4]}，{words[5]}的事还没有说法"
    return text, f"{started:%m%d%H%M}{city}{model}{trouble}"


def _complaint(chance: random.Random) -> str:
    return (
        f"曜行{chance.choice(_MODELS)}{chance.choice(_WHENS)}{chance.choice(_PARTS)}{chance.choice(_FAULTS)}，"
        f"{chance.choice(_STORES)}{chance.choice(_ANSWERS)}，{chance.choice(_TALES)}和{chance.choice(_TALES)}"
        f"都说{chance.randint(2, 28)}号前给{chance.choice(_TALES)}，{chance.choice(_CITIES)}的车友有没有同样的"
    )


def run(count: int, folder: Path) -> None:
    """Group `count` mentions and print the table."""
    database = Database(f"sqlite:///{folder / 'events.sqlite'}")
    database.migrate()
    grouper = EventGrouper(database)
    mentions = list(made(count))
    group([mentions[0].candidate.text])  # reads the dictionary, which every process of the product does once
    before = _peak()
    spent: list[tuple[float, float]] = []
    events: list[str] = []
    for start in range(0, count, BATCH):
        batch = [one.candidate for one in mentions[start : start + BATCH]]
        processor, wall = time.process_time(), time.perf_counter()
        with database.write() as connection:
            found = grouper.assign(connection, batch)
        spent.append((time.process_time() - processor, time.perf_counter() - wall))
        events += [event.id for event in found if event]
    size = sum(len(one.candidate.text) for one in mentions) / count
    print(f"帖文 {count:,} 篇，平均 {size:.0f} 字，{DAYS} 天，每批 {BATCH}")
    tenth = max(1, len(spent) // 10)
    for name, part in (("全部", spent), ("前一成", spent[:tenth]), ("后一成", spent[-tenth:])):
        processor, wall = (sum(one[side] for one in part) for side in (0, 1))
        posts = len(part) * BATCH
        print(f"{name}\t{posts / processor:8,.0f} 篇/CPU 秒\t{posts / wall:8,.0f} 篇/秒")
    print(f"内存峰值 {_peak():.0f} MB（分组之前 {before:.0f} MB）")
    told = [row for row, one in enumerate(mentions) if one.story]
    agreement = b_cubed([mentions[row].story for row in told], [events[row] for row in told])
    print(f"复述同一事件：B³ P {agreement.precision:.3f} R {agreement.recall:.3f} F1 {agreement.f1:.3f}")
    sizes = Counter(events)
    print(f"事件 {len(sizes):,} 个，最大 {sizes.most_common(1)[0][1]} 篇")
    started = time.perf_counter()
    with database.write() as connection:
        EventGrouper(database).assign(connection, [mentions[-1].candidate])
    again = replace(mentions[-1].candidate, post="f" * 24)
    with database.write() as connection:
        EventGrouper(database).assign(connection, [again])
    print(f"重启后第一批（重读窗口）{time.perf_counter() - started:.1f} 秒")
    database.close()


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        run(int(sys.argv[1]) if len(sys.argv) > 1 else POSTS, Path(place))
