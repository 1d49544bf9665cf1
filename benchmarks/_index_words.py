"""What the generated archive speaks of: brands, stores, complaints, all of our own invention."""

from __future__ import annotations

from core.model import Reason

SUBJECTS = (
    "星辰汽车", "远山汽车", "星辰S7", "远山X3", "海岳汽车", "星辰E5", "青岚汽车", "远山EV", "长风汽车", "海岳K9",
    "北辰汽车", "青岚Mini",
)  # fmt: skip
STORES = tuple(
    f"{city}{side}店"
    for side in ("城东", "城西", "高新", "机场路", "南环")
    for city in ("济南", "青岛", "烟台", "潍坊", "淄博", "临沂")
)
COMPLAINTS = (
    "刹车失灵", "4S店异响", "退一赔三", "变速箱顿挫", "加价提车", "发动机漏油", "自燃", "欺骗消费者", "服务态度恶劣",
    "定金不退", "强制买保险", "方向盘抖动", "空调不制冷", "车机黑屏", "续航虚标", "充电跳枪", "底盘生锈", "烧机油",
    "库存车当新车卖", "里程表造假", "保养套路多", "配件等了三个月", "售后互相推诿", "提车当天就趴窝", "天窗漏水",
    "座椅异味", "高速突然断电", "安全气囊没弹", "贷款手续费", "合格证被抵押", "OTA升级变砖", "ESP故障灯常亮",
    "事故车翻新", "小毛病修了五次", "4S店乱收费", "维权无门",
)  # fmt: skip
PRAISE = (
    "服务很周到", "提车很顺利", "油耗比想象的低", "空间够大", "销售很专业", "隔音不错", "性价比高", "外观好看",
    "保养透明", "试驾体验很好",
)  # fmt: skip
#: About one mention in a thousand: what somebody looks for who remembers one post.
RARE = (
    "绝绝子战车", "三元里修车铺", "蓝色敞篷那台", "周五晚上的直播", "车牌尾号88Q", "王经理的录音", "隔壁老马的群",
    "3.15晚会名单", "车主联名信", "深夜拖车", "VIN码对不上", "泡水车鉴定书", "公证处的人", "仲裁申请表", "白色拉横幅",
    "律师函退回", "双离合过热报警", "出口转内销", "七座变五座", "红旗桥上熄火",
)  # fmt: skip
CATEGORIES = (
    "质量", "服务", "价格", "安全事故", "合同纠纷", "配件", "金融保险", "虚假宣传", "交付", "售后维修",
    "环保", "劳动用工",
)  # fmt: skip
#: As verdicts carry them: four of a graded mention, two of another.
REASONS = (
    Reason(code="sentiment.negative", text="语气负面，概率较高", points=20),
    Reason(code="category.quality", text="涉及质量：提到故障", points=15, span=(4, 8)),
    Reason(code="reach.channel", text="所在渠道传播较快", points=5),
    Reason(code="subject.named", text="点名监测对象", points=10, span=(0, 4)),
    Reason(code="sentiment.neutral", text="未见明显负面"),
    Reason(code="subject.named", text="点名监测对象", points=5, span=(0, 4)),
)
