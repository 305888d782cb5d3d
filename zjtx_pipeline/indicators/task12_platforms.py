"""Task 12 加强平台专区建设: service providers, the alliance, matters handled, firms reached.

Leaves P12 to `tiers`.
"""

from __future__ import annotations

from zjtx_pipeline.books import Books
from zjtx_pipeline.firms import current
from zjtx_pipeline.indicators.parts import Part, count, distinct, share, yes
from zjtx_pipeline.indicators.readings import agreed
from zjtx_pipeline.indicators.selection import EVERYWHERE, coverage, dated, milestone
from zjtx_pipeline.sieve import rows_of

CHANNELS = ["综合服务平台", "企业码"]
GUIDANCE = ["政策推送", "申报指导"]


def t12_1(books: Books) -> dict[str, Part]:
    """Providers with an agreement in force on the quarter's last day (Q10, B-17)."""
    rows = rows_of(books, "D22a")
    rows = rows.where(rows["agreed_from"] <= books.day, "合作期起在季末之后")
    rows = rows.where(agreed(books, rows), "合作期止在季末之前")
    return {"a": distinct(rows.assign(provider=current(books, rows["provider_uscc"])), "provider")}


def t12_2(books: Books) -> dict[str, Part]:
    """Is the service alliance founded, with a document to show for it (Q13)?"""
    return {"a": yes(milestone(books, "服务联盟组建"))}


def t12_3(books: Books) -> dict[str, Part]:
    """Matters taken on this year through the platform or the enterprise code, and how many are closed by now."""
    rows = dated(books, "D22b", "served_on", "Y").having("channel", *CHANNELS)
    rows = rows.assign(渠道=rows["channel"])
    closed = rows.having("is_closed", True)
    closed = closed.where(closed["closed_on"] <= books.day, "办结日期在季末之后")
    return {"a": count(rows), "b": share("c", "a"), "c": count(closed)}


def t12_4(books: Books) -> dict[str, Part]:
    """P12 firms reached this year by news of policies or help with applications."""
    rows = dated(books, "D22b", "served_on", "Y", EVERYWHERE)
    return coverage(books, "P12", "政策推送或申报指导", rows.having("item", *GUIDANCE))
