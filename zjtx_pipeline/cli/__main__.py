"""Knows that `python -m zjtx_pipeline.cli` is `zjtx`."""

import sys

from zjtx_pipeline.cli import run

if __name__ == "__main__":
    sys.exit(run())
