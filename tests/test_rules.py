"""The plan as data: complete, true to its own counts, and refused in one clear line when someone spoils it."""

import shutil
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.rules import load_rules, rules_from
from zjtx_pipeline.tables import load_tables

RULES = load_rules()
FOLDER = Path(str(files("zjtx_pipeline.rules")))
UNSTATED = ["A01", "A02", "A03", "A04", "A05", "A06", "A07", "A09", "A20", "A21", "A23"]
STATED = {
    "A08": ("rate", "0.10"),
    "A10": ("rate", "0.20"),
    "A11": ("amount", "3000000"),
    "A12": ("amount", "1000000"),
    "A13": ("amount", "1000000"),
    "A14": ("amount", "5000000"),
    "A15": ("amount", "2000000"),
    "A16": ("amount", "800000"),
    "A17": ("amount", "500000"),
    "A18": ("amount", "1000000"),
    "A19": ("amount", "200000"),
}


def test_the_plan_is_whole():
    counts = [len(each) for each in (RULES.tasks, RULES.targets, RULES.awards, RULES.readings, RULES.departments)]
    assert counts == [14, 13, 25, 28, 13]
    assert RULES.indicator_count == 86
    assert len(RULES.towns) == 27
    assert len(RULES.chains.chains) == 8


def test_the_number_of_indicators_of_each_task_is_the_catalogues():
    assert [len(RULES.indicators_of(task)) for task in RULES.tasks] == [8, 6, 9, 6, 8, 4, 5, 8, 6, 5, 6, 4, 5, 5]


def test_every_target_has_one_indicator_and_every_h_indicator_one_target():
    with_target = [indicator for indicator in RULES.indicators.values() if indicator.kind == "H"]
    assert sorted(indicator.target for indicator in with_target) == sorted(RULES.targets)


@pytest.mark.parametrize(
    ("department", "named", "led"),
    [
        ("区经信局", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14], [1, 2, 5, 6, 7, 12, 14]),
        ("区科技局", [1, 3, 4], [3, 4]),
        ("区财政局", [1, 4, 5, 9, 13], []),
        ("区市场监管局", [3, 4, 7, 8], [8]),
        ("区发改局", [6, 9, 11], [9]),
        ("区商务局", [2, 13], [13]),
        ("区人社局", [10, 14], []),
        ("区投资促进局", [2], []),
        ("区税务局", [3], []),
        ("生态环境萧山分局", [6], []),
        ("区委人才办", [10], [10]),
        ("区住建局", [10], []),
        ("规划资源萧山分局", [11], [11]),
    ],
)
def test_a_department_is_named_and_leads_where_the_plan_says(department, named, led):
    assert [task.number for task in RULES.tasks_of(department)] == named
    assert [task.number for task in RULES.tasks_led_by(department)] == led


@pytest.mark.parametrize("clause", UNSTATED)
def test_an_amount_that_the_plan_does_not_state_stays_null(clause):
    terms = RULES.awards[clause].terms_on(date(2024, 6, 30))
    assert (terms.amount, terms.rate, terms.cap) == (None, None, None)
    assert not RULES.awards[clause].measured


@pytest.mark.parametrize("clause", STATED)
def test_an_amount_that_the_plan_states_is_exactly_that(clause):
    kind, figure = STATED[clause]
    award = RULES.awards[clause]
    assert getattr(award, kind) == Decimal(figure)
    assert award.measured
    assert [award.cap, award.cap_period] == ([Decimal("3000000"), "自然年"] if clause == "A08" else [None, None])


@pytest.mark.parametrize("clause", ["A22", "A24", "A25"])
def test_what_is_no_grant_can_never_be_paid(clause):
    assert not RULES.awards[clause].is_grant
    assert clause not in RULES.lists["D06.条款号"].names


@pytest.mark.parametrize(("day", "in_force"), [("2022-12-31", False), ("2023-01-01", True), ("2025-12-31", True), ("2026-01-01", False)])
def test_a_clause_pays_from_the_first_to_the_last_day_of_the_plan(day, in_force):
    assert (RULES.awards["A11"].terms_on(date.fromisoformat(day)) is not None) is in_force


def test_a_ratio_has_its_rate_first_then_numerator_then_denominator():
    for indicator in RULES.indicators.values():
        natures = [part.nature for part in indicator.parts.values()]
        if "numerator" in natures:
            assert natures[:3] == ["rate", "numerator", "denominator"]
            assert indicator.parts["a"].unit == "%"
            assert indicator.parts["b"].unit == indicator.parts["c"].unit


def test_entitled_paid_and_gap_are_in_yuan_and_count_over_the_plan():
    money = [part for each in RULES.indicators.values() for part in each.parts.values() if part.nature in ("entitled", "paid", "gap")]
    assert {(part.unit, part.period) for part in money} == {("元", "C")}


@pytest.mark.parametrize(
    ("figure", "year", "rows"),
    [
        ("T12-3a", 2024, ["", "渠道=综合服务平台", "渠道=企业码"]),
        ("T04-4a", 2024, ["", "年度=2023", "年度=2024"]),
        ("T09-1a", 2023, ["", "口径=P3"]),
        ("T09-1a", 2025, ["", "口径=P3", "年度=2023", "年度=2024"]),
        ("T14-1a", 2027, ["", "年度=2023", "年度=2024", "年度=2025"]),
        ("T01-4b", 2024, ["", "资质类型=省专精特新", "资质类型=小巨人"]),
        ("T04-3d", 2024, [""]),
        ("T06-2a", 2024, ["", *(f"示范类型={kind};级别={level}" for kind in ("能效领跑者", "水效领跑者") for level in ("国家级", "省级"))]),
    ],
)  # fmt: skip
def test_breakdowns_hold_only_what_the_part_can_hold_and_begin_with_the_total(figure, year, rows):
    part = RULES.indicators[figure[:-1]].parts[figure[-1]]
    assert RULES.breakdown_rows(part, year) == rows


def test_towns_follow_the_order_of_the_regions():
    rows = RULES.breakdown_rows(RULES.indicators["T03-1"].parts["a"], 2024)
    assert rows[1] == "镇街=城厢街道"
    assert rows[-2:] == ["镇街=萧山钱江世纪城", "口径=P3"]
    assert len(rows) == 29


@pytest.mark.parametrize(
    ("figure", "needs"),
    [
        ("T01-1a", {"D01", "D02", "D03"}),
        ("T01-6a", {"D01", "D02", "D03", "D05"}),
        ("T03-3a", {"D01", "D02", "D04", "D11"}),
        ("T05-3b", {"D06b"}),
        ("T05-3c", {"D01", "D02", "D06b", "D15"}),
        ("T07-1a", {"D01", "D02", "D03", "D04", "D17"}),
        ("T12-1a", {"D22a"}),
        ("T14-1a", {"D23"}),
    ],
)
def test_a_figure_needs_its_own_tables_and_those_of_its_population(figure, needs):
    assert set(RULES.indicators[figure[:-1]].parts[figure[-1]].needs) == needs


def test_a_column_that_a_figure_or_clause_rests_on_is_one_of_a_table_that_several_departments_fill():
    """A misspelt one would never be missing."""
    parts = [part for each in RULES.indicators.values() for part in each.parts.values()]
    named = {name for part in parts for name in part.columns} | {name for award in RULES.awards.values() for name in award.needs if "." in name}
    filled = {f"{table.id}.{column.header}" for table in load_tables().values() if table.columns_of for column in table.columns.values()}
    assert named <= filled and len(named) == 12
    assert all(part.columns or part.letter == "d" for part in parts if {"D05", "D20"} & set(part.tables))  # T01-7d counts rows


def test_the_new_name_of_the_bottom_tier_is_known_from_its_day_on():
    tiers = RULES.lists["资质类型"]
    assert tiers.spellings(date(2026, 4, 1))["科技和创新型"] == "创新型"
    assert "科技和创新型" not in tiers.spellings(date(2026, 3, 31))
    assert RULES.tiers.version_on(date(2026, 3, 31)).id == "R-2022"
    assert RULES.tiers.version_on(date(2026, 4, 1)).id == "R-2026"


def test_the_five_eastern_streets_lay_in_the_district_until_they_left():
    assert "330114003" in RULES.regions.codes_inside(date(2020, 12, 31))
    assert set(RULES.regions.codes_inside(date(2023, 1, 1)).values()) == set(RULES.towns)


@pytest.mark.parametrize("spelling", ["区经信局", "经信局"])
def test_a_department_is_known_by_its_full_and_its_short_name(spelling):
    assert RULES.department(spelling) == "区经信局"


def test_an_unknown_department_has_no_name():
    assert RULES.department("某局") is None


# ---- a spoiled file is refused ------------------------------------------------------------------------------------


def _spoil(plan, path, value):
    *steps, last = path
    for step in steps:
        plan = plan[step]
    if value is None:
        del plan[last]
    else:
        plan[last] = value


SPOILED = {
    "少了一个任务": ("plan", ["tasks", 13], None, "tasks 应有 14 项"),
    "部门名不在部门表内": ("plan", ["tasks", 0, "departments", 0], "经信局", "任务 1 的部门“经信局”不在部门表内"),
    "目标指向不存在的指标": ("plan", ["targets", 0, "indicator"], "T99-1", "目标 Q01 指向不存在的指标 T99-1"),
    "目标单位与指标不同": ("plan", ["targets", 0, "unit"], "户", "目标 Q01 的单位“户”"),
    "目标既无期限又非按年": ("plan", ["targets", 0, "due"], None, "二者只写其一"),
    "没有这一天": ("plan", ["targets", 0, "due"], "2025-02-30", "不是日期"),
    "目标值未加引号": ("plan", ["targets", 0, "value"], 10000.5, "须加引号"),
    "项目拼写错误": ("plan", ["targets", 0, "valeu"], "1", "没有这个项目"),
    "少了一个指标": ("indicators", [4], None, "indicators 应有 86 项"),
    "软指标带目标": ("indicators", [2, "target"], "Q01", "指标 T01-3 的类别与目标不符"),
    "指标部门不是责任单位": ("indicators", [0, "owner"], "区商务局", "不是任务 1 的责任单位"),
    "分列取值不在值域": ("indicators", [2, "by", 0, "资质类型"], ["巨无霸"], "分列的取值“巨无霸”不在值域内"),
    "金额未加引号": ("awards", ["A12", "terms", 0, "amount"], 0.1, "须加引号"),
    "金额为零": ("awards", ["A12", "terms", 0, "amount"], "0", "须大于零"),
    "比例写成百分数": ("awards", ["A10", "terms", 0, "rate"], "20", "比例写成小数"),
    "定额条款写了比例": ("awards", ["A11", "terms", 0, "rate"], "0.2", "只能写 amount"),
    "起效日晚于失效日": ("awards", ["A11", "terms", 0, "to"], date(2022, 1, 1), "晚于失效日"),
    "互斥没有起效日": ("tiers", ["exclusions", 0, "from"], None, "资质互斥须写明起效日"),
    "互斥止日早于起日": ("tiers", ["exclusions", 1, "to"], date(2024, 1, 1), "晚于失效日"),
    "口径取值不在可选值内": ("readings", ["B-02", "value"], "每月", "没有取值“每月”"),
    "少了一条口径": ("readings", ["B-28"], None, "readings 应有 28 项"),
    "级别搭配越出值域": ("lists", ["pairs", 1, "allowed", "未来工厂"], ["省内"], "有值域以外的级别"),
    "镇街代码重复": ("regions", ["towns", 1, "code"], "330109001", "镇街的代码或名称重复"),
}


@pytest.mark.parametrize("case", SPOILED)
def test_a_spoiled_rule_is_refused_with_its_place(case, tmp_path):
    name, path, value, sentence = SPOILED[case]
    folder = shutil.copytree(FOLDER, tmp_path / "rules", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    file = folder / f"{name}.yaml"
    book = yaml.safe_load(file.read_text(encoding="utf-8"))
    _spoil(book, path, value)
    file.write_text(yaml.safe_dump(book, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with pytest.raises(ZjtxError, match=sentence) as refusal:
        rules_from(folder)
    assert "\n" not in str(refusal.value)


def test_the_digest_changes_with_any_byte_of_a_rule(tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "rules", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    assert rules_from(folder).digest == RULES.digest
    with (folder / "chains.yaml").open("a", encoding="utf-8") as file:
        file.write("# 一行注释\n")
    assert rules_from(folder).digest != RULES.digest


# ---- a district's own values --------------------------------------------------------------------------------------


def test_a_districts_own_values_lie_on_top_and_leave_the_plan_as_it_was():
    own = RULES.overlay(
        {
            "awards": {"A04": {"amount": "200000", "reference": "某政策第3条"}},
            "baselines": {"Q01": {"value": "3200", "source": "部门确认", "reference": "某函"}, "Q02": "410"},
            "targets": {"Q03": {"value": "95"}},
            "lights": {"yellow_up_to": "20"},
        }
    )
    assert own.awards["A04"].amount == 200000
    assert [own.targets[name].baseline.value for name in ("Q01", "Q02")] == [3200, 410]
    assert own.targets["Q03"].value == 95
    assert own.plan.lights.yellow_up_to == 20
    assert RULES.awards["A04"].amount is None
    assert RULES.targets["Q01"].baseline is None
    assert own.digest != RULES.digest


def test_nothing_on_top_changes_nothing():
    assert RULES.overlay({}).digest == RULES.digest


def test_a_successor_ends_the_terms_before_it_the_day_before():
    own = RULES.overlay({"awards": {"A11": [{"from": date(2024, 7, 1), "amount": "1000000", "reference": "新政策"}]}})
    assert own.awards["A11"].terms_on(date(2024, 6, 30)).amount == 3000000
    assert own.awards["A11"].terms_on(date(2024, 7, 1)).amount == 1000000
    assert own.awards["A11"].terms_on(date(2026, 1, 1)) is None


def test_a_successor_may_follow_after_the_plans_end():
    own = RULES.overlay({"awards": {"A11": [{"from": date(2026, 7, 1), "amount": "1000000"}]}})
    assert own.awards["A11"].terms_on(date(2026, 6, 30)) is None
    assert own.awards["A11"].terms_on(date(2027, 1, 1)).amount == 1000000


def test_reading_champions_widely_moves_the_population_and_the_award():
    own = RULES.overlay({"readings": {"B-09": "含省级"}})
    assert own.population_types("P2")[-1] == "省单项冠军"
    assert own.awards["A01"].trigger.where["资质类型"] == ("国家单项冠军", "省单项冠军")
    assert own.readings["B-09"].explanation == "单项冠军企业：国家级与省级均计。"


def test_new_values_and_aliases_join_a_closed_list():
    own = RULES.overlay({"lists": {"资质类型": {"aliases": {"国家级小巨人": "小巨人"}}, "新场景": ["甲场景"], "产业链": ["低空经济"]}})
    assert own.lists["资质类型"].spellings()["国家级小巨人"] == "小巨人"
    assert own.lists["新场景"].names == ("甲场景",)
    assert not own.lists["新场景"].open
    assert own.chains.names_on(date(2024, 1, 1))[-1] == "低空经济"


REFUSED = {
    "没有的大类": ({"amounts": {}}, "配置项 amounts"),
    "大类不是映射": ({"awards": ["A01"]}, "配置项 awards：应写成"),
    "没有的条款": ({"awards": {"A26": {"amount": "1"}}}, "配置项 awards.A26：没有“A26”"),
    "金额未加引号": ({"awards": {"A01": {"amount": 0.5}}}, r"配置项 awards.A01.*须加引号"),
    "金额不是数字": ({"awards": {"A01": {"amount": "二十万"}}}, r"配置项 awards.A01.*“二十万”不是数字"),
    "金额拼写错误": ({"awards": {"A01": {"amout": "1"}}}, "配置项 awards.A01.amout：没有这个项目"),
    "后续条款没有起效日": ({"awards": {"A01": [{"amount": "1"}]}}, "须写明起效日"),
    "起效日不是日期": ({"awards": {"A01": [{"from": "明年", "amount": "1"}]}}, "“明年”不是日期"),
    "税收减免不能写金额": ({"awards": {"A24": {"amount": "1"}}}, "不是资金奖补"),
    **{
        f"没有计算基数的{clause}不能写比例": ({"awards": {clause: {"rate": "0.10"}}}, f"配置项 awards.{clause}：报送数据没有本条款的计算基数，只能写 amount")
        for clause in ("A05", "A20", "A21", "A23")
    },
    **{f"{clause}不是奖补不能写比例": ({"awards": {clause: {"rate": "0.10"}}}, f"配置项 awards.{clause}：本条款不是资金奖补，不能写 rate") for clause in ("A24", "A25")},
    "价格规则不能写上限": ({"awards": {"A22": {"cap": "100"}}}, "配置项 awards.A22：本条款不是资金奖补，不能写 cap"),
    "起价比例不分段": ({"awards": {"A22": [{"from": "2025-01-01", "rate": "0.80"}]}}, "配置项 awards.A22：起价按一个比例核对"),
    "金额和比例都写": ({"awards": {"A09": {"amount": "1", "rate": "0.10"}}}, "配置项 awards.A09：同一段条款.*只写其一"),
    "后续条款承接了金额又写比例": ({"awards": {"A09": [{"from": "2024-01-01", "amount": "1"}, {"from": "2025-01-01", "rate": "0.10"}]}}, "只写其一"),
    "只写上限": ({"awards": {"A09": {"cap": "100"}}}, "配置项 awards.A09：写了上限 cap 还须写"),
    "没有的口径": ({"readings": {"B-29": "甲"}}, "配置项 readings.B-29：没有“B-29”"),
    "口径取值没有数据": ({"readings": {"B-15": "纳税地"}}, "配置项 readings.B-15：取值“纳税地”无法测算（报送数据没有税务登记地）"),
    "口径取值不是文本": ({"readings": {"B-02": 1}}, r"配置项 readings.B-02.value.*应为文本"),
    "基线不是数字": ({"baselines": {"Q01": "很多"}}, r"配置项 baselines.Q01.*“很多”不是数字"),
    "目标改了不能改的项目": ({"targets": {"Q01": {"indicator": "T01-2"}}}, "配置项 targets.Q01.indicator"),
    "目标为负": ({"targets": {"Q01": "-1"}}, "须不小于零"),
    "别名指向没有的值": ({"lists": {"库别": {"aliases": {"甲": "乙"}}}}, "值域中没有“乙”"),
    "值域不是列表": ({"lists": {"库别": 3}}, "配置项 lists.库别"),
    "产业链不是列表": ({"lists": {"产业链": 3}}, "配置项 lists.产业链"),
    "新值与旧值重复": ({"lists": {"库别": ["创新型"]}}, "重复的取值"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_districts_value_that_does_not_fit_is_refused_with_its_key(case):
    own, sentence = REFUSED[case]
    with pytest.raises(ZjtxError, match=sentence) as refusal:
        RULES.overlay(own)
    assert "\n" not in str(refusal.value)
