"""How long a quarter's whole set takes to print, beside what the same pages cost with bare WeasyPrint in the same run.

The set: fifteen reports with their figures attached, thirteen departments' PDFs, the towns' table, the workbooks of firms; made of an
earlier run's results (`zjtx report 2024Q4`), composed and printed in one process, one after the other. Bare WeasyPrint gets the finished
HTML, the same style sheets and fonts, and writes the same kind of file (PDF/A-3a), without attachments, checks or composing; once more
an ordinary PDF without tags. In turn, RUNS times; medians. Two cores share the set in a run (decision 6): half the seconds, as far as the work divides.

    .venv/bin/python benchmarks/printing.py [2024Q4]
"""

import statistics
import sys
import time

import weasyprint

from zjtx_pipeline import district, outputs, stages
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.report import compose, distribution, pages, pdf, privacy
from zjtx_pipeline.stages.gathering import OVERALL, report_inputs

RUNS = 3


def whole_set(run):
    """Prints everything; the HTML of each page for the floor."""
    rules, documents = run.settings.rules, []
    for number in (OVERALL, *rules.tasks):
        inputs = report_inputs(run, number)
        report = compose.task_report(inputs, number) if number else compose.overall_report(inputs)
        figures = outputs.csv_bytes(outputs.figures_frame(privacy.printable(inputs), rules, run.quarter))
        pdf.render_report(report, {"figures.csv": figures})
        documents.append(report)
    inputs = report_inputs(run, OVERALL)
    for name in distribution.recipients(rules):
        report = distribution.report(inputs, name)
        pdf.render_report(report)
        documents.append(report)
    for department in rules.departments:
        distribution.annexes(inputs, department)
    return documents


def bare(documents, sheets, config, fetcher, variant):
    for document in documents:
        weasyprint.HTML(string=document, url_fetcher=fetcher).render(stylesheets=sheets, font_config=config).write_pdf(pdf_variant=variant)


def seconds(what, *given):
    began = time.perf_counter()
    what(*given)
    return time.perf_counter() - began


def main():
    quarter = Quarter.parse(sys.argv[1] if len(sys.argv) > 1 else "2024Q4")
    run = stages.open_run(district.settings_in_force(), quarter)
    htmls = [pages.html(report) for report in whole_set(run)]  # warm: fonts laid out, modules loaded
    config, fetcher = pdf._font_config(()), pdf._fetcher(())
    sheets = [weasyprint.CSS(string=sheet.text, font_config=config, url_fetcher=fetcher) for sheet in pages.shipped().sheets(())]
    taken = [
        (seconds(whole_set, run), seconds(bare, htmls, sheets, config, fetcher, pdf.VARIANT), seconds(bare, htmls, sheets, config, fetcher, None))
        for _ in range(RUNS)
    ]
    whole, same, plain = (statistics.median(values) for values in zip(*taken, strict=True))
    print(f"{quarter}: {len(htmls)} PDFs {whole:.1f} s in one process; bare WeasyPrint {same:.1f} s, ratio {whole / same:.2f}; without tags {plain:.1f} s, ratio {whole / plain:.2f}")


if __name__ == "__main__":
    main()
