"""How many firms stand behind the sums of business and tax figures, so that few can be left out (datasets.md 5.4)."""

from builders import books

from zjtx_pipeline.indicators.disclosure import firms_behind


def recognised(*codes):
    return [{"uscc": code, "tier": "小巨人", "event": "认定", "batch": code, "announced_on": "2023-07-01", "valid_from": "2023-07-01", "valid_to": "2026-06-30"} for code in codes]  # fmt: skip


def report(code, period, **figures):
    return {"uscc": code, "period": period, "basis": "快报"} | figures


def test_each_sum_counts_the_firms_that_filled_in_its_own_column():
    held = books(
        D04=recognised("甲", "乙", "丙"),
        D05=[
            report("甲", "2024Q4", revenue_fen="10", tax_paid_fen="1", rd_expense_fen="1"),
            report("乙", "2024Q4", revenue_fen="10"),
            report("丙", "2024Q4", revenue_fen="10", tax_paid_fen="1"),
            report("甲", "2023Q4", revenue_fen="10", tax_paid_fen="1"),
            report("乙", "2023Q4", revenue_fen="10"),
        ],
    )
    assert firms_behind(held) == {"T01-7a": 2, "T01-7b": 1, "T01-7c": 0, "T03-8a": 1, "T03-8b": 1, "T03-8c": 3}
