"""Files and bodies that no department ever sent: whatever the bytes, a delivery comes back whole or with a sentence.

Ordinarily 2,000 mutants a reader; with `--soak` 20,000. Each stands on its own number, so that a failing one is found again.
"""

import random
import time
import zipfile
from datetime import datetime
from io import BytesIO
from pathlib import Path

import odd_files
import pytest
import yaml
from gateway_server import nested

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.rules import load_rules
from zjtx_pipeline.sources import guard
from zjtx_pipeline.sources.delimited import read_delimited
from zjtx_pipeline.sources.gateway import batches, bodies, records
from zjtx_pipeline.sources.gateway.pages import read_pages
from zjtx_pipeline.sources.raw import Origin, assemble
from zjtx_pipeline.sources.workbook import read_workbook
from zjtx_pipeline.tables import load_tables

CASES = Path(__file__).parent / "cases"
ORIGIN = Origin("区经信局", "2024Q4/file", datetime(2025, 1, 8), "workbook")
TABLE = load_tables()["D03"]
ORDINARY, SOAK, BATCHES = 2_000, 20_000, 8
MOST_SECONDS, MOST_MEMORY = 10, 512 << 20
PIECES = (b"\x00", b"\xff\xfe", b'"', b",", b"\n", b"<!DOCTYPE a [", b"&a;", b"<row", b"</c>", b"XFD1048576", b"9" * 40, b"\xe4\xb8", b"{", b"]", b"1e999")


def mutant(content, chance):
    """The bytes with one to four places changed."""
    content = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randrange(len(content) + 1), chance.choice((1, 1, 2, 8, 64, 512))
        match chance.randrange(5):
            case 0:
                content[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del content[at : at + length]
            case 2:
                content[at:at] = chance.choice(PIECES)
            case 3:
                content[at:at] = content[at : at + length] * chance.choice((1, 3, 50))
            case 4:
                start = chance.randrange(len(content) + 1)
                content[at : at + length] = content[start : start + length]
    return bytes(content)


def mutant_workbook(content, chance):
    """Half of the mutants are whole archives one part of which has changed: others fall with the archive's first check."""
    if not zipfile.is_zipfile(BytesIO(content)) or chance.random() < 0.5:
        return mutant(content, chance)
    with zipfile.ZipFile(BytesIO(content)) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    name = chance.choice(sorted(parts))
    return odd_files.zipped({**parts, name: mutant(parts[name], chance)})


def corpus(name, made):
    """The files of a corpus that are small: a mutant of a large one tests the same lines more slowly."""
    cases = yaml.safe_load((CASES / name).read_text(encoding="utf-8"))
    plain = [case for case in cases if case.get("table", "D03") == "D03" and "fault" not in case and "refused" not in case]
    return [content for content in (made(case) for case in plain) if 0 < len(content) < 40_000]


def memory_of(pid):
    """The most memory that a process has held, in bytes; 0 where it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM")), 0)


def read_of(content, read, chance, change):
    began = time.monotonic()
    raw = read(change(content, chance), TABLE, ORIGIN)
    raw.check_conservation()
    assert time.monotonic() - began < MOST_SECONDS
    assert not (raw.fault or raw.refused) or raw.rows.empty
    assert memory_of(guard.child_pid()) < MOST_MEMORY


@pytest.fixture
def numbers(request, batch):
    share = (SOAK if request.config.getoption("soak") else ORDINARY) // BATCHES
    return range(batch * share, (batch + 1) * share)


in_batches = pytest.mark.parametrize("batch", range(BATCHES))


@in_batches
def test_no_workbook_breaks_the_reader(numbers):
    files = corpus("workbooks.yaml", odd_files.workbook_of)
    for number in numbers:
        read_of(files[number % len(files)], read_workbook, random.Random(number), mutant_workbook)


@in_batches
def test_no_text_breaks_the_reader(numbers):
    files = corpus("texts.yaml", odd_files.text_of)
    for number in numbers:
        read_of(files[number % len(files)], read_delimited, random.Random(number), mutant)


ROWS = [
    '[{"统一社会信用代码":"91330109XJ0000A11N","库别":"创新型","增删改标志":"i"},{"库别":null,"n":1.10}]',
    '[{"统一社会信用代码":"91330109XJ0000A11N","增删改标志":"d"}]',
]


def older_body(rows):
    return f'{{"code":"00","msg":"成功","dataCount":3,"datas":{rows}}}'.encode()


def open_body(rows):
    return nested(rows, count=3).encode()


def mutant_body(made, rows, chance):
    """Half of the nested mutants are whole but for what is wrapped: others fall with the outermost envelope."""
    if made is open_body and chance.random() < 0.5:
        return made(mutant(rows.encode(), chance).decode("utf-8", "replace"))
    return mutant(made(rows), chance)


def came_through(made, chance):
    """Two pages, one of them broken: are they read to their end? What came before a fault is assembled all the same."""
    page_of, broken = {older_body: bodies.older_page, open_body: bodies.open_page}[made], chance.randrange(2)
    answers = [mutant_body(made, rows, chance) if at == broken else made(rows) for at, rows in enumerate(ROWS)]
    pages, is_whole = [], True

    def ask(number):
        pages.append(page_of([*answers, made("[]")][min(number, 3) - 1]))
        return pages[-1]

    try:
        read_pages(ask, records.identity(TABLE, "报送部门"))
    except ZjtxError as refused:
        assert str(refused).isprintable()
        is_whole = False
    rows = [page.rows for page in pages[:2]]
    if not any(rows):
        return is_whole
    obeyed = batches.applied(TABLE, records.records_of(rows), "报送部门", load_rules().spellings())
    headers = records.headers_of(obeyed) or {"码": "统一社会信用代码"}
    lines = records.lines_of(obeyed, list(headers))
    assemble(TABLE, ORIGIN, list(headers.values()), lines).check_conservation()
    assert len(lines) == sum(map(len, rows))
    return is_whole


@in_batches
@pytest.mark.parametrize("made", [older_body, open_body])
def test_no_body_breaks_the_gateways_reader(numbers, made):
    whole = []
    for number in numbers:
        began = time.monotonic()
        whole.append(came_through(made, random.Random(number)))
        assert time.monotonic() - began < MOST_SECONDS
    assert set(whole) == {True, False}
