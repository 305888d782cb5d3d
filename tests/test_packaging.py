"""What is shipped: the wheel carries rules, suites and templates, and the locks say exactly what is installed."""

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from zjtx_pipeline import __version__, bundled

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-test.lock")
# Where a folder of the checkout lies in the wheel.
SHIPPED = {
    "zjtx_pipeline": "zjtx_pipeline",
    "assets": "assets",
    "expectations": "zjtx_pipeline/expectations",
    "report_templates": "zjtx_pipeline/report_templates",
}
ASK = """
import json, sys
sys.path.insert(0, sys.argv[1])
import zjtx_pipeline
from zjtx_pipeline import bundled, rules
folders = {"library": zjtx_pipeline.__file__, "suites": bundled.expectations(), "templates": bundled.report_templates()}
print(json.dumps({name: str(folder) for name, folder in folders.items()}))
"""


def files(folder):
    found = (ROOT / folder).rglob("*")
    return [path for path in found if path.is_file() and "__pycache__" not in path.parts]


def pins(lock):
    """Package → (the pin's line, its hashes), as a lock file states them."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        if line and not line.startswith(("#", " ")):
            pin, *hashes = re.split(r"\s+--hash=", line.strip())
            found.setdefault(canonicalize_name(Requirement(pin).name), []).append((pin, hashes))
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return next(folder.glob(f"zjtx_pipeline-{__version__}-*.whl"))


@pytest.mark.parametrize("folder", SHIPPED)
def test_the_wheel_carries_every_file_of_a_folder(wheel, folder):
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"{SHIPPED[folder]}/{path.relative_to(ROOT / folder).as_posix()}" for path in files(folder)}
    assert expected and expected <= names


def test_the_wheel_carries_nothing_of_the_tests(wheel):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"zjtx_pipeline", "assets", f"zjtx_pipeline-{__version__}.dist-info"}


def test_a_library_unpacked_elsewhere_finds_its_own_suites_and_templates(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    command = [sys.executable, "-I", "-c", ASK, str(tmp_path / "site")]
    asked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert asked.returncode == 0, asked.stderr
    package = tmp_path / "site" / "zjtx_pipeline"
    assert json.loads(asked.stdout) == {
        "library": str(package / "__init__.py"),
        "suites": str(package / "expectations"),
        "templates": str(package / "report_templates"),
    }


def test_a_checkout_finds_its_own_suites_and_templates():
    assert bundled.expectations() == ROOT / "expectations"
    assert bundled.report_templates() == ROOT / "report_templates"


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_gives_hashes_for_every_package_and_no_address(lock):
    assert all(hashes for found in pins(lock).values() for _, hashes in found)
    assert "://" not in (ROOT / lock).read_text(encoding="utf-8")


def test_the_test_lock_holds_the_whole_of_the_other_at_the_same_versions():
    run, test = (pins(lock) for lock in LOCKS)
    versions = {name: [re.split("[ ;]", pin)[0] for pin, _ in found] for name, found in test.items()}
    assert all([re.split("[ ;]", pin)[0] for pin, _ in found] == versions[name] for name, found in run.items())


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_keeps_to_the_ranges_that_the_project_declares(lock):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = project["project"]["dependencies"] + project["dependency-groups"]["build"]
    if "test" in lock:
        declared += project["project"]["optional-dependencies"]["test"]
    locked = pins(lock)
    for wanted in map(Requirement, declared):
        for pin, _ in locked[canonicalize_name(wanted.name)]:
            assert wanted.specifier.contains(next(iter(Requirement(pin).specifier)).version), wanted
