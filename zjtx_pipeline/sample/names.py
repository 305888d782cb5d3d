"""Knows how the sample's firms, bodies and things are called: invented, and every firm marked 示例.

Leaves who bears which name to `firms`.
"""

from __future__ import annotations

import numpy as np

from zjtx_pipeline.sample.draws import choose, stream

# Characters of no trade and seldom in firms' names; the first dozen are missing from many fonts on purpose.
_FIRST = (
    "喆炘旸昇垚犇邨嫚溇燊璟镠砺舻翀霁濯峣缦珩翎芃霄弈澈堃骁箬榷岫蔚棠翊垣汀渌砚璞鹭鸢鹤雁隼鲲鲸鳞"
    "麓岚峦崖峪湍涧溪沄洹沚泷淙漪澜瀚灏潞沨桢栩梓楠榕樾槿檀桦棣榛桐梧松柏竹荻芷蘅蕙葭蓼薇藜荇菡萏苒茗"
    "晗晞昀晔曦曜昱晖暄熠烁焱炜煜灿焕燧锵铮钰铄锦铭镝镡锟琮瑜瑾璇璋玥珏琬琰珞瑶"
)
_SECOND = (
    "舟岳嵘湾渡川澍原野林谷峰岭屿洲泽源泉池沼涛浪波潮汐渚浦港湖海江河云霞虹霓雷霆雪霜露晨曙昕旭暮夕"
    "辰星斗宿枢轸轩辕辂轼轴辙轨途远达迈进逸遥宁宥宸宇宙寰寓屏廊庐庭堂榭台阁楼塔桥梁栋柱础基石砥磐碧"
    "青苍翠朱丹绛紫素皓皎玄墨钧钟鼎鼓琴瑟笙箫律吕韵谐颂雅风"
)
TRADES = (  # trade in the name, GB/T 4754 code, chain, field, product
    ("精密机械", "3484", "高端装备", "精密零部件", "精密传动件"),
    ("阀门", "3443", "高端装备", "工业阀门", "调节阀"),
    ("轴承", "3451", "高端装备", "精密轴承", "滚子轴承"),
    ("汽车部件", "3670", "智能汽车", "汽车底盘件", "转向节"),
    ("汽车电子", "3670", "智能汽车", "车载电子", "域控制器"),
    ("电气", "3823", "绿色能源", "配电设备", "环网柜"),
    ("电机", "3812", "高端装备", "特种电机", "伺服电机"),
    ("电子材料", "3985", "智能物联", "电子专用材料", "导电浆料"),
    ("传感技术", "3983", "智能物联", "工业传感", "压力传感器"),
    ("化纤", "2822", "纤维新材料", "差别化纤维", "再生涤纶丝"),
    ("新材料", "2829", "纤维新材料", "高性能纤维", "高强合成纤维"),
    ("纺织科技", "1751", "纤维新材料", "产业用纺织品", "功能面料"),
    ("塑业", "2927", "纤维新材料", "改性塑料", "改性粒料"),
    ("钢构", "3311", "高端装备", "金属结构", "装配式构件"),
    ("模具", "3525", "高端装备", "精密模具", "压铸模具"),
    ("机器人", "3491", "高端装备", "工业机器人", "搬运机器人"),
    ("微电子", "3973", "智能物联", "集成电路", "电源管理芯片"),
    ("软件", "6513", "未来网络", "工业软件", "制造执行系统"),
    ("信息技术", "6560", "未来网络", "企业数字化", "数据中台"),
    ("数字科技", "6513", "元宇宙", "数字孪生", "三维引擎"),
    ("生物科技", "2761", "生命健康", "生物制品", "诊断试剂"),
    ("医疗器械", "3581", "生命健康", "医疗设备", "监护设备"),
    ("光伏科技", "3825", "绿色能源", "光伏组件", "逆变器"),
    ("储能科技", "3841", "绿色能源", "储能系统", "储能电池簇"),
    ("线缆", "3831", "绿色能源", "特种电缆", "耐火电缆"),
    ("制冷设备", "3464", "高端装备", "冷链装备", "冷水机组"),
    ("泵业", "3441", "高端装备", "流体机械", "磁力泵"),
    ("包装机械", "3467", "高端装备", "包装装备", "灌装机"),
    ("紧固件", "3482", "高端装备", "高强紧固件", "异形螺栓"),
    ("仪器仪表", "4014", "智能物联", "分析仪器", "在线分析仪"),
    ("液压技术", "3444", "高端装备", "液压元件", "液压马达"),
    ("照明科技", "3874", "智能物联", "智能照明", "智控灯具"),
    ("纸包装", "2231", "", "包装制品", "环保纸盒"),
    ("服饰", "1751", "", "服装面料", "针织面料"),
)
_FORMS = {"有限公司": 90, "股份有限公司": 5, "有限责任公司": 3, "厂": 2}


def firm_words(number: int) -> np.ndarray:
    """That many different two-character words, in an order of chance."""
    pairs = np.array([first + second for first in dict.fromkeys(_FIRST) for second in dict.fromkeys(_SECOND)], object)
    order = np.argsort(stream("names.words").random(len(pairs)), kind="stable")
    return pairs[order[:number]]


def firm_names(words: np.ndarray, trades: np.ndarray, subject: str) -> np.ndarray:
    """Full names such as 杭州示例砺舟精密机械有限公司, one a word, brackets of both widths among them."""
    chance, number = stream(f"names.{subject}"), len(words)
    patterns = choose(chance, number, {
        "杭州示例{}{}{}": 84, "浙江示例{}{}{}": 9, "杭州萧山示例{}{}{}": 3,
        "示例{}(杭州){}{}": 1.6, "示例{}（杭州）{}{}": 1.2, "示例{}（浙江）{}{}": 0.6, "示例{}(中国){}{}": 0.6,
    })  # fmt: skip
    forms = choose(chance, number, _FORMS)
    branch = chance.random(number) < 0.006
    labels = [TRADES[trade][0] for trade in trades]
    names = [pattern.format(word, label, form) for pattern, word, label, form in zip(patterns, words, labels, forms)]
    return np.array([name + ("萧山分公司" if part else "") for name, part in zip(names, branch)], dtype=object)


def body_names(kind: str, number: int, subject: str) -> np.ndarray:
    """Names of service organisations and the like: 杭州示例棠岳咨询服务有限公司."""
    chance = stream(f"names.body.{subject}")
    words = firm_words(20000)[-(1 + (chance.random(number) * 900).astype(int))]
    seen: dict[str, int] = {}
    names = []
    for word in words:
        seen[word] = seen.get(word, 0) + 1
        names.append(f"杭州示例{word}{'一二三四五六'[seen[word] - 1] if seen[word] > 1 else ''}{kind}有限公司")
    return np.array(names, dtype=object)
