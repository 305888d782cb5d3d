"""Knows how all pages of an interface are read so that none is missed or read twice, though they may shift meanwhile.

Leaves one page to `older` and `open_platform`, what its rows mean to `records`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.sources.gateway.bodies import Page

READINGS = 4  # from the first page on, while rows come and go between two pages
MOST_ROWS = 1_000_000


def read_pages(ask: Callable[[int], Page], identity: Callable[[Any], Hashable]) -> list[Page]:
    """Every page, of a reading that is whole; ZjtxError where none was.

    Whole is a reading that has as many rows as the envelope says and no row on two pages. Where a row is on two pages
    in two readings alike, the source itself holds it twice, and the suites judge it.
    """
    before: list[Page] = []
    for _ in range(READINGS):
        pages = _one_reading(ask)
        counted = _is_counted(pages)
        if counted and (not _is_doubled(pages, identity) or _rows(pages) == _rows(before)):
            return pages
        before = pages
    if _is_counted(before):
        raise ZjtxError(f"网关的数据在翻页时一直变动，读了 {READINGS} 遍都有重复：请在提供方不更新数据的时段重新运行。")
    said = _said(before)
    raise ZjtxError(f"网关说共 {said} 条，读到 {len(_rows(before))} 条，读了 {READINGS} 遍都对不上：请提供方检查接口的翻页。")


def _one_reading(ask: Callable[[int], Page]) -> list[Page]:
    """Page by page to the count that the envelope gives, or else to an empty page: a short one need not be the last."""
    pages: list[Page] = []
    read = 0
    while True:
        page = ask(len(pages) + 1)
        if pages and not page.rows:
            return pages
        if pages and page.rows == pages[-1].rows:
            return _unpaged(pages)
        pages.append(page)
        read += len(page.rows)
        if not page.rows or read == _total(pages):
            return pages
        if read > MOST_ROWS:
            raise ZjtxError(f"网关的接口给出超过 {MOST_ROWS} 条还没有完：请提供方检查接口的翻页和“数据期”条件。")


def _unpaged(pages: list[Page]) -> list[Page]:
    """An interface that answers every page alike gives all at once, if the count agrees."""
    first = pages[0]
    if len(pages) > 1 or len(first.rows) not in (first.count, first.total):
        raise ZjtxError("网关的接口每一页都给同样的数据：请核对配置中的 page_parameter，或请提供方检查接口的翻页。")
    return pages


def _total(pages: Sequence[Page]) -> int | None:
    """How many rows there are in all, as the pages say; None where each counts only itself."""
    totals = [page.total for page in pages if page.total is not None]
    if totals:
        return totals[-1]
    counts = [page.count for page in pages if page.count is not None]
    own = all(page.count == len(page.rows) for page in pages if page.count is not None)
    return None if own or not counts else counts[-1]


def _is_counted(pages: Sequence[Page]) -> bool:
    """Do all pages name one total, and is it the number of rows?"""
    total = _total(pages)
    said = {page.total if page.total is not None else page.count for page in pages} - {None}
    return total is None or (said == {total} and total == len(_rows(pages)))


def _said(pages: Sequence[Page]) -> str:
    said = [page.total if page.total is not None else page.count for page in pages]
    return "、".join(dict.fromkeys(str(number) for number in said if number is not None))


def _is_doubled(pages: Sequence[Page], identity: Callable[[Any], Hashable]) -> bool:
    """Is a row on more than one page? Twice on one page is the source's own doing."""
    seen: set[Hashable] = set()
    for page in pages:
        own = {identity(row) for row in page.rows}
        if own & seen:
            return True
        seen |= own
    return False


def _rows(pages: Sequence[Page]) -> list[Any]:
    return [row for page in pages for row in page.rows]
