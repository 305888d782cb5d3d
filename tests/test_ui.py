"""What staff do in the browser: start a backfill over two quarters, and read what came of it."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
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
    environment = os.environ | {"ZJTX_CONFIG": str(miniature), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-u", "-m", "zjtx_pipeline.cli", "ui", "--port", str(port)]
    with subprocess.Popen(command, env=environment, cwd=warm_home, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = [process.stdout.readline() for _ in range(2)]
            assert f"http://127.0.0.1:{port}" in said[1], said
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0


@pytest.fixture
def page(ui):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(base_url=ui, viewport={"width": 1500, "height": 950})
        page.set_default_timeout(MINUTES)
        yield page
        browser.close()


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
    page.get_by_role("button", name="Launch backfill").click()


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
