"""Promotion candidates: a first screening by the numbers, never a decision."""

import pandas as pd
import pytest
from builders import books, case_books, cases

from zjtx_pipeline.candidates import candidates, unknown_measures
from zjtx_pipeline.measures import MEASURES
from zjtx_pipeline.outputs import candidates_frame


@pytest.mark.parametrize("case", cases("candidates"))
def test_a_firm_is_screened_by_the_version_in_force(case):
    rows = candidates(case_books(case))
    told = [
        {"企业": f"{row.uscc} {row.next_tier} {row.outcome}", "不符合": row.unmet, "缺数据": row.without_data}
        for row in rows.itertuples()
    ]
    assert told == case["初筛"]


def title(tier, **more):
    return {"uscc": "甲", "tier": tier, "event": "认定", "announced_on": "2023-01-01", "valid_from": "2023-01-01", "valid_to": "2025-12-31"} | more


ACCOUNTS = {"uscc": "甲", "period": "2024", "basis": "审计", "revenue_fen": 8765432, "rd_expense_fen": 7654321, "main_revenue_fen": 8765432,
            "assets_fen": 10, "liabilities_fen": 5, "niche_years": 9, "market_share_pct": 50, "class1_rights": 9}  # fmt: skip


def test_an_exclusion_is_flagged_and_decides_nothing():
    titles = [title("省专精特新", valid_to="2026-12-31"), title("国家单项冠军", valid_to="2026-12-31")]
    accounts = [ACCOUNTS | {"period": year} for year in ("2024", "2025")]
    row = candidates(books("2026Q1", D04=titles, D05=accounts)).iloc[0]
    assert row["next_tier"] == "小巨人"
    assert row["exclusion"] == "持有国家单项冠军的不再新认定小巨人（工信厅企业函〔2026〕117号，2026-01-01起，确切起止日待确认）"
    before = candidates(books("2025Q4", D04=titles, D05=accounts)).iloc[0]
    assert before["next_tier"] == "小巨人" and before["exclusion"] == ""


def test_no_value_of_a_firm_leaves_and_every_row_says_it_decides_nothing():
    held = books(D04=[title("省专精特新")], D05=[ACCOUNTS])
    frame = candidates_frame(candidates(held), held.quarter)
    assert set(frame["remark"]) == {"初筛，非认定"} and len(frame) == 1
    assert not any("87654" in cell or "76543" in cell for cell in frame.to_numpy().ravel())


def test_every_condition_of_both_versions_names_a_measure_that_exists():
    held = books()
    assert unknown_measures(held) == set()
    assert {version.id for version in held.rules.tiers.versions} == {"R-2022", "R-2026"}


def test_without_titles_or_accounts_nobody_is_screened():
    told = {"D04": [title("省专精特新")], "D05": [ACCOUNTS]}
    assert len(candidates(books(**told))) and len(candidates(books(undelivered=("D05.实缴税金(万元)",), **told)))
    for absent in ("D04", "D05", "D05.营业收入(万元)"):
        assert candidates(books(undelivered=(absent,), **told)).empty
    assert isinstance(candidates(books("2022Q1")), pd.DataFrame)


def test_a_year_of_negative_revenue_is_no_growth_and_no_crash():
    years = [ACCOUNTS | {"period": year, "revenue_fen": revenue} for year, revenue in (("2025", "-5"), ("2024", "9"), ("2023", "7"))]
    held = books("2026Q2", D04=[title("省专精特新", valid_to="2026-12-31")], D05=years)
    assert MEASURES["revenue_growth_of_two"](held).isna().all() and len(candidates(held)) == 0
