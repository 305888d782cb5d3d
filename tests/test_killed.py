"""A run killed at any moment and started again, or alone on one core, ends with the same files."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "zjtx_pipeline.cli", "report", "2024Q4"]


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def started(home, config, before=()):
    environment = os.environ | {"ZJTX_HOME": str(home), "ZJTX_CONFIG": str(config), "PYTHONPATH": str(ROOT)}
    command = [*before, *COMMAND]
    return subprocess.Popen(command, env=environment, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def killed_once(home, config, reached):
    """Start the command and kill its whole tree as soon as a file of this name pattern appears."""
    process = started(home, config)
    while process.poll() is None and not any(home.glob(reached)):
        time.sleep(0.02)
    assert process.poll() is None, process.stderr.read().decode()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.slow
def test_a_run_killed_in_every_stage_and_started_again_ends_with_the_same_files(golden_run, miniature, tmp_path):
    for reached in ("snapshots/2024Q4/D09", "validated/D14", "reports/2024Q4/*"):
        killed_once(tmp_path, miniature, reached)
    process = started(tmp_path, miniature)
    _, complaint = process.communicate(timeout=300)
    assert process.returncode == 0, complaint.decode()
    assert digests(tmp_path / "reports" / "2024Q4") == digests(golden_run.reports)


@pytest.mark.slow
def test_a_run_on_one_core_does_all_itself_and_ends_with_the_same_files(golden_run, miniature, tmp_path):
    process, others = started(tmp_path, miniature, before=("taskset", "-c", str(min(os.sched_getaffinity(0))))), ""
    while process.poll() is None:
        others += subprocess.run(["ps", "--ppid", str(process.pid), "-o", "args="], capture_output=True, text=True).stdout
        time.sleep(0.2)
    assert "multiprocessing" not in others, others
    _, complaint = process.communicate(timeout=300)
    assert process.returncode == 0, complaint.decode()
    assert digests(tmp_path / "reports" / "2024Q4") == digests(golden_run.reports)
