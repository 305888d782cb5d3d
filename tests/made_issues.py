"""Makes what the tests of sign-off and post send: a quarter's finished reports, and a district that sends them."""

import hashlib

import pandas as pd
import yaml

from zjtx_pipeline import outputs, revisions, store
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import Approver, Delivery, Recipient, Settings

QUARTER = Quarter(2024, 4)
NAMES = ["00-总报告.pdf", "01-优化企业培育梯队.pdf", "02-加快产业链协同发展.pdf"]
LEADER = Recipient(name="区领导办公室", address="leader@xs.example.gov.cn")
CLERK = Recipient(name="区商务局", address="clerk@xs.example.gov.cn", reports=(2,))
ZHANG, LI = Approver(name="张三", address="zhang@xs.example.gov.cn"), Approver(name="李四", address="li@xs.example.gov.cn")
SYNOPSIS = {
    "targets": [
        {"task": 1, "name": "培育库", "now": "8,677家", "target": "10,000家", "due": "2025年末", "light": "绿灯"},
        {"task": 9, "name": "上市后备", "now": "8家", "target": "10家", "due": "2024年末", "light": "红灯"},
    ],
    "turned": ["转为红灯：上市后备（上季黄灯）。"],
    "decisions": ["任务9的上市后备亮红灯，请研究推进措施。"],
    "absent": "截至2025年1月15日未报送：D15_数字化改造",
    "notice": None,
}


def write_reports(home, contents, draft=False, revision=None, synopsis=SYNOPSIS):
    """Reports with a manifest that seals them."""
    folder = home / "reports" / str(QUARTER)
    for name, content in contents.items():
        store.write_bytes(folder / name, content)
    store.write_json(folder / "summary.json", synopsis)
    listed = [{"name": name, "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()} for name in (*contents, "summary.json")]
    store.write_json(folder / "manifest.json", {"draft": draft, "outputs": listed, "revision": revision})


def reports(home, names=NAMES, revision=None):
    write_reports(home, {name: b"%PDF-1.7 " + name.encode() + str(revision or "").encode() for name in names}, revision=revision)
    return home


def settings(port, ledger=None, **changes):
    values = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "zjtx@xs.example.gov.cn",
        "allowed_domains": ("example.gov.cn",),
        "recipients": (LEADER, CLERK),
    }
    return Settings(inbox="inbox", ledger=ledger, delivery=Delivery(**(values | changes)))


def with_mail(config, port, **parts):
    """A district's configuration beside the one given, with a mail server on that port, two recipients and 张三, who approves."""
    content = yaml.safe_load(config.read_text(encoding="utf-8"))
    delivery = settings(port, approvers=(ZHANG,)).delivery.model_dump(mode="json", exclude_defaults=True)
    path = config.with_name(f"mail_{port}.yaml")
    path.write_text(yaml.safe_dump(content | {"delivery": delivery} | parts, allow_unicode=True), encoding="utf-8")
    return path


def revise(home, values, names=NAMES, **beside):
    """The next revision of the quarter, with figures as told by indicator (`T01-1`, `T01-1 镇街=新街街道`), and its reports; its number."""
    rows = [
        dict.fromkeys(outputs.FIGURES, "") | {"indicator": each.partition(" ")[0], "part": "a", "breakdown": each.partition(" ")[2], "value": value}
        for each, value in values.items()
    ]
    figures = pd.DataFrame(rows, columns=outputs.FIGURES, dtype="str")
    number = revisions.recorded(home, QUARTER, {"figures.csv": str(values), "notice": str(beside)}, figures, **beside)
    reports(home, names, revision=number)
    return number
