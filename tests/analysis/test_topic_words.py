"""The lexicon on sentences of many kinds: complaints are found, and as many that only sound like one are not."""

from __future__ import annotations

import pytest

from analysis.reading import read
from analysis.topics import SAFETY, bundled_topics

FRAUD, QUALITY, REPAIR = "销售欺诈/价格", "车辆质量", "售后维修"
SERVICE, DELIVERY, FINANCE = "服务态度", "配件/交付", "精品/信贷/保险"


def categories(text: str) -> set[str]:
    return {topic.name for topic in bundled_topics().find(read(text))}


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("充电桩旁边那台车电池包突然冒火", SAFETY),
        ("开着辅助驾驶，没识别前面的锥桶，直接撞上去", SAFETY),
        ("左前轮在高架上脱落", SAFETY),
        ("加速踏板卡住不回位，车子往前窜", SAFETY),
        ("小孩被反锁在车里半个多小时", SAFETY),
        ("下坡时制动助力消失，差点撞上前车", SAFETY),
        ("他们把展车当新车卖给我", FRAUD),
        ("说好送的东西全不认，翻脸不认人", FRAUD),
        ("刚提车三天就官降一万五", FRAUD),
        ("意向金要不回来，商家一直拖", FRAUD),
        ("表显四百公里，实际续航打对折", QUALITY),
        ("怠速不稳，冷启动的时候嗡嗡抖", QUALITY),
        ("天窗关不上，下雨就漏雨", QUALITY),
        ("大屏动不动自己重启", QUALITY),
        ("同样的毛病修了又坏，跑了四趟", REPAIR),
        ("质保期内拒绝索赔，说是人为损坏", REPAIR),
        ("技师把我的饰板拆坏了还不承认", REPAIR),
        ("车在4S店放了一个月，拖着不修", REPAIR),
        ("打了十几个电话没人接，留言已读不回", SERVICE),
        ("销售收完钱就玩消失", SERVICE),
        ("店长当着我面翻白眼", SERVICE),
        ("厂家推给4s店，4s店推给厂家，扯皮", SERVICE),
        ("合同写九月提车，现在还遥遥无期", DELIVERY),
        ("大灯总成全国缺货，等零件等了两个月", DELIVERY),
        ("换上去的滤芯是副厂件", DELIVERY),
        ("合格证被店里抵押，上不了牌", DELIVERY),
        ("贷款手续费收了八千，合同里没有", FINANCE),
        ("车贷还清了绿本一直拖着不给", FINANCE),
        ("保险必须在店里买，不买不让提", FINANCE),
        ("送的车膜起泡翘边，一看就是假膜", FINANCE),
    ],
)
def test_complaints_in_many_words(text: str, category: str) -> None:
    """Each is found in its category, perhaps beside others."""
    assert category in categories(text)


@pytest.mark.parametrize(
    "text",
    [
        "不起火、不断轴，省心",  # praised for what did not happen
        "开了五年没有自燃过",
        "电池针刺也不冒烟不着火",
        "嗓子冒烟了，今天太热",  # figures of speech
        "新车颜值爆炸，回头率高",
        "这首歌燃到爆炸",
        "坐着火车去看海",  # the words are there by chance
        "坐公交车上班",
        "跑步燃烧脂肪",
        "直播翻车现场，主播手忙脚乱",
        "他情绪失控大哭",
        "买了自燃险",  # other things
        "请继续保持联系",
        "对油耗没有什么影响",
        "价格实惠，服务周到",  # advertisement
        "没有套路，没有加价，欢迎到店",
        "人生态度决定一切",
        "手机贴膜十元一张",
        "皮肤保养从今天开始",
        "周末去听演唱会",
        "今天路上一点不堵",
        "恭喜大家中奖",
        "//@车友:我的车自燃了",
        "哈",
        "https://example.com/起",
        "1234567890",
    ],
)
def test_what_only_sounds_like_a_complaint(text: str) -> None:
    """No category, whatever words stand in it."""
    assert categories(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "如果刹车失灵应该怎么做",
        "担心半轴断裂，想问问老车主",
        "高速爆胎自救知识",
        "店里举办灭火演练，模拟电池起火自救",
        "电影里汽车爆炸的镜头",
        "会不会突然失去动力啊",
    ],
)
def test_an_accident_that_is_only_imagined(text: str) -> None:
    """What is feared, taught or played is no accident, though it may be a word about quality."""
    assert SAFETY not in categories(text)


@pytest.mark.parametrize(
    ("text", "word"),
    [("机舱突然冒烟", "机舱突然冒烟"), ("电池，起火了", "电池,起火"), ("刹车变硬，一脚踩不动", "刹车变硬")],
)
def test_a_pair_shows_its_words(text: str, word: str) -> None:
    """From the first of the two to the end of the second, as it stands in the text."""
    (topic,) = [one for one in bundled_topics().find(read(text)) if one.name == SAFETY]
    hit = next(one for one in topic.hits if one.word == word)
    assert read(text).own[slice(*hit.span)] == word


@pytest.mark.parametrize(
    "text",
    [
        "发动机" * 6_000,
        "刹车失灵" * 5_000,
        "没有" * 9_000 + "起火",
        "公交车" * 6_000,
        "如果" + "起火" * 9_000,
        "高速" * 5_000 + "熄火" * 5_000,
    ],
)
def test_a_text_of_nothing_but_our_words(text: str) -> None:
    """It is judged like any other; the first place of each word is shown."""
    for topic in bundled_topics().find(read(text)):
        assert all(read(text).own[slice(*hit.span)] == hit.word for hit in topic.hits)
