"""How measuring grows with the district: tiers, awards and all figures of one quarter, once and ten times the firms.

Takes the accepted rows of a quarter that was made before (under ZJTX_HOME) and sets copies of them side by side, every
copy with codes and numbers of its own, so that ten copies are a district of ten times as many firms. Reading, typing
and validating are not part of it. Linear growth is a ratio of about 10 (below, as a part of the work does not grow).

    ZJTX_HOME=var .venv/bin/python benchmarks/figures.py [2024Q4] [10]
"""

import dataclasses
import sys
import time

import pandas as pd

from zjtx_pipeline import awards, breaches, district, progress, stages, tiers
from zjtx_pipeline.books import Books
from zjtx_pipeline.indicators import measure
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.stages.intake import books as kept_books
from zjtx_pipeline.tables import load_tables

FREE_NUMBERS = {"award_no", "trigger_key", "product_no", "former_uscc"}


def own_columns(table):
    """The columns that tell one firm's things from another's."""
    named = {name for name in table.key if name in table.columns and table.columns[name].kind in ("text", "code", "patent")}
    return [name for name in table.columns if name in named | set(table.codes) | FREE_NUMBERS]


def copied(table, rows, copy):
    """The rows under numbers of their own; “码|年度” keeps its parts in order."""
    if not copy:
        return rows
    mark = {name: rows[name].str.replace(r"^([^|]+)", rf"\1~{copy}", regex=True) for name in own_columns(table)}
    return rows.assign(**mark)


def times(books, number):
    grown = {}
    for table_id, rows in books.tables.items():
        grown[table_id] = pd.concat([copied(load_tables()[table_id], rows, copy) for copy in range(number)], ignore_index=True)
    return dataclasses.replace(books, tables=grown, memory={})


def measured(books: Books):
    """Seconds for titles, award units, every figure with pace and light, and breaches."""
    began = time.perf_counter()
    tiers.titles(books)
    awards.units(books)
    lines = [line for number in books.rules.tasks for line in progress.assess(measure(number, books), books, {})]
    breaches.findings(books)
    return time.perf_counter() - began, len(lines)


def main():
    quarter = Quarter.parse(sys.argv[1] if len(sys.argv) > 1 else "2024Q4")
    number = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    settings = district.settings_in_force()
    books = kept_books(stages.open_run(settings, quarter))
    firms = len(books["D01"])
    measured(times(books, 1))  # imports, caches
    once, figures = measured(times(books, 1))
    often, _ = measured(times(books, number))
    print(f"{quarter}: {firms} firms {once:.2f} s, {firms * number} firms {often:.2f} s, ratio {often / once:.1f}; {figures} figures")


if __name__ == "__main__":
    main()
