"""What is kept and damaged since is named to whoever can mend it, and what can be made again is."""

import shutil

import pandas as pd
import pytest
from test_reliability import QUARTER, begun, ended, pdfs

from zjtx_pipeline import store
from zjtx_pipeline.errors import ZjtxError

HALVED = {"half of it": lambda content: content[: len(content) // 2], "nothing": lambda content: b"", "other bytes": lambda content: b"\xff" * len(content)}


@pytest.mark.parametrize("damage", HALVED.values(), ids=HALVED)
@pytest.mark.parametrize("kind", ["json", "parquet"])
def test_what_was_kept_and_is_damaged_is_named_with_what_to_do(kind, damage, tmp_path):
    path = tmp_path / f"kept.{kind}"
    store.write_json(path, {"figure": "7"}) if kind == "json" else store.write_frame(path, pd.DataFrame({"figure": ["7"]}))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ZjtxError, match=f"^{path} 损坏，读不出来.*请从备份取回这个文件。$"):
        store.read_json(path) if kind == "json" else store.read_frame(path)


def test_what_is_not_there_is_no_damage(tmp_path):
    for read in (store.read_json, store.read_frame):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "none")


def test_a_damaged_verdict_stops_the_quarter_with_its_path_and_is_made_again_once_it_is_gone(golden_run, warm_home, miniature):
    def report():
        return ended(begun(warm_home, miniature, ["-m", "zjtx_pipeline.cli", "report", QUARTER]))

    for name in ("verdict.json", "accepted.parquet"):
        path = sorted(warm_home.glob(f"validated/*/*/{name}"))[0]
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
        code, _, said = report()
        assert code == 1 and f"{path} 损坏" in said and "Traceback" not in said and "程序内部出错" not in said, said
        shutil.rmtree(path.parent)
    assert report()[0] == 0
    assert pdfs(warm_home / "reports" / QUARTER) == pdfs(golden_run.reports)
