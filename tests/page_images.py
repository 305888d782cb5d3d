"""The pages that every kind of report is made of, as small grey pictures; run to make anew those that tests compare with.

    PYTHONPATH=.:tests .venv/bin/python -P tests/page_images.py     # then look at each: git diff tests/pages
"""

from pathlib import Path

import made_results
import pypdfium2

from zjtx_pipeline.report import compose, distribution, pdf
from zjtx_pipeline.report.grounds import Corrected, Notice, Order
from zjtx_pipeline.settings import Letterhead, Settings

KEPT = Path(__file__).parent / "pages"
SEAL = Path(__file__).parent / "seal.png"  # a ring, no office's
DOTS = 36 / 72  # 36 an inch


def reports():
    """(name, report): the overall one, one with everything that a task can have, one without target, a department's, the towns', and
    one with all that is not always there: head, number, seal and a correction."""
    inputs = made_results.inputs(settings=Settings(sample=True))
    order = Order("区财政局补报政府采购合同台账。", "李四", "2025-02-20")
    line = Corrected(13, "T13-5b", "政府采购·单一来源", "", "3宗", "4宗", None, None, "迟报补齐", True)
    own = made_results.inputs(settings=Settings(letterhead=Letterhead(head="萧山区专精特新工作简报", numbers={"2024Q4": "第8期"}, seal=SEAL)), notices=[Notice(1, 1, order, (line,))])
    return {
        "corrected": compose.task_report(own, 13),
        "overall": compose.overall_report(inputs),
        "task-1": compose.task_report(inputs, 1),
        "task-2": compose.task_report(inputs, 2),
        "department": distribution.report(inputs, "区经信局"),
        "towns": distribution.report(inputs, distribution.TOWNS),
    }


def pictures(content):
    """Every page of a PDF as a grey picture."""
    return [page.render(scale=DOTS, grayscale=True).to_pil().convert("L") for page in pypdfium2.PdfDocument(content)]


if __name__ == "__main__":
    KEPT.mkdir(exist_ok=True)
    for old in KEPT.glob("*.png"):
        old.unlink()
    for name, report in reports().items():
        for number, picture in enumerate(pictures(pdf.render_report(report)), 1):
            picture.quantize(8).save(KEPT / f"{name}-{number:02d}.png", optimize=True)
