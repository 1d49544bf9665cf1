"""The regions that Weibo's search knows: provinces and their cities by Weibo's own codes, for `region=custom:44:3`.

The codes were read in dataabc/weibo-search (`weibo/utils/region.py`, 2020 to 2026), which took them from the form of
the advanced search; provinces follow GB/T 2260, cities are Weibo's own. Districts that were merged since keep their
codes there. Not verified against the live site.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

#: Province, its code, its cities with their codes.
_TABLE = """
安徽 34 合肥1 芜湖2 蚌埠3 淮南4 马鞍山5 淮北6 铜陵7 安庆8 黄山10 滁州11 阜阳12 宿州13 巢湖14 六安15 亳州16 \
池州17 宣城18
北京 11 东城1 西城2 崇文3 宣武4 朝阳5 丰台6 石景山7 海淀8 门头沟9 房山11 通州12 顺义13 昌平14 大兴15 怀柔16 \
平谷17 密云28 延庆29
重庆 50 万州1 涪陵2 渝中3 大渡口4 江北5 沙坪坝6 九龙坡7 南岸8 北碚9 万盛10 双桥11 渝北12 巴南13 黔江14 长寿15 \
綦江22 潼南23 铜梁24 大足25 荣昌26 璧山27 梁平28 城口29 丰都30 垫江31 武隆32 忠县33 开县34 云阳35 奉节36 巫山37 \
巫溪38 石柱40 秀山41 酉阳42 彭水43 江津81 合川82 永川83 南川84
福建 35 福州1 厦门2 莆田3 三明4 泉州5 漳州6 南平7 龙岩8 宁德9
甘肃 62 兰州1 嘉峪关2 金昌3 白银4 天水5 武威6 张掖7 平凉8 酒泉9 庆阳10 定西24 陇南26 临夏29 甘南30
广东 44 广州1 韶关2 深圳3 珠海4 汕头5 佛山6 江门7 湛江8 茂名9 肇庆12 惠州13 梅州14 汕尾15 河源16 阳江17 清远18 \
东莞19 中山20 潮州51 揭阳52 云浮53
广西 45 南宁1 柳州2 桂林3 梧州4 北海5 防城港6 钦州7 贵港8 玉林9 百色10 贺州11 河池12 来宾13 崇左14
贵州 52 贵阳1 六盘水2 遵义3 安顺4 铜仁22 黔西南23 毕节24 黔东南26 黔南27
海南 46 海口1 三亚2 其他90
河北 13 石家庄1 唐山2 秦皇岛3 邯郸4 邢台5 保定6 张家口7 承德8 沧州9 廊坊10 衡水11
黑龙江 23 哈尔滨1 齐齐哈尔2 鸡西3 鹤岗4 双鸭山5 大庆6 伊春7 佳木斯8 七台河9 牡丹江10 黑河11 绥化12 大兴安岭27
河南 41 郑州1 开封2 洛阳3 平顶山4 安阳5 鹤壁6 新乡7 焦作8 濮阳9 许昌10 漯河11 三门峡12 南阳13 商丘14 信阳15 \
周口16 驻马店17
湖北 42 武汉1 黄石2 十堰3 宜昌5 襄阳6 鄂州7 荆门8 孝感9 荆州10 黄冈11 咸宁12 随州13 恩施28
湖南 43 长沙1 株洲2 湘潭3 衡阳4 邵阳5 岳阳6 常德7 张家界8 益阳9 郴州10 永州11 怀化12 娄底13 湘西31
内蒙古 15 呼和浩特1 包头2 乌海3 赤峰4 通辽5 鄂尔多斯6 呼伦贝尔7 兴安22 锡林郭勒25 乌兰察布26 巴彦淖尔28 阿拉善29
江苏 32 南京1 无锡2 徐州3 常州4 苏州5 南通6 连云港7 淮安8 盐城9 扬州10 镇江11 泰州12 宿迁13
江西 36 南昌1 景德镇2 萍乡3 九江4 新余5 鹰潭6 赣州7 吉安8 宜春9 抚州10 上饶11
吉林 22 长春1 吉林2 四平3 辽源4 通化5 白山6 松原7 白城8 延边24
辽宁 21 沈阳1 大连2 鞍山3 抚顺4 本溪5 丹东6 锦州7 营口8 阜新9 辽阳10 盘锦11 铁岭12 朝阳13 葫芦岛14
宁夏 64 银川1 石嘴山2 吴忠3 固原4 中卫5
青海 63 西宁1 海东21 海北22 黄南23 海南25 果洛26 玉树27 海西28
山西 14 太原1 大同2 阳泉3 长治4 晋城5 朔州6 晋中7 运城8 忻州9 临汾10 吕梁23
山东 37 济南1 青岛2 淄博3 枣庄4 东营5 烟台6 潍坊7 济宁8 泰安9 威海10 日照11 莱芜12 临沂13 德州14 聊城15 滨州16 \
菏泽17
上海 31 黄浦1 卢湾3 徐汇4 长宁5 静安6 普陀7 闸北8 虹口9 杨浦10 闵行12 宝山13 嘉定14 浦东15 金山16 松江17 青浦18 \
南汇19 奉贤20 崇明30
四川 51 成都1 自贡3 攀枝花4 泸州5 德阳6 绵阳7 广元8 遂宁9 内江10 乐山11 南充13 眉山14 宜宾15 广安16 达州17 \
雅安18 巴中19 资阳20 阿坝32 甘孜33 凉山34
天津 12 和平1 河东2 河西3 南开4 河北5 红桥6 塘沽7 汉沽8 大港9 东丽10 西青11 津南12 北辰13 武清14 宝坻15 宁河21 \
静海23 蓟县25
西藏 54 拉萨1 昌都21 山南22 日喀则23 那曲24 阿里25 林芝26
新疆 65 乌鲁木齐1 克拉玛依2 吐鲁番21 哈密22 昌吉23 博尔塔拉27 巴音郭楞28 阿克苏29 克孜勒苏30 喀什31 和田32 \
伊犁40 塔城42 阿勒泰43 石河子44
云南 53 昆明1 曲靖3 玉溪4 保山5 昭通6 楚雄23 红河25 文山26 思茅27 西双版纳28 大理29 德宏31 丽江32 怒江33 迪庆34 \
临沧35
浙江 33 杭州1 宁波2 温州3 嘉兴4 湖州5 绍兴6 金华7 衢州8 舟山9 台州10 丽水11
陕西 61 西安1 铜川2 宝鸡3 咸阳4 渭南5 延安6 汉中7 榆林8 安康9 商洛10
台湾 71 台北1 高雄2 基隆3 台中4 台南5 新竹6 嘉义7 其他90
香港 81
澳门 82
海外 400 美国1 英国2 法国3 俄罗斯4 加拿大5 巴西6 澳大利亚7 印尼8 泰国9 马来西亚10 新加坡11 菲律宾12 越南13 \
印度14 日本15 其他16
其他 100
"""
_CITY = re.compile(r"([^\d\s]+)(\d+)")


@cache
def provinces() -> Mapping[int, str]:
    """Every province's name by its code; "海外" and "其他" are among them."""
    return {code: name for code, (name, _) in _regions().items()}


def cities(province: int) -> Mapping[int, str]:
    """The names of a province's cities by their codes; empty where Weibo does not divide it."""
    return _regions()[province][1]


@cache
def _regions() -> Mapping[int, tuple[str, Mapping[int, str]]]:
    found: dict[int, tuple[str, Mapping[int, str]]] = {}
    for line in _TABLE.strip().splitlines():
        name, code, *rest = line.split()
        found[int(code)] = (name, {int(number): city for city, number in _CITY.findall(" ".join(rest))})
    return found
