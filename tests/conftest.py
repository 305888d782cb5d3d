"""What many tests stand on: the miniature district, delivered, and its quarter run once a session."""

import csv
import os
import shutil
from datetime import datetime
from pathlib import Path

import pytest

MINIATURE = Path(__file__).parent / "miniature"


def deliver_miniature(folder: Path) -> Path:
    """The miniature district's files under a folder, received when its list says; returns its configuration."""
    shutil.copytree(MINIATURE / "inbox", folder / "inbox", dirs_exist_ok=True)
    with (MINIATURE / "received.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            when = datetime.fromisoformat(f"{row['received_at']}+08:00").timestamp()
            os.utime(folder / "inbox" / row["file"], (when, when))
    return Path(shutil.copy(MINIATURE / "district.yaml", folder))


@pytest.fixture(scope="session")
def miniature(tmp_path_factory):
    """The configuration of a delivered miniature district."""
    return deliver_miniature(tmp_path_factory.mktemp("miniature"))


@pytest.fixture(scope="session")
def golden_run(miniature, tmp_path_factory):
    """2024Q4 of the miniature district, run through every stage; the folder of its reports."""
    from zjtx_pipeline import stages
    from zjtx_pipeline.quarter import Quarter
    from zjtx_pipeline.settings import load_settings

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZJTX_HOME", str(tmp_path_factory.mktemp("home")))
        run = stages.open_run(load_settings(miniature), Quarter(2024, 4))
        stages.run_all(run)
    return run


@pytest.fixture
def warm_home(golden_run, tmp_path, monkeypatch):
    """A ZJTX_HOME of one's own where what the golden run read and judged is kept already, and nothing is reported."""
    for kept in ("snapshots", "validated"):
        shutil.copytree(golden_run.home / kept, tmp_path / "home" / kept)
    monkeypatch.setenv("ZJTX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home" / "dagster"))
    monkeypatch.setenv("ZJTX_CONFIG", "")
    return tmp_path / "home"
