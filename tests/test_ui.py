"""What staff do in the browser: start a backfill over two quarters, and read what came of it."""

import re
import socket

import pytest
from in_browser import opened_page, served

CHROMIUM = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
TWO = ("2024Q3", "2024Q4")
MINUTES = 60_000


@pytest.fixture
def ui(warm_home, miniature):
    """The address of `zjtx ui` over a home of its own; ended as a person would end it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with served(["ui", "--port", str(port)], warm_home, miniature, port) as address:
        yield address


@pytest.fixture
def page(ui):
    with opened_page(ui, CHROMIUM, MINUTES) as page:
        yield page


def start_backfill(page, quarters):
    """From the job's page: every asset, these quarters."""
    page.goto("/locations/assets.definitions/jobs/quarterly_reports")
    page.get_by_role("button", name=re.compile("Materialize all")).click()
    page.get_by_text("Select a partition or create one").click()
    for quarter in quarters:
        page.keyboard.type(quarter)
        page.get_by_text(quarter, exact=True).first.click()
        for _ in quarter:
            page.keyboard.press("Backspace")
    page.keyboard.press("Escape")
    with page.expect_response(lambda answer: "launchPartitionBackfill" in (answer.request.post_data or "")) as launched:  # leaving sooner takes it back
        page.get_by_role("button", name="Launch backfill").click()
    assert launched.value.json()["data"]["launchPartitionBackfill"]["__typename"] == "LaunchBackfillSuccess", launched.value.text()


@pytest.mark.browser
@pytest.mark.slow
def test_a_backfill_started_in_the_browser_brings_thirty_reports(page, warm_home):
    from playwright.sync_api import expect

    start_backfill(page, TWO)
    page.goto("/runs?view=backfills")
    expect(page.get_by_text("Success", exact=True)).to_be_visible(timeout=8 * MINUTES)
    reports = [path for quarter in TWO for path in (warm_home / "reports" / quarter).glob("*.pdf")]
    assert len(reports) == 30

    page.goto("/assets/report/T01?partition=2024Q4")
    expect(page.get_by_text("任务1“优化企业培育梯队”的分报告")).to_be_visible()
    expect(page.get_by_text("reports/2024Q4/01-优化企业培育梯队.pdf").first).to_be_visible()
    page.get_by_text("[Show Markdown]").first.click()
    preview = page.get_by_role("img", name="首页预览").first
    expect(preview).to_be_visible()
    assert preview.evaluate("picture => picture.naturalWidth") > 300
