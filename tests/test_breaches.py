"""What happened against a rule of the plan is kept, and told."""

import pandas as pd
import pytest
from builders import books, case_books, cases

from zjtx_pipeline.breaches import findings
from zjtx_pipeline.rules import load_rules


def told(found):
    return sorted(zip(found["rule"], found["value"], strict=True))


def title(uscc, tier, day, **more):
    return {"uscc": uscc, "tier": tier, "event": "认定", "announced_on": day, "valid_from": day, "valid_to": f"{int(day[:4]) + 3}{day[4:]}", **more}


def test_a_new_little_giant_that_is_a_champion_already_is_told():
    champion = title("甲", "国家单项冠军", "2024-01-10")
    found = findings(books("2026Q2", D04=[champion, title("甲", "小巨人", "2026-01-10")]))
    assert told(found) == [("D04.资质类型.互斥", "小巨人")]
    assert "互斥规定（工信厅企业函〔2026〕117号，2026-01-01起，确切起止日待确认）不符" in found["message"].item()
    assert told(findings(books("2026Q2", D04=[champion, title("乙", "小巨人", "2026-01-10")]))) == []
    assert told(findings(books("2026Q2", D04=[champion, title("甲", "小巨人", "2023-12-10")]))) == []


@pytest.mark.parametrize(("tier", "day", "is_told"), [
    ("小巨人", "2025-12-31", False), ("小巨人", "2026-01-01", True), ("省隐形冠军", "2024-12-31", False), ("省隐形冠军", "2025-01-01", True),
])  # fmt: skip
def test_an_exclusion_speaks_of_recognitions_since_its_document_alone(tier, day, is_told):
    champion = title("甲", "国家单项冠军", "2024-01-10")
    assert bool(told(findings(books("2026Q2", D04=[champion, title("甲", tier, day)])))) is is_told


def test_purchases_from_and_listings_of_firms_outside_p2_are_told():
    giant = title("甲", "小巨人", "2023-01-10")
    bought = [{"uscc": "丙", "supplier_uscc": code, "contracted_on": "2024-02-01"} for code in ("甲", "乙")]
    listed = [{"uscc": code, "item": "入后备库", "dated_on": "2024-02-01"} for code in ("甲", "乙")]
    found = findings(books(D04=[giant], D08=bought, D19=listed))
    assert told(found) == [("D08.供方码.不是P2", "乙"), ("D19.统一社会信用代码.不是P2", "乙")]
    assert set(found["severity"]) == {"提示"} and set(found["quarter"]) == {"2024Q4"}


def test_a_buyer_or_seller_outside_the_district_is_told():
    firms = [{"uscc": "内", "street_code": "330109001"}, {"uscc": "外", "street_code": "330114003"}]
    bought = [{"uscc": buyer, "supplier_uscc": seller} for buyer, seller in (("内", "内"), ("外", "内"), ("内", "外"))]
    found = findings(books(D01=firms, D14=bought))
    assert told(found) == [("D14.供方码.不在萧", "外"), ("D14.统一社会信用代码.不在萧", "外")]


@pytest.mark.parametrize(
    ("approved", "key", "rules"),
    [
        ("20.00", "项目甲", []),
        ("20.01", "项目甲", ["D06a.核定金额.不同于测算"]),
        ("20.00", "项目乙", ["D06a.触发事项键.无触发"]),
    ],
)
def test_an_approval_is_held_to_its_trigger_and_formula(approved, key, rules):
    project = {"uscc": "甲", "project_no": "项目甲", "acceptance": "通过", "acceptance_standard": "市级", "accepted_on": "2024-03-01", "approved_investment_fen": "100.00"}
    claim = {"uscc": "甲", "clause": "A10", "trigger_key": key, "state": "已核定", "approved_on": "2024-04-01", "approved_fen": approved}
    assert findings(books(D15=[project], D06a=[claim]))["rule"].tolist() == rules


def test_what_moved_oddly_since_the_quarter_before_is_told():
    before = books("2024Q3", D07=[{"project_no": "一", "invested_fen": "10"}], D03=[{"uscc": str(n)} for n in range(10)])
    now = books(D07=[{"project_no": "一", "invested_fen": "9.5"}], D03=[{"uscc": str(n)} for n in range(7)])
    assert told(findings(now, before)) == [("D03.库别.在库变动", "创新型"), ("D07.累计完成投资.下降", "9.5")]
    same = books(D07=[{"project_no": "一", "invested_fen": "10"}], D03=[{"uscc": str(n)} for n in range(8)])
    assert told(findings(same, before)) == []


def test_a_pool_that_is_not_delivered_any_more_is_told():
    before = books("2024Q3", D03=[{"uscc": "甲", "pool": pool} for pool in ("创新型", "专精特新")])
    [found] = findings(books(D03=[{"uscc": "甲", "pool": "创新型"}]), before).to_dict("records")
    assert (found["rule"], found["sender"], found["place"]) == ("D03.库别.在库变动", "区经信局", "")
    assert found["message"].startswith("专精特新培育库在库 0 家，上季 1 家，")


def test_a_ledger_that_is_零报送_after_it_had_rows_is_told():
    before = books("2024Q3", D15=[{"uscc": "甲"}], D22b=[{"uscc": "甲"}], D26=[{"task": "1"}])
    found = findings(books(), before)
    assert found["rule"].tolist() == ["D15.报送.零报送"]
    assert found.at[0, "message"].startswith("D15_数字化改造本季零报送，按 0 计，而上季有 1 行：")
    assert not len(findings(books(), books("2024Q3"))) and not len(findings(books(undelivered=("D15",)), before))


def test_books_without_breaches_give_an_empty_frame_of_findings():
    found = findings(books())
    assert len(found) == 0 and list(found.columns)[:4] == ["quarter", "dataset", "sender", "severity"]
    assert set(map(str, found.dtypes)) == {"str"} and isinstance(found, pd.DataFrame)


@pytest.mark.parametrize("case", cases("payouts"))
def test_payments_that_the_plan_speaks_against_are_told(case):
    found = findings(case_books(case))
    found = found[found["dataset"].eq("D06b")]
    assert sorted(f"{rule.removeprefix('D06b.')} {value}" for rule, value in told(found)) == sorted(case["发现"])
    assert set(found["severity"]) <= {"提示"} and not found["message"].str.contains("{", regex=False).any()


def test_a_payment_is_told_of_by_the_task_of_its_clause_alone():
    claim = {"uscc": "甲", "award_no": "1", "clause": "A17", "trigger_key": "甲|绿色工厂|省级|一|厂", "state": "已核定", "approved_on": "2024-03-01"}
    paid = {"uscc": "甲", "award_no": "1", "clause": "A17", "paid_fen": "1", "paid_on": "2024-04-01", "payment_type": "拨付", "purse": "区"}
    held = books(D06a=[claim], D06b=[paid])
    assert "D06b.拨付金额.无触发" in set(findings(held, task=6)["rule"])
    assert findings(held, task=5).empty


def test_a_buyer_from_elsewhere_is_no_finding_where_any_buyer_counts():
    firms = [{"uscc": "内"}, {"uscc": "外", "street_code": "330114003"}]
    rules = load_rules().overlay({"readings": {"B-03": {"采购方地域": "不限"}}})
    bought = [{"uscc": "外", "supplier_uscc": "内"}, {"uscc": "内", "supplier_uscc": "外"}]
    assert told(findings(books(rules=rules, D01=firms, D14=bought))) == [("D14.供方码.不在萧", "外")]


@pytest.mark.parametrize(
    ("industry", "employees", "revenue", "large"),
    [("3516", 1000, 40000, True), ("C3516", 1000, 40000, True), ("3516", 999, 40000, False), ("3516", 1000, "39999.999999", False),
     ("6510", 300, 10000, True), ("6510", 299, 10000, False), ("6311", 1000, 40000, False), ("5110", 9999, 99999999, False), (None, 9999, 99999999, False)],
)  # fmt: skip
def test_a_new_title_of_a_firm_that_was_large_the_year_before_is_told(industry, employees, revenue, large):
    firm = [{"uscc": "甲", "industry_code": industry}]
    size = {"uscc": "甲", "period": "2023", "basis": "审计", "employees": employees, "revenue_fen": revenue}
    found = told(findings(books(D01=firm, D04=[title("甲", "小巨人", "2024-01-10")], D05=[size])))
    assert found == ([("D04.资质类型.规模", "小巨人")] if large else [])


def test_size_is_asked_of_titles_for_small_firms_and_of_the_right_year():
    firm, size = [{"uscc": "甲", "industry_code": "3516"}], {"uscc": "甲", "basis": "审计", "employees": 5000, "revenue_fen": 900000}
    for tier, period in (("国家单项冠军", "2023"), ("小巨人", "2022"), ("小巨人", "2024")):
        assert told(findings(books(D01=firm, D04=[title("甲", tier, "2024-01-10")], D05=[{**size, "period": period}]))) == []


def test_a_successor_s_higher_cap_is_the_one_that_its_units_are_held_to():
    rules = load_rules().overlay({"awards": {"A08": [{"from": "2024-01-01", "cap": "5000000"}]}})
    bought = {"uscc": "甲", "supplier_uscc": "乙", "product_no": "P1", "contracted_on": "2023-06-01", "net_purchase_fen": "60000000"}
    tables = {
        "D13": [{"uscc": "乙", "product_no": "P1", "category": "首台套", "level": "国际", "recognised_on": "2023-03-01"}],
        "D14": [{**bought, "invoiced_on": day} for day in ("2023-12-31", "2024-05-01")],
        "D06a": [
            {"uscc": "甲", "award_no": f"{year}", "clause": "A08", "trigger_key": f"甲|{year}", "triggered_on": day, "approved_fen": "4000000", "approved_on": "2024-06-01", "state": "已核定"}
            for year, day in ((2023, "2023-12-31"), (2024, "2024-05-01"))
        ],
    }  # fmt: skip
    above = findings(books(rules=rules, **tables))
    assert above[above["rule"].eq("D06a.核定金额.超上限")]["message"].tolist() == ["核定金额“4000000.00”元超过条款上限：请核对。"]


def test_what_d05_shows_of_single_firms_is_told_beside_the_ladder_alone():
    held = books(
        D01=[{"uscc": "甲", "industry_code": "C3000"}], D04=[title("甲", "省专精特新", "2024-05-01")],
        D05=[{"uscc": "甲", "period": "2023", "basis": "审计", "employees": "5000", "revenue_fen": "900000"}],
    )  # fmt: skip
    told_in = {number for number in load_rules().tasks if "D04.资质类型.规模" in set(findings(held, task=number)["rule"])}
    assert "D04.资质类型.规模" in set(findings(held)["rule"]) and told_in == {1}
