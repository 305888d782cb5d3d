"""Why a figure differs between two revisions: from what each rests on, all causes that apply, and none that nobody can tell."""

from dataclasses import replace

import pandas as pd
import pytest
from made_deliveries import QUARTER, deliver, delimited, inbox, row

from zjtx_pipeline import causes, snapshots, sources
from zjtx_pipeline.causes import Basis
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.rules import load_rules
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.snapshots import Source
from zjtx_pipeline.tables import load_tables

RULES = load_rules()
LATE, CORRECTED, REDEFINED, MISTAKEN, UNTOLD = causes.CAUSES
DELIVERED = {f"{quarter}/{table}": {"区经信局": "a"} for quarter in ("2023Q4", "2024Q3", "2024Q4") for table in load_tables()}


def basis(version="1", settings=Settings(inbox="x"), **delivered):
    """What a revision rests on: every table delivered once, but those named (`D24a`, or `D11_2023Q4`) as told."""
    changed = {f"{name.partition('_')[2] or '2024Q4'}/{name.partition('_')[0]}": senders for name, senders in delivered.items()}
    return Basis(version, settings.rules.digest, causes.in_force(settings.rules, settings), DELIVERED | changed)


def configured(**own):
    return basis(settings=Settings(inbox="x", **own))


def told(figure, before, now, statuses=("正常", "正常")):
    indicator, part = figure[:-1], figure[-1]
    changed = pd.DataFrame({"indicator": [indicator], "part": [part], "old_status": [statuses[0]], "new_status": [statuses[1]]})
    return causes.told(changed, before, now, RULES, QUARTER)["cause"].tolist()[0].split("、")


@pytest.mark.parametrize("before, now, earlier, beside", [
    ({"区经信局": "a"}, {}, [], "来源撤回"),
    ({"区经信局": "a"}, {"区经信局": "b"}, [], ""),
    ({}, {"区经信局": "a"}, [], ""),
    ({}, {"区经信局": "a"}, [{"区经信局": "a"}], "撤回后重报"),
    ({}, {"区经信局": "a"}, [{"区财政局": "a"}], ""),
    ({"区经信局": "a"}, {"区财政局": "a"}, [{"区财政局": "b"}], "来源撤回、撤回后重报"),
])  # fmt: skip
def test_a_delivery_that_went_or_came_back_is_told_beside_the_cause(before, now, earlier, beside):
    changed = pd.DataFrame({"indicator": ["T13-5", "T04-4"], "part": "a", "old_status": "正常", "new_status": "正常"})
    found = causes.told(changed, basis(D24a=before), basis(D24a=now), RULES, QUARTER, [basis(D24a=each) for each in earlier])
    assert found["beside"].tolist() == [beside, ""]
    assert causes.told(changed, None, basis(), RULES, QUARTER)["beside"].tolist() == ["", ""]


NOBODY, BOTH = {}, {"区经信局": "a", "区财政局": "b"}
PLAIN = basis()
CASES = {
    "没有报送的表报来了": ("T13-5a", basis(D24a=NOBODY), PLAIN, [LATE]),
    "另一个部门补报": ("T13-5a", PLAIN, basis(D24a=BOTH), [LATE]),
    "报过的又报一次，内容不同": ("T13-5a", PLAIN, basis(D24a={"区经信局": "b"}), [CORRECTED]),
    "报过的撤回了": ("T13-5a", PLAIN, basis(D24a=NOBODY), [CORRECTED]),
    "一个补报，一个更正": ("T13-5a", PLAIN, basis(D24a={"区经信局": "b", "区财政局": "b"}), [LATE, CORRECTED]),
    "不相干的表报来了": ("T13-5a", basis(D15=NOBODY), PLAIN, [UNTOLD]),
    "登记信息更正，决定哪些行采用": ("T13-5a", PLAIN, basis(D01={"区经信局": "b"}), [CORRECTED]),
    "人群所依据的表更正": ("T01-1a", PLAIN, basis(D02={"区经信局": "b"}), [CORRECTED]),
    "到期季度的数据更正，亮灯要看": ("T03-4a", PLAIN, basis(D11_2023Q4={"区经信局": "b"}), [CORRECTED]),
    "到期季度的数据，没有目标的不看": ("T13-5a", PLAIN, basis(D24a_2023Q4={"区经信局": "b"}), [UNTOLD]),
    "上季度的数据，没有沿用的不看": ("T13-5a", PLAIN, basis(D24a_2024Q3={"区经信局": "b"}), [UNTOLD]),
    "口径改了": ("T04-4a", PLAIN, configured(readings={"B-02": "每企业整个计划期"}), [REDEFINED]),
    "别的任务的口径改了": ("T05-6a", PLAIN, configured(readings={"B-02": "每企业整个计划期"}), [UNTOLD]),
    "填了金额": ("T01-5c", PLAIN, configured(awards={"A02": {"amount": "1000000"}}), [REDEFINED]),
    "填了金额，与不是奖补的数无关": ("T01-1a", PLAIN, configured(awards={"A02": {"amount": "1000000"}}), [UNTOLD]),
    "基期数改了": ("T01-1a", PLAIN, configured(baselines={"Q01": "6000"}), [REDEFINED]),
    "目标改了": ("T01-1a", PLAIN, configured(targets={"Q01": {"value": "9000"}}), [REDEFINED]),
    "别的目标改了": ("T01-2a", PLAIN, configured(targets={"Q01": {"value": "9000"}}), [UNTOLD]),
    "亮灯界限改了": ("T01-1a", PLAIN, configured(lights={"yellow_up_to": "20"}), [REDEFINED]),
    "值域改了": ("T13-5a", PLAIN, configured(lists={"采购方式": ["框架协议"]}), [REDEFINED]),
    "缺报的改为沿用": ("T13-5a", PLAIN, configured(missing={"D24a": "沿用上期"}), [REDEFINED]),
    "迟报又改口径": ("T04-4a", basis(D14=NOBODY), configured(readings={"B-02": "每企业整个计划期"}), [LATE, REDEFINED]),
    "只有程序换了": ("T13-5a", PLAIN, basis("2"), [MISTAKEN]),
    "程序换了，数据也补报了": ("T13-5a", basis(D24a=NOBODY), basis("2"), [LATE]),
    "什么都没有变": ("T13-5a", PLAIN, PLAIN, [UNTOLD]),
    "以前的版次没有留存依据": ("T13-5a", None, PLAIN, [UNTOLD]),
    "规则里已经没有的指标": ("T13-9a", replace(PLAIN, rules=PLAIN.rules | {"part T13-9a": "x"}), PLAIN, [REDEFINED]),
}  # fmt: skip


@pytest.mark.parametrize("figure, before, now, expected", CASES.values(), ids=CASES)
def test_a_cause_is_told_where_what_is_behind_the_figure_tells_it(figure, before, now, expected):
    assert told(figure, before, now) == expected


@pytest.mark.parametrize("statuses", [("沿用上期", "正常"), ("待补", "沿用上期")])
def test_what_was_carried_in_one_revision_rests_on_last_quarter_s_deliveries_too(statuses):
    assert told("T13-5a", PLAIN, basis(D24a_2024Q3={"区经信局": "b"}), statuses) == [CORRECTED]


def test_of_a_quarter_that_one_of_the_two_did_not_read_nothing_is_told():
    unread = replace(PLAIN, deliveries={name: senders for name, senders in DELIVERED.items() if not name.startswith("2023Q4")})
    assert told("T03-4a", unread, basis(D11_2023Q4={"区经信局": "b"})) == [UNTOLD]


def test_every_figure_rests_on_tables_and_rules_that_a_basis_holds():
    for indicator in RULES.indicators.values():
        for part in indicator.parts:
            tables, rules = causes.behind(RULES, Quarter(2024, 4), indicator.id, part)
            assert tables and {name.partition("/")[2] for name in tables} <= set(load_tables()), indicator.id
            assert rules <= set(PLAIN.rules), indicator.id + part


def test_what_a_revision_rests_on_comes_back_from_its_record():
    assert Basis(**PLAIN.record()) == PLAIN


def contents(folder, **files):
    for sender, rows in files.items():
        deliver(folder, f"D16_示范认定_{sender}.csv", delimited(rows))
    return snapshots.contents(snapshots.keep(folder / "var", QUARTER, load_tables()["D16"], sources.deliveries(inbox(folder), "D16", QUARTER)))


def test_a_delivery_is_told_by_what_it_holds_and_by_nothing_else(tmp_path):
    first = contents(tmp_path, 区经信局=[row("D16")], 区发改局=[row("D16", 企业名称="某厂")])
    assert set(first) == {"区经信局", "区发改局"}
    again = deliver(tmp_path, "D16_示范认定_区经信局_2.csv", delimited([row("D16")]), received="2025-02-20 10:00:00")
    assert contents(tmp_path) == first
    again.unlink()
    then = contents(tmp_path, 区发改局=[row("D16", 企业名称="另一厂")])
    assert then["区经信局"] == first["区经信局"] and then["区发改局"] != first["区发改局"]


def test_rows_of_one_view_are_told_apart_by_who_sent_them_and_a_silent_gateway_gave_nothing(tmp_path):
    def view(sender, kind="database", **changed):
        return Source(sender, "D16_示范认定", kind, "2025-01-08T10:00:00", 1, 0, ("企业名称",), **changed)

    def said(name, *senders):
        rows = pd.DataFrame({"企业名称": ["甲", name], "sender": ["区经信局", "区发改局"], "source": "D16_示范认定"})
        kept = snapshots.Snapshot(tmp_path, load_tables()["D16"], QUARTER, name, senders)
        kept.__dict__.update(rows=rows, rejected=pd.DataFrame({"sender": [], "source": [], "text": []}, dtype="str"))
        return snapshots.contents(kept)

    both = view("区经信局"), view("区发改局")
    first, then = said("乙", *both), said("丙", *both)
    assert then["区经信局"] == first["区经信局"] and then["区发改局"] != first["区发改局"]
    assert set(said("乙", view("区经信局"), replace(view("区发改局", "gateway"), read=0))) == {"区经信局"}


def test_a_basis_survives_its_record_whatever_another_program_kept_beside():
    kept = Basis("0.1.0", "ab", {"plan": "cd"}, {"2024Q4/D03": {"区经信局": "ef"}})
    assert Basis.from_record(kept.record() | {"of_another_program": 1}) == kept
