"""Numbers as GB/T 15835-2011 writes them, in all that the reports print: statistics in Arabic numerals, grouped by thousands, with their units."""

import re
from html import unescape

import made_results
import pytest
from test_layout import extreme

from zjtx_pipeline.report import compose, distribution, pages
from zjtx_pipeline.report.grounds import Notice, Order
from zjtx_pipeline.rules import load_rules
from zjtx_pipeline.settings import Settings

RULES = load_rules()
ORDER = Order("区财政局补报政府采购合同台账。", "李四", "2025-02-20")
# What is no statistic: figures and rules by their ids, standards and documents by their numbers, quarters, file names, digests, codes.
NAMED = re.compile(
    r"[TQABDLP]-?\d+[a-z]?(?:-\d+[a-z]?)?|\d{4}Q\d|〔\d{4}〕\d+号|\d{4}-\d{2}-\d{2}|\S+\.(?:xlsx|csv|json|et)|[0-9a-f]{16}|SHA-256|[0-9A-Z]{18}|\d+\.\d+\.\d+"
)


def texts(inputs):
    """Every report of a quarter as one text each, without what only names something."""
    reports = {"00": compose.overall_report(inputs)}
    reports |= {f"{number:02}": compose.task_report(inputs, number) for number in RULES.tasks}
    reports |= {name: distribution.report(inputs, name) for name in distribution.recipients(RULES)}
    for name, report in reports.items():
        page = re.sub(r"<(head|svg)\b.*?</\1>", " ", pages.html(report), flags=re.S)
        told = re.sub(r"<svg.*?<title>(.*?)</title>", r" \1 ", pages.html(report), flags=re.S)
        yield name, NAMED.sub("某", unescape(re.sub(r"<[^>]*>", " ", page))) + NAMED.sub("某", " ".join(re.findall(r"<title>(.*?)</title>", told, re.S)))


@pytest.fixture(scope="module", params=["made", "extreme"])
def printed(request):
    if request.param == "extreme":
        inputs = extreme()
        return dict(texts(made_results.replace(inputs, texts=inputs.texts.head(0), settings=Settings(sample=True))))
    return dict(texts(made_results.inputs(notices=(Notice(1, 1, ORDER, ()),))))


WRONG = {
    "a digit or a sign of full width": r"[０-９％．＋]\d|[０-９％．]",
    "five digits and more without grouping": r"(?<![\d,.])\d{5,}",
    "four digits without grouping that are no year": r"(?<![\d,.])(?!20[1-3]\d)\d{4}(?![\d,])",
    "a year that stands for a count": r"(?<![\d,.])20[1-3]\d(?:家|项|户|件|场|人|万元|元)",
    "a group that is no thousand": r"\d,\d{1,2}(?!\d)|(?<![\d,.])\d{4,},\d{3}|(?<![\d,.])0\d*,\d{3}",
    "a year of two digits": r"(?<![\d,.])\d{2}年(?!内|以上|期)",
    "a date with idle noughts": r"年0\d月|月0\d日",
    "a hyphen for a minus": r"(?<![A-Za-z0-9—-])-\d",
    "a range by a hyphen, a dash or a plain tilde": r"\d%?[~–-]\d",
    "a range whose first percentage lacks its sign": r"(?<![\d%])\d[\d,.]*～\d[\d,.]*%",
    "a decimal without its nought": r"(?<![\d,A-Za-z\])])\.\d",
    "a percent sign apart from its number": r"\d\s+%",
    "a count in Hanzi": r"[二三四五六七八九十百千]+(?:家|户|件|场|万元|亿元|个百分点)",
    "thousands or millions for 万 and 亿": r"\d(?:千元|百万元|千万元|百家|千家)",
}


@pytest.mark.parametrize("pattern", WRONG.values(), ids=WRONG)
def test_no_report_holds(pattern, printed):
    found = {name: [text[max(0, hit.start() - 15) : hit.end() + 10] for hit in re.finditer(pattern, text)] for name, text in printed.items()}
    assert not any(found.values()), {name: hits[:3] for name, hits in found.items() if hits}


def test_each_pattern_finds_what_it_looks_for():
    samples = ["１家", "12345家", "1234家", "2024家", "1,23家", "24年", "2024年01月", "增减-3", "10-20家", "10～20%", "约.5", "5 %", "十二家", "3千万元"]
    assert [name for (name, pattern), sample in zip(WRONG.items(), samples, strict=True) if not re.search(pattern, sample)] == []


def test_money_stands_in_ten_thousands_with_two_decimals_unless_a_clause_says_a_whole_number(printed):
    amounts = [number for text in printed.values() for number in re.findall(r"([−\d,.]+)万元", text)]
    assert len(amounts) > 50 and not [number for number in amounts if not re.fullmatch(r"−?\d{1,3}(,\d{3})*(\.\d{2})?", number)]


def test_counts_and_shares_are_arabic_numerals_with_the_minus_of_print(printed):
    every = " ".join(printed.values())
    assert re.search(r"\d{1,3},\d{3}家", every) and re.search(r"\d+\.\d{2}%", every) and re.search(r"−\d", every)
    assert re.search(r"20\d{2}年\d{1,2}月\d{1,2}日", every)
