"""How long a cold quarter of the sample district takes, beside a floor measured in the same run.

The floor is what no run can do without: importing Dagster, Great Expectations and WeasyPrint in one process. The
files of the sample are written before, and nothing is kept from an earlier run; both are medians of RUNS.

    .venv/bin/python benchmarks/quarter.py [2024Q4]
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 3
FLOOR = "import dagster, great_expectations, weasyprint"


def seconds(command, **environment):
    began = time.perf_counter()
    subprocess.run(command, check=True, env=os.environ | environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def cold_quarter(quarter):
    """Seconds from the command to fifteen PDFs, its files written and nothing else there."""
    with tempfile.TemporaryDirectory() as home:
        zjtx = [sys.executable, "-m", "zjtx_pipeline.cli"]
        for command in (["sample", quarter], ["sample", "2023Q4", before(quarter)]):
            seconds([*zjtx, *command], ZJTX_HOME=home)
        return seconds([*zjtx, "report", quarter], ZJTX_HOME=home)


def before(quarter):
    from zjtx_pipeline.quarter import Quarter

    return str(Quarter.parse(quarter) - 1)


def main():
    quarter = sys.argv[1] if len(sys.argv) > 1 else "2024Q4"
    pairs = [(seconds([sys.executable, "-c", FLOOR]), cold_quarter(quarter)) for _ in range(RUNS)]
    floor, cold = (statistics.median(values) for values in zip(*pairs, strict=True))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{quarter}: {cold:.1f} s, floor {floor:.1f} s, ratio {cold / floor:.1f}; largest process {peak:.0f} MiB")


if __name__ == "__main__":
    main()
