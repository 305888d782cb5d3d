"""A home is one district's: what is kept there is compared with, so another district's run does not begin."""

import json

import pytest

from zjtx_pipeline import stages
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import Settings, load_settings

QUARTER = Quarter(2024, 4)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ZJTX_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def of(district, sample=False):
    return stages.open_run(Settings(district=district, sample=sample, inbox="x"), QUARTER)


def mark(home, district, sample=False):
    home.mkdir()
    (home / "district.json").write_text(json.dumps({"district": district, "sample": sample}), encoding="utf-8")


def test_a_home_belongs_to_the_district_whose_run_was_first(home, miniature):
    settings = load_settings(miniature)
    run = stages.open_run(settings, QUARTER)
    assert not home.exists()  # to look whose it is writes nothing
    stages.opening(run)
    assert json.loads((home / "district.json").read_text(encoding="utf-8")) == {"district": settings.district, "sample": False}
    assert stages.open_run(settings.model_copy(update={"bureau": "区科技局"}), QUARTER).home == home
    with pytest.raises(ZjtxError, match="ZJTX_HOME"):
        of("杭州市余杭区")


@pytest.mark.parametrize("kept, asked, said", [
    (("杭州市萧山区",), ("杭州市余杭区",), "存的是“杭州市萧山区”的数据和报告，这次的配置是“杭州市余杭区”"),
    (("杭州市萧山区（示例区）", True), ("杭州市萧山区",), "存的是示例区县的数据和报告，这次的配置是“杭州市萧山区”"),
    (("杭州市萧山区",), ("杭州市萧山区", True), "这次的配置是示例区县"),
])  # fmt: skip
def test_another_district_is_refused_in_a_sentence_that_says_what_to_do(home, kept, asked, said):
    mark(home, *kept)
    with pytest.raises(ZjtxError, match=said) as refused:
        of(*asked)
    assert "ZJTX_HOME" in str(refused.value) and "district.json" in str(refused.value) and "\n" not in str(refused.value)


def test_the_sample_is_the_sample_whatever_it_is_called(home):
    mark(home, "杭州市萧山区（示例区）", sample=True)
    assert of("杭州市萧山区", sample=True).home == home
