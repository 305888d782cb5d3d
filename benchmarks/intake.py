"""How reading and judging grow with the district: all deliveries of one quarter, once and ten times the rows.

Takes a quarter of the sample as it was delivered (written under ZJTX_HOME if it is not there), reads, keeps and judges it in
one process. Then its rows are written anew, once and ten times, every copy under credit codes and numbers of its own, each
delivery as the workbook or text that it was (rows of the database as text), and both are taken in. Linear growth is a ratio of
about 10. Writing the files is not measured, nor the imports; a run shares the work between two processes.

    ZJTX_HOME=var .venv/bin/python benchmarks/intake.py [2024Q4] [10]
"""

import os
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import pandas as pd
from stdnum.cn import uscc

from zjtx_pipeline import snapshots, sources, validate
from zjtx_pipeline.district import home, settings_in_force
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.sample import deliver
from zjtx_pipeline.sample.writing import write_workbook
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.tables import comparable, load_tables

SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SERIES = "ABCDEFGHJKLMNP"  # the first letter of a copy's own codes


def taken_in(settings, quarter):
    """Seconds to read and keep, seconds to judge, and the snapshots; in a home of its own."""
    with tempfile.TemporaryDirectory() as folder:
        began, kept = time.perf_counter(), {}
        for table in load_tables().values():
            kept[table.id] = snapshots.keep(Path(folder), quarter, table, sources.deliveries(settings, table, quarter))
        read, judged = time.perf_counter(), {}
        for table_id in validate.order():
            judged[table_id] = validate.judge(Path(folder), kept[table_id], settings, judged)
        done = time.perf_counter()
        aside = sum(len(verdict.set_aside) for verdict in judged.values())
        frames = [(snapshot.table, source, snapshot.rows) for snapshot in kept.values() for source in snapshot.sources]
        return read - began, done - read, frames, aside


def renewed(code, copy):
    """A code as copy's own, its check digits right; what is no code stays as it is."""
    if not copy or len(code) != 18 or not set(code) <= set(SIGNS) or not uscc.is_valid(code):
        return code
    body = SERIES[copy] + code[9:16]
    inner = (11 - sum(SIGNS.index(sign) * weight for sign, weight in zip(body, (3, 7, 9, 10, 5, 8, 4, 2))) % 11) % 11
    stem = f"{code[:8]}{body}{'0123456789X'[inner]}"
    return stem + uscc.calc_check_digit(stem)


def copied(table, rows, copy):
    """The delivered rows under numbers of their own."""
    known = table.by_header()
    own = {}
    for header in rows.columns:
        column = known.get(comparable(header))
        if column is None:
            continue
        if column.kind == "code":
            own[header] = rows[header].map({code: renewed(code, copy) for code in rows[header].unique()})
        elif copy and column.kind == "text" and column.name in {*table.key, "award_no", "trigger_key", "product_no"}:
            own[header] = rows[header].where(rows[header].eq(""), rows[header] + f"~{copy}")
    return rows.assign(**own)


def delivered(folder, quarter, frames, number):
    """The inbox of a district so many times as large."""
    inbox = Path(folder) / str(quarter)
    inbox.mkdir(parents=True)
    for table, source, rows in frames:
        rows = rows.loc[rows["source"].eq(source.source) & rows["sender"].eq(source.sender), list(source.headers)].fillna("")
        grown = pd.concat([copied(table, rows, copy) for copy in range(number)], ignore_index=True)
        path = inbox / f"{table.title}_{source.sender}{'.xlsx' if source.source.endswith('.xlsx') else '.csv'}"
        if path.suffix == ".xlsx":
            write_workbook(path, table, list(source.headers), grown)
        else:
            grown.to_csv(path, index=False, encoding="utf-8", lineterminator="\r\n")
        when = datetime.fromisoformat(str(source.received_at)).timestamp()
        os.utime(path, (when, when))
    return Settings(inbox=Path(folder))


def main():
    quarter = Quarter.parse(sys.argv[1] if len(sys.argv) > 1 else "2024Q4")
    number = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    settings = settings_in_force()
    deliver(home(), quarter)
    taken_in(settings, quarter)  # imports, caches
    read, judged, frames, _ = taken_in(settings, quarter)
    print(f"{quarter} as delivered: read {read:.1f} s, judged {judged:.1f} s")
    with tempfile.TemporaryDirectory() as folder:
        once = taken_in(delivered(Path(folder) / "once", quarter, frames, 1), quarter)
        often = taken_in(delivered(Path(folder) / "often", quarter, frames, number), quarter)
    print(f"once: read {once[0]:.1f} s, judged {once[1]:.1f} s, {once[3]} rows set aside")
    print(f"{number} times: read {often[0]:.1f} s, judged {often[1]:.1f} s, {often[3]} rows set aside")
    print(f"ratio: read {often[0] / once[0]:.1f}, judged {often[1] / once[1]:.1f}")


if __name__ == "__main__":
    main()
