"""Awards of several clauses together: departments' sums make the total, bars keep one scale, what is not known is in neither."""

import made_results

from zjtx_pipeline.money import FEN_PER_WAN
from zjtx_pipeline.report import compose
from zjtx_pipeline.report.award_totals import bars, by_department
from zjtx_pipeline.rules import load_rules

RULES = load_rules()
ALL = list(RULES.awards.values())


def fen(text):
    return round(float(text.replace(",", "").replace("−", "-")) * FEN_PER_WAN)


def test_the_departments_sums_make_the_total_of_all_clauses():
    inputs = made_results.inputs()
    table = compose.overall_report(inputs).awards
    sums = [one.sums for one in table.departments if one.sums]
    for column in ("entitled", "paid", "gap"):
        assert sum(fen(getattr(row, column)) for row in sums) == fen(getattr(table.total, column))
    assert sum(int(one.clauses) for one in table.departments) == len([award for award in ALL if award.is_grant]) == len(table.rows)


def test_clauses_without_an_amount_are_named_and_a_department_with_nothing_else_has_no_sums():
    told = {one.department: one for one in by_department(made_results.inputs(), ALL)}
    assert "A01、" in told["区经信局"].note and "金额待明确，不在内" in told["区经信局"].note
    assert told["区住建局"].sums is None and told["区住建局"].note == "A20金额待明确，不在内"


def test_what_was_not_delivered_is_named_beside_the_department_and_has_no_bar():
    inputs = made_results.inputs(status=dict.fromkeys(["D15"], "未报送"))
    assert "未报送：D15_数字化改造，所涉条款不在内" in {one.department: one.note for one in by_department(inputs, ALL)}["区经信局"]
    assert "A10" not in {one.clause for one in bars(inputs, ALL)}
    assert bars(made_results.inputs(status={"D06b": "未报送"}), ALL) == ()


def test_bars_share_one_scale_and_show_what_is_paid_beyond():
    units = made_results.awards({"clause": "A10", "entitled_fen": 400, "paid_fen": 100, "state": "部分拨付"}, {"clause": "A11", "entitled_fen": 200, "paid_fen": 300, "state": "超付"})
    drawn = {one.clause: one for one in bars(made_results.inputs(awards=units), ALL)}
    assert (drawn["A10"].entitled, drawn["A10"].paid) == ("1000.0", "250.0")
    assert (drawn["A11"].entitled, drawn["A11"].paid) == ("500.0", "750.0")
    assert (drawn["A12"].entitled, drawn["A12"].paid) == ("0.0", "0.0") and "A01" not in drawn
    assert bars(made_results.inputs(awards=units.head(0)), ALL) == ()


def test_a_department_whose_tables_are_all_away_has_no_noughts():
    away = made_results.inputs(status=dict.fromkeys(["D16"], "未报送"))
    sums = {one.department: one.sums for one in by_department(away, ALL)}["区发改局"]
    assert (sums.units, sums.entitled, sums.paid, sums.gap) == ("待补",) * 4
    unpaid = {one.department: one for one in by_department(made_results.inputs(status={"D06b": "未报送"}), ALL)}["区经信局"]
    assert (unpaid.sums.paid, unpaid.sums.gap) == ("待补", "待补") and unpaid.sums.entitled != "待补" and "D06b" in unpaid.note
