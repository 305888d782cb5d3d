"""The pages that every kind of report is made of, as small grey pictures; run to make anew those that tests compare with.

    .venv/bin/python -P tests/page_images.py     # then look at each: git diff tests/pages
"""

from pathlib import Path

import made_results
import pypdfium2

from zjtx_pipeline.report import compose, distribution, pdf
from zjtx_pipeline.settings import Settings

KEPT = Path(__file__).parent / "pages"
DOTS = 36 / 72  # 36 an inch


def reports():
    """(name, report): the overall one, one with everything that a task can have, one without target, a department's, the towns'."""
    inputs = made_results.inputs(settings=Settings(sample=True))
    return {
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
