"""Starts what staff see in a browser as a person would, and the browser itself; ended as a person would end it."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]


@contextmanager
def served(words, home, config, port):
    """The address of `zjtx ui` or `zjtx serve`, once it says that it is there."""
    environment = os.environ | {"ZJTX_CONFIG": str(config), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-u", "-m", "zjtx_pipeline.cli", *words]
    with subprocess.Popen(command, env=environment, cwd=home, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = [process.stdout.readline() for _ in range(2)]
            assert f"http://127.0.0.1:{port}" in said[1], said
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0


@contextmanager
def opened_page(address, arguments, milliseconds):
    """A page of Debian's Chromium whose addresses begin there."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        page = browser.new_page(base_url=address, viewport={"width": 1500, "height": 950})
        page.set_default_timeout(milliseconds)
        yield page
        browser.close()
